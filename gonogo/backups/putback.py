"""Put a backup back beside the live database, then swap the two by their names; nothing is thrown away.

<database>                        what is used
<database>_gonogo_new_<stamp>     the backup, while it is restored and compared
<database>_gonogo_old_<stamp>     what was used until then, kept until somebody prunes it
"""

from __future__ import annotations

import re
import time
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from gonogo.backups.manifest import Facts, Stored
from gonogo.backups.postgres import Postgres, literal, quoted
from gonogo.backups.proof import differences, restore_into, unlike
from gonogo.errors import CommandError, RefusedError
from gonogo.host.disk import MIB
from gonogo.host.runner import Host

__all__ = ["Aside", "Swap", "Swapping", "discarded", "drop", "is_ours", "named_aside", "replaced_in", "restored_aside"]

_OURS = re.compile(r"_gonogo_(new|old)_\d{8}t\d{6}$")
_LONGEST = 63
"""Bytes of a name in PostgreSQL."""
_TRIES, _PAUSE = 20, 0.5
_SHOWN = 8
_SETTINGS = """\
SELECT format('ALTER %s DATABASE %I SET %I TO %s',
  CASE WHEN r.rolname IS NULL THEN '' ELSE format('ROLE %I IN', r.rolname) END, {new}, split_part(one, '=', 1),
  CASE WHEN split_part(one, '=', 1) ~ '(search_path|_libraries|_tablespaces|datestyle)$'
  THEN substr(one, strpos(one, '=') + 1) ELSE quote_literal(substr(one, strpos(one, '=') + 1)) END)
FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase LEFT JOIN pg_roles r ON r.oid = s.setrole
  CROSS JOIN LATERAL unnest(s.setconfig) one WHERE d.datname = {old}
UNION ALL
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', {new}) FROM pg_database d
WHERE d.datname = {old} AND d.datacl IS NOT NULL
UNION ALL
SELECT format('GRANT %s ON DATABASE %I TO %s', a.privilege_type, {new}, coalesce(quote_ident(g.rolname), 'PUBLIC'))
FROM pg_database d CROSS JOIN LATERAL aclexplode(d.datacl) a LEFT JOIN pg_roles g ON g.oid = a.grantee
WHERE d.datname = {old}
"""
"""What a dump of one database leaves out: its settings, and who may connect to it."""


class Swapping(Protocol):
    """One database of a backup, and the live one whose place it takes."""

    @property
    def part(self) -> Stored:
        """What the manifest says of it."""

    @property
    def path(self) -> Path:
        """The file of the backup."""

    @property
    def database(self) -> str:
        """The name that both have in turn."""

    @property
    def new(self) -> str:
        """The name while it is restored and compared."""

    @property
    def old(self) -> str:
        """The name of what is replaced."""

    def is_done(self, host: Host) -> bool:
        """Whether they were swapped already, before a crash."""

    def reopen(self, host: Host) -> None:
        """Lets in again whom a swap that was cut off kept out."""

    def restore(self, host: Host) -> str:
        """Restores the backup aside and compares it; nothing live is touched."""

    def now(self, host: Host, *, aside: str = "") -> Facts:
        """What is live now, or what one holds that was put aside."""

    def swap(self, host: Host) -> str:
        """Changes the names, or nothing."""

    def back(self, host: Host) -> None:
        """Takes that back."""


@dataclass(frozen=True, kw_only=True)
class Aside:
    """What stands beside a live database of a server while the two are swapped, by its names."""

    part: Stored
    path: Path
    stamp: str
    """What the names of both have in common."""
    timeout: float

    @property
    @abstractmethod
    def database(self) -> str:
        """The live one's name."""

    @property
    def new(self) -> str:
        """The name while it is restored."""
        return named_aside(self.database, "new", self.stamp)

    @property
    def old(self) -> str:
        """Where what is replaced is kept."""
        return named_aside(self.database, "old", self.stamp)


@dataclass(frozen=True, kw_only=True)
class Swap(Aside):
    """One database of a backup, and the live one whose place it takes."""

    live: Postgres

    @property
    def database(self) -> str:
        """The live one's name."""
        return self.live.database

    def is_done(self, host: Host) -> bool:
        """Whether they were swapped already, before a crash.

        Raises:
            CommandError: the server does not say.
        """
        there = _databases(self.live, host)
        return self.old in there and self.live.database in there

    def reopen(self, host: Host) -> None:
        """Lets connections in again that a swap which was cut off kept out.

        Raises:
            CommandError: the server does not do so.
        """
        for name in {self.live.database, self.old} & {*_databases(self.live, host)}:
            _server(self.live).ask(host, f"ALTER DATABASE {quoted(name)} WITH ALLOW_CONNECTIONS true")

    def restore(self, host: Host) -> str:
        """Restores the backup under its own name and compares it with the manifest; nothing live is touched.

        Raises:
            RefusedError: it is not what was kept, or there is no room; nothing is left of it.
        """
        if full := _no_room(self.live, self.part.facts, host):
            raise RefusedError(full)
        return restored_aside(self, lambda: self._restored(host), lambda: drop(self.live, self.new, host))

    def _restored(self, host: Host) -> str:
        said = restore_into(
            self.live.access,
            host,
            self.path,
            self.part.facts,
            database=self.new,
            timeout=self.timeout,
            owner=self._owner(host),
        )
        if said:
            return said
        server = _server(self.live)
        words = {"new": literal(self.new), "old": literal(self.live.database)}
        for statement in server.ask(host, _SETTINGS.format(**words)).splitlines():
            server.ask(host, statement)
        return "; ".join(differences(self.part.facts, self.now(host, aside=self.new)))

    def now(self, host: Host, *, aside: str = "") -> Facts:
        """What the live database holds, or one that was put aside.

        Raises:
            CommandError: it could not be counted.
        """
        return replace(self.live, database=aside or self.live.database).facts(host, timeout=self.timeout)

    def _owner(self, host: Host) -> str:
        name = literal(self.live.database)
        query = f"SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = {name}"  # noqa: S608 (quoted)
        return _server(self.live).ask(host, query)

    def swap(self, host: Host) -> str:
        """Renames both in one transaction, once nobody is connected any more.

        Raises:
            CommandError: somebody could not be sent away; both have the names that they had.
        """
        self._rename(host, aside=self.old, comes=self.new)
        return f"{self.live.database} is the backup now; what it was is kept as {self.old}"

    def back(self, host: Host) -> None:
        """Takes the swap back.

        Raises:
            CommandError: as ``swap``.
        """
        self._rename(host, aside=self.new, comes=self.old)

    def _rename(self, host: Host, *, aside: str, comes: str) -> None:
        server, live = _server(self.live), quoted(self.live.database)
        server.ask(host, f"ALTER DATABASE {live} WITH ALLOW_CONNECTIONS false")
        try:
            self._renamed(server, host, aside=aside, comes=comes)
        except BaseException:
            server.ask(host, f"ALTER DATABASE {live} WITH ALLOW_CONNECTIONS true")
            raise
        server.ask(host, f"ALTER DATABASE {quoted(aside)} WITH ALLOW_CONNECTIONS true")

    def _renamed(self, server: Postgres, host: Host, *, aside: str, comes: str) -> None:
        live = self.live.database
        names = f"datname IN ({literal(live)}, {literal(comes)})"
        first = f"ALTER DATABASE {quoted(live)} RENAME TO {quoted(aside)}"
        second = f"ALTER DATABASE {quoted(comes)} RENAME TO {quoted(live)}"
        for left in reversed(range(_TRIES)):
            server.ask(host, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {names}")  # noqa: S608 (quoted)
            try:
                server.ask(host, f"BEGIN; {first}; {second}; COMMIT")
            except CommandError:
                if left == 0:
                    raise
                time.sleep(_PAUSE)
            else:
                return


def restored_aside(one: Swapping, restore: Callable[[], str], drop_it: Callable[[], None]) -> str:
    """Restores what was kept; ``restore`` says what is wrong with it, and ``drop_it`` takes it away then.

    Raises:
        RefusedError: it is not what was kept; nothing is left of it.
    """
    if broken := unlike(one.path, one.part):
        raise RefusedError(broken)
    try:
        wrong = restore()
    except BaseException:
        drop_it()
        raise
    if wrong:
        drop_it()
        raise RefusedError(f"{one.part.name}: the backup was restored aside and dropped again: {wrong}")
    return f"{one.part.name}: {one.part.facts.rows} rows restored as {one.new}"


def discarded(kept: Facts, now: Facts) -> tuple[str, ...]:
    """What was written since a backup, table by table: by the server's own counts, else by the number of rows."""
    before = {table.name: table for table in kept.tables}
    found = []
    for table in now.tables:
        old = before.get(table.name)
        if old is None:
            found.append(f"{table.name}: the whole table, {table.rows} rows")
            continue
        deltas = [new - was for was, new in zip(old.written or (), table.written or (), strict=False)]
        if not deltas or min(deltas) < 0:  # the server's counts began anew
            deltas = [max(table.rows - old.rows, 0), 0, max(old.rows - table.rows, 0)]
        said = [
            f"{count} {what}" for count, what in zip(deltas, ("inserted", "changed", "deleted"), strict=True) if count
        ]
        if said:
            found.append(f"{table.name}: rows {', '.join(said)}")
    return tuple(found)


def replaced_in(live: Postgres, host: Host) -> tuple[str, ...]:
    """The databases that earlier swaps left on a server: replaced ones, and what was never swapped in.

    Raises:
        CommandError: the server does not say.
    """
    return tuple(name for name in _databases(live, host) if is_ours(name))


def is_ours(name: str) -> bool:
    """Whether a database was named by a swap."""
    return _OURS.search(name) is not None


def drop(live: Postgres, name: str, host: Host) -> None:
    """Throws away a database that a swap named.

    Raises:
        CommandError: somebody is connected to it.
    """
    if not is_ours(name):
        raise RefusedError(f"{name}: found a database that no swap has named, expected one of these.")
    _server(live).ask(host, f"DROP DATABASE IF EXISTS {quoted(name)}")


def _server(live: Postgres) -> Postgres:
    return replace(live, database="postgres")


def _databases(live: Postgres, host: Host) -> list[str]:
    return _server(live).ask(host, "SELECT datname FROM pg_database ORDER BY datname").splitlines()


def named_aside(database: str, what: str, stamp: str) -> str:
    """The name of a database beside the live one, as long as a server allows."""
    ending = f"_gonogo_{what}_{stamp.lower()}"
    return database.encode()[: _LONGEST - len(ending)].decode(errors="ignore") + ending


def _no_room(live: Postgres, facts: Facts, host: Host) -> str:
    """Why the server's disk cannot hold the database once more; nothing where it can, or nobody knows."""
    try:
        folder = _server(live).ask(host, "SHOW data_directory")
        done = host.run(replace(live.access.command(("df", "-Pk", folder), env={}), timeout=30.0))
    except CommandError:  # a role that may not know it
        return ""
    free = next(iter(re.findall(r"\s(\d+)\s+\d+%\s", done.output)), None) if live.access.image else None
    need = facts.size // 1024 * 2
    if not done.ok or free is None or int(free) >= need:
        return ""
    return f"{folder} of {live.access.where}: found {int(free) * 1024 // MIB} MiB free, expected {need * 1024 // MIB}"
