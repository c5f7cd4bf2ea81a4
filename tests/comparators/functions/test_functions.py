"""Functions by name: ours, and nothing else."""

from __future__ import annotations

import pytest

from comparators.functions import UnknownFunction, known, resolve
from comparators.functions.links import same_page_link


@pytest.mark.parametrize("name", ["links.same_page_link", "comparators.functions.links.same_page_link"])
def test_a_function_is_found_by_its_name(name: str) -> None:
    assert resolve(name) is same_page_link


@pytest.mark.parametrize(
    "name",
    ["os.system", "comparators.rules.parse_rules", "links.urlsplit", "links._page", "links.Any", "links", "",
     "lists..same_elements", "comparators.functions.resolve"],
)  # fmt: skip
def test_nothing_else_can_be_named(name: str) -> None:
    with pytest.raises(UnknownFunction, match=r"no function of comparators\.functions"):
        resolve(name)


def test_a_slip_gets_a_hint() -> None:
    with pytest.raises(UnknownFunction, match=r"did you mean lists\.same_elements"):
        resolve("lists.same_element")


def test_every_function_says_what_it_takes() -> None:
    assert all(function.__doc__ for function in known().values())
