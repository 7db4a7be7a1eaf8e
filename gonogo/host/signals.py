"""Ctrl-C, SIGTERM and SIGHUP stop a run in order, and only where stopping is safe.

A signal ends what runs inside ``interruptible``. Anywhere else (the record is written, the rollback goes on) it is told
on the terminal; before the next step begins it takes effect, in the rollback it has none.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Self

from gonogo.errors import InterruptedRunError

__all__ = ["Signals", "deferred"]

_deferring = 0
"""How many ``deferred`` blocks the main thread is in."""

_HANDLED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _tell(text: str) -> None:
    with contextlib.suppress(OSError, ValueError, AttributeError):  # the terminal that hung up is gone
        sys.stderr.write(f"{text}\n")


class Signals:
    """Handles the signals while entered."""

    current: Signals | None = None
    """The one whose handlers are installed."""

    def __init__(self, say: Callable[[str], None] = _tell) -> None:
        """Nothing is installed yet; ``say`` tells people of a signal that changes nothing."""
        self._say = say
        self._open = False
        self._returning = 0
        """How many ``rollback`` blocks the run is in."""
        self._arrived: str | None = None
        self._before: dict[int, object] = {}

    def __enter__(self) -> Self:
        """Installs the handlers."""
        for number in _HANDLED:
            self._before[number] = signal.signal(number, self._handle)
        Signals.current = self
        return self

    def __exit__(self, *_: object) -> None:
        """Puts the former handlers back."""
        Signals.current = None
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    @contextlib.contextmanager
    def interruptible(self) -> Iterator[None]:
        """Inside, a signal raises ``InterruptedRunError`` in the main thread; one that came before does so at once."""
        self._open = True
        try:
            self.check()
            yield
        finally:
            self._open = False

    @contextlib.contextmanager
    def rollback(self) -> Iterator[None]:
        """Inside, a signal changes nothing: a target is never left half way."""
        self._returning += 1
        try:
            yield
        finally:
            self._returning -= 1

    def check(self) -> None:
        """Stops here if a signal arrived and stopping is safe.

        Raises:
            InterruptedRunError: it did, and it is.
        """
        if self._open and self._arrived is not None:
            raise InterruptedRunError(f"interrupted by {self._arrived}")

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        self._arrived = signal.Signals(number).name
        if not _deferring:
            self.check()
        if self._returning:
            self._say(f"\n{self._arrived}: the rollback goes on; it is bounded in time.")


@contextlib.contextmanager
def deferred() -> Iterator[None]:
    """Inside, no signal interrupts; one that arrives takes effect at the end: no child is started and forgotten."""
    global _deferring  # noqa: PLW0603 (signal handlers are the process's own, too)
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _deferring += 1
    try:
        yield
    finally:
        _deferring -= 1
    if Signals.current is not None and not _deferring:
        Signals.current.check()
