"""Take a backup: every database one after the other, checksummed, with a manifest, under its name only once whole."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gonogo.backups.found import Found
from gonogo.backups.manifest import Backup, Stored
from gonogo.backups.shelf import Shelf, digest
from gonogo.backups.source import Source
from gonogo.config.backups import BackupRule
from gonogo.errors import CommandError, telling
from gonogo.host.disk import MIB, free_on
from gonogo.host.runner import Command, Completed, Host
from gonogo.state.release import Release

__all__ = [
    "LARGEST_UNASKED",
    "LONGEST_UNASKED",
    "Taking",
    "backup_id",
    "copy_away",
    "foreseen",
    "own_command",
    "take",
    "too_much",
]

LARGEST_UNASKED = 4 * 1024 * MIB
"""Bytes of a database up to which a backup is taken although nobody asked for one: some minutes."""
LONGEST_UNASKED = 600.0
"""Seconds that the one before may have taken."""
_LIKELY = 3
"""A database takes so many times the room of its first dump, at least; a later one is as big as the one before."""


@dataclass(frozen=True, kw_only=True)
class Taking:
    """What a backup is of, and where it goes."""

    shelf: Shelf
    host: Host
    rule: BackupRule
    app: str
    env: str
    folder: Path
    """Where the team's own command runs."""
    serving: Release | None
    ahead_of: Release | None = None
    redact: Callable[[str], str]


def backup_id(shelf: Shelf, serving: Release | None) -> str:
    """``<UTC yyyymmddThhmmss>-<commit of the data>``, which no other one has."""
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{serving.short if serving is not None else 'none'}"
    number, free = 1, name
    while shelf.path(free).exists():
        number += 1
        free = f"{name}-{number}"
    return free


def take(taking: Taking, found: Found) -> Backup:
    """Takes one.

    Raises:
        CommandError: a database could not be dumped, or the team's command failed; nothing half is left.
        OSError: there is no room, or no right.
    """
    rule, serving = taking.rule, taking.serving
    name, begin = backup_id(taking.shelf, serving), time.monotonic()
    with taking.shelf.making(name) as aside:
        said = _by_the_team(taking, rule.command, aside) if rule.command is not None else ()
        parts = [] if rule.command is not None else [_stored(taking, one, aside) for one in found.sources]
        made = Backup(
            id=name,
            app=taking.app,
            env=taking.env,
            made=datetime.now(UTC),
            release=serving.id if serving is not None else None,
            commit=serving.commit if serving is not None else None,
            ahead_of=taking.ahead_of.id if taking.ahead_of is not None else None,
            seconds=time.monotonic() - begin,
            parts=tuple(parts),
            said=said,
        )
        taking.shelf.finish(aside, made)
    return made


def _stored(taking: Taking, source: Source, aside: Path) -> Stored:
    into = aside / (re.sub(r"[^\w.-]+", "-", source.name).strip("-.") + source.ending)
    number = 1
    while into.exists():
        number += 1
        into = into.with_stem(f"{into.stem}-{number}")
    stored = source.dump(_Noting(taking, aside), into, timeout=taking.rule.timeout)
    if stored.bytes == 0:
        raise CommandError(f"database {source.name}: found an empty dump, expected one.")
    said = tuple(map(taking.redact, stored.said))
    return stored.model_copy(update={"sha256": digest(into), "said": said})


class _Noting:
    """A host that notes what ends a command elsewhere before it runs it."""

    def __init__(self, taking: Taking, aside: Path) -> None:
        self._taking = taking
        self._aside = aside
        self.name = taking.host.name

    def run(self, command: Command, *, output_limit: int | None = 64 * 1024, exact: bool = False) -> Completed:
        self._taking.shelf.note_ends(self._aside, command.ends)
        return self._taking.host.run(command, output_limit=output_limit, exact=exact)

    def spawn(self, command: Command) -> int:
        return self._taking.host.spawn(command)


def own_command(rule: BackupRule, folder: Path, *, into: Path | str) -> Command:
    """The team's own backup; ``GONOGO_BACKUP`` names a folder for what it wants to leave."""
    argv = rule.command or ()
    return Command(argv=argv, cwd=str(folder), env={"GONOGO_BACKUP": str(into)}, timeout=rule.timeout, firm=True)


def _by_the_team(taking: Taking, argv: Sequence[str], aside: Path) -> tuple[str, ...]:
    done = taking.host.run(own_command(taking.rule, taking.folder, into=aside)).require("backup.command")
    text = f"{done.output}\n{done.errors}"
    if taking.rule.success is not None and not re.search(taking.rule.success, text, re.MULTILINE):
        last = "".join(f"\n    {line}" for line in telling(text)) or "\n    (it said nothing)"
        raise CommandError(
            f"backup.command `{' '.join(argv)}`: found exit code 0 and no line that matches {taking.rule.success!r}, "
            f"expected one. Its last words:{last}"
        )
    return tuple(telling(text, most=4))


def copy_away(taking: Taking, made: Backup) -> str:
    """Brings a backup elsewhere by the team's command; what was done, in words.

    Raises:
        CommandError: it failed; the backup itself stays.
    """
    if taking.rule.copy_to is None:
        return ""
    folder = str(taking.shelf.path(made.id))
    argv = tuple(word.replace("{folder}", folder) for word in taking.rule.copy_to)
    timeout = taking.rule.timeout
    taking.host.run(Command(argv=argv, cwd=str(taking.folder), timeout=timeout, firm=True)).require("backup.copy_to")
    return f"copied by `{argv[0]}`"


@dataclass(frozen=True, kw_only=True)
class Foreseen:
    """How big a backup will be, and how long it takes."""

    bytes: int
    is_known: bool
    """By the one before; else it is what the databases take, of which a dump is a part."""
    seconds: float | None = None

    @property
    def mib(self) -> int:
        """MiB that must be free for it."""
        return (self.bytes if self.is_known else self.bytes // _LIKELY) // MIB + 1

    def __str__(self) -> str:
        """As people read it."""
        size = f"{self.bytes / MIB:.0f} MiB" if self.bytes >= 10 * MIB else f"{self.bytes / MIB:.1f} MiB"
        if not self.is_known:
            return f"the databases take {size}, a dump of them less"
        return f"about {size}, {self.seconds:.1f} s, as the one before"


def foreseen(shelf: Shelf, found: Found, host: Host) -> Foreseen:
    """What the next backup will take.

    Raises:
        CommandError: there is none before, and a database does not say how big it is.
    """
    names = {one.name for one in found.sources}
    for one in shelf.all():
        if {part.name for part in one.parts} == names:
            return Foreseen(bytes=one.bytes, is_known=True, seconds=one.seconds)
    return Foreseen(bytes=sum(one.size(host) for one in found.sources), is_known=False)


def too_much(expected: Foreseen, shelf: Shelf, *, spare: int) -> str:
    """Why there is no room for it; nothing where there is. ``spare`` are MiB that stay free."""
    free = free_on("backups", shelf.folder).free
    if free >= expected.mib + spare:
        return ""
    return f"{shelf.folder}: found {free} MiB free, expected {expected.mib} for the backup and {spare} to spare"
