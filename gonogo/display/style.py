"""How a run is shown: as lines, each when its step has ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from gonogo.display.view import View
from gonogo.records.run_results import StepResult
from gonogo.records.terminal import header_line, paint, step_line
from gonogo.run.screen import Opening

__all__ = ["Quiet", "Style"]


class Style:
    """Plain lines. What returns lines is asked by the run, what paints by the painter's thread."""

    def header(self, run: Opening) -> list[str]:
        """A run begins."""
        return [header_line(run.app, run.commit, run.env, run.serving)]

    def begin(self, step: str) -> list[str]:
        """A step begins."""
        del step
        return []

    def end(self, step: StepResult) -> list[str]:
        """A step ended."""
        return [paint(step_line(step))]

    def close(self) -> list[str]:
        """Nothing more comes but the ending."""
        return []

    def ending(self, lines: Iterable[str]) -> list[str]:
        """How the run ended, apart from its steps; nothing where none began."""
        said = list(lines)
        return ["", *said] if said else []

    def foreign(self, line: str) -> str:
        """A line that others may have written, so that it is nothing but a line."""
        return line

    def paint(self, lines: Sequence[str], view: View, *, last: bool) -> str:
        """What is written now, of lines that are new and of what goes on; empty when nothing is."""
        del view, last
        return "".join(f"{line}\n" for line in lines)


class Quiet(Style):
    """Nothing but the ending, and what a person must know."""

    def header(self, run: Opening) -> list[str]:
        """Nothing."""
        del run
        return []

    def end(self, step: StepResult) -> list[str]:
        """Nothing."""
        del step
        return []

    def ending(self, lines: Iterable[str]) -> list[str]:
        """All that is shown."""
        return list(lines)
