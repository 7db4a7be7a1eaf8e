"""What the next backup of an environment will be: of what, where, how big; or why none can be taken."""

from __future__ import annotations

from dataclasses import dataclass, field

from gonogo.backups.found import Found, databases
from gonogo.backups.shelf import Shelf
from gonogo.backups.take import LARGEST_UNASKED, LONGEST_UNASKED, Foreseen, foreseen, too_much
from gonogo.backups.wanted import is_asked
from gonogo.config.backups import BackupRule
from gonogo.errors import RefusedError
from gonogo.host.disk import MIB
from gonogo.runtimes.base import Place
from gonogo.runtimes.protocols import Runtime
from gonogo.state.release import Release

__all__ = ["Outlook", "look_ahead"]


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """One backup that may be taken."""

    shelf: Shelf
    rule: BackupRule
    found: Found = field(default_factory=Found)
    expected: Foreseen | None = None
    """None where the team's own command makes it."""
    none: str = ""
    """Why none will be taken although nothing is wrong; nothing where one will."""


def look_ahead(place: Place, runtime: Runtime, release: Release | None, shelf: Shelf) -> Outlook:
    """Looks for the databases of what serves, and asks how big they are.

    Raises:
        RefusedError: nothing is found to be backed up, or there is no room, although backups are asked for.
        GonogoError: the runtime or a database could not be asked.
    """
    rule, asked = place.environment.backup or BackupRule(), is_asked(place.environment)
    if rule.command is not None:
        return Outlook(shelf=shelf, rule=rule)
    found = databases(place, runtime, release)
    if not found.sources:
        why = "; ".join(found.left) or "no database of this environment was found"
        if asked and release is not None:
            raise RefusedError(
                f"backup: {why}, expected one. Name it under env.{place.environment.name}.backup.databases."
            )
        return Outlook(shelf=shelf, rule=rule, found=found, none=why)
    expected = foreseen(shelf, found, place.host)
    full = too_much(expected, shelf, spare=place.environment.min_free_disk)
    if full and asked:
        raise RefusedError(f"{full}. Free some (df -h), or set backup.folder to another disk.")
    if not asked and not full and not expected.is_known and expected.bytes > LARGEST_UNASKED:
        full = f"{expected}: more than the {LARGEST_UNASKED // MIB} MiB up to which one is taken unasked"
    if not asked and not full and (expected.seconds or 0) > LONGEST_UNASKED:
        full = f"{expected}: more than the {LONGEST_UNASKED:.0f} s that one may take unasked"
    return Outlook(shelf=shelf, rule=rule, found=found, expected=expected, none=full)
