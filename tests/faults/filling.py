"""The command line in a process that fills a disk at one line of its run's journal.

    python tests/faults/filling.py AT FILE ARGUMENTS...

At the line with this number, before it is written, FILE takes all the room that its disk has left; when the process
has ended, whoever started it takes FILE away.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import Any

from gonogo.cli import main
from gonogo.journal import Journal

__all__ = ["fill"]

OF_OTHERS = {"settled", "run-settled"}
"""Lines about earlier runs; a run that finds none does not have them, so they are not counted."""


def fill(path: Path) -> None:
    """Write until nothing can be written any more."""
    with path.open("ab", buffering=0) as stream:
        for size in (1024 * 1024, 4096, 512, 1):
            with contextlib.suppress(OSError):
                while stream.write(b"\0" * size) == size:
                    pass


def _fill_at(at: int, path: Path) -> None:
    write, count = Journal.write, 0

    def counted(self: Journal, event: str, **facts: Any) -> None:
        nonlocal count
        if event not in OF_OTHERS:
            if count == at:
                fill(path)
            count += 1
        write(self, event, **facts)

    Journal.write = counted  # type: ignore[method-assign]


if __name__ == "__main__":
    number, name, *sys.argv[1:] = sys.argv[1:]
    _fill_at(int(number), Path(name))
    sys.exit(main())
