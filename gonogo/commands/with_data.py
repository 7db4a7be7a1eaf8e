"""What ``gonogo rollback --restore-data`` puts back: which backup, what that would discard, and who agrees to it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from gonogo.backups.access import Access, Beside
from gonogo.backups.folders import Folder
from gonogo.backups.found import named
from gonogo.backups.manifest import Backup, Stored
from gonogo.backups.mysql import Mysql
from gonogo.backups.postgres import Postgres
from gonogo.backups.putback import Swap, Swapping, discarded
from gonogo.backups.putback_files import FileSwap
from gonogo.backups.putback_tables import TableSwap
from gonogo.backups.shelf import Shelf
from gonogo.backups.sqlite import Sqlite
from gonogo.config.backups import BackupRule
from gonogo.errors import GonogoError, RefusedError, UsageError
from gonogo.run.work import Work
from gonogo.runtimes.place import maker
from gonogo.state.release import Release

__all__ = ["DataAsked", "chosen_backup", "new_stamp", "put_aside", "swaps_of", "told"]

_SHOWN = 20
_SWAPPED = (Postgres.kind, Sqlite.kind, Mysql.kind)


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
    others = [part for part in found.parts if part.kind not in {*_SWAPPED, Folder.kind}]
    if others or not any(part.kind in _SWAPPED for part in found.parts):
        what = ", ".join(f"{part.name} ({part.kind})" for part in others) or "what the team's own command keeps"
        raise RefusedError(
            f"{found.id}: found {what}, expected {', '.join(_SWAPPED)} alone, which can be swapped. "
            f"Stop the application, put back what {shelf.path(found.id)} holds, then: gonogo rollback --env {env}"
        )
    return found


def swaps_of(work: Work, backup: Backup, outgoing: Release, *, stamp: str) -> tuple[Swapping, ...]:
    """Every database of a backup with the live one whose place it takes.

    Raises:
        GonogoError: one is not there any more.
    """
    return tuple(_swap(work, backup, part, outgoing, stamp=stamp) for part in backup.parts if part.kind != Folder.kind)


def _swap(work: Work, backup: Backup, part: Stored, outgoing: Release, *, stamp: str) -> Swapping:
    live = named(work.place, work.runtime, outgoing, part.name, is_file=part.kind == Sqlite.kind)
    path, timeout = work.shelf.path(backup.id) / part.file, (work.place.environment.backup or BackupRule()).timeout
    if isinstance(live, Sqlite):
        reached = replace(live, access=_beside(work, outgoing, live))
        return FileSwap(live=reached, part=part, path=path, stamp=stamp, timeout=timeout)
    if isinstance(live, Postgres) and part.kind == Postgres.kind:
        return Swap(live=live, part=part, path=path, stamp=stamp, timeout=timeout)
    if isinstance(live, Mysql) and part.kind == Mysql.kind:
        return TableSwap(live=live, part=part, path=path, stamp=stamp, timeout=timeout)
    raise RefusedError(f"{part.name}: found {live.kind}, expected {part.kind}.")


def _beside(work: Work, outgoing: Release, live: Sqlite) -> Access:
    """Where its file is: on this machine, or in the volumes of a service that will not run meanwhile."""
    if not live.access.image:
        return live.access
    runtime, place = maker(work.runtime, work.place, outgoing)
    service = live.name.partition(":")[0]
    return Beside(run=partial(runtime.in_service, place, outgoing, service), image=live.access.image)


def told(work: Work, backup: Backup, swaps: tuple[Swapping, ...], asked: DataAsked) -> tuple[str, ...]:
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
    lost = [line for one in swaps for line in _since(work, one)]
    age = datetime.now(UTC) - backup.made
    proven = (
        "proven by a restore" if backup.proof is not None and not backup.proof.problems else "never restored before"
    )
    files = [part.name for part in backup.parts if part.kind == Folder.kind]
    lines = (
        *([f"What stands in {', '.join(files)} stays as it is; the backup has it."] if files else []),
        f"The backup {backup.id} is {age.total_seconds():.0f} s old, {proven}.",
        f"Written since then, by the server's counts, and kept aside: {_shown(lost)}.",
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


def put_aside(work: Work, swaps: Sequence[Swapping]) -> Iterator[str]:
    """What the replaced databases hold that the backup has not, counted when nobody writes to them any more."""
    for one in swaps:
        with contextlib.suppress(GonogoError, OSError):
            if one.is_done(work.host):
                lost = _since(work, one, aside=one.old)
                yield f"{one.old} keeps what was written since the backup: {_shown(lost)}."


def _since(work: Work, one: Swapping, *, aside: str = "") -> tuple[str, ...]:
    return discarded(one.part.facts, one.now(work.host, aside=aside))


def _shown(lost: Sequence[str]) -> str:
    more = [f"and {len(lost) - _SHOWN} more tables"] if len(lost) > _SHOWN else []
    return "; ".join((*lost[:_SHOWN], *more)) or "nothing"
