"""What is kept of a difference holds no value, and is enough to judge rules by."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comparators.redact import place_of, redact
from comparators.verdict import Change, ChangeKind
from tests.support.answers import verdict

KEY = b"k" * 32


def kept(legacy: Any, candidate: Any, path: str = "email", clear: tuple[str, ...] = ()) -> dict[str, Any]:
    [found] = redact([Change(path, ChangeKind.VALUE, legacy, candidate)], KEY, clear)
    return found


SECRETS = st.text(st.characters(categories=("Ll", "Lu")), min_size=12, max_size=40)


@given(SECRETS, st.integers(10**12, 10**15), st.sampled_from(["text", "list", "object", "number"]))
def test_no_value_is_kept(text: str, number: int, shape: str) -> None:
    value: Any = {"text": text, "list": [text], "object": {"name": text, "phone": number}, "number": number}[shape]
    stored = orjson.dumps(kept(value, [value], f"results[email={text}].email")).decode()
    assert text not in stored
    assert str(number) not in stored


def test_a_key_with_brackets_does_not_leak() -> None:
    rows = [{"email": "a]b[ada@x.org", "n": 1}], [{"email": "a]b[ada@x.org", "n": 2}]
    found = verdict(*rows, unordered={".": "email"})
    assert "ada" not in orjson.dumps(redact(found.changes, KEY)).decode()


@pytest.mark.parametrize(
    ("value", "kind", "length"),
    [
        (None, "null", None), (True, "boolean", None), (1, "number", None), (1.5, "number", None),
        ("", "text", "0"), ("a", "text", "1"), ("abc", "text", "2-3"), ("a" * 9, "text", "8-15"),
        ([], "list", "0"), ({"a": 1}, "object", "1"),
    ],
)  # fmt: skip
def test_type_and_class_of_length_are_kept(value: Any, kind: str, length: str | None) -> None:
    found = kept(value, None)["legacy"]
    assert (found["type"], found.get("length")) == (kind, length)


@pytest.mark.parametrize(
    ("legacy", "candidate", "form"),
    [
        (" x ", "x", "trimmed"),
        ("ADA", "ada", "casefold"),
        ("https://a.com/", "http://www.a.com", "url"),
        ("2026-03-01T10:00:00Z", "2026-03-01T11:00:00+01:00", "instant"),
        ("'x'", "\"x\"", "unquoted"),
    ],
)  # fmt: skip
def test_leaves_that_a_rule_makes_equal_have_an_equal_hash(legacy: str, candidate: str, form: str) -> None:
    found = kept(legacy, candidate)
    hashes = [found[side]["hashes"] for side in ("legacy", "candidate")]
    assert hashes[0]["raw"] != hashes[1]["raw"]
    assert hashes[0].get(form, hashes[0]["raw"]) in hashes[1].values()


def test_another_key_gives_other_hashes() -> None:
    change = Change("a", ChangeKind.VALUE, "x", "y")
    one, other = (redact([change], key)[0]["legacy"]["hashes"]["raw"] for key in (KEY, b"other"))
    assert one != other


@pytest.mark.parametrize(
    ("legacy", "candidate", "ratio"),
    [(2, 3, 1.5), (4, 0, 0.0), (0, 3, None), ("2", 3, None), (True, 2, None), (5e-324, 1e308, None)],
)
def test_a_numeric_difference_is_kept_as_a_ratio(legacy: Any, candidate: Any, ratio: float | None) -> None:
    assert kept(legacy, candidate).get("ratio") == ratio


@pytest.mark.parametrize("clear", ["**", "results", "results[].email"])
def test_clear_text_is_kept_for_paths_on_the_list(clear: str) -> None:
    found = kept("ada", "bob", "results[uuid=c1].email", (clear,))
    assert (found["path"], found["legacy"]["value"]) == ("results[uuid=c1].email", "ada")


def test_clear_text_elsewhere_is_not_kept() -> None:
    assert "value" not in kept("ada", "bob", "results[0].email", ("results[].name",))["legacy"]


def test_long_clear_text_is_cut() -> None:
    assert len(kept("a" * 5000, "", clear=("**",))["legacy"]["value"]) < 250


def test_who_accepted_it_is_kept() -> None:
    [found] = redact([Change("a", ChangeKind.VALUE, 1, 2, "known gap: a")], KEY)
    assert found["accepted_by"] == "known gap: a"


def test_only_so_many_changes_are_kept() -> None:
    assert len(redact([Change("a", ChangeKind.VALUE, 1, 2)] * 500, KEY)) == 50


@pytest.mark.parametrize(
    ("path", "place"),
    [("results[uuid=c.1].email", ("results", "[]", "email")), ("[3]", ("[]",)), ("", ()), ("a[0][1].b",
     ("a", "[]", "[]", "b"))],
)  # fmt: skip
def test_a_printed_path_is_a_place(path: str, place: tuple[str, ...]) -> None:
    assert place_of(path) == place


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=8,
)


@given(JSONS, JSONS)
def test_no_value_makes_it_raise_and_all_it_keeps_is_json(legacy: Any, candidate: Any) -> None:
    orjson.dumps(kept(legacy, candidate))
