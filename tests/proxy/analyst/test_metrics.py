"""Metrics: documented, bounded to what is documented, and right."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from proxy.analyst.metrics import SPEC, Metrics
from proxy.analyst.metrics_figures import Figures
from proxy.frames import BOUNDS, Counts
from rollout.observations import Sides
from rollout.sides import Side
from tests.support.changes import NOW

ROOT = Path(__file__).parents[3]


def samples(metrics: Metrics) -> dict[str, float]:
    found = {}
    for family in text_string_to_metric_families(metrics.text().decode()):
        for one in family.samples:
            found[one.name + "".join(f" {key}={one.labels[key]}" for key in sorted(one.labels))] = one.value
    return found


def test_the_table_of_the_documentation_is_the_table_of_the_code() -> None:
    text = (ROOT / "docs/metrics.md").read_text()
    rows = re.findall(r"^\| `(crossfade_\w+)` \| (counter|gauge|histogram) \| (.*?) \| (.*) \|$", text, re.MULTILINE)
    documented = {name: (kind, tuple(re.findall(r"`(\w+)`", labels)), words) for name, kind, labels, words in rows}
    assert documented == {name: (spec.kind, spec.labels, spec.text) for name, spec in SPEC.items()}


def test_a_name_that_is_not_documented_does_not_exist() -> None:
    with pytest.raises(KeyError):
        Metrics().add("crossfade_secret_total", 1)


def test_counts_of_workers_add_up() -> None:
    metrics = Metrics()
    counts = Counts(0, NOW, requests={"": {"legacy:2xx": 2}, "contact": {"candidate:5xx": 1}})
    counts.fallbacks = {"contact": {"deadline": 3}}
    counts.lost = {"contact": {"1": {"full": 1}, "2": {"full": 2}}}
    metrics.counted(counts)
    metrics.counted(counts)
    found = samples(metrics)
    assert found["crossfade_requests_total endpoint=pass-through side=legacy status=2xx"] == 4
    assert found["crossfade_fallbacks_total endpoint=contact reason=deadline"] == 6
    assert found["crossfade_lost_total endpoint=contact reason=full"] == 6


def test_buckets_are_cumulative() -> None:
    metrics = Metrics()
    buckets = [1] * (len(BOUNDS) + 1)
    metrics.counted(Counts(0, NOW, seconds={"contact": {"legacy": buckets}}))
    found = samples(metrics)
    assert found["crossfade_response_seconds_bucket endpoint=contact le=0.001 side=legacy"] == 1
    assert found["crossfade_response_seconds_bucket endpoint=contact le=+Inf side=legacy"] == len(buckets)


def test_buckets_of_another_release_are_left_out() -> None:
    metrics = Metrics()
    metrics.counted(Counts(0, NOW, seconds={"contact": {"legacy": [1, 2]}}))
    assert not [name for name in samples(metrics) if name.startswith("crossfade_response_seconds")]


def test_a_gauge_without_data_is_absent() -> None:
    metrics = Metrics()
    metrics.set("crossfade_vql_success_rate", 0.5)
    metrics.set("crossfade_vql_success_rate", None)
    assert samples(metrics) == {}


def test_the_five_figures() -> None:
    figures = Figures()
    good = Sides(NOW, Side.CANDIDATE, Side.CANDIDATE, legacy_seconds=0.1, candidate_seconds=0.2)
    for sides in (good, good):
        figures.seen(sides)
    for failure in ("deadline", "status"):
        figures.seen(Sides(NOW, Side.CANDIDATE, Side.LEGACY, 0.1, None, candidate_failed=failure, fallback=failure))
    five = figures.five(NOW)
    assert (five.success_rate, five.fallback_rate, five.error_rate, five.availability) == (0.5, 0.5, 0.25, 0.75)
    assert (five.legacy_seconds, five.candidate_seconds) == pytest.approx((0.1, 0.2))


def test_the_time_of_a_hit_in_the_cache_is_in_no_figure() -> None:
    figures = Figures()
    figures.seen(Sides(NOW, Side.CANDIDATE, Side.CANDIDATE, 0.1, 0.001, cached=True))
    five = figures.five(NOW)
    assert (five.success_rate, five.legacy_seconds, five.candidate_seconds) == (1.0, None, None)


def test_hits_and_misses_of_the_cache_are_counters() -> None:
    metrics = Metrics()
    metrics.counted(Counts(0, NOW, cache={"contact": {"hit": 3, "miss": 1}}))
    found = [samples(metrics)[f"crossfade_cache_total endpoint=contact result={result}"] for result in ("hit", "miss")]
    assert found == [3, 1]


def test_figures_forget_after_five_minutes() -> None:
    figures = Figures()
    figures.seen(Sides(NOW, Side.LEGACY, Side.LEGACY, 0.1, 0.1))
    assert figures.five(NOW + 310).success_rate is None


def test_every_alert_names_its_runbook_and_only_metrics_that_exist() -> None:
    text = (ROOT / "deploy/prometheus/rules.yaml").read_text()
    assert set(re.findall(r"crossfade_\w+", text)) <= set(SPEC)
    assert len(re.findall(r"runbook: \"docs/operating\.md#[\w-]+\"", text)) == text.count("- alert:") >= 8


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed (Debian: prometheus)")
def test_promtool_accepts_the_alerts() -> None:
    command = ["promtool", "check", "rules", str(ROOT / "deploy/prometheus/rules.yaml")]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
