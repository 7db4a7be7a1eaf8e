"""What a command prints: people read standard error, programs read one document on standard output.

What is imported here is imported at every start; the rest comes when something is printed.
"""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

from gonogo.errors import GonogoError, explain
from gonogo.words import Exit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pydantic import BaseModel

    from gonogo.display.shown import Shown
    from gonogo.records.run_results import RunResult

__all__ = ["failed", "finished", "interrupted", "print_document", "print_json", "say", "show"]

_WHY = {
    Exit.INTERRUPTED: "interrupted",
    Exit.INTERNAL: "internal error",
    Exit.USAGE: "wrong usage or configuration",
    Exit.LOCKED: "another run holds the environment",
}
_LEFT = "interrupted; nothing was touched"


def say(text: str) -> None:
    """Tells people, without secrets; a terminal or a pipe that is gone must not end a deployment."""
    from gonogo.display.paced import write  # noqa: PLC0415
    from gonogo.display.sections import tamed  # noqa: PLC0415
    from gonogo.runtimes.secret_values import redact_in_use  # noqa: PLC0415

    write(tamed(redact_in_use(text.rstrip())) + "\n")


def print_document(document: object) -> None:
    """One document that holds nothing from outside."""
    sys.stdout.write(json.dumps(document, indent=2) + "\n")


def print_json(value: BaseModel | Iterable[BaseModel]) -> None:
    """What was found as one document, without secrets."""
    from gonogo.runtimes.secret_values import redact_in_use  # noqa: PLC0415
    from gonogo.secrets.records import redacted_json  # noqa: PLC0415

    data: Any
    if isinstance(value, tuple | list):
        data = [item.model_dump(mode="json") for item in value]
    else:
        data = value.model_dump(mode="json")  # type: ignore[union-attr]
    print_document(redacted_json(data, redact_in_use))


def show(value: BaseModel | Iterable[BaseModel], lines: Callable[[], Sequence[str]], *, as_json: bool) -> None:
    """What was found, for programs or for people."""
    if as_json:
        print_json(value)
    else:
        say("\n".join(lines()))


def finished(run: RunResult, screen: Shown, *, as_json: bool) -> int:
    """How a run ended; returns its exit code."""
    from gonogo.records.terminal import ending_lines, paint  # noqa: PLC0415

    screen.close(paint(line) for line in ending_lines(run))
    if as_json:
        print_json(run)
    return int(run.exit_code)


def interrupted() -> int:
    """Somebody stopped a command that had done nothing yet."""
    return _not_started(Exit.INTERRUPTED, _LEFT)


def failed(error: Exception) -> int:
    """Why a command did nothing: an error of ours or the system's, wrong usage (click's errors), else a bug."""
    if isinstance(error, GonogoError):
        return _not_started(error.exit_code, str(error))
    if isinstance(error, OSError):
        return _not_started(Exit.NO_GO, explain(error))
    usage = getattr(error, "format_message", None)
    if usage is not None:
        help_ = "`gonogo --help` lists the commands, `gonogo COMMAND --help` their options."
        return _not_started(Exit.USAGE, f"{usage()} {help_}")
    if type(error).__name__ == "Abort":
        return interrupted()
    if os.environ.get("GONOGO_DEBUG"):
        raise error
    what_next = "`gonogo status` tells what serves. GONOGO_DEBUG=1 shows where it was; please report it."
    return _not_started(Exit.INTERNAL, f"{explain(error)}. {what_next}")


def _not_started(code: Exit, said: str) -> int:
    """With ``--json`` also as a document, so that no reader finds an empty one."""
    say(said)
    if "--json" in sys.argv[1:]:
        ending = f"NOT STARTED: {_WHY.get(code, 'refused')}"
        print_document({"exit_code": int(code), "ending": ending, "reason": said})
    return int(code)
