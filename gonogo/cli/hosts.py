"""The commands about the machine that an environment lives on."""

from __future__ import annotations

from pathlib import Path

import typer

from gonogo.cli.options import Env
from gonogo.commands import printing

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Adds them."""
    app.command()(attach)


def attach(*, env: Env = None) -> int:
    """Show a run that goes on on the environment's host, or the end of one that nobody saw."""
    from gonogo.config import find_project, load_project  # noqa: PLC0415
    from gonogo.remote.run import attach as run  # noqa: PLC0415

    project = load_project(find_project(Path.cwd()))
    return run(project, project.environment(env), say=printing.say)
