"""How far a gate is: its process notes it beside the results file, whoever waits for the gate reads it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel

from gonogo.records.results import CheckResult
from gonogo.records.text import first_line
from gonogo.words import Outcome

__all__ = ["Asking", "asking_of", "noted", "read_asking", "write_asking"]


class Asking(BaseModel):
    """A gate that goes on."""

    check: str
    """The node id of the check that began last; one that ends the whole process is found by it."""
    done: int = 0
    total: int = 0
    red: int = 0
    noted: tuple[str, ...] = ()
    """The checks so far that are red or warn, one line each."""


def asking_of(results: Path) -> Path:
    """Where the gate that leaves these results notes it."""
    return results.with_name(f"{results.stem}.asking")


def noted(check: CheckResult) -> str:
    """A check that is red or warns, in one line; empty for any other."""
    if not check.blocks and check.outcome is not Outcome.WARNED:
        return ""
    word = "warning" if not check.blocks else "NO-GO" if check.outcome is Outcome.FAILED else "not known"
    return f"{word}  {check.code or check.id}  {first_line(check.found) or first_line(check.proves)}"


def write_asking(results: Path, asking: Asking) -> None:
    """Notes it; a reader sees this or what stood there before. A full disk costs the note, not the gate."""
    path = asking_of(results)
    aside = path.with_name(f".{path.name}")
    with suppress(OSError):
        aside.write_text(asking.model_dump_json(), encoding="utf-8")
        aside.replace(path)


def read_asking(results: Path) -> Asking | None:
    """What was noted last; None before the first check."""
    try:
        return Asking.model_validate_json(asking_of(results).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
