"""Put a copy of an SQLite database beside it, and let the two change their names once nobody has them open.

Self-contained: given to the Python of a service as text::

    python -c "$(cat sqlite_swap.py)" put /data/app.db 20261129t101500 < copy.db
    python -c "$(cat sqlite_swap.py)" swap /data/app.db 20261129t101500

``put`` makes ``app.db.gonogo-new-STAMP`` with the owner, the mode and the journal of the live file, ``swap`` gives it
that one's name, which becomes ``app.db.gonogo-old-STAMP``, ``back`` takes that back, ``state`` says ``done`` where it
is so, ``list`` names such files with their bytes, ``drop`` takes one away.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sqlite3
import sys

__all__ = ["main"]

OURS = re.compile(r"\.gonogo-(new|old)-\d{8}t\d{6}$")
BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a file that somebody has open."""


def put(live: str, new: str) -> None:
    """The copy from standard input, as the live file is."""
    stat = os.stat(live)  # noqa: PTH116
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "wb") as stream:  # noqa: PTH123  # as old as the service's Python
        shutil.copyfileobj(sys.stdin.buffer, stream, 1024 * 1024)
        stream.flush()
        os.fsync(stream.fileno())
    with contextlib.closing(sqlite3.connect(live, timeout=30)) as connection:
        mode = connection.execute("PRAGMA journal_mode").fetchone()[0]
    if mode == "wal":
        with contextlib.closing(sqlite3.connect(new)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
    os.chmod(new, stat.st_mode & 0o7777)  # noqa: PTH101
    if (os.getuid(), os.getgid()) != (stat.st_uid, stat.st_gid):
        os.chown(new, stat.st_uid, stat.st_gid)


def closed(path: str) -> None:
    """Writes what stands beside a file into it; an error where somebody else has it open."""
    with contextlib.closing(sqlite3.connect(path, timeout=30)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        connection.rollback()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    left = [ending for ending in BESIDE if os.path.exists(path + ending)]  # noqa: PTH110
    if left:
        raise OSError(f"{path}: found {path}{left[0]}, expected a database that nobody has open")


def change(live: str, comes: str, aside: str) -> None:
    """Gives ``comes`` the name of the live file; where that was begun before, only what is left of it."""
    if not os.path.exists(comes):  # noqa: PTH110
        raise FileNotFoundError(comes)
    if os.path.exists(live):  # noqa: PTH110
        closed(live)
        os.rename(live, aside)  # noqa: PTH104
    os.rename(comes, live)  # noqa: PTH104


def beside(live: str) -> list[str]:
    """Such files of a database, sorted."""
    folder, name = os.path.split(live)
    found = [one for one in os.listdir(folder) if OURS.search(one)]  # noqa: PTH208
    return sorted(os.path.join(folder, one) for one in found if OURS.sub("", one) == name)  # noqa: PTH118


def drop(path: str) -> None:
    """Takes one away, with what stands beside it."""
    if not OURS.search(path):
        raise ValueError(f"{path}: found a file that no swap has named")
    for ending in ("", *BESIDE):
        with contextlib.suppress(FileNotFoundError):
            os.remove(path + ending)  # noqa: PTH107


def main() -> int:
    """Does what its first word says."""
    sys.dont_write_bytecode = True
    what, live = sys.argv[1], os.path.realpath(sys.argv[2])
    stamp = sys.argv[3] if len(sys.argv) > 3 else ""  # noqa: PLR2004
    new, old = f"{live}.gonogo-new-{stamp}", f"{live}.gonogo-old-{stamp}"
    if what == "put":
        put(live, new)
    elif what == "swap":
        change(live, new, old)
    elif what == "back":
        change(live, old, new)
    elif what == "state":
        done = os.path.exists(old) and os.path.exists(live) and not os.path.exists(new)  # noqa: PTH110
        sys.stdout.write("done\n" if done else "\n")
    elif what == "list":
        for path in beside(live):
            sys.stdout.write(f"{os.path.getsize(path)} {path}\n")  # noqa: PTH202
    elif what == "drop":
        drop(live)
    return 0


if __name__ == "__main__":
    sys.exit(main())
