"""Where a key stands in a TOML text; ``tomllib`` does not tell."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["Lines"]

Path = tuple[str | int, ...]

_TABLE = re.compile(r"^\s*\[(?P<array>\[)?(?P<keys>[^\[\]]+(?:\[[^\]]*\][^\[\]]*)*)\]")
_KEY = re.compile(r"""^\s*(?P<keys>(?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")


class Lines:
    """Line numbers of tables and keys, by their path from the top of the document."""

    def __init__(self, text: str) -> None:
        """Index a text that ``tomllib`` accepted."""
        self._lines: dict[Path, int] = {}
        self._counts: dict[Path, int] = {}
        table: Path = ()
        for number, line in enumerate(text.splitlines(), start=1):
            if match := _TABLE.match(line):
                table = self._open(_parts(match["keys"]), array=bool(match["array"]))
                self._lines.setdefault(table, number)
            elif match := _KEY.match(line):
                self._add((*table, *_parts(match["keys"])), number)

    def _open(self, parts: Sequence[str], *, array: bool) -> Path:
        """The path of a table header; array tables carry the index of their newest element."""
        path: Path = ()
        for index, part in enumerate(parts):
            path = (*path, part)
            if array and index == len(parts) - 1:
                self._counts[path] = self._counts.get(path, -1) + 1
            if path in self._counts:
                path = (*path, self._counts[path])
        return path

    def _add(self, path: Path, number: int) -> None:
        for length in range(1, len(path) + 1):
            self._lines.setdefault(path[:length], number)

    def find(self, path: Path) -> int | None:
        """The line of a key, or of the nearest table above it."""
        for length in range(len(path), 0, -1):
            if path[:length] in self._lines:
                return self._lines[path[:length]]
        return None

    def has(self, path: Path) -> bool:
        """Whether this very key stands in the text."""
        return path in self._lines


def _parts(keys: str) -> list[str]:
    return [part.strip("\"'") for part in _PART.findall(keys)]
