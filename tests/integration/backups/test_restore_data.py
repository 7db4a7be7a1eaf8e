"""``gonogo rollback --restore-data`` with a real PostgreSQL: the data of the release before, and nothing thrown away."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.integration.deploy.conftest import App, Ended

__all__: list[str] = []

pytestmark = [pytest.mark.thorough, pytest.mark.timeout(400)]  # each begins with two deployments

OPTIONS = 'env_file = ".env"\nattempts = 1'
TABLES = "[env.test.backup]\n"


@dataclass
class Shop:
    """An application with a database of its own, and two releases."""

    app: App
    url: str

    @property
    def database(self) -> str:
        """Its name."""
        return self.url.rpartition("/")[2]

    def run(self, *statements: str, database: str = "") -> list[tuple[Any, ...]]:
        """The rows of the last statement."""
        url = f"{self.url.rpartition('/')[0]}/{database or self.database}"
        with psycopg.connect(url, autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def ours(self) -> list[str]:
        """The databases that a swap has named."""
        names = [name for (name,) in self.run("SELECT datname FROM pg_database", database="postgres")]
        return sorted(name for name in names if name.startswith(f"{self.database}_gonogo_"))

    def back(self, *arguments: str) -> Ended:
        """Go back with the data."""
        return self.app.gonogo("rollback", "--env", "test", "--restore-data", "--json", *arguments)


@pytest.fixture
def shop(tmp_path: Path, new_database: Callable[[], str], programs: Path) -> Iterator[Shop]:
    """The first release has served, the second one has changed what the first one wrote, and serves."""
    assert programs.is_dir()
    app = App(tmp_path)
    made = Shop(app, new_database())
    app.configure(options=OPTIONS, tables=TABLES)
    (app.root / ".env").write_text(f"DATABASE_URL={made.url}\n")
    app.commit("first")
    made.run(
        "CREATE TABLE items (id serial PRIMARY KEY, name text)",
        "INSERT INTO items (name) SELECT 'item ' || i FROM generate_series(1, 100) i",
        f"ALTER DATABASE {made.database} SET search_path TO public, pg_catalog",
        f"REVOKE CONNECT ON DATABASE {made.database} FROM PUBLIC",
    )
    try:
        first, _ = app.deploy()
        assert first.code == 0, first
        (app.root / "more.txt").write_text("second\n")
        app.commit("second")
        second, _ = app.deploy()
        assert second.code == 0, second
        made.run(
            "ALTER TABLE items RENAME COLUMN name TO title",
            "INSERT INTO items (title) SELECT 'late ' || i FROM generate_series(1, 7) i",
            "CREATE TABLE fresh (x int)",
            "INSERT INTO fresh VALUES (1)",
        )
        yield made
    finally:
        app.close()


def test_data_of_the_release_before_are_put_back_and_the_others_kept(shop: Shop) -> None:
    """It says what was written since, asks, swaps by name, proves the release; the replaced database has every row."""
    unasked = shop.back()
    assert unasked.code == 4
    assert "public.items: rows 7 inserted" in unasked.err
    assert "public.fresh: the whole table, 1 rows" in unasked.err
    assert "--restore-data: found nobody to ask, expected --yes." in unasked.err
    assert shop.ours() == []

    ended = shop.back("--yes")

    assert ended.code == 0, ended.err
    record = ended.json()
    names = [step["name"] for step in record["steps"]]
    assert names == ["restore data", "baseline", "swap data", "restore", "verify"]
    assert shop.run("SELECT count(name) FROM items") == [(100,)]
    (kept,) = shop.ours()
    assert "_gonogo_old_" in kept
    assert shop.run("SELECT count(title) FROM items", database=kept) == [(107,)]
    assert shop.run("INSERT INTO items (name) VALUES ('next') RETURNING id") == [(101,)]
    assert shop.run("SHOW search_path") == [("public, pg_catalog",)]
    granted = "SELECT has_database_privilege('pg_monitor', current_database(), 'CONNECT')"
    assert shop.run(granted) == shop.run(granted, database=kept) == [(False,)]
    assert any("public.items: rows 7 inserted" in note for note in record["notes"])
    assert (shop.app.state / "current").read_text().strip() == record["release"]

    listed = shop.app.gonogo("prune", "--env", "test")
    assert listed.code == 4
    assert f"DATABASE_URL: {kept}, " in listed.err
    assert shop.ours() == [kept]
    pruned = shop.app.gonogo("prune", "--env", "test", "--yes")
    assert pruned.code == 0, pruned.err
    assert shop.ours() == []
    assert shop.run("SELECT count(name) FROM items") == [(101,)]
    assert shop.app.gonogo("prune", "--env", "test").code == 0


def test_a_swap_that_is_killed_is_gone_on_from(shop: Shop) -> None:
    """``kill -9`` while what serves is stopped and the databases are renamed: ``gonogo resume`` brings it to its end."""
    running = shop.app.start("rollback", "--env", "test", "--restore-data", "--yes")
    deadline = time.monotonic() + 120
    while not any("swap data" in path.read_text() for path in shop.app.state.glob("runs/*-rollback/journal.jsonl")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()

    refused = shop.app.deploy()[0]
    ended = shop.app.gonogo("resume", "--env", "test", "--json")

    assert refused.code == 1
    assert "cut off after its first touch" in refused.err
    assert ended.code == 0, ended.err
    assert shop.run("SELECT count(name) FROM items") == [(100,)]
    (kept,) = shop.ours()
    assert shop.run("SELECT count(title) FROM items", database=kept) == [(107,)]


def test_a_writer_that_never_stops_loses_no_row(shop: Shop) -> None:
    """What was committed stands in one of both databases; the connections are cut, and come back to the restored one."""
    done, written = threading.Event(), []

    def write() -> None:
        while not done.is_set():
            try:
                with psycopg.connect(shop.url, autocommit=True) as connection:
                    while not done.is_set():
                        row = connection.execute("INSERT INTO notes (x) VALUES (1) RETURNING id").fetchone()
                        assert row is not None
                        written.append(row[0])
            except psycopg.Error:
                time.sleep(0.05)

    shop.run("CREATE TABLE notes (id serial PRIMARY KEY, x int)")
    writer = threading.Thread(target=write)
    writer.start()
    try:
        ended = shop.back("--yes")
    finally:
        done.set()
        writer.join()

    assert ended.code == 0, ended.err
    (kept,) = shop.ours()
    assert len(written) > 10
    aside = f"{kept} keeps what was written since the backup: "
    (note,) = (one for one in ended.json()["notes"] if one.startswith(aside))
    assert f"public.notes: the whole table, {len(written)} rows" in note
    assert {row[0] for row in shop.run("SELECT id FROM notes", database=kept)} == set(written)


def test_a_backup_that_is_not_what_was_kept_touches_nothing(shop: Shop) -> None:
    """Exit 1: what serves goes on, with its data, and nothing is left beside them."""
    dump = max(shop.app.state.glob("backups/*/*.dump"))
    whole = dump.read_bytes()
    dump.write_bytes(whole[:-100])
    serving = (shop.app.state / "current").read_text()

    ended = shop.back("--yes")

    assert ended.code == 1, ended
    assert f"found {len(whole) - 100} bytes, expected {len(whole)}" in ended.json()["reason"]
    assert shop.run("SELECT count(title) FROM items") == [(107,)]
    assert shop.ours() == []
    assert (shop.app.state / "current").read_text() == serving
    missing = shop.back("--yes", "--backup", "nothing")
    assert missing.code == 1
    assert 'found "nothing", expected one of the backups 20' in missing.err


def test_a_backup_that_is_killed_is_taken_away_by_the_next(shop: Shop, tmp_path: Path, programs: Path) -> None:
    """``kill -9`` in the middle of a dump: nothing was touched, no half backup counts, and what still ran is ended."""
    slow = tmp_path / "slow"
    slow.mkdir()
    waits = '#!/bin/sh\ncase "$*" in *--snapshot*) printf PGDMPhalf; sleep 300;; esac\n'
    (slow / "pg_dump").write_text(f'{waits}exec {programs}/pg_dump "$@"\n')
    (slow / "pg_dump").chmod(0o755)
    whole = sorted(path.parent.name for path in shop.app.state.glob("backups/*/manifest.json"))
    (shop.app.root / "more.txt").write_text("third\n")
    shop.app.commit("third")

    running = shop.app.start("deploy", "--env", "test", environ={"PATH": f"{slow}{os.pathsep}{os.environ['PATH']}"})
    deadline = time.monotonic() + 120
    while not any(path.stat().st_size for path in shop.app.state.glob("backups/.*.partial/*.dump")):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()
    third, record = shop.app.deploy()

    assert third.code == 0, third.err
    assert list(shop.app.state.glob("backups/.*")) == []
    now = sorted(path.parent.name for path in shop.app.state.glob("backups/*/manifest.json"))
    assert now[:-1] == whole
    assert any("still ran and was ended" in note and "psql" in note for note in record["notes"])
    assert any(note.startswith("A backup that was cut off was taken away: ") for note in record["notes"])
