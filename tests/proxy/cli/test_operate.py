"""Percents as people write them, and what a change prints."""

from __future__ import annotations

import pytest

from proxy.cli.client import Refused
from proxy.cli.operate import parse_percent, show_changes


@pytest.mark.parametrize(
    ("text", "hundredths"), [("0", 0), ("12.5", 1250), ("12.5 %", 1250), ("0.01", 1), ("100%", 10_000), ("1e1", 1000)]
)
def test_a_percent_is_read_exactly(text: str, hundredths: int) -> None:
    assert parse_percent(text) == hundredths


@pytest.mark.parametrize("text", ["", "-1", "100.01", "0.001", "nan", "inf", "five", "5%%"])
def test_what_is_no_percent_is_refused_as_bad_input(text: str) -> None:
    with pytest.raises(Refused, match="percent") as refused:
        parse_percent(text)
    assert refused.value.code == 2


def test_a_refused_change_is_the_answer_no(capsys: pytest.CaptureFixture[str]) -> None:
    changes = [{"endpoint": "a", "done": True, "text": "now 5 %"}, {"endpoint": "b", "done": False, "text": "latched"}]
    assert show_changes({"changes": changes}) == 1
    assert capsys.readouterr().out == "a: now 5 %\nb: latched\n"
