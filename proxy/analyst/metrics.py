"""Every metric of the product: one table of names, one object that holds the values, no globals.

The values are plain numbers; Prometheus's text is made when it is asked for. docs/metrics.md is tested against SPEC.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from proxy.frames import BOUNDS, Counts


@dataclass(frozen=True, slots=True)
class Spec:
    """One metric: `counter`, `gauge` or `histogram`, what it means, and its labels."""

    kind: str
    text: str
    labels: tuple[str, ...] = ()


SPEC: dict[str, Spec] = {
    "crossfade_requests_total": Spec(
        "counter", "Answers that clients got, by the side that gave them and class of status; endpoint "
        "`pass-through` is what matches none.", ("endpoint", "side", "status")),
    "crossfade_fallbacks_total": Spec(
        "counter",
        "Requests that the candidate was to serve and legacy answered, by reason; `aborted`: its answer broke off "
        "while it streamed, and nobody answered.", ("endpoint", "reason")),
    "crossfade_declined_total": Spec(
        "counter", "Requests that the candidate can not answer comparably: legacy served.", ("endpoint", "reason")),
    "crossfade_skipped_total": Spec(
        "counter",
        "Requests that were not mirrored, or whose answers could not be kept, by reason (not sampled, over a budget, "
        "spool full).", ("endpoint", "reason")),
    "crossfade_cache_total": Spec(
        "counter", "Requests for which the gateway's cache of single records was asked, by result: `hit` or `miss`.",
        ("endpoint", "result")),
    "crossfade_lost_total": Spec(
        "counter", "Exchanges that never reached a verdict, by reason: missing evidence.", ("endpoint", "reason")),
    "crossfade_verdicts_total": Spec("counter", "Final verdicts, by outcome.", ("endpoint", "outcome")),
    "crossfade_worker_errors_total": Spec(
        "counter", "Failures of our own in workers, by operation; clients were served.", ("operation",)),
    "crossfade_effects_total": Spec(
        "counter", "Effects on legacy of answers that the candidate gave, by outcome: made, found by their key after "
        "an order without confirmation, kept in the outbox, made late from there, given up.", ("endpoint", "outcome")),
    "crossfade_effects_waiting": Spec(
        "gauge", "Effects in a worker's outbox: whether they were made is not known yet.", ("worker",)),
    "crossfade_response_seconds": Spec(
        "histogram", "Time to answer of either side as workers saw it, seconds.", ("endpoint", "side")),
    "crossfade_percent": Spec("gauge", "Effective percent, 0 to 100.", ("endpoint",)),
    "crossfade_window": Spec("gauge", "Number of the evidence window; it only grows.", ("endpoint",)),
    "crossfade_held": Spec("gauge", "1 while this cause holds the endpoint.", ("endpoint", "cause")),
    "crossfade_lag_seconds": Spec("gauge", "p99 of the time to converge in this window, seconds.", ("endpoint",)),
    "crossfade_breaker_open": Spec("gauge", "1 while any worker's breaker of this candidate is open.", ("candidate",)),
    "crossfade_table_epoch": Spec("gauge", "Epoch of the routing table that the analyst sent last."),
    "crossfade_blind": Spec("gauge", "1 while any worker's lease has run out: it serves legacy only."),
    "crossfade_workers": Spec("gauge", "Workers that are connected to the analyst."),
    "crossfade_config_ok": Spec("gauge", "0 while rollout.yaml is refused and the last good one is in force."),
    "crossfade_store_ok": Spec("gauge", "0 while PostgreSQL is away: nothing is promoted."),
    "crossfade_leader": Spec("gauge", "1 on the analyst that judges for the fleet."),
    "crossfade_vql_success_rate": Spec(
        "gauge", "Share of the requests put to the candidate that it answered usably and in time, last 5 minutes."),
    "crossfade_vql_fallback_rate": Spec(
        "gauge", "Share of the requests that the candidate was to serve and legacy answered, last 5 minutes."),
    "crossfade_response_time_seconds": Spec(
        "gauge", "Mean time to answer of either side on the same requests, seconds, last 5 minutes.", ("side",)),
    "crossfade_vql_error_rate": Spec(
        "gauge", "Share of the requests put to the candidate that it answered with an error or an unusable answer, "
        "last 5 minutes."),
    "crossfade_connectra_availability": Spec(
        "gauge", "Share of the requests put to the candidate to which it answered at all, last 5 minutes."),
}  # fmt: skip
PASS_THROUGH = "pass-through"  # noqa: S105 - the label of requests that match no endpoint, no password
Labels = tuple[str, ...]


class Metrics(Collector):
    """The values, by name and labels. A name that SPEC does not have is a KeyError: documented or not there."""

    def __init__(self) -> None:
        self._values: dict[str, dict[Labels, float]] = {
            name: {} for name, spec in SPEC.items() if spec.kind != "histogram"
        }
        self._buckets: dict[Labels, list[int]] = {}
        self.registry = CollectorRegistry(auto_describe=False)
        self.registry.register(self)

    def add(self, name: str, value: float, *labels: str) -> None:
        """Counts up."""
        values = self._values[name]
        values[labels] = values.get(labels, 0.0) + value

    def set(self, name: str, value: float | None, *labels: str) -> None:
        """Sets a gauge; None takes it away: no data is not zero."""
        if value is None:
            self._values[name].pop(labels, None)
        else:
            self._values[name][labels] = float(value)

    def value(self, name: str, *labels: str) -> float | None:
        """What a counter or gauge stands at."""
        return self._values[name].get(labels)

    def clear(self, name: str) -> None:
        """Takes all of a gauge's values away, before those that still exist are set."""
        self._values[name].clear()

    def counted(self, counts: Counts) -> None:
        """Adds a worker's counts of about a second."""
        for endpoint, numbers in counts.requests.items():
            for key, times in numbers.items():
                side, _, status = key.partition(":")
                self.add("crossfade_requests_total", times, endpoint or PASS_THROUGH, side, status)
        for name, by_endpoint in (
            ("crossfade_fallbacks_total", counts.fallbacks),
            ("crossfade_declined_total", counts.declined),
            ("crossfade_skipped_total", counts.skipped),
            ("crossfade_cache_total", counts.cache),
            ("crossfade_effects_total", counts.effects),
        ):
            for endpoint, numbers in by_endpoint.items():
                for reason, times in numbers.items():
                    self.add(name, times, endpoint, reason)
        for endpoint, windows in counts.lost.items():
            for numbers in windows.values():
                for reason, times in numbers.items():
                    self.add("crossfade_lost_total", times, endpoint, reason)
        self.set("crossfade_effects_waiting", counts.effects_waiting, str(counts.worker))
        for operation, times in counts.errors.items():
            self.add("crossfade_worker_errors_total", times, operation)
        for endpoint, sides in counts.seconds.items():
            for side, buckets in sides.items():
                self._observe((endpoint or PASS_THROUGH, side), buckets)

    def _observe(self, labels: Labels, buckets: Sequence[int]) -> None:
        if len(buckets) != len(BOUNDS) + 1:
            return  # a worker of another release with other bounds: its buckets can not be added to ours
        held = self._buckets.setdefault(labels, [0] * len(buckets))
        for index, times in enumerate(buckets):
            held[index] += times

    def collect(self) -> Iterator[Metric]:
        """All metrics, for the registry."""
        for name, spec in SPEC.items():
            if spec.kind == "histogram":
                yield _histogram(name, spec, self._buckets)
            else:
                yield _plain(name, spec, self._values[name].items())

    def text(self) -> bytes:
        """Prometheus's text format."""
        return generate_latest(self.registry)


def _plain(name: str, spec: Spec, values: Iterable[tuple[Labels, float]]) -> Metric:
    kind = CounterMetricFamily if spec.kind == "counter" else GaugeMetricFamily
    family = kind(name, spec.text, labels=spec.labels)
    for labels, value in values:
        family.add_metric(labels, value)
    return family


def _histogram(name: str, spec: Spec, held: dict[Labels, list[int]]) -> Metric:
    family = HistogramMetricFamily(name, spec.text, labels=spec.labels)
    for labels, buckets in held.items():
        running, rows = 0, []
        for bound, times in zip((*map(str, BOUNDS), "+Inf"), buckets, strict=True):
            running += times
            rows.append((bound, float(running)))
        family.add_metric(labels, rows, sum_value=None)
    return family
