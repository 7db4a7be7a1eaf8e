"""Copy an SQLite database that is written to meanwhile, say what a copy holds, or find such files.

Self-contained: fed on standard input to the Python of a running instance, or run on this machine::

    python - copy /data/app.db > copy.db
    python - facts copy.db
    python - find /data /uploads

``copy`` writes a whole database to standard output, by SQLite's own online backup; the others print one JSON document.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import sqlite3
import stat
import sys
import tempfile
from typing import Any, Iterator  # noqa: UP035  # as old as the instance's Python

__all__ = ["main"]

TOOLS = {"alembic_version": "version_num", "django_migrations": "app || '.' || name"}
MAGIC = b"SQLite format 3\0"
"""How every database file begins."""
MOST = 50000
"""Entries of folders that are looked at."""
ROOM = 64 * 1024 * 1024
"""Bytes that stay free beside a copy."""
PAGES = 20000
"""Pages that are copied at once; writers come in between."""


def reading(path: str) -> sqlite3.Connection:
    """A connection that makes no file where none is."""
    if not os.path.isfile(path):  # noqa: PTH113  # as old as the instance's Python
        raise FileNotFoundError(path)
    connection = sqlite3.connect(path, timeout=30)
    connection.execute("PRAGMA query_only = ON")
    return connection


def copy(path: str) -> None:
    """The database as it is at one moment, on standard output."""
    folder = tempfile.mkdtemp(prefix="gonogo-copy-")
    try:
        target = os.path.join(folder, "copy.db")  # noqa: PTH118
        with contextlib.closing(reading(path)) as source, contextlib.closing(sqlite3.connect(target)) as into:
            source.backup(into, pages=PAGES)
            into.execute("PRAGMA journal_mode = DELETE")
        with open(target, "rb") as stream:  # noqa: PTH123
            shutil.copyfileobj(stream, sys.stdout.buffer, 1024 * 1024)
        sys.stdout.buffer.flush()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def quoted(name: str) -> str:
    """A name as SQL has it."""
    return '"' + name.replace('"', '""') + '"'


def facts(path: str) -> dict[str, Any]:
    """Tables with their rows, sequences, revisions, and what SQLite says of its own pages."""
    with contextlib.closing(reading(path)) as connection:
        sound = [row[0] for row in connection.execute("PRAGMA integrity_check(10)")]
        query = (
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite|_%' ESCAPE '|' ORDER BY 1"
        )
        names = [row[0] for row in connection.execute(query)] if sound == ["ok"] else []
        count = "SELECT count(*) FROM {}"
        tables = [[name, connection.execute(count.format(quoted(name))).fetchone()[0]] for name in names]
        revisions = {}
        for name, value in TOOLS.items():
            with contextlib.suppress(sqlite3.OperationalError):
                rows = connection.execute(f"SELECT {value} FROM {name}").fetchall()  # noqa: S608  # ours
                revisions[name] = sorted(str(row[0]) for row in rows)
        return {
            "version": sqlite3.sqlite_version,
            "sound": sound,
            "tables": tables,
            "revisions": revisions,
            "size": os.path.getsize(path),  # noqa: PTH202
        }


def found(folders: list[str]) -> list[list[str]]:
    """Each database below the folders (a file is one), and why it cannot be copied; nothing where it can."""
    each: dict[str, str] = {}
    for folder in folders:
        here = [folder] if os.path.isfile(folder) else []  # noqa: PTH113
        for path in itertools.islice(itertools.chain(here, below(folder)), MOST):
            with contextlib.suppress(OSError):
                if is_database(path):
                    each[path] = obstacle(path)
    return [list(one) for one in sorted(each.items())]


def below(folder: str) -> Iterator[str]:
    """Every file below a folder; links are not followed."""
    for at, _, names in os.walk(folder):
        yield from (os.path.join(at, name) for name in names)  # noqa: PTH118


def is_database(path: str) -> bool:
    """Whether a plain file begins as a database does."""
    if not stat.S_ISREG(os.lstat(path).st_mode):
        return False
    with open(path, "rb") as stream:  # noqa: PTH123
        return stream.read(len(MAGIC)) == MAGIC


def obstacle(path: str) -> str:
    """Why a database cannot be copied."""
    try:
        with contextlib.closing(reading(path)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        needed = os.path.getsize(path) + ROOM  # noqa: PTH202
        free = shutil.disk_usage(tempfile.gettempdir()).free
    except (OSError, sqlite3.Error) as error:
        return str(error)
    return "" if free > needed else "its folder for temporary files has no room for a copy"


def main() -> int:
    """Does what its first word says with the file that its second one names, or with all of them."""
    sys.dont_write_bytecode = True
    what, *paths = sys.argv[1:]
    if what == "copy":
        copy(paths[0])
    else:
        sys.stdout.write(json.dumps(found(paths) if what == "find" else facts(paths[0])) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
