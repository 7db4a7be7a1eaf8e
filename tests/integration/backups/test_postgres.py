"""A real PostgreSQL is kept as it was at one moment, and what cannot be kept says why."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from gonogo.backups import postgres
from gonogo.backups.access import OnHost
from gonogo.backups.proof import create_database
from gonogo.errors import CommandError
from gonogo.host.runner import Command, this_machine
from gonogo.words import Outcome
from tests.faults.test_disk_full import small_disk

from .conftest import Kept

if TYPE_CHECKING:
    from tests.support.gates import Gates, Repository

__all__: list[str] = []

HOST = this_machine(timeout=60)
TOML = """\
[app]
name = "kept"

[service.web]
command = ["{python}", "-m", "http.server", "{port}"]

[env.test]
tier = "dev"
runtime = "process"
project = "kept"
env_file = ".env"

[env.test.backup]
"""


def restored(kept: Kept, dump: Path, url: str) -> Kept:
    """The dump in another, empty database of the same server."""
    other = replace(kept.source, database=url.rpartition("/")[2])
    command = other.access.command(("pg_restore", "--exit-on-error", f"--dbname={other.database}", str(dump)), env={})
    HOST.run(command).require()
    return Kept(url, other)


def test_rows_are_those_of_the_dump_while_somebody_writes(
    kept: Kept, new_database: Callable[[], str], tmp_path: Path
) -> None:
    """The manifest counts in the snapshot that was dumped: what is restored has exactly as many."""
    kept.run(
        "CREATE TABLE orders (id serial PRIMARY KEY, what text)",
        "INSERT INTO orders (what) SELECT repeat(md5(i::text), 20) FROM generate_series(1, 30000) i",
        "CREATE TABLE alembic_version (version_num text)",
        "INSERT INTO alembic_version VALUES ('0007')",
        """CREATE SCHEMA "o'clock ""x\\ y" """,
        """CREATE TABLE "o'clock ""x\\ y"."a.b" (x int)""",
    )
    done = threading.Event()

    def write() -> None:
        with psycopg.connect(kept.url, autocommit=True) as connection:
            while not done.is_set():
                connection.execute("INSERT INTO orders (what) VALUES ('late')")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        stored = kept.source.dump(HOST, tmp_path / "x.dump", timeout=60)
    finally:
        done.set()
        writer.join()

    again = restored(kept, tmp_path / "x.dump", new_database()).source.facts(HOST, timeout=60)
    now = kept.source.facts(HOST, timeout=60)
    rows = {table.name: table.rows for table in stored.facts.tables}
    assert rows == {table.name: table.rows for table in again.tables}
    assert rows["public.orders"] < {table.name: table.rows for table in now.tables}["public.orders"]
    low, high = stored.facts.sequences["public.orders_id_seq"]
    assert low is not None
    assert high is not None
    assert low <= (again.sequences["public.orders_id_seq"][0] or 0) <= high
    assert stored.facts.revisions == {"public.alembic_version": ("0007",)}
    assert set(rows) == {"public.orders", "public.alembic_version", """"o'clock ""x\\ y"."a.b\""""}
    assert stored.facts.identifier == now.identifier
    assert stored.said == ()


def test_thousands_of_tables_and_large_objects_are_kept(kept: Kept, tmp_path: Path) -> None:
    """What is told of them is longer than what a command's output is cut to."""
    kept.run(
        "DO $$ BEGIN FOR i IN 1..1500 LOOP EXECUTE format('CREATE TABLE %I (x int)', 'quite a long name ' || i); "
        "END LOOP; END $$",
        "SELECT lo_from_bytea(0, '\\x0102')",
    )

    stored = kept.source.dump(HOST, tmp_path / "x.dump", timeout=120)

    assert len(stored.facts.tables) == 1500
    listed = HOST.run(Command(argv=("pg_restore", "--list", str(tmp_path / "x.dump"))), output_limit=None).output
    assert listed.count(" TABLE DATA public quite a long name ") == 1500
    assert " BLOB" in listed


def test_what_cannot_be_dumped_says_why(kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong password, a dead server, a table that the role may not read, one that somebody holds."""
    kept.run(
        "DROP ROLE IF EXISTS looker",
        "CREATE ROLE looker LOGIN PASSWORD 'looks only'",
        "CREATE TABLE seen (x int)",
        "CREATE TABLE hidden (x int)",
        "GRANT SELECT ON seen TO looker",
    )
    down = replace(kept.source, access=OnHost(address="x", env={"PGHOST": "127.0.0.1", "PGPORT": "1", "PGUSER": "p"}))
    monkeypatch.setattr(postgres, "_LOCK", "300ms")

    def red(source: postgres.Postgres) -> str:
        with pytest.raises(CommandError) as caught:
            source.dump(HOST, tmp_path / "x.dump", timeout=30)
        return str(caught.value)

    assert 'password authentication failed for user "postgres"' in red(kept.as_user("postgres", "no such"))
    assert "Connection refused" in red(down)
    assert "permission denied for table hidden" in red(kept.as_user("looker", "looks only"))
    with psycopg.connect(kept.url) as holder:
        holder.execute("LOCK TABLE seen IN ACCESS EXCLUSIVE MODE")
        assert "LOCK TABLE public.seen, public.hidden IN ACCESS SHARE MODE" in red(kept.source)


def test_a_disk_that_is_full_at_the_very_end_is_noticed(kept: Kept, tmp_path: Path) -> None:
    """Seen: pg_dump loses what is still in its buffer, and exits 0."""
    kept.run("CREATE TABLE items (x text)", "INSERT INTO items SELECT md5(i::text) FROM generate_series(1, 20000) i")
    whole = kept.source.dump(HOST, tmp_path / "whole.dump", timeout=60).bytes
    with small_disk(tmp_path / "disk") as disk:
        filled = disk / "filler"
        filled.write_bytes(bytes(24 * 1024 * 1024 - whole + 3000))

        with pytest.raises(CommandError, match="found a dump whose end is missing, expected a whole one"):
            kept.source.dump(HOST, disk / "x.dump", timeout=60)


def test_a_dump_that_is_killed_is_none(kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The session's exit code is not asked alone: pg_dump's own is, and the last word must have been said."""
    folder = tmp_path / "bin"
    folder.mkdir()
    dump = folder / "pg_dump"
    dump.write_text("#!/bin/sh\nprintf PGDMPhalf\nkill -9 $$\n")
    dump.chmod(0o755)
    kept.run("CREATE TABLE items (x int)")
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    with pytest.raises(CommandError, match="database db/scratch_"):
        kept.source.dump(HOST, tmp_path / "x.dump", timeout=30)


def test_program_that_is_older_than_the_server_is_told_before(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would refuse to dump; one that is newer, or as old, would not."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def said(version: str) -> str:
        (folder / "pg_dump").write_text(f"#!/bin/sh\necho 'pg_dump (PostgreSQL) {version}'\n")
        (folder / "pg_dump").chmod(0o755)
        return kept.source.ready(HOST)

    assert said("99.1 (Debian 99.1-1)").startswith("pg_dump (PostgreSQL) 99.1 (Debian 99.1-1), server ")
    with pytest.raises(
        CommandError, match=r"found pg_dump \(PostgreSQL\) 9\.6\.2, expected one of \d+ or newer, as its"
    ):
        said("9.6.2")


def test_database_with_rules_of_the_server_s_own_is_made_again(kept: Kept, new_database: Callable[[], str]) -> None:
    """Sorted by the built-in locale, so that what is put back sorts as what it replaces."""
    made = new_database().rpartition("/")[2]
    kept.run(
        f"DROP DATABASE {made}",
        f"CREATE DATABASE {made} TEMPLATE template0 LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8'",
    )
    facts = replace(kept.source, database=made).facts(HOST, timeout=60)
    create_database(kept.source.access, HOST, facts, database=f"{made}_again")
    again = replace(kept.source, database=f"{made}_again")
    now = again.facts(HOST, timeout=60)
    kept.run(f"DROP DATABASE {again.database}")

    assert (facts.provider, facts.icu) == ("b", "C.UTF-8")
    assert (now.provider, now.icu) == (facts.provider, facts.icu)


def gate_of(repository: Repository, gate: Gates, url: str, more: str = "") -> tuple[Outcome, str]:
    """What P29 says where the env file has an address."""
    root = repository({"gonogo.toml": TOML + more, ".env": f"DATABASE_URL={url}\n", ".gitignore": ".env\n"})
    check = gate(root, "-m", "predeploy", "-k", "backup_can_be_made").only()
    return check.outcome, check.found


def test_a_backup_that_can_be_made_is_green(repository: Repository, gate: Gates, kept: Kept) -> None:
    """P29 asks the database that the env file names, and a command that is there."""
    assert gate_of(repository, gate, kept.url) == (Outcome.PASSED, "")
    assert gate_of(repository, gate, kept.url, 'command = ["true"]\n') == (Outcome.PASSED, "")


def test_a_backup_that_cannot_be_made_is_red(repository: Repository, gate: Gates, kept: Kept) -> None:
    """P29 says what the dump's programs say, which variable is missing, and which command; off skips it."""
    outcome, found = gate_of(repository, gate, kept.url.rpartition("/")[0] + "/none")
    assert outcome is Outcome.FAILED
    assert 'FATAL: database "none" does not exist' in found
    assert kept.url.split(":")[2].split("@")[0] not in found
    assert gate_of(repository, gate, kept.url, 'databases = ["REPORTS_URL"]\n') == (
        Outcome.FAILED,
        'backup.databases: found "REPORTS_URL", expected service/database with a service that runs PostgreSQL or MySQL '
        "(here: none), or a variable that holds its address.",
    )
    assert gate_of(repository, gate, kept.url, 'command = ["no-such-backup"]\n') == (
        Outcome.FAILED,
        "backup.command: found no program no-such-backup that can be run, expected one",
    )
    assert gate_of(repository, gate, kept.url, "off = true\n")[0] is Outcome.SKIPPED
