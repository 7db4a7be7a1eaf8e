"""The command line in a process that is killed, ``kill -9``, at a line of its run's journal or inside a command.

    python driver.py AT EDGE ARGUMENTS...

``AT`` is the number of a line, counted from 0, or ``step/word``: the first command of that step with that word. Edges:
``after`` the line was written; ``inside`` the command that began, ``GONOGO_PAUSE`` seconds later; ``client`` likewise, and
the command's whole session is killed with the wrapper, while the Engine goes on with what it was asked.
Gates that had ended before may be answered from ``GONOGO_REPLAY``, as in ``tests/faults/driver.py``.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from gonogo.cli import main
from gonogo.state.journal import Journal
from tests.faults.driver import Others, _replay

__all__: list[str] = []


class Crash:
    """Counts the lines of the journal and dies at one of them."""

    def __init__(self, at: str, edge: str) -> None:
        """Take the place of the journal's writing."""
        self._at = at
        self._edge = edge
        self._count = 0
        self._others = Others()
        self._step = ""
        self._write = Journal.write
        Journal.write = lambda journal, event, **facts: self.write(journal, event, facts)  # type: ignore[method-assign]

    def write(self, journal: Journal, event: str, facts: dict[str, Any]) -> None:
        """Write a line, and die there."""
        self._write(journal, event, **facts)
        if self._others.have(event):
            return
        if self._is_here(journal._step, event, str(facts.get("argv", ""))):
            self._at = "done"
            if self._edge == "after":
                os.kill(os.getpid(), signal.SIGKILL)
            threading.Thread(target=self._die, args=(facts["pid"],), daemon=True).start()
        self._count += 1

    def _is_here(self, step: str, event: str, argv: str) -> bool:
        if self._at.isdigit():
            return self._count == int(self._at)
        wanted, _, word = self._at.partition("/")
        return (step, event) == (wanted, "command-began") and word in argv.split()

    def _die(self, client: int) -> None:
        time.sleep(float(os.environ.get("GONOGO_PAUSE", "0")))
        if self._edge == "client":
            with contextlib.suppress(ProcessLookupError):  # it has ended by itself meanwhile
                os.killpg(client, signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    Crash(*sys.argv[1:3])
    sys.argv[1:] = sys.argv[3:]
    if "GONOGO_REPLAY" in os.environ:
        _replay(Path(os.environ["GONOGO_REPLAY"]), os.environ.get("GONOGO_REAL", ""))
    sys.exit(main())
