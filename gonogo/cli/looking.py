"""The commands that look at checks, needs, what serves and what was done; they change nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gonogo.cli.options import Env, Json
from gonogo.commands import printing
from gonogo.words import Exit

__all__ = ["URGENT", "add_to"]

URGENT = (Exit.GO, Exit.LOCKED, Exit.NOTHING_CHECKED, Exit.NO_GO, Exit.NEEDS_HUMAN)
"""How ``status`` may end, for one environment; of several the last one of these."""


def add_to(app: typer.Typer) -> None:
    """Adds them."""
    app.command()(doctor)
    app.command()(checks)
    app.command(name="explain")(explain_check)
    app.command()(status)
    app.command()(history)
    app.command()(report)


def doctor(*, env: Env = None, as_json: Json = False) -> int:
    """Say what the environment needs on this machine, and how to get what is missing."""
    from gonogo.commands.doctor import doctor as run  # noqa: PLC0415
    from gonogo.records.needs import doctor_lines  # noqa: PLC0415

    name, needed = run(Path.cwd(), env)
    printing.show(needed, lambda: doctor_lines(needed, env=name), as_json=as_json)
    return int(Exit.NO_GO if any(one.missing for one in needed) else Exit.GO)


def checks(*, env: Env = None, as_json: Json = False) -> int:
    """List every check, whether it applies to the environment, and what would switch it on."""
    from gonogo.commands.checks import checks as run  # noqa: PLC0415
    from gonogo.records.listing import checks_lines  # noqa: PLC0415

    name, found, problems = run(Path.cwd(), env)
    printing.show(found, lambda: checks_lines(found, env=name, problems=problems), as_json=as_json)
    return int(Exit.USAGE if problems else Exit.GO)


def explain_check(
    code: Annotated[str, typer.Argument(metavar="CODE", help="of a built-in check, such as B02")],
) -> int:
    """Say what a check proves, what it needs, and what to do when it is red."""
    from gonogo.commands.explain import explain as run  # noqa: PLC0415

    printing.say(run(code))
    return int(Exit.GO)


def status(*, env: Env = None, as_json: Json = False) -> int:
    """Show what serves in each environment, who holds it, and what was left unfinished; not 0 where not all is well."""
    from gonogo.commands.status import status as run  # noqa: PLC0415
    from gonogo.records.status import status_lines  # noqa: PLC0415

    found = run(Path.cwd(), env)
    printing.show(found, lambda: status_lines(found), as_json=as_json)
    return int(max((one.exit_code for one in found), key=URGENT.index, default=Exit.GO))


def history(*, env: Env = None, as_json: Json = False) -> int:
    """List past deployments and rollbacks, the newest first, and what they say together."""
    from gonogo.commands.history import history as run  # noqa: PLC0415
    from gonogo.records.past_runs import history_lines  # noqa: PLC0415

    runs, figures = run(Path.cwd(), env)
    printing.show(runs, lambda: history_lines(runs, figures), as_json=as_json)
    return int(Exit.GO)


def report(
    *,
    env: Env = None,
    to: Annotated[Path | None, typer.Option("--to", metavar="FOLDER", help="where; otherwise reports/")] = None,
    as_json: Json = False,
) -> int:
    """Write the history of all runs as a page (index.html) and as OpenMetrics text (metrics.txt)."""
    from gonogo.commands.report import report as run  # noqa: PLC0415

    found = run(Path.cwd(), env, to=to)
    printing.show(found, lambda: (str(found.page), str(found.metrics)), as_json=as_json)
    return int(Exit.GO)
