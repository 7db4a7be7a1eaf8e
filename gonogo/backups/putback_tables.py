"""Put a MySQL or MariaDB database back beside the live one, then move the tables of both; nothing is thrown away.

<database>                        keeps its name, and who may use it
<database>_gonogo_new_<stamp>     the backup, while it is restored and compared
<database>_gonogo_old_<stamp>     the tables that were used until then, kept until somebody prunes them
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from gonogo.backups.manifest import Facts
from gonogo.backups.mysql import Mysql, quoted_name, unpack
from gonogo.backups.postgres import literal
from gonogo.backups.proof import differences
from gonogo.backups.putback import Aside, is_ours, restored_aside
from gonogo.errors import RefusedError
from gonogo.host.runner import Host

__all__ = ["TableSwap", "drop_tables", "replaced_on"]

_WAITS = 30
_THERE = "SELECT schema_name FROM information_schema.schemata ORDER BY 1"
_OTHERS = """\
SELECT concat('view ', table_name) FROM information_schema.views WHERE table_schema = {0}
UNION ALL SELECT concat('trigger ', trigger_name) FROM information_schema.triggers WHERE trigger_schema = {0}
UNION ALL SELECT concat('routine ', routine_name) FROM information_schema.routines WHERE routine_schema = {0}
UNION ALL SELECT concat('event ', event_name) FROM information_schema.events WHERE event_schema = {0}
"""
"""What no table can take along to another database."""
_SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class TableSwap(Aside):
    """One database of a backup, and the live one whose tables its own take the place of."""

    live: Mysql

    @property
    def database(self) -> str:
        """The live one's name."""
        return self.live.database

    def is_done(self, host: Host) -> bool:
        """Whether the tables were moved already, before a crash.

        Raises:
            CommandError: the server does not say.
        """
        there = self.live.ask(host, _THERE).splitlines()
        return self.old in there and not (self.new in there and replace(self.live, database=self.new).tables(host))

    def reopen(self, host: Host) -> None:
        """Nobody is kept out: tables are moved at once, or not at all."""

    def restore(self, host: Host) -> str:
        """Restores the backup under its own name and compares it with the manifest; nothing live is touched.

        Raises:
            RefusedError: it is not what was kept, or holds what cannot be moved; nothing is left of it.
            CommandError: the server does not do it.
        """
        self._require_tables_alone(host, self.live)
        return restored_aside(self, lambda: self._restored(host), lambda: drop_tables(self.live, self.new, host))

    def _restored(self, host: Host) -> str:
        facts, plain = self.part.facts, self.path.with_name(f".{self.new}.plain")
        locale = f"CHARACTER SET {facts.encoding} COLLATE {facts.collate}"
        drop_tables(self.live, self.new, host)
        self.live.ask(host, f"CREATE DATABASE {quoted_name(self.new)} {locale}")
        try:
            said = unpack(host, self.path, plain, timeout=self.timeout)
            said = said or replace(self.live, database=self.new).restore(host, plain, timeout=self.timeout)
        finally:
            plain.unlink(missing_ok=True)
        self._require_tables_alone(host, replace(self.live, database=self.new))
        return said or "; ".join(differences(facts, self.now(host, aside=self.new)))

    @staticmethod
    def _require_tables_alone(host: Host, one: Mysql) -> None:
        found = one.ask(host, _OTHERS.format(literal(one.database))).splitlines()
        if found:
            raise RefusedError(
                f"{one.name}: found {', '.join(found[:_SHOWN])} in {one.database}, expected tables alone: nothing else "
                "can be moved to another database. Stop the application, and put the dump back by hand."
            )

    def now(self, host: Host, *, aside: str = "") -> Facts:
        """What the live database holds, or one that was put aside.

        Raises:
            CommandError: it could not be counted.
        """
        return replace(self.live, database=aside or self.live.database).facts(host, timeout=self.timeout)

    def swap(self, host: Host) -> str:
        """Moves the tables of both in one statement.

        Raises:
            CommandError: somebody holds a table for too long; all stand where they stood.
        """
        self._move(host, aside=self.old, comes=self.new)
        return f"{self.live.database} has the tables of the backup now; what it had is kept as {self.old}"

    def back(self, host: Host) -> None:
        """Takes the swap back.

        Raises:
            CommandError: as ``swap``.
        """
        self._move(host, aside=self.new, comes=self.old)

    def _move(self, host: Host, *, aside: str, comes: str) -> None:
        live = self.live.database
        moves = ", ".join([*self._renames(host, live, aside), *self._renames(host, comes, live)])
        self.live.ask(host, f"CREATE DATABASE IF NOT EXISTS {quoted_name(aside)}")
        if moves:
            wait = f"SET SESSION lock_wait_timeout = {_WAITS}"
            self.live.ask(host, f"{wait}; RENAME TABLE {moves}", timeout=2 * _WAITS)
        drop_tables(self.live, comes, host)

    def _renames(self, host: Host, here: str, there: str) -> Iterator[str]:
        for table in replace(self.live, database=here).tables(host):
            name = quoted_name(table)
            yield f"{quoted_name(here)}.{name} TO {quoted_name(there)}.{name}"


def replaced_on(live: Mysql, host: Host) -> tuple[str, ...]:
    """The databases that earlier swaps left on a server.

    Raises:
        CommandError: the server does not say.
    """
    return tuple(name for name in live.ask(host, _THERE).splitlines() if is_ours(name))


def drop_tables(live: Mysql, name: str, host: Host) -> None:
    """Throws away a database that a swap named, with its tables.

    Raises:
        CommandError: the server does not do it.
    """
    if not is_ours(name):
        raise RefusedError(f"{name}: found a database that no swap has named, expected one of these.")
    live.ask(host, f"DROP DATABASE IF EXISTS {quoted_name(name)}")
