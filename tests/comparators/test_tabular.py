"""Two CSVs side by side."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comparators import pairing, tabular
from comparators.answer import Answer
from comparators.comparison import compare
from comparators.redact import redact
from comparators.rules import parse_rules
from comparators.suggest import suggest
from comparators.verdict import ChangeKind, Outcome, Verdict
from tests.support.answers import TODAY

CSV = (("Content-Type", "text/csv; charset=utf-8"),)
Table = list[list[str]]
GAP = {"path": "[].title", "reason": "not indexed", "owner": "search", "until": "2026-03-01"}
HEAD = ["id", "title", "city"]


def written(table: Table, **how: Any) -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file, **how).writerows(table)
    return file.getvalue().encode()


def judged(legacy: Table | bytes, candidate: Table | bytes, key: str | None = "id", **rules: Any) -> Verdict:
    bodies = [one if isinstance(one, bytes) else written(one) for one in (legacy, candidate)]
    named = rules if key is None else rules | {"csv": key}
    sides = [Answer(200, CSV, body) for body in bodies]
    return compare(sides[0], sides[1], parse_rules(named), endpoint="export", today=TODAY)


def found(verdict: Verdict) -> list[tuple[str, ChangeKind]]:
    return [(one.path, one.kind) for one in verdict.changes]


# -- rows -------------------------------------------------------------------------------------------------------------

ROWS = [HEAD, ["c1", "Countess", "Paris"], ["c2", "Engineer", "Berlin"], ["c3", "Poet", "Rome"]]


def test_line_ends_quoting_and_the_order_of_columns_do_not_count() -> None:
    other = [[row[2], row[0], row[1]] for row in ROWS]
    assert judged(ROWS, written(other, quoting=csv.QUOTE_ALL, lineterminator="\n")).outcome is Outcome.MATCH


def test_another_order_of_rows_is_counted_and_is_no_change() -> None:
    verdict = judged(ROWS, [HEAD, ROWS[2], ROWS[3], ROWS[1]])
    assert (verdict.outcome, verdict.counts) == (Outcome.MATCH, {"csv order": 1})


def test_a_value_that_differs_is_named_by_its_key() -> None:
    verdict = judged(ROWS, [HEAD, ROWS[2], ["c1", "Duchess", "Paris"], ROWS[3]])
    assert found(verdict) == [("[id=c1].title", ChangeKind.VALUE)]
    assert (verdict.changes[0].legacy, verdict.changes[0].candidate) == ("Countess", "Duchess")


def test_a_row_that_is_missing_or_extra_is_one_change() -> None:
    verdict = judged(ROWS, [HEAD, ROWS[1], ROWS[3], ["c9", "", ""]], null_missing_empty=True)
    assert found(verdict) == [("[id=c2]", ChangeKind.MISSING), ("[id=c9]", ChangeKind.EXTRA)]
    assert verdict.changes[0].legacy == {"id": "c2", "title": "Engineer", "city": "Berlin"}


def test_repeated_rows_are_rows() -> None:
    twice = [HEAD, ROWS[1], ROWS[1], ROWS[2]]
    assert judged(twice, [HEAD, ROWS[1], ROWS[2], ROWS[1]]).outcome is Outcome.MATCH
    assert found(judged(twice, ROWS[:3])) == [("[id=c1]", ChangeKind.MISSING)]


def test_without_a_key_rows_are_compared_by_position() -> None:
    assert found(judged(ROWS, [HEAD, ROWS[1], ROWS[3]], None)) == [
        ("[1].id", ChangeKind.VALUE), ("[1].title", ChangeKind.VALUE), ("[1].city", ChangeKind.VALUE),
        ("[2]", ChangeKind.MISSING),
    ]  # fmt: skip


def test_the_first_column_that_legacy_has_is_the_key() -> None:
    rules = parse_rules({"csv": ["uuid", "id", "title"]})
    sides = [Answer(200, CSV, written(table)) for table in (ROWS, ROWS[:1] + ROWS[:0:-1])]
    assert compare(sides[0], sides[1], rules, endpoint="export", today=TODAY).outcome is Outcome.MATCH


def test_a_candidate_without_legacys_key_is_not_paired_by_another() -> None:
    rules = parse_rules({"csv": ["id", "title"], "ignore": ["[].id"]})
    sides = [Answer(200, CSV, written(table)) for table in (ROWS, [row[1:] for row in ROWS])]
    assert compare(sides[0], sides[1], rules, endpoint="export", today=TODAY).outcome is Outcome.MISMATCH


def test_the_key_of_an_unordered_body_pairs_rows_too() -> None:
    assert judged(ROWS, ROWS[:1] + ROWS[:0:-1], None, unordered={".": "id"}).outcome is Outcome.MATCH


# -- columns ----------------------------------------------------------------------------------------------------------


def without_title(table: Table) -> Table:
    return [[row[0], row[2]] for row in table]


def test_a_column_that_is_missing_or_extra_is_one_change() -> None:
    assert found(judged(ROWS, without_title(ROWS))) == [("[].title", ChangeKind.MISSING)]
    assert found(judged(without_title(ROWS), ROWS)) == [("[].title", ChangeKind.EXTRA)]


@pytest.mark.parametrize(
    ("rules", "outcome"),
    [({"ignore": ["[].title"]}, Outcome.MATCH), ({"known_gaps": [GAP]}, Outcome.ACCEPTED)],
    ids=["ignored", "known"],
)
def test_a_rule_takes_a_column_that_is_missing(rules: dict[str, Any], outcome: Outcome) -> None:
    assert judged(ROWS, without_title(ROWS), **rules).outcome is outcome


def test_where_absent_is_empty_a_missing_column_is_compared_row_by_row() -> None:
    blank = [HEAD, ["c1", "", "Paris"], ["c2", "Engineer", "Berlin"]]
    verdict = judged(blank, without_title(blank), null_missing_empty=["[].title"])
    assert found(verdict) == [("[id=c2].title", ChangeKind.VALUE)]


CELLS = [
    ({"ignore": ["[].title"]}, "a", "b", None),
    ({"opaque": ["[].title"]}, "a", "b", None),
    ({"timestamps": ["[].title"]}, "2026-03-01T10:00:00", "2026-03-01T10:00:00.000Z", "2026-03-01T10:00:01Z"),
    ({"timestamps": {"[].title": "ms"}}, "2026-03-01T10:00:00.1234", "2026-03-01T10:00:00.123Z",
     "2026-03-01T10:00:00.124Z"),
    ({"placeholders": ["_"], "null_missing_empty": True}, "_", "", "-"),
    ({"placeholders": {"None": ["[].title"]}, "null_missing_empty": True}, "None", "", "none"),
    ({"null_missing_empty": ["[].title"], "coerce": ["[].title"], "zero_is_null": ["[].title"]}, "0", "", "1"),
    ({"trim": ["[].title"]}, " a ", "a", "b"),
    ({"unquote": ["[].title"]}, "'+91'", "+91", "91"),
    ({"joined": {"[].title": ","}}, "a,b", "a, b", "b, a"),
    ({"coerce": ["[].title"]}, "120", "120.0", "121"),
    ({"casefold": ["[].title"]}, "Ada", "ADA", "Eda"),
    ({"urls": ["[].title"]}, "https://www.a.com/", "a.com", "b.com"),
    ({"tolerance": {"[].title": 2}, "coerce": ["[].title"]}, "100", "102", "103"),
    ({"functions": {"[].title": "lists.first_of_joined"}}, "a, b", "a", "b"),
    ({"known_gaps": [GAP]}, "a", "b", None),
    ({"known_gaps": [GAP | {"kinds": ["missing"]}]}, "a", "", "b"),
    ({}, "\u00e9", "e\u0301", "e"),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "legacy", "taken", "missed"), CELLS)
def test_a_rule_holds_in_the_column_that_its_path_names(
    rules: dict[str, Any], legacy: str, taken: str, missed: str | None
) -> None:
    ours = [HEAD, ["c1", legacy, ""]]
    assert judged(ours, [HEAD, ["c1", taken, ""]], **rules).outcome in (Outcome.MATCH, Outcome.ACCEPTED)
    if missed is not None:
        assert found(judged(ours, [HEAD, ["c1", missed, ""]], **rules)) == [("[id=c1].title", ChangeKind.VALUE)]


def test_a_rule_does_not_reach_another_column() -> None:
    verdict = judged([HEAD, ["c1", "None", "None"]], [HEAD, ["c1", "", ""]],
                     placeholders={"None": ["[].title"]}, null_missing_empty=True)  # fmt: skip
    assert found(verdict) == [("[id=c1].city", ChangeKind.VALUE)]


def test_how_often_a_rule_was_needed_is_counted() -> None:
    ours, theirs = ([HEAD, ["c1", *cells], ["c2", *cells]] for cells in (("A ", "x"), ("A", "y")))
    assert judged(ours, theirs, trim=True, ignore=["[].city"]).counts == {"trim": 2, "ignore": 2}


def test_a_rule_is_suggested_for_the_column() -> None:
    verdict = judged(ROWS, [HEAD, ["c1", "COUNTESS", "Paris"], *ROWS[2:]])
    suggestion = suggest(verdict.changes, parse_rules({"csv": "id"}))
    assert suggestion is not None
    assert suggestion.rule == 'casefold: ["[].title"]'


def test_what_is_kept_of_a_row_holds_no_value() -> None:
    kept = orjson.dumps(redact(judged(ROWS, [HEAD, *ROWS[2:]]).changes, b"k" * 32)).decode()
    assert not [value for value in ROWS[1] if value in kept]


# -- what can not be compared -----------------------------------------------------------------------------------------


def test_changes_are_kept_up_to_a_number_and_counted_beyond(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("comparators.comparison.KEPT", 3)
    table = [[str(at), "a", ""] for at in range(10)]
    verdict = judged([HEAD, *table], [HEAD, *[[row[0], "b", ""] for row in table]])
    assert (len(verdict.changes), verdict.counts) == (3, {"changes that were not kept": 7})


def test_a_change_is_kept_however_many_were_accepted_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("comparators.comparison.KEPT", 1)
    ours = [HEAD, ["1", "a", ""], ["2", "a", ""], ["3", "a", "x"]]
    theirs = [HEAD, ["1", "b", ""], ["2", "b", ""], ["3", "b", "y"]]
    assert found(judged(ours, theirs, known_gaps=[GAP])) == [("[id=3].city", ChangeKind.VALUE)]


def test_rows_too_far_out_of_order_are_not_comparable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairing.Pairing.__init__, "__defaults__", (1_000,))
    table = [[str(at), "a", ""] for at in range(100)]
    verdict = judged([HEAD, *table], [HEAD, *table[::-1]])
    assert verdict.outcome is Outcome.NOT_COMPARABLE
    assert "too different an order" in (verdict.reason or "")


@pytest.mark.parametrize(
    ("legacy", "reason"),
    [
        (b"id,title\nc1\n", "legacy's body: not CSV: line 2"),
        (b"name\nc1\n", "legacy's body: no column id"),
        (b"id\n\xff\n", "legacy's body: not UTF-8"),
    ],
    ids=["short row", "no key", "not UTF-8"],
)
def test_what_can_not_be_read_of_legacy_is_not_comparable(legacy: bytes, reason: str) -> None:
    verdict = judged(legacy, ROWS)
    assert verdict.outcome is Outcome.NOT_COMPARABLE
    assert (verdict.reason or "").startswith(reason)


@pytest.mark.parametrize("candidate", [b"id,title\nc1\n", b"name\nc1\n", b"id\n\xff\n"])
def test_what_can_not_be_read_of_the_candidate_is_a_mismatch(candidate: bytes) -> None:
    assert ("", ChangeKind.BODY) in found(judged(ROWS, candidate))


def test_a_fault_of_legacy_is_said_first_even_behind_one_of_the_candidate() -> None:
    assert judged(written(ROWS) + b"short\n", b"id\n1,2\n").outcome is Outcome.NOT_COMPARABLE


def test_a_spool_that_is_gone_is_not_comparable(tmp_path: Path) -> None:
    legacy, gone = Answer(200, CSV, written(ROWS)), Answer(200, CSV, tmp_path / "gone")
    verdict = compare(legacy, gone, parse_rules({"csv": "id"}), endpoint="export", today=TODAY)
    assert (verdict.outcome, verdict.reason) == (Outcome.NOT_COMPARABLE, "a spooled body: No such file or directory")


def test_a_body_of_another_kind_is_a_mismatch() -> None:
    legacy, other = Answer(200, CSV, written(ROWS)), Answer(500, (("Content-Type", "application/json"),), b"{}")
    verdict = compare(legacy, other, parse_rules({"headers": []}), endpoint="export", today=TODAY)
    assert found(verdict) == [("status", ChangeKind.STATUS), ("", ChangeKind.BODY)]


@pytest.mark.parametrize(("legacy", "candidate"), [([HEAD], b""), (b"", [HEAD])], ids=["nothing", "a head line"])
def test_a_head_line_alone_is_not_nothing(legacy: Table | bytes, candidate: Table | bytes) -> None:
    assert judged(legacy, candidate).outcome is Outcome.MISMATCH


def test_an_export_without_rows_is_not_one_with_rows() -> None:
    assert [path for path, _ in found(judged(ROWS, [HEAD]))] == ["[id=c1]", "[id=c2]", "[id=c3]"]


def test_spools_are_compared_packed_and_plain(tmp_path: Path) -> None:
    paths = tmp_path / "legacy", tmp_path / "candidate"
    paths[0].write_bytes(written(ROWS))
    paths[1].write_bytes(gzip.compress(written(ROWS, quoting=csv.QUOTE_ALL)))
    packed = (*CSV, ("Content-Encoding", "gzip"))
    sides = Answer(200, CSV, paths[0]), Answer(200, packed, paths[1])
    assert compare(*sides, parse_rules({"csv": "id"}), endpoint="export", today=TODAY).outcome is Outcome.MATCH


def test_long_values_are_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tabular, "SHORT", 4)
    rows = [[str(at), "long value ", ""] for at in range(3)]
    verdict = judged([HEAD, *rows], [HEAD, *[[row[0], "long value", ""] for row in rows]], trim=True)
    assert (verdict.outcome, verdict.counts) == (Outcome.MATCH, {"trim": 3})


# -- the same as rows of objects --------------------------------------------------------------------------------------

VALUES = st.sampled_from(["", "a", "a ", "_", "None", "A", "1", "1.0", "0", "a,b", "a, b", "é"])
TABLES = st.lists(st.tuples(st.sampled_from("abc"), VALUES, VALUES), max_size=6)
RULES = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("ignore", "casefold", "null_missing_empty", "trim", "coerce", "zero_is_null"),
                        st.just(["[].x"])),
        "placeholders": st.just({"None": ["[].x"], "_": True}),
        "joined": st.just({"[].x": ","}),
        "known_gaps": st.just([GAP | {"path": "[].y", "kinds": ["missing"]}]),
    },
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(TABLES, TABLES, RULES)
def test_a_csv_is_judged_as_its_rows_as_objects_are(
    ours: list[tuple[str, ...]], theirs: list[tuple[str, ...]], rules: dict[str, Any]
) -> None:
    head = ["id", "x", "y"]
    as_csv = judged([head, *map(list, ours)], [head, *map(list, theirs)], **rules)
    lines = (("Content-Type", "application/x-ndjson"),)
    parsed = parse_rules(rules | {"unordered": {".": "id"}})
    objects = [[dict(zip(head, row, strict=True)) for row in side] for side in (ours, theirs)]
    sides = [Answer(200, lines, b"\n".join(map(orjson.dumps, side))) for side in objects]
    as_objects = compare(sides[0], sides[1], parsed, endpoint="export", today=TODAY)
    assert sorted(found(as_csv)) == sorted(found(as_objects))
    assert as_csv.outcome is as_objects.outcome
