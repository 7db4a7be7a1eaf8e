"""Tell the heads of an application's Alembic migrations, and where its database stands.

Self-contained: fed on standard input to the Python of an image or of a running instance::

    python - '{"config": "/app/alembic.ini", "current": true}' < revision_probe.py

It runs the application's own ``env.py`` as ``alembic current`` does, changes nothing, and prints one JSON document on a
line that begins with a marker.
"""

from __future__ import annotations

import os
import sys

_PATH = list(sys.path)
sys.path[:] = [path for path in sys.path if path not in {"", os.getcwd()}]  # noqa: PTH109
# An application's types.py is not the library's; its env.py gets its folder back.

import importlib
import json
from typing import Any

sys.path[:] = _PATH

__all__ = ["main"]

MARKER = "<<gonogo-revision>>"


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """Return the document that answers a request."""
    document: dict[str, Any] = {"heads": [], "current": None, "error": None}
    try:
        folder, name = os.path.split(request["config"])
        if request.get("folder"):
            folder, name = request["folder"], os.path.abspath(request["config"])  # noqa: PTH100
        if folder:
            os.chdir(folder)
        document["heads"] = heads(name)
        if request.get("current"):
            document["current"] = current(name)
    except Exception as error:  # noqa: BLE001  # the application's env.py may raise anything
        first = (str(error).strip().splitlines() or [""])[0]
        document["error"] = {"type": type(error).__name__, "message": first}
    return document


def heads(name: str) -> list[str]:
    """Return the heads of the migrations that stand here."""
    if not os.path.isfile(name):  # noqa: PTH113
        raise FileNotFoundError(f"no {os.path.join(os.getcwd(), name)}")  # noqa: PTH109, PTH118
    return sorted(scripts_of(name).get_heads())


def configuration(name: str) -> Any:
    """Return Alembic's configuration from an ini file."""
    return importlib.import_module("alembic.config").Config(name)


def scripts_of(name: str) -> Any:
    """Return the folder of migrations that an ini file names."""
    return importlib.import_module("alembic.script").ScriptDirectory.from_config(configuration(name))


def current(name: str) -> list[str]:
    """Return the revisions that the database says it has, also those that are unknown here."""
    environment = importlib.import_module("alembic.runtime.environment").EnvironmentContext
    scripts = scripts_of(name)
    found: list[str] = []

    def note(revisions: Any, _context: Any) -> list[Any]:
        found.extend([revisions] if isinstance(revisions, str) else revisions)
        return []

    with environment(configuration(name), scripts, fn=note, dont_mutate=True):
        scripts.run_env()
    return sorted(found)


def main(argv: list[str]) -> int:
    """Keep standard output for the document: env.py may print what it likes."""
    sys.dont_write_bytecode = True
    mine = os.dup(1)
    os.dup2(2, 1)
    os.write(mine, f"\n{MARKER}{json.dumps(answer(json.loads(argv[1])))}\n".encode())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
