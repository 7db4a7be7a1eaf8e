"""The command line with a mistake in it: functions that raise what nobody raises on purpose.

python -m tests.integration.deploy.faulty MODULE:NAME[,MODULE:NAME...] ARGUMENTS...
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

from gonogo.cli import main

__all__: list[str] = []


def _mistaken(*_: Any, **__: Any) -> None:
    raise TypeError("unsupported operand")


def _break(place: str) -> None:
    """Put a mistake into a function or a method."""
    module, _, name = place.partition(":")
    owner: Any = importlib.import_module(module)
    *path, last = name.split(".")
    for part in path:
        owner = getattr(owner, part)
    getattr(owner, last)  # a name that is gone must not make a test pass
    setattr(owner, last, _mistaken)


if __name__ == "__main__":
    places, *sys.argv[1:] = sys.argv[1:]
    for one in places.split(","):
        _break(one)
    sys.exit(main())
