"""ILIKE as legacy's database has it (legacy-api.md §4): compared with PostgreSQL itself."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectra.errors import Declined
from connectra.filters.likeness import like, lower
from connectra.vql import words
from lab.connectra.engine import Engine
from tests.support.standin import filled, uuids

SIGNS = ("%", "_", "\\", "a", "A", "é", "É", "e\u0301", "İ", "i", "I", "ı", "ß", "ẞ", "Σ", "σ", "ς", " ", ",", "-", "x")
COLLATIONS = ("default", '"en-x-icu"')
LONG = ("sales", "Manager", "GRÖSSE", "Ivanova", "ΠΑΠΑΔΟΣ", "папазян", "İstanbul", "O'Neill", "co-founder", "x1y2z3")


def pairs(seed: int) -> list[tuple[str, str]]:
    """Texts and terms; half of the terms are pieces of their texts, with signs replaced by wildcards."""
    rng = random.Random(f"likeness {seed}")
    found = []
    for _ in range(600):
        text = "".join(rng.choices(SIGNS, k=rng.randint(0, 9)))
        begin = rng.randint(0, len(text))
        piece = text[begin : begin + rng.randint(0, 5)] if rng.random() < 0.5 else "".join(rng.choices(SIGNS, k=3))
        bent = "".join(rng.choice((sign, sign, sign.swapcase()[:1] or sign, "_", "%")) for sign in piece)
        found.append((text, bent + ("\\" if rng.random() < 0.1 else "")))
    return found


@pytest.fixture
async def connection(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    opened = await asyncpg.connect(dsn)
    yield opened
    await opened.close()


async def ilike(connection: asyncpg.Connection, asked: list[tuple[str, str]], collation: str) -> list[bool]:
    query = f"""SELECT one.text COLLATE {collation} ILIKE '%' || one.term || '%'
        FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS one(text, term, place) ORDER BY one.place"""
    query = query.replace("COLLATE default ", "")
    rows = await connection.fetch(query, [text for text, _ in asked], [term for _, term in asked])
    return [row[0] for row in rows]


def answers(asked: list[tuple[str, str]]) -> list[bool | None]:
    """What is said of each; None where it is declined."""
    found: list[bool | None] = []
    for text, term in asked:
        try:
            found.append(like(term).matches(text))
        except Declined:
            found.append(None)
    return found


@pytest.mark.parametrize("collation", COLLATIONS)
@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_term_matches_what_postgresql_finds(connection: asyncpg.Connection, seed: int, collation: str) -> None:
    asked = pairs(seed)
    ours = answers(asked)
    theirs = await ilike(connection, asked, collation)
    sides = zip(asked, ours, theirs, strict=True)
    assert [(pair, we, they) for pair, we, they in sides if we is not None and we is not they] == []
    assert sum(theirs) > 100
    assert sum(one is None for one in ours) < 100


async def test_every_sign_has_postgresqls_lower_case(connection: asyncpg.Connection) -> None:
    signs = [chr(code) for code in range(1, 0x30000) if not 0xD800 <= code < 0xE000]
    lowered = await connection.fetch("SELECT sign, lower(sign) FROM unnest($1::text[]) AS one(sign)", signs)
    assert [sign for sign, small in lowered if lower(sign) != small] == []


@pytest.mark.parametrize(
    ("term", "text", "matches"),
    [
        ("sales", "VP of Sales", True),
        ("sales", "VP of Sale", False),
        ("a_c", "abc", True),
        ("a\\_c", "abc", False),
        ("a\\_c", "a_c", True),
        ("a%c", "a---c", True),
        ("c%a", "a---c", False),
        ("a%a", "a", False),
        ("100\\", "100%", True),
        ("100\\", "100% of it", False),
        ("x\\", "x%x%", True),
        ("a\\\\", "a\\b", True),
        ("a.c", "abc", False),
        ("_", "", False),
        ("a\nb", "A\nB", True),
        ("_b", "\nb", True),
        ("straße", "STRASSE", False),
    ],
)
def test_wildcards_are_wildcards_and_nothing_else_is(term: str, text: str, matches: bool) -> None:
    assert like(term).matches(text) is matches


@pytest.mark.parametrize("term", ["", "%", "%%%"])
def test_a_term_of_nothing_but_wildcards_matches_the_empty_text(term: str) -> None:
    assert like(term).empty
    assert like(term).matches("")


@pytest.mark.parametrize(("term", "text"), [("istanbul", "İstanbul"), ("İstanbul", "ISTANBUL"), ("νικοσ", "ΝΙΚΟΣ")])
def test_what_depends_on_the_databases_lower_case_is_declined(term: str, text: str) -> None:
    with pytest.raises(Declined, match="lower case"):
        like(term).matches(text)


@pytest.mark.parametrize(("term", "text"), [("stanbul", "İstanbul"), ("ΝΙΚΟ", "ΝΙΚΟΣ"), ("ankara", "İstanbul")])
def test_a_letter_whose_lower_case_depends_does_no_harm_where_it_changes_nothing(term: str, text: str) -> None:
    assert like(term).matches(text) is (term != "ankara")


@pytest.mark.parametrize(
    ("term", "narrowing"),
    [
        ("Sales Manager", "sales manag nager"),
        ("sales_manager", "sales manag nager"),
        ("engineering", "engin eerin ering"),
        ("saleswoman, salesman", "sales woman esman"),
        ("sal_es", ""),
        ("mana%gement", "gemen ement"),
        ("VP", ""),
        ("sales\\", "sales"),
        ("İstanbul", ""),
        ("co-founder", "found under"),
    ],
)
def test_only_words_of_five_letters_narrow(term: str, narrowing: str) -> None:
    assert like(term).narrowing == narrowing


@st.composite
def contained(draw: st.DrawFn) -> tuple[str, str]:
    """A text, and a term that is like it: a piece of it in some case, with wildcards."""
    around = st.text(st.sampled_from("ab -.'_,%éЖσ9\u0301ア漢"), max_size=4)
    core = "".join(draw(st.lists(st.sampled_from((*LONG, " ", "-", "é", "9", ".")), min_size=1, max_size=4)))
    text = draw(around) + core + draw(around)
    begin = draw(st.integers(0, len(text)))
    piece = text[begin : begin + draw(st.integers(1, 20))]
    bent = draw(st.sampled_from((piece, piece.upper(), piece.lower())))
    holes = draw(st.sets(st.integers(0, 20), max_size=2))
    wild = draw(st.sampled_from("_%"))
    return text, "".join(wild if place in holes else sign for place, sign in enumerate(bent))


@given(contained())
def test_the_index_finds_every_text_that_a_term_is_like(pair: tuple[str, str]) -> None:
    text, term = pair
    one = like(term)
    try:
        matches = one.matches(text)
    except Declined:
        return
    if matches and one.narrowing:
        assert found_by(text, one.narrowing) == ["p"]


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("Vice President, Sales-Operations", "SALES-OPER"),
        ("Ünterwäsche", "TERWÄSCHE"),
        ("antidisestablishmentarianism", "establish"),
        ("İstanbullu", "stanbul"),
        ("σύμβουλος", "ΣΎΜΒΟΥΛ"),
    ],
)
def test_the_index_looks_inside_words(text: str, term: str) -> None:
    assert like(term).matches(text)
    assert found_by(text, like(term).narrowing) == ["p"]


def test_a_word_that_shares_a_part_with_the_term_is_not_even_looked_at() -> None:
    assert found_by("teenager", like("manager").narrowing) == []


def found_by(text: str, value: str) -> list[str]:
    """What the stand-in finds among one contact with this title, asked as the client asks."""
    engine: Engine = filled("contact", [{"uuid": "p", "title": text}])
    condition = {
        "text_value": " ".join(words(value)), "filter_key": "title", "search_type": "substring", "operator": "and",
    }  # fmt: skip
    return uuids(engine, "contact", where={"text_matches": {"must": [condition]}})
