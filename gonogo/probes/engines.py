"""Connect through the engines of SQLAlchemy's that modules of an application make, as they make them.

Self-contained: fed on standard input to the Python of a running instance::

    python - '{"files": ["/app/shop/database.py"]}' < engines.py

A module is imported under the name that the application gives it. It prints one JSON document on a line that begins
with a marker; what the modules print goes to standard error. Nothing is asked of a database but a connection.
"""

from __future__ import annotations

import os
import sys

if not __package__:  # it is given to a Python on standard input
    sys.path[:] = [path for path in sys.path if path not in {"", os.getcwd()}]  # noqa: PTH109
# An application's types.py is not the library's; the folder comes back below.

import asyncio
import importlib
import json
import threading
from typing import Any

__all__ = ["main"]

MARKER = "<<gonogo-engines>>"
TIMEOUT = 8


def named(path: str) -> str | None:
    """The module that a file is, from the first folder that is imported from and has it below it."""
    for folder in (os.path.abspath(folder or ".") for folder in sys.path):  # noqa: PTH100
        inner = os.path.splitext(os.path.relpath(path, folder))[0]  # noqa: PTH122
        parts = inner.replace(os.sep, ".").split(".")
        if all(part.isidentifier() for part in parts):
            return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return None


def engines_of(module: Any) -> dict[str, Any]:
    """The engines that a module's names mean, each once."""
    found: dict[str, Any] = {}
    for name, value in vars(module).items():
        kinds = {kind.__name__ for kind in type(value).__mro__ if kind.__module__.startswith("sqlalchemy.")}
        if kinds & {"Engine", "AsyncEngine"} and not any(value is other for other in found.values()):
            found[name] = value
    return found


def connect(engine: Any) -> None:
    """Opens a connection, and gives it back."""
    if hasattr(engine, "sync_engine"):

        async def opened() -> None:
            async with engine.connect():
                pass
            await engine.dispose()

        asyncio.run(opened())
        return
    with engine.connect():
        pass
    engine.dispose()


def trouble(engine: Any) -> dict[str, str] | None:
    """Why no connection came about; None where one did."""
    found: list[dict[str, str] | None] = []

    def tried() -> None:
        try:
            connect(engine)
        except Exception as error:  # noqa: BLE001  # a driver may raise anything
            first = (str(error).strip().splitlines() or [""])[0]
            found.append({"type": type(error).__name__, "message": first})
        else:
            found.append(None)

    thread = threading.Thread(target=tried, daemon=True)
    thread.start()
    thread.join(TIMEOUT)
    return found[0] if found else {"type": "TimeoutError", "message": f"no connection within {TIMEOUT} s"}


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """The document: each engine by module and name; of a module that cannot be imported nothing is known."""
    if os.getcwd() not in sys.path and "" not in sys.path:  # noqa: PTH109
        sys.path.insert(0, os.getcwd())  # noqa: PTH109
    document: dict[str, Any] = {"engines": {}, "unknown": []}
    for path in request["files"]:
        name = named(path)
        try:
            found = engines_of(importlib.import_module(name or ""))
        except BaseException as error:  # noqa: BLE001  # an application may raise anything at import
            document["unknown"].append(f"{path}: {type(error).__name__}")
            continue
        document["engines"].update({f"{name}.{key}": trouble(engine) for key, engine in found.items()})
    return document


def main() -> int:
    """Keeps standard output for the document: a module may print what it likes."""
    sys.dont_write_bytecode = True
    mine = os.dup(1)
    os.dup2(2, 1)
    os.write(mine, f"\n{MARKER}{json.dumps(answer(json.loads(sys.argv[1])))}\n".encode())
    os._exit(0)  # a connection that is still waited for, or a thread of the application's, holds nobody


if __name__ == "__main__":
    sys.exit(main())
