"""The command that watches what serves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gonogo.cli.options import Env, Json
from gonogo.commands import printing
from gonogo.words import Exit

__all__ = ["add_to"]

For = Annotated[str, typer.Option("--for", metavar="TIME", help="how long: 5m, 48h; as after a deployment")]
Rollback = Annotated[bool, typer.Option("--rollback", help="go back to the release before where it is red")]
Detach = Annotated[bool, typer.Option("--detach", help="watch on when the terminal is gone")]
Status = Annotated[bool, typer.Option("--status", help="say who watches, and what it said last")]
Stop = Annotated[bool, typer.Option("--stop", help="end the one that watches")]


def add_to(app: typer.Typer) -> None:
    """Adds it."""
    app.command()(watch)


def watch(
    *,
    env: Env = None,
    time: For = "",
    rollback: Rollback = False,
    detach: Detach = False,
    status: Status = False,
    stop: Stop = False,
    as_json: Json = False,
) -> int:
    """Look at what serves for a while; red ends it with exit 1, and goes back where that is asked for."""
    from gonogo.commands import watch as run  # noqa: PLC0415

    if status or stop:
        found = run.stop(Path.cwd(), env) if stop else run.watcher_of(Path.cwd(), env)
        if found is None:
            printing.print_document({"watches": None}) if as_json else printing.say("nobody watches")
        else:
            printing.show(found, lambda: [f"ended; it {found}" if stop else f"somebody {found}"], as_json=as_json)
        return int(Exit.GO)
    seconds = _seconds(time)
    if detach:
        made = run.detach(Path.cwd(), env, seconds=run.length(Path.cwd(), env, seconds), goes_back=rollback)
        printing.show(made, lambda: [f"process {made.pid} {made}"], as_json=as_json)
        return int(Exit.GO)
    return int(run.watch(Path.cwd(), env, seconds=seconds, goes_back=rollback, say=printing.say))


def _seconds(text: str) -> float | None:
    """The time that was asked for; None for none.

    Raises:
        UsageError: it is no duration.
    """
    from gonogo.config.types import parse_duration  # noqa: PLC0415
    from gonogo.errors import UsageError  # noqa: PLC0415

    try:
        return parse_duration(text) if text else None
    except ValueError as error:
        raise UsageError(f'--for: found "{text}", {error}.') from error
