"""Flags: on only where they are exactly `true`, in every place in which they are set."""

from __future__ import annotations

import pytest

from rollout.flags import Flags, FlagsFile, flags_of, parse_flags
from tests.support.rollout_file import FILE, config

ON = {"CONNECTRA_ENABLED": "true", "VQL_SINGLE": "true"}
URL = FILE.replace("candidate: connectra", "candidate: https://candidate.test")


def flags(env: dict[str, str], file: dict[str, str] | None = None, text: str = FILE) -> Flags:
    return flags_of(config(text), env, None if file is None else FlagsFile(file))


@pytest.mark.parametrize(
    ("env", "file", "on"),
    [
        ("true", None, True),
        (None, "true", True),
        ("true", "true", True),
        (None, None, False),
        ("", "true", False),
        ("true", "false", False),
        ("false", "true", False),
        ("True", None, False),
        ("1", None, False),
        ("true ", None, False),
        (None, "yes", False),
    ],
)
def test_a_flag_is_on_only_if_it_is_exactly_true_wherever_it_is_set(
    env: str | None, file: str | None, on: bool
) -> None:
    given = {"CONNECTRA_ENABLED": "true"} | ({} if env is None else {"VQL_SINGLE": env})
    found = flags(given, {} if file is None else {"VQL_SINGLE": file})
    assert found.of("single-record", "connectra").serve is on


def test_the_master_flag_off_sends_nothing_to_connectra() -> None:
    allowed = flags({"VQL_SINGLE": "true"}).of("single-record", "connectra")
    assert (allowed.serve, allowed.mirror) == (False, False)
    assert "CONNECTRA_ENABLED" in allowed.why


def test_the_master_flag_is_off_if_the_file_says_so() -> None:
    assert not flags(ON, {"CONNECTRA_ENABLED": "false"}).of("single-record", "connectra").mirror


def test_the_master_flag_does_not_rule_candidates_by_url() -> None:
    assert flags({"VQL_SINGLE": "true"}, text=URL).of("single-record", "https://candidate.test").serve


@pytest.mark.parametrize("mirrors", [True, False])
def test_a_phase_that_is_off_mirrors_only_if_it_says_so(mirrors: bool) -> None:
    text = FILE.replace("bake: 1h", f"bake: 1h\n    shadow_when_off: {str(mirrors).lower()}")
    allowed = flags({"CONNECTRA_ENABLED": "true"}, text=text).of("single-record", "connectra")
    assert (allowed.serve, allowed.mirror) == (False, mirrors)


def test_a_phase_without_a_flag_is_on() -> None:
    text = FILE.replace("    flag: VQL_SINGLE\n", "")
    assert flags({"CONNECTRA_ENABLED": "true"}, text=text).of("single-record", "connectra").serve


def test_a_phase_that_is_not_known_may_do_nothing() -> None:
    assert not flags(ON).of("nobody", "connectra").mirror


def test_with_everything_on_there_is_nothing_to_warn_of() -> None:
    assert flags(ON).warnings == ()


@pytest.mark.parametrize(
    ("env", "file", "part"),
    [
        ({"CONNECTRA_ENABLED": "true"}, None, "VQL_SINGLE is not set"),
        ({"VQL_SINGLE": "true"}, None, "no request of any kind"),
        ({**ON, "VQL_SINGLE": "True"}, None, "only exactly `true`"),
        (ON, {"VQL_SINGEL": "true"}, "did you mean VQL_SINGLE?"),
    ],
)
def test_what_keeps_a_phase_off_is_warned_of(env: dict[str, str], file: dict[str, str] | None, part: str) -> None:
    assert any(part in warning for warning in flags(env, file).warnings)


def test_a_flags_file_that_is_named_but_not_there_is_warned_of() -> None:
    assert any("can not be read" in one for one in flags(ON, None, "flags_file: flags.env\n" + FILE).warnings)


def test_the_file_has_a_key_and_a_value_a_line() -> None:
    text = "\ufeff# comment\n\nA=true\r\nexport B = 'true'\nC=\"x y\"\nD=\n"
    assert parse_flags(text) == FlagsFile({"A": "true", "B": "true", "C": "x y", "D": ""})


def test_a_line_that_can_not_be_read_is_said() -> None:
    assert "line 2" in parse_flags("A=true\nnonsense\n").problems[0]


def test_a_flag_that_is_set_twice_differently_counts_as_off() -> None:
    found = parse_flags("A=false\nA=true\n")
    assert (found.values["A"], len(found.problems)) == ("", 1)
