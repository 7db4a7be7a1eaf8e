from __future__ import annotations

import contextlib
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import psycopg
import pytest

from gonogo.demo.postgres import postgres
from gonogo.errors import GonogoError

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.integration


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that nobody may enter; pytest's own are closed."""
    with tempfile.TemporaryDirectory(prefix="gonogo-pg-") as folder:
        yield Path(folder)


def leader(home: Path) -> psutil.Process:
    """The server's first process."""
    return psutil.Process(int((home / "data" / "postmaster.pid").read_text().splitlines()[0]))


def ended(process: psutil.Process) -> bool:
    """Whether it is gone, reaped or not."""
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_a_server_runs_while_the_block_does(home: Path) -> None:
    """It makes databases and answers; afterwards the process is gone and the files are still there."""
    with postgres(home) as server:
        process = leader(home)
        with psycopg.connect(server.create("guestbook")) as connection:
            found = connection.execute("SELECT current_database(), current_user").fetchone()

    assert found == ("guestbook", "postgres")
    assert ended(process)
    assert (home / "data" / "PG_VERSION").is_file()


def test_the_server_never_runs_as_root(home: Path) -> None:
    """As root it runs as nobody, else as ourselves."""
    with postgres(home):
        user = leader(home).username()

    assert user == ("nobody" if os.geteuid() == 0 else psutil.Process().username())


@pytest.mark.thorough
def test_others_on_this_machine_cannot_enter(home: Path) -> None:
    """Without the password the server refuses, and its repr does not show it."""
    with postgres(home) as server:
        with pytest.raises(psycopg.OperationalError, match="no password supplied"):
            psycopg.connect(f"postgresql://postgres@127.0.0.1:{server.port}/postgres")

        assert server.password not in repr(server)
        assert not (home / "password").exists()


@pytest.mark.thorough
def test_variables_of_the_user_do_not_steer_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PGDATA, PGPORT or PGSSLMODE of the caller's shell change nothing."""
    monkeypatch.setenv("PGDATA", "/nowhere")
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGSSLMODE", "verify-full")

    with postgres(home) as server:
        assert server.create("guestbook").endswith(f":{server.port}/guestbook")


@pytest.mark.thorough
def test_it_is_stopped_when_the_block_fails(home: Path) -> None:
    """An error inside ends the server as well."""
    with contextlib.suppress(RuntimeError), postgres(home):
        process = leader(home)
        raise RuntimeError

    assert ended(process)


def test_a_failure_says_what_the_program_said(home: Path) -> None:
    """The database exists already: the message holds the program, its exit code and its last words."""
    with postgres(home) as server:
        server.create("twice")
        with pytest.raises(GonogoError) as caught:
            server.create("twice")

    said = str(caught.value)
    assert said.startswith("PostgreSQL: `createdb`: found exit code 1, expected 0. Its last words:\n")
    assert re.search(r'database "twice" already exists', said)
