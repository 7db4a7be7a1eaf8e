"""The command line in a process that something happens to at one line of its run's journal, or at several.

    python -m tests.faults.driver AT[,AT] EDGE[,EDGE] ARGUMENTS...

A line is named by its number, counted from 0, or by its step and event, ``start:step-began``. Edges of ``kill -9``:
``before`` is the moment when everything that the line tells has happened, ``after`` the moment when it was written. At a
line of a command that begins, ``begun`` is while the command runs and has done nothing, ``half`` while it waits half-way
by itself, ``done`` while it runs and has done everything; ``over`` lets it end by itself once the wrapper is dead. The
file that ``GONOGO_MARK`` names is made by the command, so that a test sees whether it ran. An instance goes on in all.
Other edges are names of signals: the wrapper receives one after the line. ``full`` is no crash: before the line is
written, the file that ``GONOGO_FILL`` names takes all the room that its disk has left.

The n-th answer of the gates that had ended before may be given by ``GONOGO_REPLAY``, a folder of results files of an
earlier, whole run: what went before the crash was proven there, and it is done in a tenth of the time. The commands are
real children, so the journal has the same lines; the gate in which the crash happens is always the real one.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from gonogo.cli import main
from gonogo.commands import deploy
from gonogo.host import child, runner
from gonogo.host.runner import Command
from gonogo.run.gate_step import Gate
from gonogo.run.work import Work
from gonogo.state.journal import Journal

__all__ = ["Others", "fill"]

_RUNS = ': > "$0"; exec "$@"'
_INSIDE = {
    "before": _RUNS,
    "begun": ': > "$0"; exec sleep 600',
    "half": 'exec "$@"',  # the program makes the mark itself, and waits
    "done": '"$@"; : > "$0"; exec sleep 600',
    "over": '"$@"; code=$?; : > "$0"; while kill -0 $PPID 2>&-; do sleep 0.02; done; exit $code',
}


class Others:
    """Tells which lines are about earlier runs: a run that finds none does not have them, so they are not counted."""

    def __init__(self) -> None:
        """Notice when they are cleared away."""
        self.cleared = False
        self._clear = deploy.clear_untouched  # type: ignore[attr-defined]
        deploy.clear_untouched = self._clearing  # type: ignore[attr-defined]

    def _clearing(self, work: Work) -> None:
        self.cleared = True
        self._clear(work)
        self.cleared = False

    def have(self, event: str) -> bool:
        """Whether a line that is written now is one of theirs."""
        return self.cleared or event in {"settled", "run-settled"}


class Crash:
    """Counts the lines of the journal, and does at some of them what was asked for."""

    def __init__(self, edges: dict[str, str]) -> None:
        """Take the place of the journal's writing and of the start of children."""
        self.edges = edges
        self.count = 0
        self._others = Others()
        self._write = Journal.write
        self._start = child.start
        crash = self
        Journal.write = lambda journal, event, **facts: crash.write(journal, event, facts)  # type: ignore[method-assign]
        runner.start = self.start  # type: ignore[attr-defined]

    def write(self, journal: Journal, event: str, facts: dict[str, Any]) -> None:
        """Write a line; die before it or after it, or receive a signal."""
        if self._others.have(event):
            self._write(journal, event, **facts)
            return
        edge = self.edges.get(str(self.count)) or self.edges.get(f"{journal._step}:{event}", "")
        if edge == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        if edge == "full":
            fill(Path(os.environ["GONOGO_FILL"]))
        self._write(journal, event, **facts)
        self.count += 1
        if edge == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        if edge.startswith("SIG"):
            os.kill(os.getpid(), signal.Signals[edge])

    def start(self, command: Command, out: Any, err: Any, before_exec: Any) -> Any:
        """Start a child; the one that is to be crashed in does what the edge says."""
        mark, edge = os.environ.get("GONOGO_MARK"), self.edges.get(str(self.count))
        if before_exec is None or edge not in _INSIDE or mark is None or self._others.cleared:
            return self._start(command, out, err, before_exec)
        script = _RUNS if command.detach and edge != "begun" else _INSIDE[edge]
        inside = replace(command, argv=("sh", "-c", script, mark, *command.argv))
        if edge != "before":
            threading.Thread(target=_die_when, args=(Path(mark),), daemon=True).start()
        return self._start(inside, out, err, before_exec)


def fill(path: Path) -> None:
    """Write until nothing can be written any more."""
    with path.open("ab", buffering=0) as stream:
        for size in (1024 * 1024, 4096, 512, 1):
            with contextlib.suppress(OSError):
                while stream.write(bytes(size)) == size:
                    pass


def _die_when(mark: Path) -> None:
    while not mark.exists():
        time.sleep(0.005)
    os.kill(os.getpid(), signal.SIGKILL)


def _replay(folder: Path, real: str) -> None:
    """Answer gates, ``real`` aside, from their earlier results."""
    ask = Gate._argv

    def answered(self: Gate, *args: Any, **kwargs: Any) -> tuple[str, ...]:
        argv = ask(self, *args, **kwargs)
        known = folder / kwargs["results"].name
        if self.name == real or not known.exists():
            return argv
        return (shutil.which("cp") or "cp", str(known), str(kwargs["results"]))

    Gate._argv = answered  # type: ignore[method-assign]


if __name__ == "__main__":
    lines, edges, *sys.argv[1:] = sys.argv[1:]
    Crash(dict(zip(lines.split(","), edges.split(","), strict=True)))
    if "GONOGO_REPLAY" in os.environ:
        _replay(Path(os.environ["GONOGO_REPLAY"]), os.environ.get("GONOGO_REAL", ""))
    sys.exit(main())
