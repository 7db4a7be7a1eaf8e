"""Run pending migrations on what a backup holds: in a scratch server, from the release's image, out of all reach."""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gonogo.backups.access import InContainer
from gonogo.backups.former import Answered, Former, answers, broken
from gonogo.backups.manifest import Stored
from gonogo.backups.postgres import Postgres
from gonogo.backups.proof import Proving, restore_into
from gonogo.backups.round_trip import RoundTrip, Watched
from gonogo.backups.scratch import scratch_server
from gonogo.errors import CommandError, in_one_line, last_words
from gonogo.host.runner import Command, Completed
from gonogo.inspection.probe_answers import script
from gonogo.runtimes.compose.inside import ComposeArtifact

__all__ = ["Lock", "Rehearsed", "Trial", "rehearse"]

_SECONDS = 60.0
_SHORT = 0.1
"""Seconds up to which nobody notices a lock."""
_DATA = re.compile(
    r"\b(?:NotNullViolation|UniqueViolation|ForeignKeyViolation|CheckViolation|ExclusionViolation|IntegrityError|DataError"
    r"|UndefinedColumn|UndefinedTable|DuplicateColumn|DuplicateTable|DuplicateObject|DatatypeMismatch|CannotCoerce"
    r"|DependentObjectsStillExist|InvalidTextRepresentation|NumericValueOutOfRange|StringDataRightTruncation"
    r"|DivisionByZero|InvalidTableDefinition|GroupingError|AmbiguousColumn|InvalidForeignKey)(?:Error)?\b"
)
"""Errors that the same statements meet on the live data; not what a scratch server lacks: an extension, a host."""
_OPEN = """\
file=$(psql -Atq -d postgres -c 'SHOW hba_file') || exit 1
printf 'local all all trust\\nhost all all all trust\\n' > "$file"
"""
_NAMED = 'for name in "$@"; do echo "127.0.0.1 $name" >> /etc/hosts; done'
_MODES = {
    "AccessExclusiveLock": "nobody reads or writes it",
    "ExclusiveLock": "nobody writes it",
    "ShareRowExclusiveLock": "nobody writes it",
    "ShareLock": "nobody writes it",
}
_HELD = """\
CREATE VIEW held AS SELECT relation, mode FROM pg_locks WHERE granted AND locktype = 'relation' AND relation >= 16384
  AND mode IN ('AccessExclusiveLock', 'ExclusiveLock', 'ShareRowExclusiveLock', 'ShareLock')
"""
_SEEN = """\
CREATE UNLOGGED TABLE seen (relation oid, mode text, since timestamptz, longest interval DEFAULT '0',
  PRIMARY KEY (relation, mode))
"""
_WATCH = """\
DO $$ BEGIN LOOP
  INSERT INTO seen SELECT relation, mode, clock_timestamp() FROM held
    ON CONFLICT (relation, mode) DO UPDATE SET since = coalesce(seen.since, excluded.since),
    longest = greatest(seen.longest, clock_timestamp() - coalesce(seen.since, clock_timestamp()));
  UPDATE seen SET since = NULL WHERE since IS NOT NULL AND (relation, mode) NOT IN (SELECT relation, mode FROM held);
  COMMIT;
  EXIT WHEN to_regclass('enough') IS NOT NULL;
  PERFORM pg_sleep(0.05);
END LOOP; END $$
"""
_TABLES = "SELECT oid || '=' || oid::regclass FROM pg_class WHERE relkind IN ('r', 'p') AND oid >= 16384"


@dataclass(frozen=True, kw_only=True)
class Trial:
    """The migrations of one service."""

    service: str
    artifact: ComposeArtifact
    folder: str
    """Where its commands run, in the image; empty for where the service works."""
    upgrade: tuple[str, ...]
    downgrade: tuple[tuple[str, ...], ...] = ()
    """Nothing where there is no way back."""
    keeps: tuple[str, ...] = ()
    """The tables in which the migration tool keeps account."""


@dataclass(frozen=True, kw_only=True)
class Lock:
    """How long a table that was there before was locked at a time."""

    table: str
    seconds: float
    means: str

    def __str__(self) -> str:
        """For people."""
        return f"{self.table} is locked for {self.seconds:.1f} s ({self.means})"


@dataclass(frozen=True, kw_only=True)
class Rehearsed:
    """What running them on a copy showed."""

    seconds: float = 0.0
    locks: tuple[Lock, ...] = ()
    failed: str = ""
    """Why a migration fails, where the data or the schema are to blame."""
    unknown: str = ""
    """Why that could not be found out."""
    came_back: bool | None = None
    """Whether the downgrade left the schema as it was; None where none was run."""
    left: tuple[str, ...] = ()
    """What is otherwise after the downgrade."""
    pages: int = 0
    """How many pages the release that serves was asked on the copy, before and after."""
    broke: tuple[str, ...] = ()
    """What it did before the migrations, and does not after them."""
    unasked: str = ""
    """Why it could not be asked."""
    schema: frozenset[str] = frozenset()
    """The lines of the schema before."""
    loses: str = ""
    """Why the downgrades lose what was there before, or why that is not known; of use where they came back."""
    drops: tuple[Watched, ...] = ()
    """Where they lose what is written after the migrations."""


def rehearse(
    proving: Proving,
    path: Path,
    part: Stored,
    trials: Sequence[Trial],
    *,
    hosts: Sequence[str],
    former: Former | None = None,
    counted: bool = False,
) -> Rehearsed:
    """Restores a part of a backup, migrates it, and takes that back again.

    Args:
        proving: where the scratch server is made.
        path: the dump.
        part: what the manifest says of it.
        trials: whose migrations run.
        hosts: the names by which the application reaches its database; in the scratch server's network they mean it.
        former: the release that serves; it is asked on the copy as it was restored, and on the migrated one.
        counted: whether to find out what the downgrades lose, for which all rows are read four times.
    """
    database = part.name.rpartition("/")[2]
    try:
        with _restored(proving, path, part, database=database, hosts=hosts) as access:
            before = _asked(proving, access, former)
            trip = _trip(proving, access, trials, database=database) if counted else None
            found = _run(proving, access, trials, database=database)
            if trip is not None:
                trip.migrated()
            if former is not None and before is not None and not (found.failed or found.unknown):
                found = replace(found, **_compared(proving, access, former, before))
            return _taken_back(proving, access, trials, found, database=database, trip=trip)
    except CommandError as error:
        return Rehearsed(unknown=str(error))


@contextlib.contextmanager
def _restored(
    proving: Proving, path: Path, part: Stored, *, database: str, hosts: Sequence[str]
) -> Iterator[InContainer]:
    """A server with the copy, which lets in whoever shares its network: nobody but the trials."""
    host, facts = proving.host, part.facts
    with scratch_server(host, part.image, facts, owner=proving.owner) as access:
        server = Postgres(name="scratch", access=access, database="postgres")
        if server.ask(host, "SELECT system_identifier FROM pg_control_system()") == facts.identifier:
            raise CommandError("a scratch server: found the live server's identifier, expected one of its own")
        if said := restore_into(access, host, path, facts, database=database, timeout=proving.timeout):
            raise CommandError(said)
        host.run(access.command(("sh", "-c", _OPEN), env={})).require("a scratch server")
        server.ask(host, "SELECT pg_reload_conf()")
        for role in facts.roles:
            name = role.replace('"', '""')
            server.ask(host, f'ALTER ROLE "{name}" LOGIN SUPERUSER')
        named = ("docker", "exec", "--user", "0", access.container, "sh", "-c", _NAMED, "sh", *hosts)
        host.run(Command(argv=named, timeout=_SECONDS)).require("a scratch server")
        yield access


def _asked(proving: Proving, access: InContainer, former: Former | None) -> Answered | None:
    """What the serving release answers on the copy; a rehearsal does not fail for it."""
    if former is None:
        return None
    try:
        return answers(proving, access, former)
    except CommandError as error:
        return Answered(why=in_one_line(error))


def _compared(proving: Proving, access: InContainer, former: Former, before: Answered) -> dict[str, Any]:
    """What became of its pages, once the copy is migrated."""
    if before.why:
        return {"unasked": before.why}
    return {"pages": len(before.statuses), "broke": broken(before, _asked(proving, access, former) or before)}


def _trip(proving: Proving, access: InContainer, trials: Sequence[Trial], *, database: str) -> RoundTrip:
    copy = Postgres(name="scratch", access=access, database=database)
    trip = RoundTrip(copy, proving.host, keeps={name for trial in trials for name in trial.keeps})
    trip.begin()
    return trip


def _run(proving: Proving, access: InContainer, trials: Sequence[Trial], *, database: str) -> Rehearsed:
    copy = Postgres(name="scratch", access=access, database=database)
    tables = dict(line.partition("=")[::2] for line in copy.ask(proving.host, _TABLES).splitlines())
    before = _schema(proving, access, database)
    with _watched(proving, access) as locks:
        begin = time.monotonic()
        for trial in trials:
            done = _command(proving, access, trial, trial.upgrade)
            if not done.ok:
                lines = (done.output + done.errors).splitlines()
                refused = next((line.strip() for line in reversed(lines) if _DATA.search(line)), "")
                if refused and not done.timed_out:
                    return Rehearsed(failed=f"{trial.service}: {refused}")
                return Rehearsed(unknown=f"{trial.service}: {last_words(done.errors or done.output)}")
        seconds = time.monotonic() - begin
    return Rehearsed(seconds=seconds, locks=tuple(_named(locks, tables)), schema=before)


def _taken_back(
    proving: Proving,
    access: InContainer,
    trials: Sequence[Trial],
    found: Rehearsed,
    *,
    database: str,
    trip: RoundTrip | None,
) -> Rehearsed:
    """The same, with what the downgrades left."""
    if found.failed or found.unknown or not all(trial.downgrade for trial in trials):
        return found
    if trip is not None:
        trip.going_back()
    for trial in reversed(trials):
        for words in trial.downgrade:
            done = _command(proving, access, trial, words)
            if not done.ok:
                said = last_words(done.errors or done.output)
                return replace(found, came_back=False, left=(f"{trial.service}: {said}",))
    if trip is not None:
        trip.back()
        found = replace(found, loses=trip.loses, drops=trip.drops)
    before, after = found.schema, _schema(proving, access, database)
    left = tuple(sorted([*(f"lost: {line}" for line in before - after), *(f"left: {line}" for line in after - before)]))
    return replace(found, came_back=not left, left=left)


def _command(proving: Proving, access: InContainer, trial: Trial, words: tuple[str, ...]) -> Completed:
    """Runs a command of a service in the network of the scratch server, where nothing else is."""
    here = replace(trial.artifact, network=f"container:{access.container}")
    asked = json.dumps({"words": words, "folder": trial.folder})
    return here.python(script("command.py"), asked, isolated=False, timeout=proving.timeout)


def _schema(proving: Proving, access: InContainer, database: str) -> frozenset[str]:
    """The lines of the schema; in which order columns and statements stand says nothing."""
    words = ("pg_dump", "--schema-only", "--no-owner", "--no-privileges", "--no-password", database)
    done = proving.host.run(replace(access.command(words, env={}), timeout=proving.timeout), output_limit=None).require(
        "the schema of the copy"
    )
    lines = (line.strip().rstrip(",;") for line in done.output.splitlines())
    return frozenset(line for line in lines if line and not line.startswith(("--", "\\", "SET ", "SELECT pg_catalog")))


@contextlib.contextmanager
def _watched(proving: Proving, access: InContainer) -> Iterator[dict[tuple[str, str], float]]:
    """Looks every 50 ms which tables are locked; what is yielded is filled in the end."""
    server, found = Postgres(name="scratch", access=access, database="postgres"), dict[tuple[str, str], float]()
    words = (word for text in (_HELD, _SEEN, _WATCH) for word in ("-c", text))
    watch = access.command(("psql", "-q", "-d", "postgres", *words), env={})
    argv = ("docker", "exec", "--detach", *watch.argv[3:])
    proving.host.run(Command(argv=argv, timeout=_SECONDS)).require("a scratch server")
    try:
        yield found
    finally:
        with contextlib.suppress(CommandError):
            server.ask(proving.host, "CREATE TABLE enough ()")
            rows = server.ask(
                proving.host, "SELECT relation || ' ' || mode || ' ' || extract(epoch from longest) FROM seen"
            )
            for relation, mode, seconds in (line.split(" ") for line in rows.splitlines()):
                found[relation, mode] = float(seconds)


def _named(found: Mapping[tuple[str, str], float], tables: Mapping[str, str]) -> Iterator[Lock]:
    """The locks that somebody would notice, the longest first, on tables that were there before."""
    for (relation, mode), seconds in sorted(found.items(), key=lambda one: -one[1]):
        if relation in tables and seconds >= _SHORT:
            yield Lock(table=tables[relation], seconds=seconds, means=_MODES[mode])
