"""``gonogo report``: the history of all environments as a page and as OpenMetrics text."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel

from gonogo.commands.history import runs_of
from gonogo.config import find_project, load_project
from gonogo.errors import UsageError, explain
from gonogo.records.history import EnvFigures, figures
from gonogo.records.history_page import render_history
from gonogo.records.metrics import openmetrics
from gonogo.records.run_results import RunResult
from gonogo.records.write import keep_out_of_git
from gonogo.state.store import write_atomically
from gonogo.words import REPORTS_AT

__all__ = ["Report", "report"]

_MODE = 0o644


class Report(BaseModel):
    """What was written where, and the figures."""

    page: str
    metrics: str
    figures: tuple[EnvFigures, ...] = ()


def report(folder: Path, env: str | None, *, to: Path | None) -> Report:
    """Writes ``index.html`` and ``metrics.txt`` into ``to``, or into the project's ``reports/``.

    Raises:
        UsageError: wrong usage or configuration, or the folder cannot be written.
    """
    project = load_project(find_project(folder))
    runs = runs_of(project, env)
    now = datetime.now(UTC)
    target = to if to is not None else project.root / "reports"
    page, metrics = target / "index.html", target / "metrics.txt"
    name = project.app.name

    def link(run: RunResult) -> str:
        own = Path(run.env, run.run, "index.html")
        return own.as_posix() if (target / own).is_file() else ""

    try:
        target.mkdir(parents=True, exist_ok=True)
        if to is None:
            keep_out_of_git(target)
        write_atomically(page, render_history(runs, app=name, now=now, link=link), mode=_MODE)
        write_atomically(metrics, openmetrics(runs, app=name, now=now), mode=_MODE)
    except OSError as error:
        raise UsageError(f"the history could not be written: {explain(error)}") from error
    home = Path(os.environ.get(REPORTS_AT, target))
    return Report(page=str(home / page.name), metrics=str(home / metrics.name), figures=figures(runs, now=now))
