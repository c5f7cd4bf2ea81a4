"""rollout.yaml → Config, or every error at once with its place and what would be right."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from datetime import date
from pathlib import Path

import jsonschema
import pytest
import yaml

from rollout.config import ConfigError, parse, percent_of
from rollout.config_fields import FILE as FIELDS
from rollout.config_fields import Many, Named, OrNone, Section, Sections, Shape
from rollout.config_schema import schema, text
from rollout.model import Budget
from rollout.thresholds import PromoteWhen, RollBackWhen
from tests.support.rollout_file import CONTACT, FILE, HEAD, config, problem, problems, with_endpoint

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "rollout.yaml"
ENV = {"LEGACY_URL": "http://127.0.0.1:1", "CONNECTRA_BASE_URL": "http://127.0.0.1:2", "CONNECTRA_API_KEY": "k"}


def test_defaults_are_those_of_the_model() -> None:
    endpoint = config().endpoints[0]
    assert endpoint.thresholds.promote_when == PromoteWhen()
    assert endpoint.thresholds.roll_back_when == RollBackWhen()
    assert (endpoint.ladder, endpoint.shadow, endpoint.recheck) == ((100, 500, 2500, 5000, 10_000), 10_000, (2.0, 8.0))


def test_an_endpoint_has_its_phase_its_line_and_its_percent() -> None:
    endpoint = config().endpoints[0]
    assert (endpoint.phase, endpoint.line) == ("single-record", 9)
    assert (endpoint.percent, endpoint.percent_writable) == (500, True)


def test_units_are_seconds_hundredths_bytes_and_fractions() -> None:
    text = with_endpoint(
        "budget: {in_flight: 3, rate: 30/m, body: 2MiB, deadline: 500ms}\nshadow: 12.5%\nladder: [0.01, 5%, 100]\n"
        "recheck: [1s, 2m]\nretry_after: 2h\npromote_when: {mismatch_rate: 0.25%, latency_ratio: {p95: 1.1}}"
    )
    found = config(text).endpoints[0]
    assert found.budget == Budget(3, 0.5, 2 << 20, 0.5)
    assert (found.shadow, found.ladder) == (1250, (1, 500, 10_000))
    assert (found.recheck, found.retry_after) == ((1.0, 120.0), 7200.0)
    assert (found.thresholds.promote_when.mismatch_rate, found.thresholds.promote_when.latency_p95) == (0.0025, 1.1)


def test_the_nearest_setting_wins_key_by_key() -> None:
    text = (
        HEAD
        + "defaults: {budget: {in_flight: 1, rate: 1/s}, lag_window: 1s, promote_when: {lag: {p99: 1s}}}\n"
        + CONTACT.replace("    flag:", "    lag_window: 2s\n    budget: {rate: 2/s}\n    flag:")
        + "        budget: {deadline: 3s}\n"
    )
    found = config(text).endpoints[0]
    assert (found.budget.in_flight, found.budget.rate, found.budget.deadline) == (1, 2.0, 3.0)
    assert (found.lag_window, found.bake, found.thresholds.promote_when.lag_p99) == (2.0, 3600.0, 1.0)


def test_none_removes_a_gate() -> None:
    text = with_endpoint("promote_when: {mismatch_rate: none, latency_ratio: none, lag: {p99: none}}")
    gates = config(text).endpoints[0].thresholds.promote_when
    assert (gates.mismatch_rate, gates.latency_p50, gates.latency_p95, gates.lag_p99) == (None, None, None, None)


def test_off_does_not_remove_a_gate() -> None:
    assert "none" in str(problem(with_endpoint("promote_when: {mismatch_rate: 'off'}")).suggestion)


def test_rules_of_comparing_come_from_the_endpoint() -> None:
    gap = "{path: keywords, reason: not mapped, owner: us, until: 2027-03-01}"
    rules = config(with_endpoint(f"compare: {{unordered: {{results: uuid}}, known_gaps: [{gap}]}}")).endpoints[0].rules
    assert (rules.unordered, rules.known_gaps[0].until) == ((("results", "uuid"),), date(2027, 3, 1))


def test_a_wrong_rule_is_located() -> None:
    found = problem(with_endpoint("compare:\n  trim: true\n  ignroe: [a]"))
    assert (found.line, found.column, "ignore" in found.message) == (15, 11, True)


def test_general_settings_are_read() -> None:
    more = (
        "flags_file: flags.env\ntrusted_proxies: [10.0.0.0/8]\nblind_after: 1m\n"
        "keep_clear: ['**']\nserve_health: true\n"
        "retention: {age: 2d, bytes: 1GiB}\ndefaults: {extra_legacy_load: 10%}\n"
    )
    found = config(more + FILE)
    assert (found.flags_file, found.trusted_proxies, found.blind_after) == ("flags.env", ("10.0.0.0/8",), 60.0)
    assert (found.keep_clear, found.serve_health, found.extra_legacy_load) == (("**",), True, 0.1)
    assert (found.retention_age, found.retention_bytes) == (172_800.0, 1 << 30)


def test_every_error_is_reported_at_once_in_the_order_of_the_file() -> None:
    text = FILE.replace("version: 1", "version: 2").replace("bake: 1h", "bake: 1").replace("percent: 5", "percnt: 5")
    assert [found.line for found in problems(text)] == [1, 7, 12]


def test_a_problem_reads_as_file_line_column_message_and_suggestion() -> None:
    text = FILE.replace("percent: 5", "percnt: 5")
    assert str(problem(text)) == "rollout.yaml:12:9: contact: `percnt` is no key (did you mean `percent`?)"


@pytest.mark.parametrize(
    ("lines", "part"),
    [
        ("bake: 10", "write 10s"),
        ("bake: soon", "24h"),
        ("shadow: 101", "0 to 100"),
        ("shadow: 0.001", "0.01"),
        ("promote_when: {error_rate: 0.5}", "0.5%"),
        ("promote_when: {error_rate: 0%}", "none"),
        ("promote_when: {alpha: 1}", "0.5"),
        ("budget: {body: 1MB}", "1MiB"),
        ("budget: {rate: 200}", "200/s"),
        ("budget: {in_flight: 0}", "from 1"),
        ("hedge: 'yes'", "true or false"),
        ("ladder: [5, 5, 100]", "[5, 100]"),
        ("ladder: [50, 5]", "[5, 50]"),
        ("ladder: [0, 5]", "first rung"),
        ("ladder: []", "from 1"),
        ("sticky: [jwt]", "jwt:CLAIM"),
        ("written_by: [GET /a/]", "POST"),
        ("cache: 5", "write 5s"),
        ("cache: 61s", "to 1m"),
        ("serve_deadline: p99", "500ms"),
        ("roll_back_when: {mismatch_rate: 0.1%}", "at least 0.005"),
        ("candidate_headers: [accept]", "URL"),
        ("retries: 1.5", "whole number"),
        ("compare: [a]", ""),
        ("lag_window:", "duration"),
    ],
)
def test_a_wrong_value_is_refused_with_what_would_be_right(lines: str, part: str) -> None:
    found = problem(with_endpoint(lines))
    assert part in f"{found.message} {found.suggestion}"
    assert found.line >= 13


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ("GET /contacts/{contact_uuid}/", "GET /contacts/{uuid}/all/\n        cache: 5s", "single records"),
        ("GET /contacts/{contact_uuid}/", "GET /contacts/{a}/{b}/\n        cache: 5s", "single records"),
        ("GET /contacts/{contact_uuid}/", "POST /a/{b}/\n        reads: true\n        cache: 5s", "single records"),
        ("candidate: connectra", "candidate: https://candidate.test\n        cache: 5s", "candidate: connectra"),
        ("GET /contacts/{contact_uuid}/", "get /contacts/{contact_uuid}/", "write GET"),
        ("GET /contacts/{contact_uuid}/", "GET contacts/", "begins with a slash"),
        ("GET /contacts/{contact_uuid}/", "FETCH /contacts/", "GET"),
        ("GET /contacts/{contact_uuid}/", "POST /contacts/", "reads: true"),
        ("candidate: connectra", "candidate: conectra", "connectra"),
        ("candidate: connectra", "candidate: http://candidate.test", "https://candidate.test"),
        ("candidate: connectra", "candidate: https://candidate.test/v2", "path"),
        ("contact:\n", "Contact:\n", "small letters"),
        ("name: single-record", "name: Single Record", "small letters"),
        ("flag: VQL_SINGLE", "flag: vql single", "capital letters"),
        ('url: "${LEGACY_URL}"', "url: legacy:80", "http"),
        ('url: "${LEGACY_URL}"', 'url: "http://u:p@legacy"', "scheme, host and port"),
    ],
)
def test_a_wrong_name_match_or_address_is_refused(old: str, new: str, part: str) -> None:
    found = problem(FILE.replace(old, new))
    assert part in f"{found.message} {found.suggestion}"


def test_a_candidate_on_this_machine_may_be_plain_http() -> None:
    text = FILE.replace("candidate: connectra", "candidate: http://127.0.0.1:9/")
    assert config(text).endpoints[0].candidate == "http://127.0.0.1:9"


def test_effects_with_a_percent_above_zero_are_refused_for_a_candidate_by_url() -> None:
    found = problem(with_endpoint("effects: true").replace("candidate: connectra", "candidate: https://other.test"))
    assert "not the bundled gateway" in found.message
    assert found.line == 12


def test_effects_with_a_percent_above_zero_are_a_matter_of_the_running_gateway() -> None:
    assert config(with_endpoint("effects: true")).endpoints[0].percent == 500


def test_effects_exclude_what_would_repeat_them() -> None:
    text = with_endpoint("effects: true\nhedge: true").replace("percent: 5", "percent: 0")
    assert "twice" in problem(text).message


SECOND = CONTACT.replace("phases:\n", "").replace("single-record", "second")


def test_an_endpoint_name_is_used_once_in_the_file() -> None:
    found = problem(FILE + SECOND.replace("/contacts/", "/other/"))
    assert "line 9" in found.message


def test_two_endpoints_do_not_match_the_same_requests() -> None:
    found = problem(FILE + SECOND.replace("contact:", "other:").replace("contact_uuid", "id"))
    assert "`contact`" in found.message


def test_a_phase_name_is_used_once() -> None:
    other = SECOND.replace("contact:", "o:").replace("/contacts/", "/o/").replace("second", "single-record")
    assert "phase" in problem(FILE + other).message


def test_connectra_as_a_candidate_needs_its_section() -> None:
    text = "\n".join(line for line in FILE.splitlines() if not line.startswith("connectra:")) + "\n"
    assert "connectra" in problem(text).message


def test_what_must_stand_is_missed() -> None:
    assert "`version` is missing" in problem(FILE.replace("version: 1\n", "")).message
    assert "`legacy` is missing" in problem(FILE.replace('legacy: {url: "${LEGACY_URL}"}\n', "")).message


def test_everything_that_is_missing_is_named_at_once() -> None:
    (found,) = problems("phases: []\n")
    assert "`version`, `legacy`" in found.message


def test_no_error_shows_a_secret() -> None:
    text = FILE.replace("http://search.test:2", "${KEY}")
    assert "secret-key" not in str(problem(text))


@pytest.mark.parametrize(
    ("value", "writable"), [("5", True), ("5%", True), ("${P:-5}", False), ("&a 5", False), ("'5'", True)]
)
def test_a_percent_is_writable_where_an_edit_changes_it_alone(value: str, writable: bool) -> None:
    text = FILE.replace("percent: 5", f"percent: {value}")
    assert config(text).endpoints[0].percent_writable is writable
    assert (percent_of(text, "contact") is not None) is writable


def test_a_percent_that_is_an_alias_is_not_writable() -> None:
    text = FILE.replace("percent: 5", "percent: *p").replace("version: 1", "version: &p 1")
    assert not config(text).endpoints[0].percent_writable


def test_without_a_percent_an_endpoint_is_at_zero_and_not_writable() -> None:
    text = FILE.replace("        percent: 5   # by the judge\n", "")
    assert (config(text).endpoints[0].percent, config(text).endpoints[0].percent_writable) == (0, False)


@pytest.mark.parametrize(
    "text", ["[]\n", "7\n", "version: 1\nphases: 3\n", "version: 1\nphases: [3]\n", "phases: {a: 1}\n"]
)
def test_a_file_of_the_wrong_form_is_refused_and_nothing_else_happens(text: str) -> None:
    assert problems(text)


def test_a_file_cut_at_any_place_is_accepted_or_refused() -> None:
    whole = SHIPPED.read_text()
    for end in range(0, len(whole), 97):
        with suppress(ConfigError):
            parse(whole[:end], ENV)


# -- the shipped file, its schema and its documentation ------------------------------------------------------------


def test_the_shipped_file_serves_nobody_from_the_candidate_and_keeps_every_gate_but_the_time_of_files() -> None:
    shipped = parse(SHIPPED.read_text(), ENV)
    assert {endpoint.percent for endpoint in shipped.endpoints} == {0}
    for endpoint in shipped.endpoints:
        if endpoint.stream:  # a file that is made anew is not as fast as one that is there
            assert endpoint.thresholds.promote_when == PromoteWhen(latency_p50=None, latency_p95=None)
            assert endpoint.thresholds.roll_back_when == RollBackWhen(latency_p95=None)
        else:
            assert endpoint.thresholds.promote_when == PromoteWhen()
            assert endpoint.thresholds.roll_back_when == RollBackWhen()
        assert endpoint.percent_writable


def test_the_shipped_file_has_the_phases_of_the_plan() -> None:
    config = parse(SHIPPED.read_text(), ENV)
    assert [(phase.name, phase.flag, len(phase.endpoints)) for phase in config.phases] == [
        ("single-record", "VQL_SINGLE_RECORD_RETRIEVAL", 2),
        ("company-contacts", "VQL_COMPANY_CONTACTS", 4),
        ("lists", "CONNECTRA_ENABLED", 6),
        ("exports", "VQL_EXPORTS", 1),
        ("linkedin", "VQL_LINKEDIN_SEARCH", 1),
    ]


def test_the_shipped_file_bakes_as_the_plan_says() -> None:
    config = parse(SHIPPED.read_text(), ENV)
    hours = [{endpoint.bake / 3600 for endpoint in phase.endpoints} for phase in config.phases]
    assert hours == [{24.0}, {24.0}, {24.0}, {48.0}, {24.0}]


def test_known_gaps_of_the_shipped_file_name_reason_owner_and_end() -> None:
    gaps = [gap for endpoint in parse(SHIPPED.read_text(), ENV).endpoints for gap in endpoint.rules.known_gaps]
    assert gaps
    assert all(gap.reason and gap.owner and gap.until > date(2026, 1, 1) for gap in gaps)


def test_the_schema_file_is_the_parsers() -> None:
    remedy = "python -m rollout.config_schema > rollout/schema.json"
    assert (ROOT / "rollout" / "schema.json").read_text() == text(), remedy


def test_the_schema_takes_the_shipped_file() -> None:
    value = json.loads(json.dumps(yaml.safe_load(SHIPPED.read_text()), default=str))
    jsonschema.Draft202012Validator(schema()).validate(value)


def test_the_schema_refuses_an_unknown_key() -> None:
    value = json.loads(json.dumps(yaml.safe_load(SHIPPED.read_text()), default=str))
    value["phases"][0]["endpoints"]["contact"]["percnt"] = 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema()).validate(value)


def keys(shape: Shape) -> set[str]:
    if isinstance(shape, Section):
        return set(shape.keys).union(*(keys(key.shape) for key in shape.keys.values()))
    if isinstance(shape, OrNone | Named | Sections | Many):
        return keys(shape.of)  # type: ignore[arg-type]
    return set()


def test_the_documentation_names_every_key_and_no_other() -> None:
    documented = set(re.findall(r"^\| `([a-z_0-9]+)`", (ROOT / "docs" / "rollout-yaml.md").read_text(), re.MULTILINE))
    assert documented == keys(FIELDS)
