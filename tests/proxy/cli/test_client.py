"""Where a command finds the analyst, and what it says when it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy.cli import main
from proxy.cli.client import Control, Refused, Unreachable, find_control
from proxy.settings import Paths


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CROSSFADE_CONTROL", "CROSSFADE_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def test_without_an_address_it_is_the_socket_of_the_state_folder(tmp_path: Path) -> None:
    assert find_control(tmp_path, None, None) == Control(str(Paths(tmp_path).control))


def test_a_flag_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CROSSFADE_CONTROL", "http://127.0.0.1:1")
    found = [find_control(tmp_path, given, None).address for given in (None, "http://127.0.0.1:2")]
    assert found == ["http://127.0.0.1:1", "http://127.0.0.1:2"]


def test_a_token_is_read_from_its_file_before_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CROSSFADE_TOKEN", "from-the-environment")
    (tmp_path / "token").write_text("from-the-file\n")
    found = [find_control(tmp_path, None, given).token for given in (None, str(tmp_path / "token"))]
    assert found == ["from-the-environment", "from-the-file"]


def test_a_token_file_that_can_not_be_read_is_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["status", "--state", str(tmp_path), "--token-file", str(tmp_path / "none")])
    assert (code, "--token-file: " in capsys.readouterr().err) == (2, True)


@pytest.mark.parametrize("address", ["http://127.0.0.1:x", "https://127.0.0.1:1", "http://127.0.0.1", "http://:80"])
def test_an_address_that_is_none_is_bad_input(tmp_path: Path, address: str) -> None:
    with pytest.raises(Refused, match="is no address; give the path") as refused:
        find_control(tmp_path, address, None)
    assert refused.value.code == 2


def test_nobody_at_the_socket_is_said_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="is `crossfade serve` running"):
        Control(str(tmp_path / "none.sock")).get("/status")
