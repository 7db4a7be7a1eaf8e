"""What all runs of an environment say together: how often, how well, how fast. Pure.

The targets are those of common deployment procedures: at most 5 % of deployments fail, at most 30 s of downtime,
healthy again in 2 min, proven in 5 min.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from statistics import median

from pydantic import BaseModel

from gonogo.records.red import red_checks, waived_checks
from gonogo.records.results import CheckResult
from gonogo.records.run_results import RunResult
from gonogo.words import Exit

__all__ = ["TARGETS", "EnvFigures", "Figure", "Point", "RedCheck", "StageSeconds", "downtime", "expected", "figures"]

_WINDOW = timedelta(days=90)
"""Older runs are listed, and no longer judged."""
_LATELY = timedelta(weeks=4)
_MOST_RED = 10
_SHOWN = 1
"""Places after the point with which seconds are shown."""

TARGETS = {"failed": 0.05, "downtime": 30.0, "rollback": 300.0, "recovery": 120.0}
"""Share of deployments; seconds. More misses the target."""


class Figure(BaseModel):
    """One figure against its target."""

    name: str
    median: float | None = None
    worst: float | None = None
    count: int = 0
    """Of how many runs."""
    over: int = 0
    """In how many of them the target was missed, as exactly as it is shown."""
    target: float

    @property
    def met(self) -> bool | None:
        """Whether every run kept the target; None where there is nothing to say."""
        return None if self.worst is None else not self.over

    @property
    def verdict(self) -> str:
        """``kept``, or in how many runs it was not."""
        return "" if self.met is None else "kept" if self.met else f"missed in {self.over} of {self.count}"


class Point(BaseModel):
    """A figure of one run."""

    run: str
    at: datetime
    value: float


class RedCheck(BaseModel):
    """A check that made runs end red, or would have without its waiver."""

    code: str
    proves: str
    times: int
    last: datetime


class StageSeconds(BaseModel):
    """How long one step took in each deployment that reached it, the oldest first."""

    step: str
    points: tuple[Point, ...]
    median: float


class EnvFigures(BaseModel):
    """One environment, over 90 days."""

    env: str
    deployments: int = 0
    gone: int = 0
    """Deployments that ended GO."""
    stopped: int = 0
    """Deployments that ended before the first touch: they cost nobody anything."""
    failed: int = 0
    """Deployments that had touched what serves and did not end GO."""
    failed_share: float | None = None
    """Of the deployments that touched."""
    per_week: float = 0.0
    """Deployments that ended GO in the last four weeks, a week."""
    rollbacks: int = 0
    """Rollbacks that somebody asked for."""
    last_go: datetime | None = None
    downtime: Figure
    rollback: Figure
    """Seconds from the red verdict until the release that is back had passed its gate."""
    recovery: Figure
    """Seconds from the red verdict until that release was healthy again."""
    downtimes: tuple[Point, ...] = ()
    red: tuple[RedCheck, ...] = ()
    waived: tuple[RedCheck, ...] = ()
    """Checks that failed and that a waiver covered."""
    stages: tuple[StageSeconds, ...] = ()

    @property
    def failed_met(self) -> bool | None:
        """Whether the failed share is within its target."""
        return None if self.failed_share is None else self.failed_share <= TARGETS["failed"]

    @property
    def failed_said(self) -> str:
        """The share in per cent, as exactly as it takes to tell it from its target."""
        share = 100 * (self.failed_share or 0.0)
        return f"{share:.0f} %" if self.failed_met is (round(share) <= 100 * TARGETS["failed"]) else f"{share:.2g} %"


def figures(runs: Iterable[RunResult], *, now: datetime) -> tuple[EnvFigures, ...]:
    """The figures of the last 90 days for each environment that has runs, in the order of their names."""
    ordered = sorted(runs, key=lambda run: run.started)
    recent = [run for run in ordered if now - run.started <= _WINDOW]
    return tuple(_of(env, [run for run in recent if run.env == env], now) for env in sorted({r.env for r in ordered}))


def expected(runs: Iterable[RunResult]) -> dict[str, float]:
    """Seconds that each step will probably take: the median of those that went well."""
    return {stage.step: stage.median for stage in _stages(runs)}


def downtime(runs: Iterable[RunResult]) -> Figure:
    """How long nobody was served in deployments that replaced a release and ended GO."""
    good = [run for run in runs if run.kind == "deploy" and run.exit_code is Exit.GO]
    return _figure("downtime", [point.value for point in _downtimes(good)])


def _of(env: str, runs: Sequence[RunResult], now: datetime) -> EnvFigures:
    deploys = [run for run in runs if run.kind == "deploy"]
    touched = [run for run in deploys if run.touched]
    gone = [run for run in deploys if run.exit_code is Exit.GO]
    failed = [run for run in touched if run.exit_code is not Exit.GO]
    return EnvFigures(
        env=env,
        deployments=len(deploys),
        gone=len(gone),
        stopped=len(deploys) - len(touched),
        failed=len(failed),
        failed_share=len(failed) / len(touched) if touched else None,
        per_week=sum(now - run.started <= _LATELY for run in gone) / (_LATELY / timedelta(weeks=1)),
        rollbacks=sum(run.kind == "rollback" for run in runs),
        last_go=max((run.started for run in gone), default=None),
        downtime=_figure("downtime", [point.value for point in _downtimes(runs)]),
        rollback=_figure("rollback", list(_proven(runs))),
        recovery=_figure("recovery", [run.back_after for run in runs if run.back_after is not None]),
        downtimes=tuple(_downtimes(runs)),
        red=tuple(_most(runs, red_checks)),
        waived=tuple(_most(runs, waived_checks)),
        stages=tuple(_stages(deploys)),
    )


def _figure(name: str, values: Sequence[float]) -> Figure:
    return Figure(
        name=name,
        median=median(values) if values else None,
        worst=max(values, default=None),
        count=len(values),
        over=sum(round(value, _SHOWN) > TARGETS[name] for value in values),
        target=TARGETS[name],
    )


def _downtimes(runs: Iterable[RunResult]) -> Iterator[Point]:
    """A first deploy replaces nothing, so nobody was down."""
    for run in runs:
        if run.downtime is not None and run.downtime.requests and run.serving:
            yield Point(run=run.run, at=run.started, value=run.downtime.seconds_down)


def _proven(runs: Iterable[RunResult]) -> Iterator[float]:
    for run in runs:
        if run.back_after is not None and run.verified is not None and not run.verified.problem:
            yield run.back_after + run.verified.seconds


def _most(runs: Iterable[RunResult], chosen: Callable[[RunResult], Iterable[CheckResult]]) -> Iterator[RedCheck]:
    """The checks that were chosen most often, each counted once a run."""
    times: Counter[str] = Counter()
    last: dict[str, tuple[datetime, str]] = {}
    for run in runs:
        for code, proves in {(check.code or check.id): check.proves for check in chosen(run)}.items():
            times[code] += 1
            last[code] = (run.started, proves)
    for code, count in times.most_common(_MOST_RED):
        yield RedCheck(code=code, proves=last[code][1], times=count, last=last[code][0])


def _stages(runs: Iterable[RunResult]) -> Iterator[StageSeconds]:
    """Each step's, in the order of the run that had most of them: a first deployment has no baseline."""
    runs = list(runs)
    longest = max(runs, key=lambda run: len(run.steps), default=None)
    found: dict[str, list[Point]] = {step.name: [] for step in (longest.steps if longest else ())}
    for run in runs:
        for step in run.steps:
            if step.ok:
                found.setdefault(step.name, []).append(Point(run=run.run, at=run.started, value=step.seconds))
    for name, points in ((name, points) for name, points in found.items() if points):
        yield StageSeconds(step=name, points=tuple(points), median=median(point.value for point in points))
