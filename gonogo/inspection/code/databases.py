"""Databases that are files: told by their first bytes, and by what a migration tool leaves in them."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

__all__ = ["READ", "is_kept_account", "sqlite_beside_code", "sqlite_files"]

READ = 4 << 20
"""Bytes of a file that are looked at: a schema stands at its beginning."""
_HEADER = b"SQLite format 3\0"
"""https://www.sqlite.org/fileformat.html, section 1.3."""
_ACCOUNTS = (b"alembic_version", b"django_migrations")
_RELATIVE = re.compile(r"sqlite(?:\+\w+)?:///(?!/|:memory:|file:)([^?]+)")
_FOREIGN = frozenset({".git", "__pycache__", ".venv", "venv", "node_modules"})


def is_kept_account(content: bytes) -> bool:
    """Whether a file's beginning is that of an SQLite database that a migration tool keeps account in.

    A cache or a queue that is made anew each time has none.
    """
    return content.startswith(_HEADER) and any(name in content for name in _ACCOUNTS)


def sqlite_beside_code(address: str) -> str:
    """The path of the SQLite file that an address names below the folder it is opened in; else nothing."""
    match = _RELATIVE.match(address.strip())
    path = posixpath.normpath(match[1]) if match else ""
    return "" if path == ".." or path.startswith("../") else path


def sqlite_files(folder: Path) -> Iterator[Path]:
    """Such databases below a folder, never through symbolic links; what cannot be read is left out."""
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in _FOREIGN)
        for name in sorted(names):
            path = Path(parent) / name
            if not path.is_symlink() and _is_database(path):
                yield path


def _is_database(path: Path) -> bool:
    try:
        with path.open("rb") as stream:
            begin = stream.read(len(_HEADER))
            return begin == _HEADER and is_kept_account(begin + stream.read(READ))
    except OSError:
        return False
