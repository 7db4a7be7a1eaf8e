"""Import an entry point and say how that ended; nothing of it is called.

Self-contained: standard library only, any Python from 3.8, fed on standard input so that the target needs nothing::

    python - app.jobs:main < import_probe.py

It prints the document that the route probe prints, without routes: a job runner's ``main`` must not be run to be seen.
"""

from __future__ import annotations

import os
import sys

if not __package__:  # it is given to a Python on standard input
    sys.path[:] = [path for path in sys.path if path not in {"", os.getcwd()}]  # noqa: PTH109
# An application's types.py is not the library's; `load` puts its folder back.

import contextlib
import importlib
import json
import traceback
from typing import Any, Callable  # noqa: UP035  # collections.abc has no subscripts on 3.8

__all__ = ["described", "main"]

MARKER = "<<gonogo-routes>>"
LATER: list[Callable[[], dict[str, Any]]] = []
"""What else is asked once the entry point is loaded."""


def load(entrypoint: str) -> None:
    """Imports the module and looks its attribute up."""
    module, _, attribute = entrypoint.partition(":")
    if os.getcwd() not in sys.path and "" not in sys.path:  # noqa: PTH109
        sys.path.insert(0, os.getcwd())  # noqa: PTH109
    found = importlib.import_module(module)
    for name in filter(None, attribute.partition("(")[0].split(".")):
        found = getattr(found, name)


def origins(module: str) -> dict[str, str]:
    """The files of loaded modules that may be the application's, by the names of files nearby."""
    names = {module.partition(":")[0].partition(".")[0]}
    here = os.getcwd()  # noqa: PTH109
    for folder in (here, *(os.path.join(here, name) for name in os.listdir(here))):  # noqa: PTH118, PTH208
        with contextlib.suppress(OSError):  # a file, or a folder that is not ours to read
            names.update(name.partition(".")[0] for name in os.listdir(folder))  # noqa: PTH208
    loaded = [(name, getattr(found, "__file__", None)) for name, found in list(sys.modules.items())]
    return {name: os.path.abspath(file) for name, file in loaded if file and name.partition(".")[0] in names}  # noqa: PTH100


def described(error: BaseException) -> dict[str, Any]:
    """An error's type, message, and the last place it passed through."""
    frames = traceback.extract_tb(error.__traceback__)
    last = frames[-1] if frames else None
    return {
        "type": type(error).__name__,
        "message": with_cause(error),
        "file": last.filename if last else None,
        "line": last.lineno if last else None,
        "function": last.name if last else None,
        "text": last.line if last else None,
    }


def with_cause(error: BaseException) -> str:
    """What an error says, and what the first one said that led to it."""
    first, seen = error, {id(error)}
    while first.__cause__ is not None and id(first.__cause__) not in seen:
        first = first.__cause__
        seen.add(id(first))
    said = "" if str(first) in str(error) else f" (from {type(first).__name__}: {first})"
    return f"{error}{said}"


def main(argv: list[str]) -> int:
    """Keeps standard output for the document, imports, prints."""
    sys.dont_write_bytecode = True
    mine = os.dup(1)
    os.dup2(2, 1)
    error = None
    try:
        load(argv[1])
    except KeyboardInterrupt:
        raise
    except BaseException as caught:  # noqa: BLE001  # an application may raise anything at import, SystemExit too
        error = described(caught)
    python = "{}.{}.{}".format(*sys.version_info[:3])
    document: dict[str, object] = {"python": python, "framework": None, "routes": [], "openapi": None, "error": error}
    document["origins"] = origins(argv[1])
    for one in () if error else LATER:
        document.update(one())
    os.write(mine, f"\n{MARKER}{json.dumps(document)}\n".encode())
    return 0


if __name__ == "__main__":
    status = main(sys.argv)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status)  # threads that the import started must not keep this process
