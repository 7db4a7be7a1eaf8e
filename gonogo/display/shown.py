"""A screen that shows: the run notes what happens, a thread of its own writes it; a slow terminal stops nothing."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Self

from gonogo.display.paced import EVERY, write
from gonogo.display.style import Style
from gonogo.display.view import View
from gonogo.host.runner import Command
from gonogo.records.run_results import StepResult
from gonogo.run.screen import Opening, Screen
from gonogo.runtimes.secret_values import redact_in_use

__all__ = ["Shown"]


_PATIENCE = 1.0
"""Seconds that a terminal which takes nothing is waited for, once a person has had enough."""


class Shown(Screen):
    """Entered around a run."""

    def __init__(self, style: Style) -> None:
        """Nothing is shown before the run begins."""
        self._style = style
        self._view = View()
        self._lines: deque[str] = deque()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """The run is still to begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Whatever happened: the terminal is as it was, and every line stands there."""
        self.close()

    def open(self, run: Opening) -> None:
        """Shows the header, and begins to paint."""
        self._view.open(run)
        self._tell(self._style.header(run))
        thread = threading.Thread(target=self._paint_all, name="screen", daemon=True)
        with contextlib.suppress(RuntimeError):  # no room for one more: everything is shown at the end
            thread.start()
            self._thread = thread

    def begin(self, step: str, *, kind: str) -> None:
        """A step goes on from now."""
        self._tell(self._style.begin(step))
        self._view.begin(step, kind)

    def asks(self, results: Path) -> None:
        """Its gate notes there how far it is."""
        if self._view.doing is not None:
            self._view.doing.results = results

    def runs(self, command: Command, out: IO[bytes], err: IO[bytes]) -> AbstractContextManager[None]:
        """Its command runs."""
        return self._view.follow(command, out, err)

    def end(self, step: StepResult) -> None:
        """Its line stands."""
        self._view.end(step)
        self._tell(self._style.end(step))

    def say(self, text: str) -> None:
        """A line between the others."""
        self._tell(map(self._style.foreign, text.split("\n")))

    def close(self, ending: Iterable[str] = ()) -> None:
        """Shows the ending, and waits until all is written. Ctrl-C ends the waiting; the run has ended already."""
        self._view.end()
        self._tell([*self._style.close(), *map(self._style.foreign, self._style.ending(ending))])
        self._closing.set()
        if self._thread is None:
            self._paint(last=True)
            return
        try:
            self._thread.join()
        except KeyboardInterrupt:
            self._thread.join(_PATIENCE)

    def _tell(self, lines: Iterable[str]) -> None:
        self._lines.extend(redact_in_use(line) for line in lines)

    def _paint_all(self) -> None:
        last = False
        while not last:
            last = self._closing.wait(EVERY)
            self._paint(last=last)

    def _paint(self, *, last: bool) -> None:
        """Writes what is new; where it cannot be painted, its lines."""
        lines = [self._lines.popleft() for _ in range(len(self._lines))]
        try:
            text = self._style.paint(lines, self._view, last=last)
        except Exception:  # noqa: BLE001 (a view that fails costs the view, neither the run nor its lines)
            self._style = Style()
            text = self._style.paint(lines, self._view, last=last)
        with contextlib.suppress(Exception):
            self._view.tidy()
        if text:
            write(text)
