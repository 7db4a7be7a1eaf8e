"""Ask the application's database ``SELECT 1``, or one query, through the application's own driver and settings.

Self-contained: fed on standard input to the Python of a running instance::

    python - '{"query": "select count(*) from lamps", "seconds": 5}' < database.py

It prints one JSON document on a line that begins with a marker, and never the address that it connected to. A query is
asked in a transaction that can write nothing and is rolled back; of its rows only the first value and their number are
told.
"""

from __future__ import annotations

import os
import sys

if not __package__:  # it is given to a Python on standard input
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
ADDRESS = ""
"""What is asked instead of the variable's own, where whoever feeds the script fills it in."""
TIMEOUT = 5
CONNECTED: list[float] = []
MOST = 1001
"""Rows that are counted at most."""
Way = Callable[[str, "list[str]"], "tuple[float, float, list[Any]]"]
"""Statements in one transaction: seconds to connect and to answer, and the rows of the last one."""
USUAL = {"postgres": "psycopg2", "postgresql": "psycopg2", "mysql": "MySQLdb", "mariadb": "MySQLdb"}
"""The driver that SQLAlchemy takes where a URL names none; applications often name another one in their code."""


def now_connected() -> float:
    """The moment at which a connection came about, and note that one did."""
    CONNECTED.append(time.monotonic())
    return CONNECTED[-1]


def has(module: str) -> bool:
    """Whether a module is installed."""
    return importlib.util.find_spec(module) is not None


def guards(url: str, seconds: float) -> list[str]:
    """The statements after which nothing can be written, nor asked for longer than so many seconds."""
    scheme, limit = url.partition("://")[0].partition("+")[0], int(seconds * 1000)
    if scheme.startswith("postgres"):
        return ["SET TRANSACTION READ ONLY", f"SET LOCAL statement_timeout = {limit}"]
    if scheme in ("mysql", "mariadb"):
        return ["SET SESSION TRANSACTION READ ONLY"]
    return ["PRAGMA query_only = ON"] if scheme == "sqlite" else []


def as_it_is(statement: str) -> Any:
    """A statement for SQLAlchemy, in which a colon names no parameter."""
    return importlib.import_module("sqlalchemy").text(statement.replace(":", "\\:"))


def through_sqlalchemy(url: str, asked: list[str]) -> tuple[float, float, list[Any]]:
    """Asks through an engine of the application's own dialect."""
    sqlalchemy = importlib.import_module("sqlalchemy")

    begin = time.monotonic()
    engine = sqlalchemy.create_engine(url.replace("postgres://", "postgresql://", 1))
    try:
        with engine.connect() as connection:
            connected = now_connected()
            for statement in asked:
                result = connection.execute(as_it_is(statement))
            rows = result.fetchmany(MOST) if result.returns_rows else []
            return connected - begin, time.monotonic() - connected, rows
    finally:
        engine.dispose()


def through_async_sqlalchemy(url: str, asked: list[str]) -> tuple[float, float, list[Any]]:
    """Asks through an asynchronous engine, where the URL names an asynchronous driver."""
    create_async_engine = importlib.import_module("sqlalchemy.ext.asyncio").create_async_engine

    async def ask() -> tuple[float, float, list[Any]]:
        begin = time.monotonic()
        engine = create_async_engine(url)
        try:
            async with engine.connect() as connection:
                connected = now_connected()
                for statement in asked:
                    result = await connection.execute(as_it_is(statement))
                rows = result.fetchmany(MOST) if result.returns_rows else []
                return connected - begin, time.monotonic() - connected, rows
        finally:
            await engine.dispose()

    return asyncio.run(ask())


def through_dbapi(module: str) -> Way:
    """A way to ask through a PostgreSQL driver."""

    def ask(url: str, asked: list[str]) -> tuple[float, float, list[Any]]:
        begin = time.monotonic()
        connection = importlib.import_module(module).connect(plain(url), connect_timeout=TIMEOUT)
        try:
            connected = now_connected()
            cursor = connection.cursor()
            for statement in asked:
                cursor.execute(statement)
            rows = cursor.fetchmany(MOST) if cursor.description else []
            return connected - begin, time.monotonic() - connected, rows
        finally:
            connection.close()

    return ask


def through_asyncpg(url: str, asked: list[str]) -> tuple[float, float, list[Any]]:
    """Asks through asyncpg."""
    asyncpg = importlib.import_module("asyncpg")

    async def ask() -> tuple[float, float, list[Any]]:
        begin = time.monotonic()
        connection = await asyncpg.connect(plain(url), timeout=TIMEOUT)
        try:
            connected = now_connected()
            transaction = connection.transaction()
            await transaction.start()
            for statement in asked[:-1]:
                await connection.execute(statement)
            rows = (await connection.fetch(asked[-1]))[:MOST]
            await transaction.rollback()
            return connected - begin, time.monotonic() - connected, rows
        finally:
            await connection.close()

    return asyncio.run(ask())


def plain(url: str) -> str:
    """A URL without SQLAlchemy's driver in its scheme."""
    scheme, colon, rest = url.partition("://")
    return scheme.partition("+")[0] + colon + rest


def way(url: str) -> tuple[str, Way] | None:
    """The name of the first driver that can be used for a URL, and the way to ask through it."""
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


def told(value: Any) -> Any:
    """A value as JSON has it: numbers as numbers, moments by ISO 8601, everything else as text."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if hasattr(value, "as_integer_ratio"):
        return int(value) if value == int(value) else float(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """The document."""
    document: dict[str, Any] = {
        "variable": None,
        "driver": None,
        "connect": None,
        "query": None,
        "error": None,
        "connected": False,
    }
    name = next((name for name in NAMES if os.environ.get(name)), None)
    url = ADDRESS or os.environ.get(name or "", "")
    found = way(url) if name else None
    document.update(variable=name, driver=found[0] if found else None)
    if name is None or found is None:
        return document
    try:
        query = request.get("query")
        asked = [*guards(url, request.get("seconds", TIMEOUT)), query] if query else ["SELECT 1"]
        connect, seconds, rows = found[1](url, asked)
        document.update(connect=connect, query=seconds, rows=len(rows), value=told(rows[0][0]) if rows else None)
    except Exception as error:  # noqa: BLE001  # a driver may raise anything
        first = (str(error).strip().splitlines() or [""])[0]
        document["error"] = {"type": type(error).__name__, "message": first}
    document["connected"] = bool(CONNECTED)
    return document


def main() -> int:
    """Prints the document, whatever else is printed around it."""
    sys.dont_write_bytecode = True
    request = json.loads(sys.argv[1]) if len(sys.argv) > 1 else {}
    sys.stdout.write(f"\n{MARKER}{json.dumps(answer(request), default=str)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
