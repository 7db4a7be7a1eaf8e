"""Prove a backup by putting it back: into a scratch server, and what is there then is compared with the manifest."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from gonogo.backups.access import Access, InContainer, OnHost
from gonogo.backups.folders import KIND as FILES
from gonogo.backups.folders import files_in
from gonogo.backups.manifest import Backup, Facts, Proof, Proven, Stored
from gonogo.backups.mysql import KIND as MYSQL
from gonogo.backups.mysql import PRELUDE as MYSQL_PRELUDE
from gonogo.backups.mysql import Mysql, environment, unpack
from gonogo.backups.postgres import KIND as POSTGRES
from gonogo.backups.postgres import Postgres, literal, quoted
from gonogo.backups.scratch import scratch_container, scratch_server
from gonogo.backups.shelf import Shelf, digest
from gonogo.backups.sqlite import facts_of
from gonogo.errors import CommandError, in_one_line
from gonogo.host.runner import Completed, Host

__all__ = ["Proving", "create_database", "differences", "prove", "restore_into", "unlike"]

_MAGIC = {MYSQL: b"\x1f\x8b", POSTGRES: b"PGDMP", "SQLite": b"SQLite format 3\0"}
_DATABASE = "gonogo_scratch"
_SPECIAL = frozenset({"timescaledb"})
"""Extensions whose data a plain restore does not bring back whole."""
_NOBODYS = ("--no-owner", "--no-privileges", "--no-subscriptions")
_MYSQL_READY = (
    "$(command -v mariadb-admin || echo mysqladmin) --protocol=tcp --host=127.0.0.1 --silent ping >/dev/null 2>&1"
)
_PUBLIC = "CREATE SCHEMA public;"
"""The statement of what failed: the server's own message may be in any language."""
_MOST = 5
_SHOWN = 600


@dataclass(frozen=True, kw_only=True)
class Proving:
    """Where a backup is put back."""

    shelf: Shelf
    host: Host
    owner: str
    """Whose the scratch servers are, as their label says."""
    timeout: float


def prove(proving: Proving, backup: Backup) -> Proof:
    """Puts back every part of a backup; nothing of the live databases is asked or touched."""
    folder = proving.shelf.path(backup.id)
    return Proof(at=datetime.now(UTC), parts=tuple(_proven(proving, folder / part.file, part) for part in backup.parts))


def _proven(proving: Proving, path: Path, part: Stored) -> Proven:
    broken = unlike(path, part)
    if broken:
        return Proven(name=part.name, how="read", wrong=(broken,))
    begin = time.monotonic()
    try:
        if part.kind == FILES:
            count = files_in(path)
            wrong = () if count == part.facts.rows else (f"found {count} files, expected {part.facts.rows}",)
            return Proven(name=part.name, how="read", seconds=time.monotonic() - begin, wrong=wrong)
        if part.kind == MYSQL:
            return _read_back(proving, path, part)
        if part.kind != POSTGRES:
            now = facts_of(proving.host, path, what=part.name, timeout=proving.timeout)
            return Proven(
                name=part.name, how="read", seconds=time.monotonic() - begin, wrong=tuple(differences(part.facts, now))
            )
        here = OnHost(address=part.name)
        return _restored(proving, path, part) if part.image else _read(proving, path, part, here)
    except CommandError as error:
        return Proven(name=part.name, how="restored", unknown=in_one_line(error))


def unlike(path: Path, part: Stored) -> str:
    """Why a file is not the one that was kept; nothing where it is."""
    if not path.is_file():
        return f"{path}: found no file, expected the backup"
    size = path.stat().st_size
    if size == 0:
        return f"{path}: found an empty file, expected the backup"
    if size != part.bytes:
        return f"{path}: found {size} bytes, expected {part.bytes}"
    expected = _MAGIC.get(part.kind, b"")
    with path.open("rb") as stream:
        begin = stream.read(len(expected))
    if begin != expected:
        return f"{path}: found a file that begins with {begin!r}, expected {expected!r}"
    found = digest(path)
    return "" if found == part.sha256 else f"{path}: found the sha256 {found:.12}, expected {part.sha256:.12}"


def _read(proving: Proving, path: Path, part: Stored, access: Access) -> Proven:
    """What cannot be restored here: every byte of the dump is read, and the data of no table is missing in it."""
    begin = time.monotonic()

    def run(*words: str) -> Completed:
        command = access.command(("pg_restore", *words), env={})
        return proving.host.run(replace(command, stdin_from=path, timeout=proving.timeout), output_limit=None)

    done = run("--exit-on-error", "--file=/dev/null")
    wrong = [] if done.ok else [f"pg_restore: {' '.join(done.errors.split())[-_SHOWN:]}"]
    count = sum(" TABLE DATA " in line for line in run("--list").output.splitlines())
    if done.ok and count < len(part.facts.tables):
        wrong = [f"found the data of {count} tables, expected {len(part.facts.tables)}"]
    return Proven(name=part.name, how="read", seconds=time.monotonic() - begin, wrong=tuple(wrong))


def _restored(proving: Proving, path: Path, part: Stored) -> Proven:
    host, facts = proving.host, part.facts
    with scratch_server(host, part.image, facts, owner=proving.owner) as access:
        if _SPECIAL & {*facts.extensions}:
            return _read(proving, path, part, access)
        server = Postgres(name="scratch", access=access, database="postgres")
        _refuse_live(server, host, facts)
        if lacking := _lacking(server, host, facts):
            return Proven(name=part.name, how="restored", wrong=(lacking,))
        begin = time.monotonic()
        said = restore_into(access, host, path, facts, database=_DATABASE, timeout=proving.timeout)
        seconds = time.monotonic() - begin
        if said:
            return Proven(name=part.name, how="restored", seconds=seconds, wrong=(said,))
        now = Postgres(name="scratch", access=access, database=_DATABASE).facts(host, timeout=proving.timeout)
    return Proven(name=part.name, how="restored", seconds=seconds, wrong=tuple(differences(facts, now)))


def _lacking(scratch: Postgres, host: Host, facts: Facts) -> str:
    """Which extensions the server's image has not, so that they came into its container by hand; empty for none."""
    there = scratch.ask(host, "SELECT name FROM pg_available_extensions").splitlines()
    missing = sorted({*facts.extensions} - {*there})
    if not missing:
        return ""
    return (
        f"found no extension {', '.join(missing)} in the image of the database, expected what its container has: one "
        "that is made anew would lack it, and no backup could be put back there; install it in the image"
    )


def _read_back(proving: Proving, path: Path, part: Stored) -> Proven:
    """The same of MySQL and MariaDB, whose servers have no id by which one could be taken for another."""
    host, plain = proving.host, path.with_name(f".{part.name.replace('/', '-')}.plain")
    env = environment(secrets.token_hex(16))
    begin = time.monotonic()
    try:
        said = unpack(host, path, plain, timeout=proving.timeout)
        if said:
            return Proven(name=part.name, how="read", wrong=(said,))
        with scratch_container(host, part.image, (), env=env, ready=_MYSQL_READY, owner=proving.owner) as name:
            access = InContainer(container=name, image=part.image, prelude=MYSQL_PRELUDE)
            create = f"CREATE DATABASE {_DATABASE} CHARACTER SET {part.facts.encoding} COLLATE {part.facts.collate}"
            Mysql(name="scratch", access=access, database="mysql").ask(host, create)
            server = Mysql(name="scratch", access=access, database=_DATABASE)
            begin = time.monotonic()
            said = server.restore(host, plain, timeout=proving.timeout)
            seconds = time.monotonic() - begin
            wrong = (said,) if said else tuple(differences(part.facts, server.facts(host, timeout=proving.timeout)))
    finally:
        plain.unlink(missing_ok=True)
    return Proven(name=part.name, how="restored", seconds=seconds, wrong=wrong)


def _refuse_live(scratch: Postgres, host: Host, facts: Facts) -> None:
    own = scratch.ask(host, "SELECT system_identifier FROM pg_control_system()")
    if own == facts.identifier:
        raise CommandError(
            f"a scratch server: found the system identifier {own} of the live server, expected one of its own"
        )


def restore_into(
    access: Access, host: Host, path: Path, facts: Facts, *, database: str, timeout: float, owner: str = ""
) -> str:
    """Restores a dump into a database that does not exist yet; what went wrong, or nothing.

    ``owner`` is whose the database is; then everything in it belongs to whom it belonged, and is nobody's without.
    """
    said = ""
    for public in (True, False):
        create_database(access, host, facts, database=database, public=public, owner=owner)
        words = ("pg_restore", "--exit-on-error", *(() if owner else _NOBODYS))
        command = access.command((*words, "--no-password", f"--dbname={database}"), env={})
        done = host.run(replace(command, stdin_from=path, timeout=timeout))
        if done.ok:
            return ""
        how = f"no end within {timeout:g} s" if done.timed_out else f"exit code {done.code}"
        said = f"pg_restore: found {how}: {' '.join(done.errors.split())[-_SHOWN:]}"
        if _PUBLIC not in done.errors:
            break
    return said


def create_database(
    access: Access, host: Host, facts: Facts, *, database: str, public: bool = True, owner: str = ""
) -> None:
    """Makes an empty database as the one was that is restored; without an owner with the roles that policies may name.

    Raises:
        CommandError: it could not be made.
    """
    server = Postgres(name="scratch", access=access, database="postgres")
    there = server.ask(host, "SELECT rolname FROM pg_roles").splitlines()
    for role in () if owner else facts.roles:
        if role not in there:
            server.ask(host, f"CREATE ROLE {quoted(role)}")
    server.ask(host, f"DROP DATABASE IF EXISTS {quoted(database)}")
    whose = f" OWNER {quoted(owner)}" if owner else ""
    server.ask(host, f"CREATE DATABASE {quoted(database)}{whose} TEMPLATE template0{''.join(_locale(facts))}")
    if not public:
        replace(server, database=database).ask(host, "DROP SCHEMA public")


def _locale(facts: Facts) -> Iterator[str]:
    if facts.encoding:
        yield f" ENCODING {literal(facts.encoding)} LC_COLLATE {literal(facts.collate)} LC_CTYPE {literal(facts.ctype)}"
    if facts.provider == "i" and facts.icu:
        yield f" LOCALE_PROVIDER icu ICU_LOCALE {literal(facts.icu)}"
    if facts.provider == "b" and facts.icu:
        yield f" LOCALE_PROVIDER builtin BUILTIN_LOCALE {literal(facts.icu)}"


def differences(kept: Facts, now: Facts) -> Iterator[str]:
    """What is not as it was kept: tables, rows, sequences, revisions."""
    rows = {table.name: table.rows for table in now.tables}
    expected = {table.name: table.rows for table in kept.tables if table.steady}
    yield from _listed("tables are missing", [table.name for table in kept.tables if table.name not in rows])
    wrong = [
        f"{name} {rows[name]} instead of {count}" for name, count in expected.items() if rows.get(name, count) != count
    ]
    yield from _listed("tables have other rows", wrong)
    off = [name for name, span in kept.sequences.items() if not _within(now.sequences.get(name, (None, None))[0], span)]
    yield from _listed("sequences stand elsewhere", off)
    other = [
        f"{name} {now.revisions.get(name)}" for name, said in kept.revisions.items() if now.revisions.get(name) != said
    ]
    yield from _listed("revisions are others", other)


def _within(value: int | None, span: tuple[int | None, int | None]) -> bool:
    if value is None:
        return span[0] is None
    ends = [one for one in span if one is not None]
    return bool(ends) and (span[0] is None or min(ends) <= value) and value <= max(ends)


def _listed(what: str, found: list[str]) -> Iterator[str]:
    if found:
        more = f" and {len(found) - _MOST} more" if len(found) > _MOST else ""
        yield f"found that {len(found)} {what}: {', '.join(found[:_MOST])}{more}"
