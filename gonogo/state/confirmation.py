"""A release that stays only if whoever deploys it says, from where they stand, that it should.

STATE/confirm      the run that waits, and until when
STATE/confirmed    the run that somebody has confirmed
"""

from __future__ import annotations

import json
from pathlib import Path

from gonogo.errors import RefusedError
from gonogo.state.store import write_atomically

__all__ = ["CONFIRMED", "WAITING", "confirm", "is_confirmed", "waits", "waits_no_more"]

WAITING = "confirm"
CONFIRMED = "confirmed"


def waits(root: Path, run: str, *, until: str) -> None:
    """Notes that a run waits; what was confirmed before is none of its business."""
    (root / CONFIRMED).unlink(missing_ok=True)
    write_atomically(root / WAITING, json.dumps({"run": run, "until": until}))


def waits_no_more(root: Path) -> None:
    """It does not, whatever came of it."""
    for name in (WAITING, CONFIRMED):
        (root / name).unlink(missing_ok=True)


def is_confirmed(root: Path, run: str) -> bool:
    """Whether somebody has confirmed this very run."""
    try:
        return (root / CONFIRMED).read_text(encoding="utf-8") == run
    except OSError:
        return False


def confirm(root: Path) -> str:
    """Confirms the run that waits; returns its name.

    Raises:
        RefusedError: none does.
    """
    try:
        run = str(json.loads((root / WAITING).read_text(encoding="utf-8"))["run"])
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise RefusedError(f"{root}: found no deployment that waits for a confirmation, expected one.") from error
    write_atomically(root / CONFIRMED, run)
    return run
