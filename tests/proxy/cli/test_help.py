"""What `--help` says, of the whole and of each command."""

from __future__ import annotations

import pytest

from proxy.cli import main
from tests.house.test_docs import commands

COMMANDS = sorted(commands())


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as end:
        main([*arguments, "--help"])
    assert end.value.code == 0
    return capsys.readouterr().out


def test_it_says_what_each_command_does(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys)
    assert [name for name in COMMANDS if f"\n    {name}" not in text] == []


@pytest.mark.parametrize("arguments", [(), *((name,) for name in COMMANDS if name != "lab")])
def test_no_sign_of_a_percent_is_taken_for_a_variable(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    text = said(capsys, *arguments)
    assert ("{'" in text, "%%" in text) == (False, False)
