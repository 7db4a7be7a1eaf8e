"""A real PostgreSQL and its own programs, for backups of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from gonogo.backups.access import OnHost
from gonogo.backups.postgres import Postgres
from gonogo.demo.programs import postgres_package

__all__ = ["Kept", "kept", "programs"]


@dataclass(frozen=True)
class Kept:
    """One database that is backed up."""

    url: str
    source: Postgres

    def run(self, *statements: str) -> list[tuple[Any, ...]]:
        """The rows of the last statement."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def as_user(self, name: str, password: str) -> Postgres:
        """The same database for somebody else."""
        access = self.source.access
        assert isinstance(access, OnHost)
        env = {**access.env, "PGUSER": name, "PGPASSWORD": password}
        return replace(self.source, access=replace(access, env=env))


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> Path:
    """PostgreSQL's own programs are on the PATH."""
    folder = postgres_package() / "pginstall" / "bin"
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


@pytest.fixture
def kept(new_database: Callable[[], str], programs: Path) -> Kept:
    """An empty one."""
    assert programs.is_dir()
    url = new_database()
    parts = urlsplit(url)
    env = {
        "PGHOST": str(parts.hostname),
        "PGPORT": str(parts.port),
        "PGUSER": str(parts.username),
        "PGPASSWORD": str(parts.password),
    }
    access = OnHost(address=parts.netloc.rpartition("@")[2], env=env)
    database = parts.path.strip("/")
    return Kept(url, Postgres(name=f"db/{database}", access=access, database=database))
