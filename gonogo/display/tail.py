"""What a running command said last, read from the files that its output goes to; the command waits for nobody."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from typing import IO

from gonogo.host.runner import Command
from gonogo.records.text import plain
from gonogo.secrets.redactor import RedactingStream

__all__ = ["Tail"]

_MOST = 16 * 1024
"""Bytes that are read at once; of more, the end."""
_MARGIN = 4096
"""Bytes that are not shown where a part was left out: a secret may begin before them."""


class Tail:
    """One command; made and left by whoever runs it, read and closed by whoever shows it."""

    def __init__(
        self, command: Command, out: IO[bytes], err: IO[bytes], *, redacting: Callable[[], RedactingStream], at: float
    ) -> None:
        """Follows both streams; ``at`` is when the command began.

        Raises:
            OSError: too many files are open.
        """
        self.command = command
        self.at = at
        self._redacting = redacting
        self._last = ""
        self._streams = [_Stream(os.dup(file.fileno()), redacting) for file in (out, err)]

    def last(self) -> str:
        """The last whole line that says something, without secrets and escape sequences; empty before the first."""
        for stream in self._streams:
            self._last = stream.news() or self._last
        return self._last

    def close(self) -> None:
        """Lets go of the files."""
        for stream in self._streams:
            with contextlib.suppress(OSError):
                os.close(stream.number)


class _Stream:
    """One of its two streams."""

    def __init__(self, number: int, redacting: Callable[[], RedactingStream]) -> None:
        self.number = number
        self._redacting = redacting
        self._at = 0
        self._hidden = 0
        self._safe = redacting()

    def news(self) -> str:
        """The last line of what came since; empty when nothing did."""
        size = os.fstat(self.number).st_size
        if size == self._at:
            return ""
        if size - self._at > _MOST:
            self._at, self._hidden, self._safe = size - _MOST, _MARGIN, self._redacting()
        said = os.pread(self.number, size - self._at, self._at)
        self._at += len(said)
        shown = self._safe.feed(said)
        hidden = min(self._hidden, len(shown))
        self._hidden -= hidden
        more = b"" if self._hidden else self._safe.peek()
        lines = plain((shown[hidden:] + more).decode("utf-8", "replace")).split("\n")
        if hidden:
            lines = lines[1:]  # its beginning is not shown
        return next((line.strip() for line in reversed(lines) if line.strip()), "")
