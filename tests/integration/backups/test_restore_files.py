"""``gonogo rollback --restore-data`` of an SQLite file: the data of the release before, and nothing thrown away."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gonogo.backups.access import Beside
from gonogo.backups.putback_files import FileSwap, drop_file, replaced_beside
from gonogo.backups.sqlite import Here, Sqlite
from gonogo.errors import CommandError, RefusedError
from gonogo.host.runner import Command, this_machine
from tests.integration.deploy.conftest import App

__all__: list[str] = []

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]

HOST = this_machine(timeout=60)
STAMP = "20261129t101500"


def asked(path: Path, *statements: str) -> list[tuple[Any, ...]]:
    """The rows of the last statement."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            rows = connection.execute(statement).fetchall()
        connection.commit()
        return rows


@pytest.fixture
def swapping(tmp_path: Path) -> FileSwap:
    """A backup of two rows, and a live file in WAL mode that has three."""
    live = tmp_path / "data" / "app.db"
    live.parent.mkdir()
    asked(live, "PRAGMA journal_mode = WAL", "CREATE TABLE t (x)", "INSERT INTO t VALUES (1), (2)")
    live.chmod(0o640)
    source = Sqlite(name="app.db", access=Here(), path=str(live))
    kept = tmp_path / "kept.db"
    part = source.dump(HOST, kept, timeout=60)
    part = part.model_copy(update={"sha256": HOST.run(Command(argv=("sha256sum", str(kept)))).output.split()[0]})
    asked(live, "INSERT INTO t VALUES (3)")
    return FileSwap(live=source, part=part, path=kept, stamp=STAMP, timeout=60)


def test_file_is_swapped_whole_and_taken_back(swapping: FileSwap) -> None:
    """The live file is not touched until it is swapped; the copy has its mode and its journal, and can be taken back."""
    live = Path(swapping.live.path)
    said = swapping.restore(HOST)
    before = (swapping.is_done(HOST), asked(live, "SELECT count(*) FROM t"), swapping.now(HOST).rows)
    swapping.swap(HOST)
    mode = live.stat().st_mode & 0o777
    now = (swapping.is_done(HOST), asked(live, "SELECT count(*) FROM t"), swapping.now(HOST, aside=swapping.old).rows)
    journal = asked(live, "PRAGMA journal_mode")
    listed = replaced_beside(swapping.live, HOST)
    swapping.back(HOST)

    assert said == f"app.db: 2 rows restored as {live}.gonogo-new-{STAMP}"
    assert before == (False, [(3,)], 3)
    assert (now, mode, journal) == ((True, [(2,)], 3), 0o640, [("wal",)])
    assert [path for path, _ in listed] == [f"{live}.gonogo-old-{STAMP}"]
    assert asked(live, "SELECT count(*) FROM t") == [(3,)]
    drop_file(swapping.live, swapping.new, HOST)
    assert replaced_beside(swapping.live, HOST) == ()


def test_swap_that_was_cut_off_between_its_names_is_gone_on_from(swapping: FileSwap) -> None:
    """The live file has its new name already, and nothing has the live one."""
    live = Path(swapping.live.path)
    swapping.restore(HOST)
    asked(live, "PRAGMA wal_checkpoint(TRUNCATE)")
    os.rename(live, swapping.old)  # noqa: PTH104 (as the swap does)
    begun = swapping.is_done(HOST)
    swapping.swap(HOST)

    assert not begun
    assert swapping.is_done(HOST)
    assert asked(live, "SELECT count(*) FROM t") == [(2,)]
    assert asked(Path(swapping.old), "SELECT count(*) FROM t") == [(3,)]


def test_file_that_somebody_has_open_is_not_swapped(swapping: FileSwap) -> None:
    """What they write would go to the file that was put aside."""
    live = Path(swapping.live.path)
    swapping.restore(HOST)
    with contextlib.closing(sqlite3.connect(live)) as connection:
        connection.execute("SELECT count(*) FROM t").fetchall()
        with pytest.raises(CommandError) as refused:
            swapping.swap(HOST)

    assert f"found {live}-wal, expected a database that nobody has open" in str(refused.value)
    assert asked(live, "SELECT count(*) FROM t") == [(3,)]


def test_backup_that_is_not_what_was_kept_leaves_nothing(swapping: FileSwap) -> None:
    """A file of another content, and one with other rows than the manifest says."""
    other = swapping.part.facts.model_copy(update={"tables": ()})
    table = swapping.part.facts.tables[0].model_copy(update={"rows": 7})
    facts = other.model_copy(update={"tables": (table,)})
    wrong = FileSwap(
        live=swapping.live,
        part=swapping.part.model_copy(update={"facts": facts}),
        path=swapping.path,
        stamp=STAMP,
        timeout=60,
    )
    with pytest.raises(RefusedError) as differs:
        wrong.restore(HOST)
    swapping.path.write_bytes(swapping.path.read_bytes()[:-1])
    with pytest.raises(RefusedError) as torn:
        swapping.restore(HOST)

    assert "was restored aside and dropped again: found that 1 tables have other rows: t 2 instead of 7" in str(
        differs.value
    )
    assert "bytes, expected" in str(torn.value)
    assert replaced_beside(swapping.live, HOST) == ()


def test_only_what_a_swap_has_named_is_thrown_away(swapping: FileSwap) -> None:
    """Not the live file."""
    with pytest.raises(CommandError) as refused:
        drop_file(swapping.live, swapping.live.path, HOST)

    assert "found a file that no swap has named" in str(refused.value)
    assert asked(Path(swapping.live.path), "SELECT count(*) FROM t") == [(3,)]


def test_file_is_reached_as_the_service_reaches_it() -> None:
    """The command is the runtime's, with what is told by variables added."""
    beside = Beside(run=lambda argv: Command(argv=("run", *argv), env={"A": "1"}), image="i")
    command = beside.command(("python", "-"), env={"B": "2"})

    assert (command.argv, dict(command.env)) == (("run", "python", "-"), {"A": "1", "B": "2"})


@pytest.fixture
def app_with_file(tmp_path: Path) -> Iterator[tuple[App, Path]]:
    """The first release has served, the second one has written more, and serves."""
    app, path = App(tmp_path), tmp_path / "shop.db"
    app.configure(options='env_file = ".env"\nattempts = 1', tables="[env.test.backup]\n")
    (app.root / ".env").write_text(f"DATABASE_URL=sqlite:///{path}\n")
    app.commit("first")
    asked(path, "CREATE TABLE items (name text)", "INSERT INTO items VALUES ('a'), ('b')")
    try:
        first, _ = app.deploy()
        assert first.code == 0, first
        app.commit("second")
        (app.root / "more.txt").write_text("second\n")
        app.commit("second")
        second, _ = app.deploy()
        assert second.code == 0, second
        asked(path, "ALTER TABLE items RENAME COLUMN name TO title", "INSERT INTO items VALUES ('late')")
        yield app, path
    finally:
        app.close()


@pytest.mark.thorough
def test_data_of_the_release_before_are_put_back(app_with_file: tuple[App, Path]) -> None:
    """It says what was written since, asks, swaps by name and proves the release; what it replaced is kept until prune."""
    app, path = app_with_file
    unasked = app.gonogo("rollback", "--env", "test", "--restore-data")
    untouched = [one.name for one in path.parent.glob("shop.db.*")]
    ended = app.gonogo("rollback", "--env", "test", "--restore-data", "--yes", "--json")
    (kept,) = path.parent.glob("shop.db.gonogo-old-*")
    rows = (asked(path, "SELECT name FROM items"), asked(kept, "SELECT count(title) FROM items"))
    pruned = app.gonogo("prune", "--env", "test", "--yes")

    assert (unasked.code, untouched) == (4, [])
    assert "items: rows 1 inserted" in unasked.err
    assert ended.code == 0, ended.err
    assert [step["name"] for step in ended.json()["steps"]] == [
        "restore data",
        "baseline",
        "swap data",
        "restore",
        "verify",
    ]
    assert rows == ([("a",), ("b",)], [(3,)])
    assert any(
        f"{kept} keeps what was written since the backup: items: rows 1 inserted" in one
        for one in ended.json()["notes"]
    )
    assert pruned.code == 0, pruned.err
    assert not kept.exists()
