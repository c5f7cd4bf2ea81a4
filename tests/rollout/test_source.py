"""YAML as nodes with places: traps are refused, one scalar is replaced in place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.source import Node, Problem, Scalar, Table, at, plain, read, replaced


def root(text: str, env: dict[str, str] | None = None) -> Node:
    node, problems = read(text, env or {})
    assert node is not None
    assert not problems
    return node


def wrong(text: str, env: dict[str, str] | None = None) -> list[Problem]:
    return read(text, env or {}, "f.yaml")[1]


def test_values_are_plain_and_dates_are_text() -> None:
    text = "a: 1\nb: 1.5\nc: text\nd: true\ne: ~\nf: '1'\ng: 2027-03-01\nh: [1, {i: 2}]\n"
    expected = {"a": 1, "b": 1.5, "c": "text", "d": True, "e": None, "f": "1", "g": "2027-03-01", "h": [1, {"i": 2}]}
    assert plain(root(text)) == expected


def test_every_key_and_value_has_its_place() -> None:
    table = root("a:\n  b: 7\n")
    assert isinstance(table, Table)
    inner = table.get("a")
    assert isinstance(inner, Table)
    key, value = inner.entries["b"]
    assert (key.line, key.column, value.line, value.column) == (2, 3, 2, 6)


@pytest.mark.parametrize("value", ["yes", "No", "on", "OFF", "True", "FALSE", "y"])
def test_booleans_of_one_yaml_and_texts_of_another_are_refused(value: str) -> None:
    (problem,) = wrong(f"a: {value}\n")
    assert (problem.line, problem.column) == (1, 4)
    assert "quote it" in str(problem.suggestion)


@pytest.mark.parametrize("value", ["1_0", "017", "0o17", "0x1F", "1:30", "12:30:45", ".inf", "-.nan"])
def test_numbers_that_readers_disagree_about_are_refused(value: str) -> None:
    assert len(wrong(f"a: {value}\n")) == 1


@pytest.mark.parametrize("value", ["'yes'", '"on"', "'1_0'", "'017'", "0", "0.5", "10.0.0.0/8", "127.0.0.1:80"])
def test_what_is_quoted_or_plain_is_no_trap(value: str) -> None:
    assert not wrong(f"a: {value}\n")


def test_a_duplicate_key_names_the_first_one() -> None:
    (problem,) = wrong("a: 1\nb: 2\na: 3\n")
    assert (problem.line, "line 1" in problem.message) == (3, True)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("a:\n\tb: 1\n", "tab"),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", "merge key"),
        ("a: !!python/name:os.system x\n", "tag"),
        ("? [1, 2]\n: b\n", "not text"),
        ("", "empty"),
        ("a: [1\n", "not YAML"),
        ("a: b: c\n", "not YAML"),
        ("a: 1\n---\nb: 2\n", "not YAML"),
        ("a: \x01\n", "U+0001"),
        ("a: &x [*x]\n", "contains itself"),
        ("a: *nobody\n", "not YAML"),
    ],
)
def test_what_is_no_plain_yaml_is_refused_with_its_reason(text: str, part: str) -> None:
    assert part in wrong(text)[0].message


def test_a_hundred_bytes_do_not_become_a_billion_nodes() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "multiplies" in wrong("\n".join(lines))[0].message


def test_deep_nesting_is_an_error_of_the_file() -> None:
    assert "deep" in wrong("[" * 5000)[0].message


def test_all_problems_are_found_at_once() -> None:
    assert [problem.line for problem in wrong("a: yes\nb: 1_0\na: 2\n")] == [1, 2, 3]


def test_variables_are_expanded_and_their_raw_text_is_kept() -> None:
    table = root('a: "${A}"\nb: ${B:-30}s\nc: "$${A}"\n', {"A": "x"})
    assert plain(table) == {"a": "x", "b": "30s", "c": "${A}"}
    assert isinstance(table, Table)
    scalar = table.get("a")
    assert isinstance(scalar, Scalar)
    assert (scalar.raw, scalar.expanded) == ("${A}", True)


def test_an_empty_variable_counts_as_not_set() -> None:
    assert plain(root("a: ${A:-d}\n", {"A": ""})) == {"a": "d"}
    assert "is empty" in wrong("a: ${A}\n", {"A": ""})[0].message


def test_a_missing_variable_is_named() -> None:
    (problem,) = wrong("a: ${NOWHERE}\n")
    assert "NOWHERE" in problem.message


@pytest.mark.parametrize("text", ["${", "${A", "${1A}", "${}"])
def test_a_malformed_variable_is_refused(text: str) -> None:
    assert "no variable" in wrong(f'a: "{text}"\n')[0].message


def test_aliases_and_what_they_stand_for_are_marked_shared() -> None:
    table = root("a: &x 1\nb: *x\nc: &y {d: 1}\ne: *y\nf: 2\n")
    assert isinstance(table, Table)
    shared = {name: value.shared for name, (_, value) in table.entries.items()}
    assert shared == {"a": True, "b": True, "c": True, "e": True, "f": False}
    inner = table.get("e")
    assert isinstance(inner, Table)
    assert inner.entries["d"][1].shared


def test_a_path_leads_to_the_nearest_place() -> None:
    node = at(root("a:\n  b: [x, z]\n"), ("a", "b", 1))
    assert (node.line, node.column) == (2, 10)
    assert at(root("a:\n  b: 1\n"), ("a", "z")).line == 2


def scalar(text: str, key: str) -> Scalar:
    table = root(text)
    assert isinstance(table, Table)
    found = table.get(key)
    assert isinstance(found, Scalar)
    return found


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a: 5  # why\nb: 1\n", "a: 25  # why\nb: 1\n"),
        ("a: 5%\r\nb: 1\r\n", "a: 25%\r\nb: 1\r\n"),
        ('a: "5"\n', 'a: "25"\n'),
        ("a: '5%' # x\n", "a: '25%' # x\n"),
        ("{b: ä, a: 5}\n", "{b: ä, a: 25}\n"),
    ],
)
def test_one_scalar_is_replaced_and_nothing_else(before: str, after: str) -> None:
    assert replaced(before, scalar(before, "a"), "25") == after


@given(st.integers(0, 10_000), st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=20))
def test_what_was_replaced_reads_back(percent: int, comment: str) -> None:
    text = f"x: [1]\na: 5 # {comment}\nz: end\n"
    new = replaced(text, scalar(text, "a"), f"{percent / 100:g}")
    assert plain(root(new)) == {"x": [1], "a": pytest.approx(percent / 100), "z": "end"}
    assert f"# {comment}" in new
