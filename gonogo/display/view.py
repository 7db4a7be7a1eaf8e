"""What goes on now, as lines: the step, what its command said last, how far its gate is, how long it takes."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from gonogo.display.tail import Tail
from gonogo.gates.how_far import Asking, noted, read_asking
from gonogo.host.runner import Command
from gonogo.records.run_results import StepResult
from gonogo.records.terminal import COLUMNS, running_line
from gonogo.records.text import clip, first_line
from gonogo.run.screen import Opening
from gonogo.words import Role

__all__ = ["Doing", "View", "about"]

_MOST_TAILS = 8
"""Commands that are followed at once; more are only there while nobody looks."""
_MOST_NOTED = 4
_MOST_TEXT = 500


@dataclass
class Doing:
    """A step that goes on."""

    name: str
    kind: str
    at: float
    """When it began, by the view's clock (seconds)."""
    results: Path | None = None
    """Of a gate: where its process notes how far it is."""
    tails: list[Tail] = field(default_factory=list)
    """Its commands that run now, the newest last."""


class View:
    """Noted by the run, read by whoever paints; neither waits for the other."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing goes on."""
        self.clock = clock
        self.doing: Doing | None = None
        self.run: Opening | None = None
        self._began = 0.0
        self._left: deque[Tail] = deque()
        self._expected: Mapping[str, float] | None = None
        self._asking: Asking | None = None
        self._noted: tuple[str, ...] = ()
        """What the checks of the gates that have ended noted."""

    def open(self, run: Opening) -> None:
        """A run begins."""
        self.run, self._began = run, self.clock()

    def begin(self, step: str, kind: str) -> None:
        """A step begins."""
        self._asking = None
        self.doing = Doing(step, kind, self.clock())

    def end(self, step: StepResult | None = None) -> None:
        """It ended; what its checks noted stays in sight."""
        self.doing = None
        if step is not None and step.gate is not None and step.gate.role is not Role.BASELINE:
            self._noted += tuple(line for check in step.gate.checks if (line := noted(check)))

    @contextlib.contextmanager
    def follow(self, command: Command, out: IO[bytes], err: IO[bytes]) -> Iterator[None]:
        """Inside, the step's command runs; what cannot be followed is run all the same."""
        tail = self._tail(command, out, err)
        try:
            yield
        finally:
            if tail is not None:
                self._left.append(tail)

    def _tail(self, command: Command, out: IO[bytes], err: IO[bytes]) -> Tail | None:
        doing, run = self.doing, self.run
        if doing is None or run is None or len(doing.tails) >= _MOST_TAILS:
            return None
        try:
            tail = Tail(command, out, err, redacting=run.redactor.stream, at=self.clock())
        except OSError:
            return None
        doing.tails.append(tail)
        return tail

    def tidy(self) -> None:
        """Lets go of commands that ended; for the painter alone."""
        while self._left:
            tail = self._left.popleft()
            tail.close()
            if self.doing is not None and tail in self.doing.tails:
                self.doing.tails.remove(tail)

    def asking(self) -> Asking | None:
        """How far the gate is, if one is asked."""
        doing = self.doing
        found = read_asking(doing.results) if doing is not None and doing.results is not None else None
        self._asking = found or self._asking
        return self._asking

    def expected(self, step: str) -> float | None:
        """Seconds that the step probably takes; None where it never ended well before."""
        if self._expected is None:
            self._expected = {}
            with contextlib.suppress(Exception):  # what other runs left must not end this one's view
                self._expected = self.run.expected() if self.run is not None else {}
        return self._expected.get(step)

    def last(self) -> str:
        """The newest command's last line; of a gate, the check that is asked."""
        doing = self.doing
        if doing is None:
            return ""
        if doing.kind == "gate":
            asking = self.asking()
            return first_line(asking.check) if asking is not None else ""
        return next((said for tail in reversed(doing.tails) if (said := clip(tail.last(), _MOST_TEXT))), "")

    def lines(self, width: int = COLUMNS) -> list[str]:
        """The step and its time, what is said, what is noted, the whole run's time; only the first fits the width."""
        doing, now = self.doing, self.clock()
        whole = f"{'all':<12} {about(now - self._began, None)}"
        if doing is None:
            return [*self._below(""), whole] if self.run is not None else []
        line = running_line(
            doing.name, self._what(doing), about(now - doing.at, self.expected(doing.name)), width=width
        )
        return [line, *self._below(self.last()), whole]

    def _below(self, said: str) -> list[str]:
        """What is said now, and the last of what checks noted in this run."""
        now = self._asking.noted if self._asking is not None and self.doing is not None else ()
        texts = [*([said] if said else ()), *(*self._noted, *now)[-_MOST_NOTED:]]
        return [f"{'':<13}{text}" for text in texts]

    def _what(self, doing: Doing) -> str:
        """What runs, or how much of the gate is asked."""
        if doing.kind != "gate":
            return str(doing.tails[-1].command) if doing.tails else ""
        asking = self.asking()
        if asking is None:
            return ""
        red = f", {asking.red} red" if asking.red else ""
        return f"{asking.done} of {asking.total} checks{red}"


def about(seconds: float, expected: float | None) -> str:
    """``75 s of about 120 s``."""
    return f"{seconds:.0f} s" + (f" of about {expected:.0f} s" if expected is not None and expected >= 1 else "")
