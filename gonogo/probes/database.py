"""Ask the application's database ``SELECT 1``, through the application's own driver and settings.

Self-contained: fed on standard input to the Python of a running instance. It prints one JSON document on a line that
begins with a marker, and never the address that it connected to.
"""

from __future__ import annotations

import os
import sys

sys.path[:] = [path for path in sys.path if path not in {"", os.getcwd()}]  # noqa: PTH109
# An application's types.py is not the library's, and nothing of the application is asked.

import asyncio
import importlib
import importlib.util
import json
import time
from typing import Any, Callable  # noqa: UP035  # collections.abc has no subscripts on 3.8

__all__ = ["main"]

MARKER = "<<gonogo-database>>"
NAMES = ("DATABASE_URL", "SQLALCHEMY_DATABASE_URI", "SQLALCHEMY_DATABASE_URL", "DB_URL", "POSTGRES_URL")
TIMEOUT = 5
USUAL = {"postgres": "psycopg2", "postgresql": "psycopg2", "mysql": "MySQLdb", "mariadb": "MySQLdb"}
"""The driver that SQLAlchemy takes where a URL names none; applications often name another one in their code."""


def has(module: str) -> bool:
    """Say whether a module is installed."""
    return importlib.util.find_spec(module) is not None


def through_sqlalchemy(url: str) -> tuple[float, float, Any]:
    """Ask through an engine of the application's own dialect."""
    sqlalchemy = importlib.import_module("sqlalchemy")

    begin = time.monotonic()
    engine = sqlalchemy.create_engine(url.replace("postgres://", "postgresql://", 1))
    with engine.connect() as connection:
        connected = time.monotonic()
        value = connection.execute(sqlalchemy.text("SELECT 1")).scalar()
    return connected - begin, time.monotonic() - connected, value


def through_async_sqlalchemy(url: str) -> tuple[float, float, Any]:
    """Ask through an asynchronous engine, where the URL names an asynchronous driver."""
    sqlalchemy = importlib.import_module("sqlalchemy")
    create_async_engine = importlib.import_module("sqlalchemy.ext.asyncio").create_async_engine

    async def ask() -> tuple[float, float, Any]:
        begin = time.monotonic()
        engine = create_async_engine(url)
        try:
            async with engine.connect() as connection:
                connected = time.monotonic()
                value = (await connection.execute(sqlalchemy.text("SELECT 1"))).scalar()
                return connected - begin, time.monotonic() - connected, value
        finally:
            await engine.dispose()

    return asyncio.run(ask())


def through_dbapi(module: str) -> Callable[[str], tuple[float, float, Any]]:
    """Return a way to ask through a PostgreSQL driver."""

    def ask(url: str) -> tuple[float, float, Any]:
        begin = time.monotonic()
        connection = importlib.import_module(module).connect(plain(url), connect_timeout=TIMEOUT)
        try:
            connected = time.monotonic()
            cursor = connection.cursor()
            cursor.execute("SELECT 1")
            value = cursor.fetchone()[0]
            return connected - begin, time.monotonic() - connected, value
        finally:
            connection.close()

    return ask


def through_asyncpg(url: str) -> tuple[float, float, Any]:
    """Ask through asyncpg."""
    asyncpg = importlib.import_module("asyncpg")

    async def ask() -> tuple[float, float, Any]:
        begin = time.monotonic()
        connection = await asyncpg.connect(plain(url), timeout=TIMEOUT)
        try:
            connected = time.monotonic()
            value = await connection.fetchval("SELECT 1")
            return connected - begin, time.monotonic() - connected, value
        finally:
            await connection.close()

    return asyncio.run(ask())


def plain(url: str) -> str:
    """Return a URL without SQLAlchemy's driver in its scheme."""
    scheme, colon, rest = url.partition("://")
    return scheme.partition("+")[0] + colon + rest


def way(url: str) -> tuple[str, Callable[[str], tuple[float, float, Any]]] | None:
    """Return the name of the first driver that can be used for a URL, and the way to ask through it."""
    usual = USUAL.get(url.partition("://")[0])
    if has("sqlalchemy") and (usual is None or has(usual)):
        is_async = url.partition("://")[0].endswith(("+asyncpg", "+aiosqlite", "+aiomysql", "+asyncmy", "_async"))
        return "sqlalchemy", through_async_sqlalchemy if is_async else through_sqlalchemy
    if not url.startswith("postgres"):
        return None
    for module in ("psycopg", "psycopg2"):
        if has(module):
            return module, through_dbapi(module)
    return ("asyncpg", through_asyncpg) if has("asyncpg") else None


def answer() -> dict[str, Any]:
    """Return the document."""
    document: dict[str, Any] = {"variable": None, "driver": None, "connect": None, "query": None, "error": None}
    name = next((name for name in NAMES if os.environ.get(name)), None)
    found = way(os.environ[name]) if name else None
    document.update(variable=name, driver=found[0] if found else None)
    if name is None or found is None:
        return document
    try:
        connect, query, value = found[1](os.environ[name])
        document.update(connect=connect, query=query, value=value)
    except Exception as error:  # noqa: BLE001  # a driver may raise anything
        first = (str(error).strip().splitlines() or [""])[0]
        document["error"] = {"type": type(error).__name__, "message": first}
    return document


def main() -> int:
    """Print the document, whatever else is printed around it."""
    sys.dont_write_bytecode = True
    sys.stdout.write(f"\n{MARKER}{json.dumps(answer(), default=str)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
