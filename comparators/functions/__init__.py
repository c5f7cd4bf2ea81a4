"""Named functions that take a difference which no other rule can say: `functions: {next: links.same_page_link}`.

A function is `(legacy, candidate) -> bool` on the values as they came, and true if they mean the same. It must be
pure and total: what it raises makes the exchange not comparable. Only the modules of this package are ever looked
into, so that a file of rules can name nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches
from functools import lru_cache
from importlib import import_module
from inspect import isfunction
from pkgutil import iter_modules
from typing import Any

Function = Callable[[Any, Any], bool]


class UnknownFunction(ValueError):
    """A name that is none of ours; the text says which there are."""


@lru_cache(maxsize=1)
def known() -> dict[str, Function]:
    """Every public function of the modules here, as `module.function`."""
    found: dict[str, Function] = {}
    for listed in iter_modules(__path__):
        module = import_module(f"{__name__}.{listed.name}")
        for name, value in vars(module).items():
            if isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_"):
                found[f"{listed.name}.{name}"] = value
    return found


def resolve(name: str) -> Function:
    """The function of that name; `comparators.functions.` before it may be left out. Raises UnknownFunction."""
    short = name.removeprefix(f"{__name__}.")
    found = known().get(short)
    if found is None:
        near = get_close_matches(short, known(), 1)
        hint = f"did you mean {near[0]}?" if near else "known here: " + ", ".join(sorted(known()))
        raise UnknownFunction(f"{name!r} is no function of {__name__}; {hint}")
    return found
