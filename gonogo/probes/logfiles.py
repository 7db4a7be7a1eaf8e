"""Read the ends of log files, where an instance sees them.

Self-contained: fed on standard input to the Python of a running instance, with paths or patterns as its arguments. It
prints one JSON document on a line that begins with a marker.
"""

from __future__ import annotations

import os
import sys

if not __package__:  # it is given to a Python on standard input
    sys.path[:] = [path for path in sys.path if path not in {"", os.getcwd()}]  # noqa: PTH109
# An application's types.py is not the library's, and nothing of the application is asked.

import glob
import json
from typing import Any

__all__ = ["main"]

MARKER = "<<gonogo-logfiles>>"
MOST = 20
"""Files."""
LONGEST = 256 * 1024
"""Bytes of one, from its end."""


def read(path: str) -> dict[str, Any]:
    """The end of a file in whole lines, and whether more stands before it."""
    size = os.path.getsize(path)  # noqa: PTH202
    with open(path, "rb") as stream:  # noqa: PTH123
        stream.seek(max(0, size - LONGEST))
        data = stream.read(LONGEST)
    cut = size > LONGEST
    lines = data.decode("utf-8", "replace").splitlines()
    return {"path": path, "lines": lines[1:] if cut else lines, "cut": cut}


def main() -> int:
    """Prints the document, whatever else is printed around it."""
    sys.dont_write_bytecode = True
    files: list[dict[str, Any]] = []
    problems: list[str] = []
    for pattern in sys.argv[1:]:
        for path in sorted(glob.glob(pattern, recursive=True)):  # noqa: PTH207
            if len(files) < MOST and os.path.isfile(path) and path not in {one["path"] for one in files}:  # noqa: PTH113
                try:
                    files.append(read(path))
                except OSError as error:
                    problems.append(f"{path}: {error.strerror}")
    sys.stdout.write(f"\n{MARKER}{json.dumps({'files': files, 'problems': problems})}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
