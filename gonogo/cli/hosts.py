"""The commands about the machine that an environment lives on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gonogo.cli.options import Env
from gonogo.commands import printing
from gonogo.words import Exit

if TYPE_CHECKING:
    from gonogo.config import Environment, Project

__all__ = ["add_to"]

EnvFile = Annotated[Path, typer.Argument(metavar="FILE", help="here")]


def add_to(app: typer.Typer) -> None:
    """Adds them."""
    app.command()(attach)
    app.command()(confirm)
    host = typer.Typer(help="The machine that an environment lives on, where ssh reaches it.", no_args_is_help=True)
    host.command()(prepare)
    host.command()(check)
    app.add_typer(host, name="host")
    env = typer.Typer(help="The env file of an environment on a host; no value is ever shown.", no_args_is_help=True)
    env.command()(push)
    env.command()(diff)
    app.add_typer(env, name="env")


def attach(*, env: Env = None) -> int:
    """Show a run that goes on on the environment's host, or the end of one that nobody saw."""
    from gonogo.remote.run import attach as run  # noqa: PLC0415

    project, environment = _asked(env)
    return run(project, environment, say=printing.say)


def confirm(*, env: Env = None) -> int:
    """Say that the release that was deployed may stay, where the environment asks for that."""
    from gonogo.remote.run import confirm as run  # noqa: PLC0415

    printing.say(f"confirmed {run(*_asked(env))}")
    return int(Exit.GO)


def prepare(*, env: Env = None) -> int:
    """Bring this gonogo to the host, into an environment of its own; says what it will do first."""
    from gonogo.remote.host import prepare as run  # noqa: PLC0415

    run(_asked(env)[1], say=printing.say)
    return int(Exit.GO)


def check(*, env: Env = None) -> int:
    """Say what the host lacks for a deployment, and how to get it."""
    from gonogo.remote.host import check as run  # noqa: PLC0415

    found = run(_asked(env)[1])
    printing.say("\n".join(found.lines()))
    return int(Exit.NO_GO if found.missing else Exit.GO)


def push(file: EnvFile, *, env: Env = None) -> int:
    """Bring an env file to the host, closed to others; the one that is there is kept beside it."""
    from gonogo.remote.env_file import push as run  # noqa: PLC0415

    run(_asked(env)[1], file, say=printing.say)
    return int(Exit.GO)


def diff(file: EnvFile, *, env: Env = None) -> int:
    """List the variables that an env file would add, take away and change there; not 0 where any differs."""
    from gonogo.remote.env_file import diff as run  # noqa: PLC0415

    found = run(_asked(env)[1], file)
    printing.say("\n".join(found.lines()))
    return int(Exit.NO_GO if found else Exit.GO)


def _asked(env: str | None) -> tuple[Project, Environment]:
    from gonogo.config import find_project, load_project  # noqa: PLC0415

    project = load_project(find_project(Path.cwd()))
    return project, project.environment(env)
