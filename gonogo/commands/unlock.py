"""``gonogo unlock``: takes away a lock whose holder is gone."""

from __future__ import annotations

from pathlib import Path

from gonogo.commands.prepare import where
from gonogo.errors import LockedError
from gonogo.state.lock import holder
from gonogo.state.store import State

__all__ = ["held_by", "unlock"]


def unlock(folder: Path, env: str | None, *, force: bool) -> str | None:
    """Takes away a lock whose holder is gone; returns who held it, or None when it was free.

    Raises:
        LockedError: the holder still runs, and ``force`` is not given.
    """
    at = where(folder, env)
    found = holder(at.state.lock)
    if found is not None and found.is_alive() and not force:
        raise LockedError(
            f"found: {found}, and it still runs; expected a holder that is gone. Add --force to take it away."
        )
    said = held_by(at.state)
    at.state.lock.unlink(missing_ok=True)
    return said


def held_by(state: State) -> str | None:
    """Who holds the environment, as one line; a lock that cannot be read is held by nobody who can be named."""
    found = holder(state.lock)
    if found is None and state.lock.exists():
        return f"a lock that cannot be read ({state.lock})"
    if found is not None and found.is_gone():
        return f"{found}; that process is gone, the next command takes the lock over"
    return str(found) if found else None
