"""A child waits between fork and exec until it is on record: where its starter dies first, it never runs."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Self

__all__ = ["Barrier"]

_ONE_AT_A_TIME = threading.Lock()
"""Two children that wait would keep each other's pipes open, and neither would see that their starter is gone."""


class Barrier:
    """Entered around the start of one child, whose ``preexec_fn`` is ``wait``.

    The starter is blocked until exec, so a thread of its own hears the child's pid, makes it known, and lets it go.
    """

    def __init__(self, known: Callable[[int], None]) -> None:
        """``known`` puts a pid on record; the child runs when it returned."""
        self._known = known
        self._thread = threading.Thread(target=self._let_go, name="start barrier", daemon=True)
        self.pid: int | None = None
        """Of the child, once it has come this far: its folder exists, its program may not."""
        self.error: BaseException | None = None
        """What kept it from being made known; the child never ran."""

    def __enter__(self) -> Self:
        """Opens the pipes and listens."""
        _ONE_AT_A_TIME.acquire()
        try:
            self._told, self._tell = os.pipe()
            self._go, self._open = os.pipe()
            self._thread.start()
        except BaseException:  # no thread, no file left: the next start must not wait for this one
            _ONE_AT_A_TIME.release()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """The child runs, or has ended."""
        os.close(self._tell)
        self._thread.join()
        for end in (self._told, self._go):
            os.close(end)
        _ONE_AT_A_TIME.release()

    def wait(self) -> None:
        """Tells the pid and waits; three system calls, for after a fork nothing else is safe.

        Raises:
            EOFError: the starter is gone or could not make the child known; this ends the child.
        """
        os.close(self._open)
        os.write(self._tell, str(os.getpid()).encode())
        if not os.read(self._go, 1):
            raise EOFError

    def _let_go(self) -> None:
        said = os.read(self._told, 32)
        try:
            if said:
                self.pid = int(said)
                self._known(self.pid)
                os.write(self._open, b".")
        except BaseException as error:  # noqa: BLE001 (raised again by the starter)
            self.error = error
        finally:
            os.close(self._open)
