"""The commands about data: what is kept of them."""

from __future__ import annotations

from pathlib import Path

import typer

from gonogo.cli.options import Env, Json
from gonogo.commands import printing
from gonogo.words import Exit

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Adds them."""
    app.command()(backup)
    app.command()(backups)


def backup(*, env: Env = None, as_json: Json = False) -> int:
    """Keep what the databases of what serves hold now, as a deployment does before its first touch."""
    from gonogo.commands.backup import backup as run  # noqa: PLC0415
    from gonogo.records.kept_backups import backup_lines  # noqa: PLC0415

    found = run(Path.cwd(), env, say=printing.say)
    printing.show(found, lambda: backup_lines([found]), as_json=as_json)
    return int(Exit.GO)


def backups(*, env: Env = None, as_json: Json = False) -> int:
    """List the backups that are kept, the newest first, and which kept release needs which."""
    from gonogo.commands.backup import backups as run  # noqa: PLC0415
    from gonogo.records.kept_backups import backup_lines  # noqa: PLC0415

    found = run(Path.cwd(), env)
    printing.show(found, lambda: backup_lines(found), as_json=as_json)
    return int(Exit.GO)
