"""Whether somebody looks at what is written, here or where it is shown."""

from __future__ import annotations

import os
from typing import TextIO

__all__ = ["SHOWN", "is_terminal"]

SHOWN = "GONOGO_SHOWN_ON_TERMINAL"
"""Set where a deployer elsewhere shows what is written on a terminal: ``look``, or ``answer`` where it also asks."""


def is_terminal(stream: TextIO) -> bool:
    """Whether the stream is a terminal, or is shown on one; standard input, whether somebody answers there."""
    shown = os.environ.get(SHOWN, "")
    return stream.isatty() or (shown == "answer" if stream.readable() else bool(shown))
