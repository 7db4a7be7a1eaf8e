"""Where a run tells what it does while it goes on. This one is silent; the command line gives one that shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from gonogo.host.runner import Command
from gonogo.records.run_results import StepResult
from gonogo.secrets.redactor import Redactor

__all__ = ["Opening", "Screen"]


@dataclass(frozen=True, kw_only=True)
class Opening:
    """A run that begins."""

    app: str
    env: str
    commit: str
    serving: str | None
    """The commit that serves, seven characters; None before the first release."""
    redactor: Redactor
    """Takes the run's secrets out of what its commands say."""
    expected: Callable[[], Mapping[str, float]]
    """Seconds that each step took before, in the middle; asked by whoever shows them."""


class Screen:
    """Is told what a run does; nothing that it does with that may change how the run ends."""

    def open(self, run: Opening) -> None:
        """A run begins."""

    def begin(self, step: str, *, kind: str) -> None:
        """A gate or a move begins."""

    def asks(self, results: Path) -> None:
        """The gate's process that is started next writes its results there, and beside it how far it is."""

    def runs(self, command: Command, out: IO[bytes], err: IO[bytes]) -> AbstractContextManager[None]:
        """Inside, a command runs; its output goes to these two files."""
        del command, out, err
        return nullcontext()

    def end(self, step: StepResult) -> None:
        """A gate or a move ended."""

    def say(self, text: str) -> None:
        """Something that people must know now; called from a signal handler too."""
