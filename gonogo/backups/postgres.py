"""PostgreSQL: one session exports its snapshot, has ``pg_dump`` write it, and counts in it what was written."""

from __future__ import annotations

import json
import os
import re
import shlex
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gonogo.backups.access import OF, Access, InContainer, shown
from gonogo.backups.manifest import Facts, Stored, Table
from gonogo.backups.source import stored
from gonogo.errors import CommandError
from gonogo.host.runner import Completed, Host

__all__ = ["KIND", "OURS", "PRELUDE", "Postgres", "in_container", "literal", "quoted", "read_facts"]

KIND = "PostgreSQL"
_FACT = "gonogo-fact:"
_END = bytes(5)
"""After the data of a table, a block of length 0. ``pg_dump`` itself may lose the end on a full disk, and exits 0."""
_SECONDS = 60.0
_LOCK = "60s"
"""How long a dump waits for a table that somebody holds."""
PRELUDE = (
    OF
    + """\
PGUSER=$(of POSTGRES_USER POSTGRESQL_USERNAME) PGPASSWORD=$(of POSTGRES_PASSWORD POSTGRESQL_PASSWORD)
PGUSER=${PGUSER:-postgres}
[ -n "$PGDATABASE" ] || PGDATABASE=$(of POSTGRES_DB POSTGRESQL_DATABASE)
export PGUSER PGPASSWORD PGDATABASE="${PGDATABASE:-$PGUSER}"
[ -n "$PGPASSWORD" ] || unset PGPASSWORD
"""
)
"""What the official image and Bitnami's are told by variables or by files that these name."""
_ENV = {"PGCONNECT_TIMEOUT": "10", "PGAPPNAME": "gonogo"}
_PSQL = ("psql", "--no-psqlrc", "--quiet", "--no-password", "--tuples-only", "--no-align")

OURS = (
    "n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' AND NOT EXISTS "
    "(SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')"
)
"""What no extension brings along: that stands in no dump."""
_BEGIN = """\
\\set ON_ERROR_STOP on
SET statement_timeout = 0;
SET lock_timeout = '{lock}';
SET row_security = off;
SET search_path = pg_catalog;
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
"""
_SERVER = """\
SELECT '{fact}' || json_build_object(
  'version', current_setting('server_version'), 'size', pg_database_size(d.oid),
  'encoding', pg_encoding_to_char(d.encoding), 'collate', d.datcollate, 'ctype', d.datctype,
  'provider', to_jsonb(d)->>'datlocprovider', 'icu', coalesce(to_jsonb(d)->>'datlocale', to_jsonb(d)->>'daticulocale'),
  'roles', (SELECT json_agg(rolname ORDER BY rolname) FROM pg_roles WHERE rolname !~ '^pg_'),
  'preload', CASE WHEN pg_has_role('pg_read_all_settings', 'member')
    THEN current_setting('shared_preload_libraries') ELSE '' END,
  'extensions', (SELECT coalesce(json_agg(extname ORDER BY extname), '[]') FROM pg_extension),
  'wal', CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END,
  'identifier', CASE WHEN has_function_privilege('pg_control_system()', 'execute')
    THEN (SELECT system_identifier::text FROM pg_control_system()) ELSE '' END)
FROM pg_database d WHERE d.datname = current_database();
"""
_SEQUENCES = """\
SELECT '{fact}' || json_build_array('sequence', format('%I.%I', schemaname, sequencename), last_value)
FROM pg_sequences s JOIN pg_namespace n ON n.nspname = s.schemaname
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = s.sequencename WHERE {ours};
"""
_TABLES = """\
SELECT format('SELECT %L || json_build_array(''table'', %L, count(*), %s, %s, %s) FROM ONLY %I.%I', '{fact}',
  format('%I.%I', n.nspname, c.relname), pg_stat_get_tuples_inserted(c.oid), pg_stat_get_tuples_updated(c.oid),
  pg_stat_get_tuples_deleted(c.oid), n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND {ours} ORDER BY n.nspname, c.relname \\gexec
"""
_REVISIONS = """\
SELECT format('SELECT %L || json_build_array(''revision'', %L, coalesce(json_agg(v ORDER BY v), ''[]''))
  FROM (SELECT {value} AS v FROM %I.%I) said', '{fact}', format('%I.%I', n.nspname, c.relname), n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relname = '{table}' AND {ours} AND {columns} =
  (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname IN ({names})) \\gexec
"""
_TOOLS = (
    {"table": "alembic_version", "value": "version_num", "columns": "1", "names": "'version_num'"},
    {"table": "django_migrations", "value": "app || ''.'' || name", "columns": "2", "names": "'app', 'name'"},
)
_TO_ERRORS, _TO_OUTPUT = "\\o |cat >&2\n", "\\o\n"


@dataclass(frozen=True, kw_only=True)
class Postgres:
    """One database of one server."""

    name: str
    access: Access
    database: str

    kind = KIND
    ending = ".dump"

    @property
    def image(self) -> str:
        """The id of the image of its container; empty where it is in none."""
        return self.access.image

    def describe(self, into: Path) -> tuple[str, ...]:
        """The dump, as a person would type it."""
        argv = ("pg_dump", "--format=custom", "--snapshot={snapshot}", "--no-password", f"--dbname={self.database}")
        return (str(replace(self.access.typed(argv), into=into)),)

    def size(self, host: Host) -> int:
        """Bytes that the database takes now.

        Raises:
            CommandError: the server does not say.
        """
        return int(self.ask(host, "SELECT pg_database_size(current_database())") or 0)

    def ready(self, host: Host) -> str:
        """Which ``pg_dump`` would dump which server.

        Raises:
            CommandError: it is not there or older than the server, which it refuses, or the server does not let it in.
        """
        program = self._run(host, ("pg_dump", "--version")).output.strip()
        server = self.ask(host, "SHOW server_version")
        if 0 < _major(program) < _major(server):
            raise CommandError(
                f"database {self.name}: found {program}, expected one of {_major(server)} or newer, as its server is"
            )
        return f"{program}, server {server}"

    def ask(self, host: Host, query: str) -> str:
        """The one value that a query gives.

        Raises:
            CommandError: it failed.
        """
        return self._run(host, (*_PSQL, f"--command={query}")).output.strip()

    def told(self, host: Host, statements: str, *, timeout: float) -> str:
        """What many statements print; the first that fails ends it.

        Raises:
            CommandError: one failed, or it took too long.
        """
        command = self.access.command((*_PSQL, "--set=ON_ERROR_STOP=1", "--file=-"), env=self._env)
        done = host.run(replace(command, stdin=statements.encode(), timeout=timeout), output_limit=None)
        return shown(done).require(f"database {self.name}").output

    def _run(self, host: Host, argv: tuple[str, ...]) -> Completed:
        command = self.access.command(argv, env=self._env)
        return shown(host.run(replace(command, timeout=_SECONDS))).require(f"database {self.name}")

    @property
    def _env(self) -> Mapping[str, str]:
        return {**_ENV, "PGDATABASE": self.database}

    def dump(self, host: Host, into: Path, *, timeout: float) -> Stored:
        """Dumps it into a file that does not exist yet.

        Raises:
            CommandError: with what was said; the file is half a dump, or none.
        """
        begin = time.monotonic()
        dump = ("pg_dump", "--format=custom", "--no-password", f"--lock-wait-timeout={_LOCK}")
        facts, said = self._session(host, _script(dump), into=into, timeout=timeout)
        if facts.tables and _end_of(into) != _END:
            raise CommandError(
                f"database {self.name}: found a dump whose end is missing, expected a whole one (df -h)."
            )
        return stored(self, into, begin=begin, facts=facts, said=said)

    def facts(self, host: Host, *, timeout: float) -> Facts:
        """What it holds now.

        Raises:
            CommandError: it could not be counted.
        """
        return self._session(host, _script(None), into=None, timeout=timeout)[0]

    def _session(self, host: Host, script: str, *, into: Path | None, timeout: float) -> tuple[Facts, tuple[str, ...]]:
        with tempfile.TemporaryDirectory(prefix="gonogo-facts-") as folder:
            kept = Path(folder) / "facts"
            command = self.access.command((*_PSQL, "--file=-"), env=self._env)
            command = replace(command, stdin=script.encode(), into=into, errors_into=kept, timeout=timeout)
            done = host.run(command)
            return self._read(done, kept.read_text(encoding="utf-8", errors="replace"), dumped=into is not None)

    def _read(self, done: Completed, text: str, *, dumped: bool) -> tuple[Facts, tuple[str, ...]]:
        """The session's end is judged by what it said, and every part of it must have spoken."""
        others = tuple(line for line in text.splitlines() if line.strip() and not line.startswith(_FACT))
        facts = list(_facts_of(text))
        codes = [fact[1] for fact in facts if isinstance(fact, list) and fact[0] == "dump"]
        if done.ok and ["end"] in facts and codes == ([0] if dumped else []):
            return read_facts(facts), others
        errors = "\n".join(line for line in done.errors.splitlines() if not line.startswith(_FACT))
        code = done.code or next(iter(codes), 0) or 1
        what = f"database {self.name}"
        ended = shown(replace(done, code=code, errors=errors))
        ended.require(what)
        raise CommandError(f"{what}: found an end of `{ended.command}` without its last word, expected one.")


def _major(said: str) -> int:
    """The first number of a version; 0 where there is none."""
    found = re.search(r"\b(\d+)(?:\.|beta|rc|devel|\b)", said)
    return int(found[1]) if found else 0


def quoted(name: str) -> str:
    """A name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    """A text as SQL has it."""
    return "'" + value.replace("'", "''") + "'"


def _end_of(path: Path) -> bytes:
    with path.open("rb") as stream:
        stream.seek(-min(len(_END), path.stat().st_size), os.SEEK_END)
        return stream.read()


def _script(dump: Iterable[str] | None) -> str:
    """What psql is given: the dump's standard output is the session's, and facts go to standard error."""
    words = {"fact": _FACT, "ours": OURS, "lock": _LOCK}
    parts = [_BEGIN]
    if dump is not None:
        parts += ["SELECT pg_export_snapshot() AS snapshot \\gset\n", "\\setenv GONOGO_SNAPSHOT :snapshot\n"]
    parts += [_TO_ERRORS, _SERVER, _SEQUENCES, _TO_OUTPUT]
    if dump is not None:
        line = f'\\! {shlex.join(dump)} --snapshot="$GONOGO_SNAPSHOT" </dev/null; code=$?; '
        line += f"echo '{_FACT}[\"dump\", '$code']' >&2; [ $code = 0 ] || kill $PPID\n"
        parts.append(line)
    parts += [_TO_ERRORS, _TABLES]
    text = "".join(parts)
    for name, value in words.items():
        text = text.replace("{" + name + "}", value)
    for tool in _TOOLS:
        part = _REVISIONS
        for name, value in {**words, **tool}.items():
            part = part.replace("{" + name + "}", value)
        text += part
    ending = (_SEQUENCES + "SELECT '{fact}' || json_build_array('end');\n" + _TO_OUTPUT + "COMMIT;\n").replace(
        "{ours}", OURS
    )
    return text + ending.replace("{fact}", _FACT)


def _facts_of(text: str) -> Iterable[Any]:
    for line in text.splitlines():
        if line.startswith(_FACT):
            try:
                yield json.loads(line.removeprefix(_FACT))
            except ValueError:  # cut off in the middle: the last word is missing too
                continue


def read_facts(facts: Iterable[Any]) -> Facts:
    """Puts together what a session told."""
    server: dict[str, Any] = {}
    tables: list[Table] = []
    sequences: dict[str, tuple[int | None, int | None]] = {}
    revisions: dict[str, tuple[str, ...]] = {}
    for fact in facts:
        if isinstance(fact, dict):
            server = fact
        elif fact[0] == "table":
            written = (fact[3], fact[4], fact[5])
            tables.append(Table(name=fact[1], rows=fact[2], written=written))
        elif fact[0] == "sequence":
            before = sequences[fact[1]][0] if fact[1] in sequences else fact[2]
            sequences[fact[1]] = (before, fact[2])
        elif fact[0] == "revision":
            revisions[fact[1]] = tuple(map(str, fact[2]))
    return Facts(**server, tables=tuple(tables), sequences=sequences, revisions=revisions)


def in_container(container: str, image: str, *, service: str, database: str) -> Postgres:
    """A database of the server in a container."""
    access = InContainer(container=container, image=image, prelude=PRELUDE)
    return Postgres(name=f"{service}/{database}", access=access, database=database)
