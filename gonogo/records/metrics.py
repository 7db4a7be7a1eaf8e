"""The history as OpenMetrics text, for Prometheus' textfile collector or any scraper."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.registry import Collector

from gonogo.records.history import EnvFigures, figures
from gonogo.records.run_results import RunResult

__all__ = ["openmetrics"]

_FIGURES: tuple[tuple[str, str, Callable[[EnvFigures], float | None]], ...] = (
    ("failed_share", "Deployments that failed after the first touch.", lambda one: one.failed_share),
    ("downtime_seconds", "Median downtime of a run.", lambda one: one.downtime.median),
    ("recovery_seconds", "Median time until the release before was healthy.", lambda one: one.recovery.median),
    ("rollback_seconds", "Median time until the release before was proven.", lambda one: one.rollback.median),
)


def openmetrics(runs: Sequence[RunResult], *, app: str, now: datetime) -> str:
    """The text, ``# EOF`` at its end; times are in seconds, shares between 0 and 1."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Runs(runs, app=app, now=now))
    written: bytes = generate_latest(registry)  # type: ignore[no-untyped-call]
    return written.decode()


class _Runs(Collector):
    """Makes families of what is known; it is asked once."""

    def __init__(self, runs: Sequence[RunResult], *, app: str, now: datetime) -> None:
        self._runs = sorted(runs, key=lambda run: run.started)
        self._app = app
        self._figures = figures(runs, now=now)

    def collect(self) -> Iterable[Metric]:
        yield self._ended()
        yield self._serving()
        yield self._last()
        yield from self._shares()
        yield self._red()

    def _ended(self) -> Metric:
        family = CounterMetricFamily(
            "gonogo_runs", "Runs by how they ended.", labels=["app", "env", "kind", "exit_code"]
        )
        counts = Counter((run.env, run.kind, str(int(run.exit_code))) for run in self._runs)
        for values, count in sorted(counts.items()):
            family.add_metric([self._app, *values], count)
        return family

    def _serving(self) -> Metric:
        family = InfoMetricFamily("gonogo_serving", "The release that serves.", labels=["app", "env"])
        for run in {run.env: run for run in self._runs}.values():
            family.add_metric([self._app, run.env], {"release": run.serving_after or ""})
        return family

    def _last(self) -> Metric:
        family = GaugeMetricFamily(
            "gonogo_last_run_timestamp_seconds", "When the last run began.", labels=["app", "env", "kind"]
        )
        for (env, kind), run in {(run.env, run.kind): run for run in self._runs}.items():
            family.add_metric([self._app, env, kind], run.started.timestamp())
        return family

    def _shares(self) -> Iterator[Metric]:
        """The figures of the last 90 days; one that nobody took is left out."""
        for name, said, value in _FIGURES:
            family = GaugeMetricFamily(f"gonogo_{name}", said, labels=["app", "env"])
            for one in self._figures:
                found = value(one)
                if found is not None:
                    family.add_metric([self._app, one.env], found)
            yield family

    def _red(self) -> Metric:
        family = GaugeMetricFamily(
            "gonogo_red_checks", "Runs of the last 90 days that a check made red.", labels=["app", "env", "check"]
        )
        for one in self._figures:
            for red in one.red:
                family.add_metric([self._app, one.env, red.code], red.times)
        return family
