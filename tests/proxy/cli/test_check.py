"""`crossfade check`: every error at once and exit code 2, or what is in the file and 0."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from proxy.cli import check
from tests.support.rollout_file import ENV, FILE, with_endpoint


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LEGACY_DATABASE_URL", raising=False)
    for name, value in {**ENV, "CONNECTRA_ENABLED": "true", "VQL_SINGLE": "true"}.items():
        monkeypatch.setenv(name, value)


def run(path: Path, *more: str) -> int:
    parser = argparse.ArgumentParser()
    check.register(parser.add_subparsers())
    arguments = parser.parse_args(["check", str(path), *more])
    return int(arguments.run(arguments))


def written(folder: Path, text: str) -> Path:
    path = folder / "rollout.yaml"
    path.write_text(text)
    return path


def test_a_good_file_is_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(written(tmp_path, FILE)) == 0
    out = capsys.readouterr()
    assert "1 endpoints in 1 phases" in out.out
    assert "GET /contacts/{contact_uuid}/ · 5 %" in out.out
    assert out.err == ""


def test_every_error_is_printed_with_its_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, FILE.replace("version: 1", "version: 2").replace("percent", "percnt"))
    assert run(path) == 2
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[0] for line in lines] == [f"{path}:1:10", f"{path}:12:9"]


def test_errors_are_for_machines_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(written(tmp_path, FILE.replace("percent", "percnt")), "--json") == 2
    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    assert (problem["line"], problem["column"], problem["suggestion"]) == (12, 9, "did you mean `percent`?")


def test_content_is_for_machines_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = FILE + "        promote_when: {lag: none}\n"
    assert run(written(tmp_path, text), "--json") == 0
    found = json.loads(capsys.readouterr().out)
    (endpoint,) = found["endpoints"]
    assert (found["ok"], endpoint["percent"], endpoint["removed_gates"]) == (True, 5.0, ["lag_p99"])


def test_a_flag_that_is_off_is_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VQL_SINGLE", "True")
    assert run(written(tmp_path, FILE)) == 0
    assert "only exactly `true` is on" in capsys.readouterr().err


def test_effects_that_can_not_be_made_are_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(written(tmp_path, with_endpoint("effects: true"))) == 0
    out = capsys.readouterr()
    assert "contact: its percent will not be in force" in out.err
    assert "LEGACY_DATABASE_URL is not set" in out.err
    assert "effects: shadow only, LEGACY_DATABASE_URL is not set" in out.out


def test_effects_with_legacy_s_database_are_a_note(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEGACY_DATABASE_URL", "postgresql://legacy")
    assert run(written(tmp_path, with_endpoint("effects: true"))) == 0
    out = capsys.readouterr()
    assert ("effects: made in legacy's database" in out.out, out.err) == (True, "")


def test_flags_are_read_beside_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "flags.env").write_text("VQL_SINGLE=false\n")
    assert run(written(tmp_path, "flags_file: flags.env\n" + FILE)) == 0
    assert "VQL_SINGLE is not `true` in flags_file" in capsys.readouterr().err


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_can_not_be_read_is_bad_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    path = tmp_path / "rollout.yaml"
    if content is not None:
        path.write_bytes(content)
    assert run(path) == 2
    assert str(path) in capsys.readouterr().out


@pytest.mark.parametrize(("dsn", "warned"), [("", True), ("postgresql://legacy", False)])
def test_downloads_that_could_never_be_answered_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, dsn: str, *, warned: bool
) -> None:
    monkeypatch.setenv("LEGACY_DATABASE_URL", dsn)
    assert run(written(tmp_path, with_endpoint("stream: true\nbudget: {spool: 64MiB}"))) == 0
    out = capsys.readouterr()
    assert "streams, compared up to 64 MiB" in out.out
    assert ("LEGACY_DATABASE_URL is not set: it declines them all" in out.err) == warned
