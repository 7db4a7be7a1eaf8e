"""MySQL and MariaDB: ``mysqldump`` in the server's container, in one transaction; tables are counted around it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gonogo.backups.access import OF, Access, shown
from gonogo.backups.manifest import Facts, Stored, Table
from gonogo.backups.source import stored
from gonogo.errors import CommandError
from gonogo.host.runner import Command, Completed, Host

__all__ = ["KIND", "PRELUDE", "Mysql", "quoted_name", "unpack"]

KIND = "MySQL"
_SECONDS = 60.0
_LAST = b"-- Dump completed"
_END = 4096
PRELUDE = (
    OF
    + """\
user=root MYSQL_PWD=$(of MARIADB_ROOT_PASSWORD MYSQL_ROOT_PASSWORD)
[ -n "$MYSQL_PWD" ] || { user=$(of MARIADB_USER MYSQL_USER) MYSQL_PWD=$(of MARIADB_PASSWORD MYSQL_PASSWORD); }
export MYSQL_PWD
[ -n "$MYSQL_PWD" ] || unset MYSQL_PWD
case $1 in
  mysqldump) program=$(command -v mariadb-dump || echo mysqldump);;
  *) program=$(command -v mariadb || echo mysql);;
esac
shift
set -- "$program" --user="${user:-root}" "$@"
"""
)
"""What the official images are told by variables or by files that these name; newer ones have other programs."""
_DUMP = ("--single-transaction", "--quick", "--routines", "--triggers", "--events", "--hex-blob", "--no-tablespaces")
_ASK = ("--batch", "--skip-column-names", "--raw", "--default-character-set=utf8mb4")
_TABLES = (
    "SELECT table_name FROM information_schema.tables "
    "WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' ORDER BY table_name"
)
_SIZE = (
    "SELECT coalesce(sum(data_length + index_length), 0) FROM information_schema.tables WHERE table_schema = DATABASE()"
)
_SERVER = "SELECT concat_ws(' ', version(), @@character_set_database, @@collation_database)"


@dataclass(frozen=True, kw_only=True)
class Mysql:
    """One database of one server."""

    name: str
    access: Access
    database: str

    kind = KIND
    ending = ".sql.gz"

    @property
    def image(self) -> str:
        """The id of the image of its container."""
        return self.access.image

    def describe(self, into: Path) -> tuple[str, ...]:
        """The dump, as a person would type it."""
        plain = into.with_suffix("")
        typed = self.access.typed(("mysqldump", *_DUMP, "--", self.database))
        return (str(replace(typed, into=plain)), f"gzip {plain}")

    def _dump(self) -> Command:
        return self.access.command(("mysqldump", *_DUMP, "--", self.database), env={})

    def size(self, host: Host) -> int:
        """Bytes that the database takes now.

        Raises:
            CommandError: the server does not say.
        """
        return int(self.ask(host, _SIZE) or 0)

    def ready(self, host: Host) -> str:
        """Which program would dump which server.

        Raises:
            CommandError: it is not there, or the server does not let it in.
        """
        command = replace(self.access.command(("mysqldump", "--version"), env={}), timeout=_SECONDS)
        program = shown(host.run(command)).require(f"database {self.name}").output.strip()
        return f"{program.rpartition('/')[2]}, server {self.ask(host, 'SELECT version()')}"

    def ask(self, host: Host, query: str, *, timeout: float = _SECONDS) -> str:
        """What a query gives.

        Raises:
            CommandError: it failed.
        """
        return self._run(host, query, timeout=timeout).output.strip()

    def _run(self, host: Host, query: str, *, timeout: float) -> Completed:
        command = self.access.command(("mysql", *_ASK, f"--database={self.database}"), env={})
        command = replace(command, stdin=query.encode(), timeout=timeout)
        return shown(host.run(command, output_limit=None)).require(f"database {self.name}")

    def dump(self, host: Host, into: Path, *, timeout: float) -> Stored:
        """Dumps it into a file that does not exist yet, and packs that.

        Raises:
            CommandError: with what was said; the file is half a dump, or none.
        """
        begin, what, plain = time.monotonic(), f"database {self.name}", into.with_suffix("")
        before = self.facts(host, timeout=timeout)
        done = shown(host.run(replace(self._dump(), into=plain, timeout=timeout))).require(what)
        with plain.open("rb") as stream:
            stream.seek(-min(_END, plain.stat().st_size), 2)
            if _LAST not in stream.read():
                raise CommandError(f"{what}: found a dump without its last line, expected a whole one (df -h).")
        after = {table.name: table.rows for table in self.facts(host, timeout=timeout).tables}
        tables = tuple(
            table.model_copy(update={"steady": after.get(table.name) == table.rows}) for table in before.tables
        )
        host.run(Command(argv=("gzip", "--fast", str(plain)), timeout=timeout)).require(what)
        return stored(
            self, into, begin=begin, facts=before.model_copy(update={"tables": tables}), said=done.errors.splitlines()
        )

    def tables(self, host: Host) -> list[str]:
        """The names of its tables, sorted.

        Raises:
            CommandError: the server does not say.
        """
        return self.ask(host, _TABLES).splitlines()

    def facts(self, host: Host, *, timeout: float) -> Facts:
        """What it holds now, as one transaction sees it.

        Raises:
            CommandError: it could not be counted.
        """
        version, encoding, collate = self.ask(host, _SERVER).rsplit(" ", 2)
        names = self.tables(host)
        counts = ";".join(f"SELECT count(*) FROM {quoted_name(name)}" for name in names)  # noqa: S608 (quoted)
        begin = "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ; START TRANSACTION WITH CONSISTENT SNAPSHOT;"
        said = self._run(host, f"{begin}{counts}", timeout=timeout).output.split() if names else []
        tables = tuple(Table(name=name, rows=int(rows)) for name, rows in zip(names, said, strict=True))
        return Facts(version=version, size=self.size(host), encoding=encoding, collate=collate, tables=tables)

    def restore(self, host: Host, path: Path, *, timeout: float) -> str:
        """Reads a plain dump into the database; what went wrong, or nothing."""
        command = self.access.command(
            ("mysql", "--default-character-set=utf8mb4", f"--database={self.database}"), env={}
        )
        done = host.run(replace(command, stdin_from=path, timeout=timeout))
        how = f"no end within {timeout:g} s" if done.timed_out else f"exit code {done.code}"
        return "" if done.ok else f"mysql: found {how}: {' '.join(done.errors.split())[-600:]}"


def environment(password: str) -> Mapping[str, str]:
    """What a server's image is told when it is started for a moment."""
    return {"MARIADB_ROOT_PASSWORD": password, "MYSQL_ROOT_PASSWORD": password}


def unpack(host: Host, packed: Path, into: Path, *, timeout: float) -> str:
    """Unpacks a dump into a file; what went wrong, or nothing."""
    done = host.run(Command(argv=("gzip", "--decompress", "--stdout", str(packed)), into=into, timeout=timeout))
    return "" if done.ok else f"gzip: {' '.join(done.errors.split())}"


def quoted_name(name: str) -> str:
    """A name as MySQL has it."""
    return "`" + name.replace("`", "``") + "`"
