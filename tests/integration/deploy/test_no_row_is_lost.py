"""Whatever becomes of deployments, a row that a client was told is kept is there, or the run says how many are not."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg import sql

from tests.integration.backups.conftest import programs

from .conftest import App, Ended

__all__ = ["programs"]

pytestmark = [pytest.mark.integration, pytest.mark.thorough, pytest.mark.timeout(1800)]

SERVER = """\
import http.server, os

import psycopg

TABLE, STATUS = "{table}", {status}


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status, body=b'{{"status": "ok", "text": "hello"}}'):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer({{"/healthz": 200, "/page": STATUS}}.get(self.path, 404))

    def do_POST(self):
        try:
            with psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=5) as connection:
                connection.execute(f"INSERT INTO {{TABLE}} (id) VALUES (%s)", (int(self.path[1:]),))
        except psycopg.Error:
            return self.answer(500)
        self.answer(201)

    def log_message(self, *args):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""
ENV = """\
import os

from alembic import context
from sqlalchemy import create_engine

url = os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://")
with create_engine(url).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
REVISION = """\
import sqlalchemy as sa
from alembic import op

revision, down_revision = "{name}", {parent!r}


def upgrade():
    {up}


def downgrade():
    {down}
"""
STEPS = ("checkout", "build", "backup", "migrate", "start", "postdeploy", "restore", "verify")


class Shop:
    """An application that keeps rows, its releases, and a client that never stops writing."""

    def __init__(self, app: App, url: str) -> None:
        """Deploys the first release."""
        self.app, self.url, self.table, self.revisions = app, url, "notes", ["r0"]
        self.kept: set[int] = set()
        self.told: list[str] = []
        self._done = threading.Event()
        self._writer = threading.Thread(target=self._write)
        packages = f"{sys.executable} -m uv pip install --quiet --python {{venv}}/bin/python alembic psycopg[binary]"
        options = 'env_file = ".env"\nattempts = 1\nmax_downtime = "1h"'
        app.configure(options=options, tables="[env.test.backup]\n", install=packages)
        toml = app.root / "gonogo.toml"
        toml.write_text(toml.read_text().replace("[service.web]", '[service.web]\nmigrations = "alembic"'))
        (app.root / ".env").write_text(f"DATABASE_URL={url}\n")
        (app.root / "db" / "versions").mkdir(parents=True)
        (app.root / "alembic.ini").write_text("[alembic]\nscript_location = db\n")
        (app.root / "db" / "env.py").write_text(ENV)
        made = 'op.create_table("notes", sa.Column("id", sa.BigInteger, primary_key=True))'
        self.write(up=made, down='op.drop_table("notes")', parent=None)
        first, _ = app.deploy()
        assert first.code == 0, first
        self._writer.start()

    def write(self, *, up: str, down: str, parent: str | None, red: bool = False, table: str = "notes") -> None:
        """Commits a release with a revision of its own."""
        text = REVISION.format(name=self.revisions[-1], parent=parent, up=up, down=down)
        (self.app.root / "db" / "versions" / f"{self.revisions[-1]}.py").write_text(text)
        (self.app.root / "app.py").write_text(SERVER.format(table=table, status=500 if red else 200))
        self.app.commit(self.revisions[-1])

    def next(self, kind: str, *, red: bool) -> None:
        """Commits the release that comes: it adds a column, renames the table, fails half-way, or migrates nothing."""
        name, parent, table = f"r{len(self.revisions)}", self.revisions[-1], self.table
        column = f'op.add_column("{table}", sa.Column("{name}", sa.Text))'
        if kind == "renames":
            table = f"notes_{name}"
        ups = {
            "adds": (column, f'op.drop_column("{table}", "{name}")'),
            "renames": (f'op.rename_table("{self.table}", "{table}")', f'op.rename_table("{table}", "{self.table}")'),
            "fails": (f"{column}; op.execute('SELECT nothing')", "pass"),
            "idle": ("op.execute('SELECT 1')", "op.execute('SELECT 1')"),
        }
        self.revisions.append(name)
        self.write(up=ups[kind][0], down=ups[kind][1], parent=parent, red=red, table=table)
        self.table = table

    def take_out(self) -> None:
        """Commits what serves again: the release that comes next is made from it."""
        (current,) = (self.app.state / "current").read_text().split()
        self.app.git("checkout", "-q", current.rpartition("-")[2], "--", ".")
        left = {
            path.stem for path in (self.app.state / "releases" / current / "source" / "db" / "versions").glob("*.py")
        }
        for path in (self.app.root / "db" / "versions").glob("*.py"):
            if path.stem not in left:
                path.unlink()
        self.revisions = [one for one in self.revisions if one in left]
        found = re.search(r'TABLE, STATUS = "(\w+)"', (self.app.root / "app.py").read_text())
        assert found is not None
        self.table = found[1]

    def gonogo(self, *words: str) -> Ended:
        """Runs a command to its end, and keeps what it said of rows."""
        ended = self.app.gonogo(words[0], "--env", "test", "--json", *words[1:], timeout=600)
        self.told += ended.json().get("notes", []) if ended.out.strip().startswith("{") else []
        return ended

    def killed(self, wait: Callable[[subprocess.Popen[str]], None]) -> None:
        """Begins a deployment, and kills it at some moment."""
        running = self.app.start("deploy", "--env", "test")
        wait(running)
        running.send_signal(signal.SIGKILL)
        running.communicate()

    def _write(self) -> None:
        number = 0
        while not self._done.is_set():
            number += 1
            try:
                answer = httpx.post(f"http://127.0.0.1:{self.app.port}/{number}", timeout=5)
            except httpx.TransportError:
                time.sleep(0.02)
                continue
            if answer.status_code == 201:
                self.kept.add(number)
            time.sleep(0.005)

    def rows(self) -> tuple[set[int], set[int]]:
        """The rows of the live database, and those of databases that were put aside."""
        server, _, name = self.url.rpartition("/")
        with psycopg.connect(f"{server}/postgres") as connection:
            names = [one for (one,) in connection.execute("SELECT datname FROM pg_database").fetchall()]
        aside = [one for one in names if one.startswith(f"{name}_gonogo_old_")]
        return self._rows_of(self.url), set().union(*(self._rows_of(f"{server}/{one}") for one in aside))

    @staticmethod
    def _rows_of(url: str) -> set[int]:
        with psycopg.connect(url) as connection:
            tables = connection.execute("SELECT relname FROM pg_class WHERE relname ~ '^notes(_r\\d+)?$'").fetchall()
            asked = (sql.SQL("SELECT id FROM {}").format(sql.Identifier(table)) for (table,) in tables)
            return {row[0] for query in asked for row in connection.execute(query).fetchall()}

    def missing(self) -> set[int]:
        """What a client was told is kept, and is in none of the databases; what was put aside must have been told."""
        told = set(self.kept)
        live, aside = self.rows()
        if lost := (told - live) & aside:
            said = [int(one) for one in re.findall(r"rows (\d+) inserted", " ".join(self.told))]
            assert sum(said) >= len(lost), (len(lost), self.told)
        return told - live - aside

    def close(self) -> None:
        """The client stops, and what serves ends."""
        self._done.set()
        if self._writer.is_alive():
            self._writer.join()
        self.app.close()


@pytest.fixture
def shop(tmp_path: Path, new_database: Callable[[], str], programs: Path) -> Iterator[Shop]:
    """One that serves and is written to."""
    assert programs.is_dir()
    app = App(tmp_path)
    made: Shop | None = None
    try:
        made = Shop(app, new_database())
        yield made
    finally:
        made.close() if made is not None else app.close()


def test_a_writer_that_never_stops_loses_no_row(shop: Shop) -> None:
    """A release with a migration, one that goes red after its own, and the way back by hand."""
    shop.next("adds", red=False)
    good = shop.gonogo("deploy")
    begun = len(shop.kept)
    shop.next("adds", red=True)
    red = shop.gonogo("deploy")
    back = shop.gonogo("rollback")
    until = time.monotonic() + 30
    while len(shop.kept) < begun + 50 and time.monotonic() < until:
        time.sleep(0.05)

    assert (good.code, red.code, back.code) == (0, 1, 0), (good, red, back)
    assert begun > 0
    assert len(shop.kept) >= begun + 50
    assert shop.missing() == set()


def ways(shop: Shop, chance: random.Random) -> dict[str, Callable[[], Any]]:
    """What may be done next."""

    def moment(running: subprocess.Popen[str]) -> None:
        step, until = chance.choice(STEPS), time.monotonic() + chance.uniform(2, 20)
        while running.poll() is None and time.monotonic() < until:
            newest = max(shop.app.state.glob("runs/*/journal.jsonl"), default=None)
            if newest is not None and f'"step": "{step}", "event": "step-began"' in newest.read_text():
                break
            time.sleep(0.02)
        time.sleep(chance.uniform(0, 0.5))

    def deploy() -> Ended:
        shop.take_out()
        shop.next(chance.choice(("adds", "adds", "renames", "fails", "idle")), red=chance.random() < 0.5)
        return shop.gonogo("deploy", "--hotfix")

    def kill() -> Ended:
        shop.take_out()
        shop.next(chance.choice(("adds", "renames", "idle")), red=chance.random() < 0.3)
        shop.killed(moment)
        return shop.gonogo(chance.choice(("resume", "rollback")))

    return {
        "deploy": deploy,
        "kill": kill,
        "rollback": lambda: shop.gonogo("rollback"),
        "downgrade": lambda: shop.gonogo("rollback", "--downgrade", "--yes"),
        "data": lambda: shop.gonogo("rollback", "--restore-data", "--yes"),
    }


@pytest.mark.parametrize("seed", [23, 35, 39])  # with every kind of migration and every way back among them
def test_no_sequence_loses_a_row(shop: Shop, seed: int) -> None:
    """Deployments, kills at any moment and every way back, in any order, every other one a new release; what is put aside is told with its number."""
    chance, done = random.Random(f"{seed}{os.environ.get('GONOGO_SEED', '')}"), list[str]()  # noqa: S311 (a test's dice)
    doing = ways(shop, chance)
    for at in range(6):
        name = chance.choice([*doing] if at % 2 else ["deploy", "kill"])
        ended = doing[name]()
        done.append(f"{name}: exit {ended.code}")

        assert ended.code in {0, 1, 4, 6}, (done, ended)
        assert shop.missing() == set(), done
    assert len(shop.kept) > 50, done
