"""The ladder as a whole: from two answers to a verdict."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comparators.answer import Answer
from comparators.comparison import compare
from comparators.rules import Rules, RulesError, parse_rules
from comparators.verdict import ChangeKind, Outcome, Verdict
from tests.support.answers import JSON, TODAY, answer

ZIPPED = (*JSON, ("Content-Encoding", "gzip"))
CSV = (("Content-Type", "text/csv"),)


def judged(legacy: Answer, candidate: Answer, rules: Rules | None = None) -> Verdict:
    return compare(legacy, candidate, rules or Rules(), endpoint="contact", today=TODAY)


@pytest.mark.parametrize(
    ("legacy", "candidate"),
    [
        (answer({"a": 1}), answer({"a": 1})),
        (answer(b'{"a": 1}'), answer(b'{"a":1.0}')),
        (answer({"a": 1}), answer(gzip.compress(b'{"a":1}'), headers=ZIPPED)),
        (answer(b"", 204, ()), answer(b"", 204, ())),
        (answer(b"{", headers=JSON), answer(b"{", headers=JSON)),
        (answer(b"a,b\n1,2\n", headers=CSV), answer(b'"b","a"\r\n2,1\r\n', headers=CSV)),
        (answer(b"x", headers=(("Content-Type", "text/html; charset=utf-8"),)),
         answer(b"x", headers=(("Content-Type", "TEXT/html;charset=UTF-8"),))),
    ],
    ids=["equal bytes", "equal values", "one is packed", "no bodies", "equal rubbish", "csv", "case of a field"],
)  # fmt: skip
def test_answers_that_mean_the_same_match(legacy: Answer, candidate: Answer) -> None:
    assert judged(legacy, candidate).outcome is Outcome.MATCH


@pytest.mark.parametrize(
    ("legacy", "candidate", "path", "kind"),
    [
        (answer(1), answer(1, 201), "status", ChangeKind.STATUS),
        (answer(b"1"), answer(b"1", headers=(("Content-Type", "text/plain"),)), "header content-type",
         ChangeKind.HEADER),
        (answer(1), answer(b"{"), "", ChangeKind.BODY),
        (answer(b"1"), answer(b"1", headers=()), "", ChangeKind.BODY),
        (answer(b"a", headers=()), answer(b"b", headers=()), "", ChangeKind.BODY),
        (answer({"a": 1}), answer({"a": 2}), "a", ChangeKind.VALUE),
        (answer(b"a\n1\n", headers=CSV), answer(b"a\n2\n", headers=CSV), "[0].a", ChangeKind.VALUE),
        (answer(1), answer(2), "", ChangeKind.VALUE),
    ],
    ids=["status", "header", "unreadable candidate", "another kind of body", "bytes", "value", "csv", "the whole"],
)  # fmt: skip
def test_answers_that_differ_are_a_mismatch(legacy: Answer, candidate: Answer, path: str, kind: ChangeKind) -> None:
    found = judged(legacy, candidate)
    assert found.outcome is Outcome.MISMATCH
    assert (path, kind) in [(one.path, one.kind) for one in found.changes]
    assert found.fingerprint is not None


def test_headers_are_those_that_the_rules_name() -> None:
    tagged = answer(1, headers=(*JSON, ("ETag", "a"))), answer(1, headers=(*JSON, ("ETag", "b")))
    assert judged(*tagged).outcome is Outcome.MATCH
    assert judged(*tagged, parse_rules({"headers": ["ETag"]})).outcome is Outcome.MISMATCH


@pytest.mark.parametrize(
    ("name", "legacy", "candidate", "same"),
    [
        ("Content-Type", "text/html; charset=utf-8", "TEXT/html;charset=UTF-8", True),
        ("Vary", "Accept, Origin", "accept,origin", True),
        ("Content-Type", "text/html", "text/plain", False),
        ("Location", "/a/B", "/a/b", False),
        ("X-Note", "a b", "ab", False),
        ("X-Note", "a", "a ", True),
    ],
)
def test_case_and_spaces_count_except_in_fields_made_of_tokens(
    name: str, legacy: str, candidate: str, same: bool
) -> None:
    ours, theirs = answer(b"x", headers=((name, legacy),)), answer(b"x", headers=((name, candidate),))
    assert (judged(ours, theirs, parse_rules({"headers": [name]})).outcome is Outcome.MATCH) is same


def test_every_value_of_a_repeated_field_counts() -> None:
    ours, theirs = (answer(b"x", headers=(("Link", one), ("Link", "b"))) for one in "ac")
    assert judged(ours, theirs, parse_rules({"headers": ["link"]})).outcome is Outcome.MISMATCH


def test_texts_are_compared_in_composed_form() -> None:
    plain = (("Content-Type", "text/plain"),)
    ours, composed, other = (answer(one.encode(), headers=plain) for one in ("e\u0301", "\u00e9", "e"))
    assert judged(ours, composed).outcome is Outcome.MATCH
    assert judged(ours, other).outcome is Outcome.MISMATCH


def test_a_function_that_fails_makes_it_not_comparable(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_legacy: Any, _candidate: Any) -> bool:
        raise ValueError

    monkeypatch.setattr("comparators.treatment.resolve", lambda _name: fails)
    found = judged(answer({"z": 1}), answer({"z": 2}), Rules(functions=(("z", "lists.same_elements"),)))
    assert found.outcome is Outcome.NOT_COMPARABLE
    assert found.reason == "the function lists.same_elements raised ValueError"


@pytest.mark.parametrize(
    ("legacy", "reason"),
    [
        (answer(b"{"), "legacy's body: not JSON"),
        (answer(b"x", headers=(*JSON, ("Content-Encoding", "br"))), "legacy's body: content coding"),
        (Answer(200, JSON, Path("/nowhere/at/all")), "legacy's body: "),
        (answer(b"[" * 500 + b"]" * 500), "nested too deeply"),
    ],
    ids=["not json", "unknown coding", "its spool is gone", "too deep"],
)
def test_what_can_not_be_read_of_legacy_is_not_comparable(legacy: Answer, reason: str) -> None:
    found = judged(legacy, answer([1]))
    assert found.outcome is Outcome.NOT_COMPARABLE
    assert (found.reason or "").startswith(reason)


@pytest.mark.parametrize(
    "candidate",
    [Answer(200, JSON, Path("/nowhere/at/all")), answer(b"[" * 500 + b"]" * 500)],
    ids=["its spool is gone", "too deep"],
)
def test_what_we_can_not_read_of_the_candidate_is_not_comparable(candidate: Answer) -> None:
    assert judged(answer([1]), candidate).outcome is Outcome.NOT_COMPARABLE


def test_spooled_bodies_are_compared(tmp_path: Path) -> None:
    paths = tmp_path / "legacy", tmp_path / "candidate"
    for path in paths:
        path.write_bytes(b"[1, 2]")
    legacy, candidate = (Answer(200, JSON, path) for path in paths)
    assert judged(legacy, candidate).outcome is Outcome.MATCH


def dumped(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:  # a lone surrogate
        return b"null"


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.lists(
    st.tuples(
        st.sampled_from(["Content-Type", "content-encoding", "ETag"]),
        st.sampled_from(["application/json", "text/csv", "application/x-ndjson", "text/plain", "gzip", "deflate", ""]),
    ),
    max_size=3,
).map(tuple)
ENCODABLE = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
BODIES = st.binary(max_size=60) | ENCODABLE.map(str.encode) | JSONS.map(dumped)
ANSWERS = st.builds(Answer, st.integers(100, 599), FIELDS, BODIES | BODIES.map(gzip.compress))
PATHS = st.sampled_from(["a", "**", "[]", "[].a", "a.*", "**.b", "a[]"])
FUNCTIONS = st.sampled_from(["links.same_page_link", "lists.same_elements"])
LISTS = st.lists(PATHS, max_size=2)
RULES = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("ignore", "sets", "timestamps", "casefold", "urls", "opaque"), LISTS),
        **{name: LISTS | st.booleans() for name in ("null_missing_empty", "zero_is_null", "trim", "unquote", "coerce")},
        "unordered": st.dictionaries(PATHS, st.sampled_from(["uuid", "a.b"]), max_size=2),
        "joined": st.dictionaries(PATHS, st.sampled_from([", ", " ", "|"]), max_size=1),
        "tolerance": st.dictionaries(PATHS, st.sampled_from([0, 5, "1%"]), max_size=1),
        "placeholders": st.lists(st.text(max_size=2), max_size=2) | st.dictionaries(st.text(max_size=2), LISTS),
        "functions": st.dictionaries(PATHS, FUNCTIONS, max_size=2),
        "csv": st.sampled_from(["a", ["b", "a"]]),
        "headers": st.lists(st.sampled_from(["ETag", "content-type"]), max_size=2),
    },
).map(parse_rules)


@settings(max_examples=300, deadline=None)
@given(ANSWERS, ANSWERS, RULES)
def test_no_answers_and_no_rules_make_it_raise(legacy: Answer, candidate: Answer, rules: Rules) -> None:
    found = judged(legacy, candidate, rules)
    assert (found.fingerprint is not None) is (found.outcome is Outcome.MISMATCH)


@settings(max_examples=200, deadline=None)
@given(JSONS, JSONS, RULES)
def test_no_json_and_no_rules_make_it_raise(legacy: Any, candidate: Any, rules: Rules) -> None:
    found = judged(answer(dumped(legacy)), answer(dumped(candidate)), rules)
    assert found.outcome in (Outcome.MATCH, Outcome.MISMATCH)


@settings(max_examples=100, deadline=None)
@given(JSONS, RULES)
def test_a_value_matches_itself_under_any_rules(value: Any, rules: Rules) -> None:
    one = answer(dumped(value))
    other = answer(b" " + dumped(value))
    assert judged(one, other, rules).outcome is Outcome.MATCH


def test_rules_that_are_refused_never_get_here() -> None:
    with pytest.raises(RulesError):
        parse_rules({"ignore": [""]})
