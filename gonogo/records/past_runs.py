"""What ``gonogo history`` found, and how it is printed for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from pydantic import BaseModel

from gonogo.records.history import TARGETS, EnvFigures
from gonogo.records.run_results import Downtime
from gonogo.words import Exit

__all__ = ["PastRun", "history_lines"]


class PastRun(BaseModel):
    """One line of the history."""

    run: str
    kind: str
    env: str
    who: str
    commit: str | None
    started: datetime
    seconds: float
    exit_code: Exit
    ending: str
    downtime: Downtime | None


def history_lines(runs: Sequence[PastRun], found: Iterable[EnvFigures] = ()) -> list[str]:
    """One line a run, then the figures of each environment."""
    if not runs:
        return ["no runs yet"]
    lines = [
        f"{run.started:%Y-%m-%d %H:%M}  {run.env:<10}  {run.kind:<8}  exit {int(run.exit_code)}  "
        f"{run.seconds:6.1f} s  {run.ending.splitlines()[0] if run.ending else ''}"
        for run in runs
    ]
    return lines + [line for one in found for line in ("", *_figures(one))]


def _figures(one: EnvFigures) -> Iterator[str]:
    """The last 90 days of an environment, each figure beside its target."""
    yield f"{one.env}, the last 90 days: {one.deployments} deployments, {one.gone} GO, {one.stopped} stopped untouched"
    if one.failed_share is not None:
        share = f"{one.failed} of {one.deployments - one.stopped} ({one.failed_said})"
        verdict = "kept" if one.failed_met else "missed"
        yield _figure("failed after a change", share, f"{100 * TARGETS['failed']:.0f} %", verdict)
    for name, figure in (("downtime", one.downtime), ("healthy again", one.recovery), ("proven back", one.rollback)):
        if figure.median is not None:
            said = f"median {figure.median:.1f} s, worst {figure.worst:.1f} s of {figure.count}"
            yield _figure(name, said, f"{figure.target:.0f} s", figure.verdict)
    for name, checks in (("red most often", one.red), ("waived most often", one.waived)):
        if checks:
            yield f"  {name:<23} {', '.join(f'{red.code} ({red.times})' for red in checks[:5])}"


def _figure(name: str, said: str, target: str, verdict: str) -> str:
    return f"  {name:<23} {said:<34} target {target}: {verdict}"
