"""The one place that writes to standard error: never more than one write in a tenth of a second."""

from __future__ import annotations

import contextlib
import os
import select
import sys
import threading
import time

__all__ = ["EVERY", "write"]

EVERY = 0.1
"""Seconds between two writes, at the least."""

_turn = threading.Lock()
_last = -EVERY


def write(text: str) -> None:
    """Writes it, as soon as the write before is long enough ago; a terminal or a pipe that is gone takes nothing."""
    global _last  # noqa: PLW0603 (the stream is the process's own, too)
    with _turn:
        time.sleep(max(_last + EVERY - time.monotonic(), 0.0))
        with contextlib.suppress(OSError, ValueError, AttributeError):  # closed, or there never was one
            _put(text)
        _last = time.monotonic()


def _put(text: str) -> None:
    """Writes in one piece: the stream's own buffer would make several of a long text."""
    stream = sys.stderr
    stream.flush()
    try:
        number = stream.fileno()
    except (OSError, ValueError):  # no file behind it
        stream.write(text)
        stream.flush()
        return
    left = text.encode(stream.encoding, "backslashreplace")
    while left:
        try:
            left = left[os.write(number, left) :]
        except BlockingIOError:  # whoever shares it made it so
            select.select([], [number], [])
