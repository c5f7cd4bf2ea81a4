"""Where a host's files lie, and what its processes are told."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from proxy import settings
from proxy.settings import BadSetting, NotOurs, Paths, Settings


def test_everything_lies_in_the_state_folder(tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    files = (paths.table, paths.secret, paths.journal, paths.spool, paths.postgres)
    assert {path.parent for path in files} == {tmp_path}


def test_sockets_lie_in_the_state_folder_when_its_path_is_short() -> None:
    paths = Paths(Path("/s"))
    assert {path.parent for path in (paths.control, paths.intake, paths.gateway, paths.slots)} == {Path("/s/run")}


def test_a_long_path_puts_sockets_elsewhere_and_always_at_the_same_place(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 90)
    assert len(os.fsencode(Paths(deep).intake)) < 100
    assert Paths(deep).run == Paths(deep).run != Paths(tmp_path / ("y" * 90)).run


def test_folders_are_for_this_user_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "SHORT", tmp_path)
    paths = Paths(tmp_path / ("x" * 90))
    paths.prepare()
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in (paths.state, paths.run, paths.spool)} == {0o700}


def test_preparing_twice_is_no_error(tmp_path: Path) -> None:
    Paths(tmp_path / "s").prepare()
    Paths(tmp_path / "s").prepare()


def test_a_link_in_the_place_of_the_run_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "SHORT", tmp_path)
    paths = Paths(tmp_path / ("x" * 90))
    (tmp_path / "elsewhere").mkdir()
    paths.run.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotOurs, match="not a folder of user"):
        paths.prepare()


def test_an_open_run_folder_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "SHORT", tmp_path)
    paths = Paths(tmp_path / ("x" * 90))
    paths.run.mkdir(mode=0o755)
    paths.prepare()
    assert stat.S_IMODE(paths.run.stat().st_mode) == 0o700


def test_settings_come_from_the_environment() -> None:
    env = {"CROSSFADE_SECRET": "00ff", "CROSSFADE_GATEWAY_SECRET": "g", "CROSSFADE_LOG": "plain", "DATABASE_URL": "d"}
    assert Settings.of(env) == Settings(b"\x00\xff", "g", "plain", "d")


@pytest.mark.parametrize("env", [{}, {"CROSSFADE_SECRET": "xyz"}, {"CROSSFADE_SECRET": "00", "CROSSFADE_LOG": "xml"}])
def test_a_wrong_setting_is_named(env: dict[str, str]) -> None:
    with pytest.raises(BadSetting, match="CROSSFADE_"):
        Settings.of(env)


def test_settings_do_not_print_secrets() -> None:
    assert "67" not in repr(Settings(b"\x67", "67", "json", "postgresql://67"))
