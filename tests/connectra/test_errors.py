"""The tree of errors: what the gateway says of each, and which of several that came together counts."""

from __future__ import annotations

import pytest

from connectra import errors
from connectra.errors import ConnectraError, Declined, Failed, Misread, TooMany, Unavailable, leading
from proxy.exchange import TOLD

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ConnectraError)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_has_a_word_that_workers_know(kind: type[ConnectraError]) -> None:
    assert kind.word in TOLD


@pytest.mark.parametrize("kind", KINDS)
def test_what_may_pass_by_itself_is_503_and_what_is_wrong_is_502(kind: type[ConnectraError]) -> None:
    passes = kind is ConnectraError or issubclass(kind, Unavailable)
    assert kind.status == (503 if passes else 502)


def test_no_error_declines_a_request() -> None:
    assert not [kind for kind in KINDS if issubclass(kind, Declined)]


def test_of_calls_side_by_side_the_one_that_declines_counts() -> None:
    declined = Declined("parameter cursor")
    inner = ExceptionGroup("calls", [Failed("500"), declined])
    assert leading(ExceptionGroup("calls", [Misread("half"), inner])) is declined


def test_of_failures_side_by_side_the_first_counts() -> None:
    first = Misread("half")
    assert leading(ExceptionGroup("calls", [ExceptionGroup("inner", [first]), Failed("500")])) is first


@pytest.mark.parametrize(("count", "text"), [(101, "over 100"), (1000, "over 100"), (1001, "over 1,000")])
def test_how_many_are_too_many_has_few_texts(count: int, text: str) -> None:
    error = TooMany(count)
    assert (str(error), error.count) == (f"{text} records would have to be looked through", count)
