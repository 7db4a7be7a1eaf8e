"""One real PostgreSQL for the integration tests of a session."""

from __future__ import annotations

import itertools
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gonogo.demo import postgres as embedded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["new_database", "postgres_server", "postgres_url"]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[embedded.Postgres]:
    """Run one PostgreSQL on a free loopback port; as root it cannot live in pytest's folders, which are closed."""
    with tempfile.TemporaryDirectory(prefix="gonogo-pg-") as home, embedded.postgres(Path(home)) as server:
        yield server


@pytest.fixture(scope="session")
def postgres_url(postgres_server: embedded.Postgres) -> str:
    """Give the URL of the maintenance database."""
    return postgres_server.url()


@pytest.fixture(scope="session")
def new_database(postgres_server: embedded.Postgres) -> Callable[[], str]:
    """Give a function that makes an empty database and returns its URL."""
    numbers = itertools.count(1)
    return lambda: postgres_server.create(f"scratch_{next(numbers)}")
