"""Ctrl-C, SIGTERM and SIGHUP stop a run in order; a rollback that has begun is not stopped by a second one."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Self

from gonogo.errors import InterruptedRunError

__all__ = ["Signals"]

_HANDLED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Signals:
    """While entered, the signals raise ``InterruptedRunError`` in the main thread."""

    def __init__(self) -> None:
        """Nothing is installed yet."""
        self._shielded = False
        self._before: dict[int, object] = {}

    def __enter__(self) -> Self:
        """Install the handlers."""
        for number in _HANDLED:
            self._before[number] = signal.signal(number, self._arrived)
        return self

    def __exit__(self, *_: object) -> None:
        """Put the former handlers back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    @contextlib.contextmanager
    def shield(self) -> Iterator[None]:
        """Inside, signals are noted on the terminal and change nothing."""
        self._shielded = True
        try:
            yield
        finally:
            self._shielded = False

    def _arrived(self, number: int, _frame: FrameType | None) -> None:
        name = signal.Signals(number).name
        if self._shielded:
            sys.stderr.write(f"\n{name}: the way back goes on; it is bounded in time.\n")
            return
        raise InterruptedRunError(f"interrupted by {name}")
