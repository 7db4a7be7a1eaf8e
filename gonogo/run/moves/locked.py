"""A migration that waits for a lock: bounded, tried again, and told with what holds it."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Mapping

from gonogo.errors import CommandError, GonogoError
from gonogo.host.runner import Command, Completed
from gonogo.run.moves.standing import value_of
from gonogo.run.work import Work

__all__ = ["limits", "run_migration"]

_PAUSES = (2.0, 5.0, 10.0)
"""Before each further try; whoever waited behind the migration is served meanwhile."""
_OPTIONS = "PGOPTIONS"
_LOCKED = re.compile(r"LockNotAvailable|DeadlockDetected|\b55P03\b|\b40P01\b|lock timeout|deadlock detected")
_NO_OPTIONS = re.compile(r"unsupported startup parameter|doesn.t support command-line options", re.IGNORECASE)
_WAITS = re.compile(r"concurrently|autocommit_block|\batomic\s*=\s*False|lock_timeout", re.IGNORECASE)
"""A migration that waits for others by design, and leaves something where it is cut off; or that has its own bound."""
_HOLDERS = r"""select string_agg(line, '; ') from (
 select 'pid ' || a.pid || ' (' || coalesce(nullif(a.application_name, ''), a.usename) || ', ' || coalesce(a.state, '?')
   || ', for ' || round(extract(epoch from clock_timestamp() - a.xact_start)) || ' s): '
   || left(regexp_replace(regexp_replace(a.query, $q$'[^']*'$q$, '?', 'g'), '\s+', ' ', 'g'), 160) as line
 from pg_stat_activity a
 where a.pid <> pg_backend_pid() and a.datname = current_database() and a.xact_start is not null
   and exists (select 1 from pg_locks l where l.pid = a.pid and l.granted and l.relation >= 16384)
 order by a.xact_start limit 3) as found"""
"""The oldest transactions that hold a lock on a table; the text of a query without the values in it."""


def limits(work: Work, name: str) -> Mapping[str, str]:
    """The variables by which libpq bounds a wait; none where nobody is served, or a migration waits by design.

    psycopg takes them from there, asyncpg does not.
    """
    sources = [revision.source for one in work.standings if one.service == name for revision in one.pending]
    if work.serving is None or any(_WAITS.search(source) for source in sources):
        return {}
    given = ""
    with contextlib.suppress(GonogoError, OSError):
        given = work.runtime.expected_variables(work.place, work.release).get(name, {}).get(_OPTIONS, "")
    bound = f"-c lock_timeout={round(1000 * work.place.environment.lock_timeout)}"
    return {_OPTIONS: f"{given} {bound}".strip()}


def run_migration(work: Work, name: str, command: Command, plain: Command) -> Completed:
    """Runs a migration; again where it did not get a lock, and as ``plain`` where a proxy refuses such limits.

    Raises:
        CommandError: it did not get the lock, or did not end in time; it says who holds one.
    """
    done = work.host.run(command)
    if not done.ok and command != plain and _NO_OPTIONS.search(_said(done)):
        work.notes.append(f"{name}: what answers for its database takes no {_OPTIONS}: its locks were not bounded.")
        command, done = plain, work.host.run(plain)
    for pause in _PAUSES:
        if done.ok or done.timed_out or not _LOCKED.search(_said(done)):
            break
        work.journal.write("locked", service=name, again_after=pause)
        time.sleep(pause)
        done = work.host.run(command)
    if not done.ok and (done.timed_out or _LOCKED.search(_said(done))):
        _tell(work, name, done)
    return done


def _said(done: Completed) -> str:
    return done.output + done.errors


def _tell(work: Work, name: str, done: Completed) -> None:
    """Raises what went wrong, with who holds locks, if anybody does."""
    holders = _holders(work, name)
    try:
        done.require()
    except CommandError as error:
        raise (type(error)(f"{error}\n    {holders}") if holders else error) from None


def _holders(work: Work, name: str) -> str:
    """Who holds locks there now; empty where that cannot be asked, or nobody does."""
    found = value_of(work, work.place, work.release, name, _HOLDERS)
    return f"The database of {name} has locks that are held by {found}" if found else ""
