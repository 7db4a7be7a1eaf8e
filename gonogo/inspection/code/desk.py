"""Which of a checkout's uncommitted files may belong to a release, and which cannot. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from gonogo.inspection.code.gittree import StatusEntry

__all__ = ["Desk", "sort_out"]

_WRITTEN = re.compile(
    r"(?i).*\.(?:log|pid|sock|swp|swo)|.*\.log[.-][\w.-]+|.*~|nohup\.out|\.DS_Store|Thumbs\.db|core\.\d+"
    r"|.*\.(?:sqlite3?|db)-(?:journal|wal|shm)"
)
"""What running programs and editors write: no build and no application reads it as its own."""
_LOGS = frozenset({"log", "logs"})
_PLACEHOLDERS = re.compile(r"(?i)\.\w*keep|\.gitignore|readme(?:\.\w+)?")
_CODE = frozenset({".py", ".js", ".ts", ".html", ".css", ".sql", ".toml", ".yml", ".yaml", ".json", ".cfg", ".ini"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What is uncommitted, by what follows from it."""

    behind: tuple[StatusEntry, ...]
    """It may belong to the release, and is no part of it."""
    aside: tuple[StatusEntry, ...]
    """Untracked, and written by what runs: it cannot matter."""


def sort_out(entries: Iterable[StatusEntry], *, written: Collection[str] = (), tracked: Collection[str] = ()) -> Desk:
    """Tells apart what may be missed in the release.

    Args:
        entries: what differs from the commit.
        written: folders and files of the repository that services mount to write to: where git knows nothing in them
            but placeholders, what stands there is the application's own data.
        tracked: what git knows.
    """
    listed = tuple(entries)
    known = [PurePosixPath(path) for path in tracked]
    code = {str(folder) for path in known if not _PLACEHOLDERS.fullmatch(path.name) for folder in (path, *path.parents)}
    data = {path for path in written if path not in code} - {"."}
    aside = tuple(one for one in listed if one.is_untracked and _is_data(PurePosixPath(one.path), data))
    return Desk(behind=tuple(one for one in listed if one not in aside), aside=aside)


def _is_data(path: PurePosixPath, written: Collection[str]) -> bool:
    places = {str(path), *map(str, path.parents)}
    if places & set(written) or _WRITTEN.fullmatch(path.name):
        return True
    return any(part.casefold() in _LOGS for part in path.parts[:-1]) and path.suffix not in _CODE
