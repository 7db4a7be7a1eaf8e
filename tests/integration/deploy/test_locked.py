"""A migration that meets a transaction of somebody else's, with a real PostgreSQL."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import psycopg
import pytest

from gonogo.demo.postgres import postgres
from gonogo.errors import CommandError
from gonogo.host.runner import Command, this_machine
from gonogo.run.moves import locked
from gonogo.run.work import Work

pytestmark = pytest.mark.integration

ENV = """\
import os

from alembic import context
from sqlalchemy import create_engine

url = os.environ["DATABASE_URL"].replace("postgresql", "postgresql+psycopg", 1)
with create_engine(url).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
REVISION = """\
import sqlalchemy as sa
from alembic import op

revision, down_revision = "1", None


def upgrade():
    op.add_column("lamps", sa.Column("hue", sa.Text))
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    """A server of its own."""
    with tempfile.TemporaryDirectory() as home, postgres(Path(home)) as running:
        yield running


def site(folder: Path, url: str) -> tuple[Any, Command]:
    """A run of an application with one pending migration, and the command of that, bounded by half a second."""
    (folder / "db" / "versions").mkdir(parents=True)
    (folder / "alembic.ini").write_text("[alembic]\nscript_location = db\n")
    (folder / "db" / "env.py").write_text(ENV)
    (folder / "db" / "versions" / "1.py").write_text(REVISION)
    variables = {"PATH": os.environ["PATH"], "DATABASE_URL": url, "PGAPPNAME": "migrating"}

    def in_service(*words: Any, **_: Any) -> Command:
        return Command(argv=(sys.executable, *words[-1][1:]), cwd=str(folder), env=variables, clean_env=True)

    runtime = SimpleNamespace(in_service=in_service, expected_variables=lambda *_: {})
    environment = SimpleNamespace(lock_timeout=0.5)
    work = SimpleNamespace(
        host=this_machine(timeout=60.0), notes=[], journal=SimpleNamespace(write=lambda *_, **__: None), standings=[],
        serving="something", runtime=runtime, place=SimpleNamespace(environment=environment), release=None,
    )  # fmt: skip
    bounded = {**variables, **locked.limits(cast("Work", work), "web")}
    argv = (sys.executable, "-m", "alembic", "upgrade", "head")
    return work, Command(argv=argv, cwd=str(folder), env=bounded, clean_env=True)


def holding(url: str) -> Any:
    """A worker that holds a lock on the table and does nothing."""
    worker = psycopg.connect(url, application_name="worker")
    worker.execute("update lamps set id = 2 where note = 'a secret of somebody'")
    return worker


def test_migration_that_is_kept_waiting_is_bounded_and_told(tmp_path: Path, server: Any) -> None:
    """It ends after four tries, names the transaction that holds the lock without its values, and changed nothing."""
    url = server.create("kept")
    work, command = site(tmp_path, url)
    with psycopg.connect(url, autocommit=True) as database, pytest.MonkeyPatch.context() as patch:
        patch.setattr(locked, "_PAUSES", (0.0, 0.0, 0.0))
        database.execute("create table lamps (id int, note text)")
        with holding(url), pytest.raises(CommandError) as red:
            locked.run_migration(work, "web", command, command)
        columns = database.execute("select * from lamps").description

    told = str(red.value).splitlines()[-1]
    assert "LockNotAvailable" in str(red.value)
    assert "The database of web has locks that are held by pid " in told
    assert "(worker, idle in transaction, for " in told
    assert told.endswith(" s): update lamps set id = 2 where note = ?")
    assert [column.name for column in columns or ()] == ["id", "note"]


def test_migration_gets_the_lock_once_it_is_free(tmp_path: Path, server: Any) -> None:
    """Meanwhile others are served: between two tries nobody waits behind it."""
    url = server.create("freed")
    work, command = site(tmp_path, url)
    with psycopg.connect(url, autocommit=True) as database, pytest.MonkeyPatch.context() as patch:
        patch.setattr(locked, "_PAUSES", (1.0, 5.0, 5.0))
        database.execute("create table lamps (id int, note text)")
        worker = holding(url)
        tries: list[float] = []

        def wrote(*_: Any, **__: Any) -> None:
            tries.append(time.monotonic())
            threading.Timer(0.2, worker.close).start()
            assert database.execute("select count(*) from lamps").fetchone() == (0,)

        work.journal = SimpleNamespace(write=wrote)
        done = locked.run_migration(work, "web", command, command)

    assert done.ok, done.errors
    assert len(tries) == 1
