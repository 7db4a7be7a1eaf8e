"""``gonogo history``: the records of past runs."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from gonogo.commands.prepare import located
from gonogo.config import Project, find_project, load_project
from gonogo.records.history import EnvFigures, figures
from gonogo.records.past_runs import PastRun
from gonogo.records.run_results import RunResult
from gonogo.records.served import records_of
from gonogo.state.store import State

__all__ = ["history", "recent", "runs_of"]

_RECENT = 10
"""Runs; what a step takes changes with the application."""


def history(folder: Path, env: str | None) -> tuple[tuple[PastRun, ...], tuple[EnvFigures, ...]]:
    """Past runs, the newest first, and what they say together.

    Raises:
        UsageError: wrong usage or configuration.
    """
    runs = runs_of(load_project(find_project(folder)), env)
    rows = [PastRun.model_validate(run.model_dump(include=set(PastRun.model_fields))) for run in runs]
    newest = sorted(rows, key=lambda row: row.started, reverse=True)
    return tuple(newest), figures(runs, now=datetime.now(UTC))


def runs_of(project: Project, env: str | None) -> list[RunResult]:
    """The records of every environment, or of one; a record that cannot be read is left out.

    Raises:
        UsageError: there is no such environment.
    """
    names = [project.environment(env).name] if env else list(project.environments)
    return [run for name in names for run in records_of(located(project, project.environments[name]).state)]


def recent(state: State) -> list[RunResult]:
    """The records of an environment's last runs."""
    return list(islice(records_of(state), _RECENT))
