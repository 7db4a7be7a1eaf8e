"""A real SQLite file is kept whole while somebody writes, and a torn one is refused."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from pathlib import Path

import pytest

from gonogo.backups.sqlite import Here, Sqlite, facts_of, files_below
from gonogo.errors import CommandError
from gonogo.host.runner import this_machine

__all__: list[str] = []

HOST = this_machine(timeout=60)


def source(path: Path) -> Sqlite:
    """A file of this machine."""
    return Sqlite(name=path.name, access=Here(), path=str(path))


def made(path: Path, rows: int) -> Path:
    """A database in WAL mode, as a web application has it."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute('CREATE TABLE "two words" (x text)')
        connection.execute("CREATE TABLE alembic_version (version_num text)")
        connection.execute("INSERT INTO alembic_version VALUES ('0007')")
        connection.executemany('INSERT INTO "two words" VALUES (?)', [("x" * 500,)] * rows)
        connection.commit()
    return path


def test_a_file_that_is_written_to_is_kept_as_it_was_at_one_moment(tmp_path: Path) -> None:
    """Two rows are always written together: the copy never has one of them alone, and its count is the manifest's."""
    path, done = made(tmp_path / "app.db", 5000), threading.Event()

    def write() -> None:
        with contextlib.closing(sqlite3.connect(path, timeout=30)) as connection:
            while not done.is_set():
                connection.executemany('INSERT INTO "two words" VALUES (?)', [("pair",), ("pair",)])
                connection.commit()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        stored = source(path).dump(HOST, tmp_path / "copy.db", timeout=60)
    finally:
        done.set()
        writer.join()

    with contextlib.closing(sqlite3.connect(tmp_path / "copy.db")) as copy:
        (found,) = copy.execute('SELECT count(*) FROM "two words"').fetchone()
    rows = {table.name: table.rows for table in stored.facts.tables}
    assert rows == {"alembic_version": 1, "two words": found}
    assert found % 2 == 0
    assert found >= 5000
    assert stored.facts.revisions == {"alembic_version": ("0007",)}
    assert stored.bytes == (tmp_path / "copy.db").stat().st_size


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """A mistyped path is no empty database."""
    with pytest.raises(CommandError, match="FileNotFoundError"):
        source(tmp_path / "none.db").dump(HOST, tmp_path / "copy.db", timeout=60)

    assert not (tmp_path / "none.db").exists()
    with pytest.raises(CommandError):
        source(tmp_path / "none.db").ready(HOST)


def test_a_torn_copy_is_no_sound_database(tmp_path: Path) -> None:
    """What SQLite's own check says of it is said."""
    path = made(tmp_path / "app.db", 2000)
    source(path).dump(HOST, tmp_path / "copy.db", timeout=60)
    torn = bytearray((tmp_path / "copy.db").read_bytes())
    torn[8192:16384] = b"\xff" * 8192
    (tmp_path / "copy.db").write_bytes(torn)

    with pytest.raises(CommandError, match=r"^x: "):
        facts_of(HOST, tmp_path / "copy.db", what="x", timeout=60)


def test_files_are_found_by_what_they_are(tmp_path: Path) -> None:
    """Whatever they are called, each once; a link, a text and a torn one, which is told with its reason."""
    (tmp_path / "deep" / "er").mkdir(parents=True)
    kept = made(tmp_path / "deep" / "er" / "state", 1)
    torn = made(tmp_path / "torn.db", 2000)
    torn.write_bytes(torn.read_bytes()[:20])
    (tmp_path / "link.db").symlink_to(kept)
    (tmp_path / "app.db").write_text("no database\n")

    found = files_below(HOST, Here(), [str(tmp_path / "deep"), str(torn), str(tmp_path / "nowhere")])

    assert found == {str(kept): "", str(torn): "file is not a database"}
