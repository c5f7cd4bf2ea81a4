"""The syntax errors of Go's JSON scanner, word for word. Only run over bodies that did not parse."""

from __future__ import annotations

_SPACE = b" \t\r\n"
_DIGITS = b"0123456789"
_HEX = b"0123456789abcdefABCDEF"
_LITERALS = {ord("t"): b"true", ord("f"): b"false", ord("n"): b"null"}
_MAX_DEPTH = 10_000


class _Wrong(Exception):
    """The text of the error."""


def syntax_error(body: bytes) -> str | None:
    """What Go's decoder says of the first JSON value in this body; None when the value is whole."""
    scanner = _Scanner(body)
    scanner.skip()
    if scanner.at >= len(body):
        return "EOF"
    try:
        scanner.value(0)
    except _Wrong as wrong:
        return str(wrong)
    return None


def quoted(byte: int) -> str:
    """A byte as Go quotes it in such errors."""
    if byte == ord("'"):
        return "'\\''"
    if byte == ord('"'):
        return "'\"'"
    named = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 92: "\\\\"}.get(byte)
    if named:
        return f"'{named}'"
    if byte < 0x20 or byte == 0x7F:
        return f"'\\x{byte:02x}'"
    if 0x80 <= byte <= 0xA0 or byte == 0xAD:
        return f"'\\u{byte:04x}'"
    return f"'{chr(byte)}'"


class _Scanner:
    def __init__(self, body: bytes) -> None:
        self.body = body
        self.at = 0

    def skip(self) -> None:
        while self.at < len(self.body) and self.body[self.at] in _SPACE:
            self.at += 1

    def next(self) -> int:
        """The byte here."""
        if self.at >= len(self.body):
            raise _Wrong("unexpected EOF")
        return self.body[self.at]

    def wrong(self, where: str) -> _Wrong:
        return _Wrong(f"invalid character {quoted(self.next())} {where}")

    def value(self, depth: int) -> None:
        if depth > _MAX_DEPTH:
            raise _Wrong("exceeded max depth")
        self.skip()
        byte = self.next()
        if byte == ord("{"):
            self.members(depth)
        elif byte == ord("["):
            self.elements(depth)
        elif byte == ord('"'):
            self.string()
        elif byte == ord("-") or byte in _DIGITS:
            self.number()
        elif byte in _LITERALS:
            self.literal(_LITERALS[byte])
        else:
            raise self.wrong("looking for beginning of value")

    def members(self, depth: int) -> None:
        self.at += 1
        self.skip()
        if self.next() == ord("}"):
            self.at += 1
            return
        while True:
            self.skip()
            if self.next() != ord('"'):
                raise self.wrong("looking for beginning of object key string")
            self.string()
            self.skip()
            if self.next() != ord(":"):
                raise self.wrong("after object key")
            self.at += 1
            self.value(depth + 1)
            if self.ended(b"}", "after object key:value pair"):
                return

    def elements(self, depth: int) -> None:
        self.at += 1
        self.skip()
        if self.next() == ord("]"):
            self.at += 1
            return
        while True:
            self.value(depth + 1)
            if self.ended(b"]", "after array element"):
                return

    def ended(self, end: bytes, where: str) -> bool:
        """Whether the list ends here; False after a comma."""
        self.skip()
        if self.next() not in b"," + end:
            raise self.wrong(where)
        self.at += 1
        return self.body[self.at - 1] == end[0]

    def string(self) -> None:
        self.at += 1
        while (byte := self.next()) != ord('"'):
            if byte < 0x20:
                raise self.wrong("in string literal")
            self.at += 1
            if byte == ord("\\"):
                self.escape()
        self.at += 1

    def escape(self) -> None:
        byte = self.next()
        if byte not in b'bfnrt\\/"u':
            raise self.wrong("in string escape code")
        self.at += 1
        for _ in range(4 if byte == ord("u") else 0):
            if self.next() not in _HEX:
                raise self.wrong("in \\u hexadecimal character escape")
            self.at += 1

    def digits(self, where: str) -> None:
        """One digit or more."""
        if self.next() not in _DIGITS:
            raise self.wrong(where)
        while self.at < len(self.body) and self.body[self.at] in _DIGITS:
            self.at += 1

    def number(self) -> None:
        if self.next() == ord("-"):
            self.at += 1
        if self.next() == ord("0"):
            self.at += 1
        else:
            self.digits("in numeric literal")
        if self.body[self.at : self.at + 1] == b".":
            self.at += 1
            self.digits("after decimal point in numeric literal")
        if self.body[self.at : self.at + 1] in (b"e", b"E"):
            self.at += 1
            if self.next() in b"+-":
                self.at += 1
            self.digits("in exponent of numeric literal")

    def literal(self, word: bytes) -> None:
        for expected in word:
            if self.next() != expected:
                raise self.wrong(f"in literal {word.decode()} (expecting {quoted(expected)})")
            self.at += 1
