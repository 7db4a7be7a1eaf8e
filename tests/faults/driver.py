"""The command line in a process that kills itself, ``kill -9``, at one line of its run's journal.

    python -m tests.faults.driver AT before|after ARGUMENTS...

``before`` is the moment when everything that the line tells has happened, ``after`` the moment when it was written.
The n-th answer of the gates that had ended before may be given by ``GONOGO_REPLAY``, a folder of results files of an
earlier, whole run: what went before the crash was proven there, and it is done in a tenth of the time. The commands are
real children, so the journal has the same lines; the gate in which the crash happens is always the real one.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

from gonogo.asking import Gate
from gonogo.cli import main
from gonogo.journal import Journal

__all__: list[str] = []

_OF_OTHERS = {"settled", "run-settled"}
"""Lines about earlier runs; a run that finds none does not have them, so they are not counted."""


def _crash(at: int, *, before: bool) -> None:
    """Die at the line with this number, counted from 0."""
    write, count = Journal.write, 0

    def counted(self: Journal, event: str, **facts: Any) -> None:
        nonlocal count
        if event in _OF_OTHERS:
            write(self, event, **facts)
            return
        if count == at and before:
            os.kill(os.getpid(), signal.SIGKILL)
        write(self, event, **facts)
        if count == at:
            os.kill(os.getpid(), signal.SIGKILL)
        count += 1

    Journal.write = counted  # type: ignore[method-assign]


def _replay(folder: Path, real: str) -> None:
    """Answer gates, ``real`` aside, from their earlier results."""
    ask = Gate._argv

    def answered(self: Gate, *args: Any, **kwargs: Any) -> tuple[str, ...]:
        argv = ask(self, *args, **kwargs)
        known = folder / f"{kwargs['label']}.json"
        if self.name == real or not known.exists():
            return argv
        return (shutil.which("cp") or "cp", str(known), str(kwargs["results"]))

    Gate._argv = answered  # type: ignore[method-assign]


if __name__ == "__main__":
    number, edge, *sys.argv[1:] = sys.argv[1:]
    _crash(int(number), before=edge == "before")
    if "GONOGO_REPLAY" in os.environ:
        _replay(Path(os.environ["GONOGO_REPLAY"]), os.environ.get("GONOGO_REAL", ""))
    sys.exit(main())
