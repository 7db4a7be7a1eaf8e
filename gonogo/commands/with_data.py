"""What ``gonogo rollback --restore-data`` puts back: which backup, what that would discard, and who agrees to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from gonogo.backups.folders import Folder
from gonogo.backups.found import named
from gonogo.backups.manifest import Backup
from gonogo.backups.postgres import Postgres
from gonogo.backups.putback import Swap, discarded
from gonogo.backups.shelf import Shelf
from gonogo.config.backups import BackupRule
from gonogo.errors import RefusedError, UsageError
from gonogo.run.work import Work
from gonogo.state.release import Release

__all__ = ["DataAsked", "chosen_backup", "new_stamp", "swaps_of", "told"]

_SHOWN = 20


@dataclass(frozen=True, kw_only=True)
class DataAsked:
    """What the operator asked for."""

    backup: str = ""
    """Its id; empty: the newest that the target's own data are in."""
    sure: bool = False
    """Nobody has to be asked."""
    ask: Callable[[str, str], str] | None = None
    """Puts a question to a person; None where there is none."""
    stamp: str = ""
    """Of a run that was cut off; empty in a new one."""


def new_stamp() -> str:
    """What the names of databases of one rollback have in common."""
    return f"{datetime.now(UTC):%Y%m%dt%H%M%S}"


def chosen_backup(shelf: Shelf, target: Release, asked: DataAsked, *, env: str) -> Backup:
    """The backup that is put back.

    Raises:
        RefusedError: there is none, it is another release's, or gonogo cannot put it back.
    """
    kept = shelf.all()
    if asked.backup:
        found = next((one for one in kept if one.id == asked.backup), None)
    else:
        found = next((one for one in kept if one.release == target.id), None)
    if found is None:
        which = f'"{asked.backup}"' if asked.backup else f"none of the data of {target.id}"
        ids = ", ".join(f"{one.id} ({one.release})" for one in kept) or "none"
        raise RefusedError(f"{shelf.folder}: found {which}, expected one of the backups {ids}.")
    if found.release != target.id:
        raise RefusedError(
            f"{found.id}: found the data of {found.release}, expected those of {target.id}, which is to start on them. "
            f"Go back to the release that wrote them: gonogo rollback --env {env} --to {found.release} --restore-data"
        )
    others = [part for part in found.parts if part.kind not in {Postgres.kind, Folder.kind}]
    if others or not any(part.kind == Postgres.kind for part in found.parts):
        what = ", ".join(f"{part.name} ({part.kind})" for part in others) or "what the team's own command keeps"
        raise RefusedError(
            f"{found.id}: found {what}, expected PostgreSQL alone, which can be swapped while the rest goes on. "
            f"Stop the application, put back what {shelf.path(found.id)} holds, then: gonogo rollback --env {env}"
        )
    return found


def swaps_of(work: Work, backup: Backup, outgoing: Release, *, stamp: str) -> tuple[Swap, ...]:
    """Every database of a backup with the live one whose place it takes.

    Raises:
        GonogoError: one is not there any more.
    """
    timeout = (work.place.environment.backup or BackupRule()).timeout
    found = []
    for part in (one for one in backup.parts if one.kind == Postgres.kind):
        live = named(work.place, work.runtime, outgoing, part.name)
        if not isinstance(live, Postgres):
            raise RefusedError(f"{part.name}: found {live.kind}, expected PostgreSQL.")
        path = work.shelf.path(backup.id) / part.file
        found.append(Swap(live=live, part=part, path=path, stamp=stamp, timeout=timeout))
    return tuple(found)


def told(work: Work, backup: Backup, swaps: tuple[Swap, ...], asked: DataAsked) -> tuple[str, ...]:
    """What was written since the backup and would not be there any more; the operator agrees to it.

    A run that goes on from one that was cut off is told nothing: that one has asked.

    Raises:
        UsageError: nobody agreed.
        CommandError: a database could not be counted.
    """
    if asked.stamp:
        for one in swaps:
            one.reopen(work.host)
        return ()
    lost = [line for one in swaps for line in discarded(one.part.facts, one.live.facts(work.host, timeout=one.timeout))]
    age = datetime.now(UTC) - backup.made
    proven = (
        "proven by a restore" if backup.proof is not None and not backup.proof.problems else "never restored before"
    )
    shown = [*lost[:_SHOWN], *([f"and {len(lost) - _SHOWN} more tables"] if len(lost) > _SHOWN else [])]
    files = [part.name for part in backup.parts if part.kind == Folder.kind]
    lines = (
        *([f"What stands in {', '.join(files)} stays as it is; the backup has it."] if files else []),
        f"The backup {backup.id} is {age.total_seconds():.0f} s old, {proven}.",
        f"Written since then, by the server's counts, and kept aside: {'; '.join(shown) or 'nothing'}.",
    )
    if asked.sure:
        return lines
    env = work.place.environment.name
    if asked.ask is None:
        raise UsageError("\n".join((*lines, "--restore-data: found nobody to ask, expected --yes.")))
    answer = asked.ask("\n".join((*lines, f'Put it back? Type "{env}" to agree')), "")
    if answer.strip() != env:
        raise UsageError(f'--restore-data: found "{answer}", expected "{env}". Nothing was touched.')
    return lines
