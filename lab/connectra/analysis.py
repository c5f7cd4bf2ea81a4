"""The two analysers: standard (Unicode word boundaries, lower-cased) and its n-grams of 5 to 10 characters.

The tokenizer follows the grammar of Lucene's StandardTokenizer (UAX #29) with the character properties taken from
Python's own Unicode tables; emoji are recognised by block, not by the full emoji data files.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

MIN_GRAM, MAX_GRAM = 5, 10
MAX_TOKEN = 255

_HAN = "\u2e80-\u2fdf\u3005\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HIRAGANA = "\u3041-\u3096\u309d-\u309f"
_KATAKANA = "\u3031-\u3035\u309b\u309c\u30a0-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u32d0-\u32fe\u3300-\u3357\uff66-\uff9f"
_COMPLEX = "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ecf\u0edc-\u0edf\u1000-\u103f\u1050-\u108f\u1780-\u17d3"
_EMOJI = (
    "\u231a\u231b\u23e9-\u23f3\u25fd\u25fe\u2614\u2615\u2648-\u2653\u267f\u2693\u26a1\u26aa\u26ab\u26bd\u26be"
    "\u26c4\u26c5\u26ce\u26d4\u26ea\u26f2\u26f3\u26f5\u26fa\u26fd\u2705\u270a\u270b\u2728\u274c\u274e\u2753-\u2755"
    "\u2757\u2795-\u2797\u27b0\u27bf\u2b1b\u2b1c\u2b50\u2b55\U0001f000-\U0001f1e5\U0001f200-\U0001f3fa"
    "\U0001f400-\U0001faff"
)


def _class(categories: str, without: str = "") -> str:
    """The characters of these general categories as the inside of a bracket expression."""
    excluded = re.compile(f"[{without}]") if without else None
    wanted = categories.split()
    ranges: list[list[int]] = []
    for code in range(0x20000):
        character = chr(code)
        if unicodedata.category(character) in wanted and not (excluded and excluded.match(character)):
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1][1] = code
            else:
                ranges.append([code, code])
    return "".join(f"\\U{low:08x}-\\U{high:08x}" for low, high in ranges)


def _grammar() -> re.Pattern[str]:
    letter = f"[{_class('Lu Ll Lt Lm Lo Nl', _HAN + _HIRAGANA + _KATAKANA + _COMPLEX)}]"
    digit = f"[{_class('Nd')}]"
    joiner = f"[{_class('Pc')}\u202f]"
    extend = f"[{_class('Mn Me Mc Cf')}]*"
    between_letters = "[.:\u00b7\u0387\u055f\u05f4\u2027\ufe13\ufe55\uff1a'\u2018\u2019\u2024\ufe52\uff07\uff0e]"
    between_digits = (
        "[.,;'\u037e\u0589\u060c\u060d\u066c\u07f8\u2018\u2019\u2024\u2044\ufe10\ufe14\ufe50\ufe52\ufe54\uff07\uff0c\uff0e\uff1b]"
    )
    letters = f"{letter}{extend}(?:{between_letters}{extend}{letter}{extend}|{letter}{extend})*"
    digits = f"{digit}{extend}(?:{between_digits}{extend}{digit}{extend}|{digit}{extend})*"
    katakana = f"[{_KATAKANA}]{extend}(?:(?:{joiner}{extend})*[{_KATAKANA}]{extend})*"
    word = f"(?:{joiner}{extend})*(?:{katakana}|(?:{letters}|{digits})+)"
    words = f"{word}(?:(?:{joiner}{extend})+(?:{katakana}|(?:{letters}|{digits})+))*(?:{joiner}{extend})*"
    picture = f"[{_EMOJI}]{extend}[\U0001f3fb-\U0001f3ff]?{extend}"
    emoji = f"[\U0001f1e6-\U0001f1ff]{{2}}|{picture}(?:(?<=\u200d)[{_EMOJI}]{extend})*"
    return re.compile(
        f"(?:{emoji})|(?:{words})|[{_HAN}]{extend}|[{_HIRAGANA}]{extend}|(?:[{_COMPLEX}]{extend})+"
    )


_TOKEN = _grammar()
_ASCII_WORD = re.compile(r"[a-z]+(?: [a-z]+)*\Z")


def _lower(text: str) -> str:
    """Character by character, so that one character stays one (`İ` → `i`)."""
    return text.lower() if text.isascii() else "".join(character.lower()[:1] for character in text)


@lru_cache(maxsize=65536)
def tokens(text: str) -> tuple[str, ...]:
    """The tokens of a text in order; a position each."""
    lowered = _lower(text)
    if len(lowered) <= MAX_TOKEN and _ASCII_WORD.match(lowered):
        return tuple(lowered.split(" "))
    found: list[str] = []
    for match in _TOKEN.finditer(lowered):
        token = match.group()
        found.extend(token[at : at + MAX_TOKEN] for at in range(0, len(token), MAX_TOKEN))
    return tuple(found)


def grams(token: str) -> set[str]:
    """The n-grams of one token; none when it is shorter than five characters."""
    length = len(token)
    return {
        token[at : at + size]
        for size in range(MIN_GRAM, min(MAX_GRAM, length) + 1)
        for at in range(length - size + 1)
    }
