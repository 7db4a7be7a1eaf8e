"""Run a command where the application's own Python runs, in a folder, as one would type it there.

Self-contained: fed on standard input to the Python of an image::

    python - '{"words": ["alembic", "upgrade", "head"], "folder": "/app"}' < command.py

It becomes the command. A tool that is no program there is run as a module of this Python.
"""

from __future__ import annotations

import os
import sys

if not __package__:  # it is given to a Python on standard input
    sys.path[:] = [path for path in sys.path if path not in {"", os.getcwd()}]  # noqa: PTH109
# An application's types.py is not the library's.

import json
import shutil
from typing import Any

__all__ = ["main"]


def main() -> None:
    """Becomes the command."""
    request: dict[str, Any] = json.loads(sys.argv[1])
    if request.get("folder"):
        os.chdir(request["folder"])
    words = list(request["words"])
    if words[0] == "python":
        words[0] = sys.executable
    elif shutil.which(words[0]) is None and "/" not in words[0]:
        words[:1] = [sys.executable, "-m", words[0]]
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.execvp(words[0], words)  # noqa: S606 (the team's own command, without a shell)


if __name__ == "__main__":
    main()
