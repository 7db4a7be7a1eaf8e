"""All runs of all environments as one page: the figures against their targets, what was red, what happened when."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from gonogo.records.headline import headline, verdict
from gonogo.records.history import TARGETS, EnvFigures, Figure, Point, StageSeconds, figures
from gonogo.records.page import read_script, render_page
from gonogo.records.run_results import RunResult

__all__ = ["render_history"]

_MOST_POINTS = 100


def render_history(
    runs: Sequence[RunResult], *, app: str, now: datetime, link: Callable[[RunResult], str] = lambda _: ""
) -> str:
    """The page; ``link`` says where a run's own record stands, seen from the page, or nothing."""
    found = figures(runs, now=now)
    rows = sorted(runs, key=lambda run: run.started, reverse=True)
    return render_page(
        "history.html.j2",
        script=read_script("history.js"),
        app=app,
        now=now,
        envs=[(one, list(_cards(one)), _columns(one.downtimes), list(map(_spark, one.stages))) for one in found],
        highest={one.env: _highest(one.downtimes[-_MOST_POINTS:]) for one in found},
        rows=[_row(run, link(run)) for run in rows],
        kinds=sorted({run.kind for run in runs}),
        verdicts=sorted({verdict(run) for run in runs}),
    )


def _row(run: RunResult, link: str) -> dict[str, Any]:
    said, word = run.ending or headline(run), verdict(run)
    return {"run": run, "link": link, "ending": said, "word": word, "shade": f"is-{word.lower().replace(' ', '-')}"}


def _cards(one: EnvFigures) -> Iterator[dict[str, Any]]:
    """What the figure is called, what it is, what it should be, and whether it is that."""
    weekly = f"{one.gone} of {one.deployments} deployments ended GO, {one.stopped} stopped before anything was changed"
    yield {"name": "GO a week (last four)", "value": f"{one.per_week:.1f}", "said": weekly, "met": None}
    share = "none yet" if one.failed_share is None else one.failed_said
    verdict = "" if one.failed_met is None else ": kept" if one.failed_met else ": missed"
    touched = one.deployments - one.stopped
    yield {
        "name": "failed after something was changed",
        "value": share,
        "said": f"{one.failed} of {touched}; target at most {100 * TARGETS['failed']:.0f} %{verdict}",
        "met": one.failed_met,
    }
    yield _card("downtime", one.downtime)
    yield _card("healthy again after", one.recovery)
    yield _card("proven to be back after", one.rollback)


def _card(name: str, figure: Figure) -> dict[str, Any]:
    worst = "" if figure.worst is None else f"worst {figure.worst:.1f} s of {figure.count}; "
    value = "none yet" if figure.median is None else f"{figure.median:.1f} s"
    verdict = f": {figure.verdict}" if figure.verdict else ""
    said = f"median; {worst}target at most {figure.target:.0f} s{verdict}" if worst else f"target {figure.target:.0f} s"
    return {"name": name, "value": value, "said": said, "met": figure.met}


def _columns(points: Sequence[Point]) -> list[dict[str, Any]]:
    """One column a run, the newest on the right; the height is a share of the highest, or of the target."""
    shown = points[-_MOST_POINTS:]
    most = _highest(shown)
    width = 100 / max(len(shown), 20)
    return [
        {
            "x": round(at * width, 2),
            "width": round(width * 0.8, 2),
            "height": round(max(100 * point.value / most, 1.0), 2),
            "over": point.value > TARGETS["downtime"],
            "said": f"{point.run}: {point.value:.1f} s",
        }
        for at, point in enumerate(shown)
    ]


def _highest(points: Sequence[Point]) -> float:
    """Seconds that the full height stands for: the target, or more."""
    return max([TARGETS["downtime"], *(point.value for point in points)])


def _spark(stage: StageSeconds) -> str:
    """The points of a line, over a field of 100 by 100."""
    shown = stage.points[-_MOST_POINTS:]
    most = max((point.value for point in shown), default=0.0) or 1.0
    step = 100 / max(len(shown) - 1, 1)
    heights = [round(98 - 96 * point.value / most, 2) for point in shown]
    if len(heights) == 1:
        heights *= 2
    return " ".join(f"{round(at * step, 2)},{height}" for at, height in enumerate(heights))
