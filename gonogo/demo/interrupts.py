"""Ctrl-C, SIGTERM and SIGHUP, noted when they arrive and acted upon where it is safe.

Nothing is raised from a signal handler: between any two bytecodes a process may just have been started and not yet
be written down. So the demo asks here between its steps and while it waits.
"""

from __future__ import annotations

import signal
from types import FrameType
from typing import Self

from gonogo.errors import InterruptedRunError

__all__ = ["Interrupts"]

_HANDLED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupts:
    """While entered, the first signal is kept for ``check``; later ones change nothing."""

    def __init__(self) -> None:
        """Nothing is installed yet."""
        self.arrived: signal.Signals | None = None
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        """Installs the handlers."""
        for number in _HANDLED:
            self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        """Puts the former handlers back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def check(self) -> None:
        """Stops here if a signal arrived.

        Raises:
            InterruptedRunError: one did.
        """
        if self.arrived is not None:
            raise InterruptedRunError(f"interrupted by {self.arrived.name}")

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self.arrived = self.arrived or signal.Signals(number)
