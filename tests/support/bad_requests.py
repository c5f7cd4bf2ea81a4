"""What clients may send wrongly, as cases: the endpoint, the request, and the reason that is counted."""

from __future__ import annotations

import gzip
from base64 import urlsafe_b64encode

from tests.support.bad_input import Bad

CONTACTS = b"/api/v1/contacts/"
LINKEDIN = b"/api/v2/linkedin/"
ATTRIBUTE = b"/api/v1/companies/company/c/contacts/title/"


def one(name: str, tail: bytes, reason: str, endpoint: str = "contact") -> Bad:
    """A single contact, by whatever stands for its uuid."""
    return Bad(name, endpoint, reason, CONTACTS + tail)


def many(name: str, query: bytes, reason: str, endpoint: str = "contacts", path: bytes = CONTACTS) -> Bad:
    """A list, by its query."""
    return Bad(name, endpoint, reason, path + b"?" + query)


def posted(name: str, body: bytes, reason: str, *fields: bytes) -> Bad:
    """A LinkedIn search, by its body."""
    return Bad(name, "linkedin", reason, LINKEDIN, body, fields or (b"Content-Type: application/json",), method=b"POST")


def cursor(offset: bytes) -> bytes:
    return b"cursor=" + urlsafe_b64encode(b"o=" + offset)


URL = b'{"url":"https://www.linkedin.com/in/ada"}'
DECLINED = [
    one("NUL in an id", b"a%00b/", "NUL in a parameter"),
    one("slash in an id", b"a%2Fb/", "slash in a parameter"),
    one("another route as an id", b"company/", "another route of legacy"),
    one("a streaming route as an id", b"stream/", "another route of legacy"),
    many("1,001 parameters", b"&".join(b"a%d=1" % number for number in range(1001)), "more than 1000 parameters"),
    many("limit over 64 bits", b"limit=99999999999999999999", "parameter limit"),
    many("limit in wide digits", b"limit=%EF%BC%91%EF%BC%92", "parameter limit"),
    many("limit -1", b"limit=-1", "parameter limit"),
    many("limit 0", b"limit=0", "parameter limit"),
    many("limit 1e9 of companies", b"limit=1000000000", "parameter limit", "companies", b"/api/v1/companies/"),
    many("limit of values", b"limit=-5", "parameter limit", "company-contacts-attribute", ATTRIBUTE),
    many("offset of values", b"offset=zz", "parameter offset", "company-contacts-attribute", ATTRIBUTE),
    many("page 0 of a count", b"page=0", "parameter page", "contacts-count", CONTACTS + b"count/"),
    many("offset over 64 bits", b"offset=99999999999999999999", "parameter offset"),
    many("Connectra's cursor", b"cursor=WyJhZGFAc2FtcGxlLmV4YW1wbGUiLCI5YjBlIl0=", "parameter cursor"),
    many("Connectra's cursor as JSON", b'cursor=["ada@sample.example","9b0e"]', "parameter cursor"),
    many("cursor below 0", cursor(b"-1"), "parameter cursor"),
    many("cursor over 64 bits", cursor(b"9" * 30), "parameter cursor"),
    many("cursor in wide letters", b"cursor=%C3%A9", "parameter cursor"),
    many("employees below 0", b"employees_min=-1", "parameter employees_min"),
    many("employees over 64 bits", b"employees_min=99999999999999999999", "parameter employees_min"),
    many("no date", b"created_at_after=zzz", "parameter created_at_after"),
    many("month 13", b"created_at_after=2024-13-45", "parameter created_at_after"),
    many("year 0", b"created_at_after=0000-01-01", "parameter created_at_after"),
    many("year 10000", b"created_at_before=10000-01-01", "parameter created_at_before"),
    many("after the last moment", b"created_at_before=9999-12-31T23:59:59-23:59", "parameter created_at_before"),
    many("NUL in a filter", b"title=%00", "parameter title: NUL"),
    many("NUL in an order", b"ordering=%00", "parameter ordering"),
    many("half a letter in a list", b'exclude_company_ids=["\\ud800"]',
         "parameter exclude_company_ids: NUL or half a letter"),
    many("NUL in a list", b'exclude_company_ids=["\\u0000"]', "parameter exclude_company_ids: NUL or half a letter"),
    many("20,000 brackets", b"exclude_company_ids=" + b"[" * 20_000 + b"]" * 20_000, "parameter exclude_company_ids"),
    many("a number of 5,000 digits", b"exclude_company_ids=[" + b"9" * 5000 + b"]", "parameter exclude_company_ids"),
    many("7,000 words", b"title=" + b",".join(b"w%d" % number for number in range(7000)),
         "parameter title: over 10 tokens"),
    posted("a body that is no JSON", b"{", "body is not JSON"),
    posted("a body that is said to be text", URL, "body is not said to be JSON", b"Content-Type: text/plain"),
    posted("a form", b"url=x", "body is not said to be JSON", b"Content-Type: application/x-www-form-urlencoded"),
    posted("a packed body", gzip.compress(URL), "body is not JSON", b"Content-Encoding: gzip"),
    posted("100,000 brackets", b"[" * 100_000 + b"]" * 100_000, "body is not JSON"),
    posted("NaN for an address", b'{"url":NaN}', "body without url"),
    posted("a blank address", b'{"url":" "}', "body without url"),
    posted("half a letter in an address", b'{"url":"https://www.linkedin.com/in/\\ud800"}', "url has half a character"),
    posted("NUL in an address", b'{"url":"https://www.linkedin.com/in/a\\u0000"}', "NUL in url"),
    posted("invalid UTF-8", b'{"url":"https://www.linkedin.com/in/\xff"}', "body is not JSON"),
    Bad("a Host that is no ASCII", "contact", "Host is not ASCII", CONTACTS + b"good/", host=b"\xff"),
    Bad("an X-Request-Id that is no text", "contact", "X-Request-Id is no text", CONTACTS + b"good/",
        fields=(b"X-Request-Id: \xff\xfe",)),
]  # fmt: skip
NOT_FOUND = {
    "no uuid": b"not-a-uuid/", "10,000 letters": b"a" * 10_000 + b"/", "dots": b"../", "packed dots": b"%2e%2e/",
    "a lone percent": b"%zz/", "invalid UTF-8, packed": b"%ff/", "semicolons": b"x;y=1/",
    "a backslash": b"x\\y/",
}  # fmt: skip
HEAD = b"GET /api/v1/contacts/good/ HTTP/1.1\r\nHost: a\r\n"
UNREADABLE = {
    "invalid UTF-8 in the path": (b"GET /\xff\xfe/ HTTP/1.1\r\nHost: a\r\n\r\n", "not HTTP"),
    "invalid UTF-8 in the query": (b"GET /?a=\xff HTTP/1.1\r\nHost: a\r\n\r\n", "not HTTP"),
    "NUL in the path": (b"GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", "not HTTP"),
    "a space in the path": (b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", "not HTTP"),
    "another protocol": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "not HTTP"),
    "two framings": (HEAD + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "not HTTP"),
    "two lengths": (HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", "not HTTP"),
    "a line over 64 KiB": (b"GET /" + b"a" * 66_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", "over the limits"),
    "a field over 64 KiB": (HEAD + b"X: " + b"a" * 66_000 + b"\r\n\r\n", "over the limits"),
    "600 fields": (HEAD + b"".join(b"X%d: 1\r\n" % number for number in range(600)) + b"\r\n", "over the limits"),
}
