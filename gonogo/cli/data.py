"""The commands about data: what is kept of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gonogo.cli.options import Env, Json
from gonogo.commands import printing
from gonogo.words import Exit

if TYPE_CHECKING:
    from gonogo.commands.with_data import DataAsked

__all__ = ["Downgrade", "FromBackup", "RestoreData", "Yes", "add_to", "data_asked"]


RestoreData = Annotated[
    bool, typer.Option("--restore-data", help="put a backup of its data back too; what was written since is kept aside")
]
Downgrade = Annotated[bool, typer.Option("--downgrade", help="take migrations back before; says what is lost")]
Yes = Annotated[bool, typer.Option("--yes", help="lose it without being asked")]
FromBackup = Annotated[str, typer.Option("--backup", metavar="ID", help="which; otherwise the newest of its data")]


def data_asked(*, restore_data: bool, backup: str, yes: bool, downgrade: bool) -> DataAsked | None:
    """What is asked of the data; nothing where they stay."""
    from gonogo.commands.init import has_terminal  # noqa: PLC0415
    from gonogo.commands.with_data import DataAsked  # noqa: PLC0415
    from gonogo.display.questions import ask  # noqa: PLC0415
    from gonogo.errors import UsageError  # noqa: PLC0415

    if not restore_data:
        if backup:
            raise UsageError("--backup: found no --restore-data, expected one: without it the data stay.")
        return None
    if downgrade:
        raise UsageError(
            "--restore-data: found --downgrade as well, expected one of both: a backup has its own schema."
        )
    return DataAsked(backup=backup, sure=yes, ask=ask if has_terminal() else None)


def add_to(app: typer.Typer) -> None:
    """Adds them."""
    app.command()(backup)
    app.command()(backups)
    app.command()(prune)


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


def prune(*, env: Env = None, yes: Yes = False, as_json: Json = False) -> int:
    """Throw away what ``rollback --restore-data`` replaced; lists it first. Stops what ran on for ``keep_blue``."""
    from gonogo.commands.init import has_terminal  # noqa: PLC0415
    from gonogo.commands.prune import prune as run  # noqa: PLC0415
    from gonogo.commands.prune import prune_lines  # noqa: PLC0415
    from gonogo.display.questions import agree  # noqa: PLC0415

    found = run(Path.cwd(), env, agree=(lambda _: True) if yes else agree if has_terminal() else None)
    printing.show(found, lambda: prune_lines(found), as_json=as_json)
    return int(Exit.GO)
