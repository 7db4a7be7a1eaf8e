"""Find files that do not compile and files that still hold a merge conflict, under the target's own Python.

Self-contained: standard library only, any Python from 3.8, fed on standard input so that the target needs nothing::

    python -I -B - '{"root": "/src", "files": ["main.py", "templates/base.html"]}' < compile_probe.py

Long lists of files stand in the script itself instead (``REQUEST``). It runs nothing of what it reads, and prints one
JSON document.
"""

from __future__ import annotations

import json
import re
import sys
import time
import warnings
from pathlib import Path
from typing import Any, Iterator  # noqa: UP035  # collections.abc has no subscripts on 3.8

__all__ = ["conflict_lines", "examine", "main"]

REQUEST = ""
LARGEST = 8 << 20
SHEBANG = re.compile(rb"#![^\n]*\bpython[0-9.]*\b")
SOURCES = (".py", ".pyw")


def examine(request: dict[str, Any]) -> dict[str, Any]:
    """The document that answers a request; ``seconds`` after its begin nothing more is begun."""
    root = Path(request["root"])
    problems: list[dict[str, Any]] = []
    examined = compiled = left = 0
    until = time.monotonic() + request.get("seconds", float("inf"))
    for at, name in enumerate(request["files"]):
        if time.monotonic() > until:
            left = len(request["files"]) - at
            break
        path = root / name
        if not path.is_file():
            continue  # a submodule, a sparse path, a broken link: nothing to compile
        examined += 1
        try:
            if path.stat().st_size > LARGEST:
                continue
            data = path.read_bytes()
        except OSError as error:
            problems.append(problem(name, 0, "unreadable", error.strerror or type(error).__name__))
            continue
        source = name.endswith(SOURCES) or ("." not in path.name and SHEBANG.match(data) is not None)
        compiled += source
        conflicts = [problem(name, line, "conflict", "unresolved merge conflict") for line in conflict_lines(data)]
        problems += conflicts or (syntax_problems(name, data) if source else [])
    return {
        "python": "{}.{}.{}".format(*sys.version_info[:3]),
        "examined": examined,
        "compiled": compiled,
        "left": left,
        "problems": problems,
    }


def conflict_lines(data: bytes) -> Iterator[int]:
    """The lines at which conflicts begin: the three markers in their order, at the beginning of lines.

    A lone row of equals signs is a heading's underline, and binary files hold no conflicts.
    """
    if b"\0" in data:
        return
    begin, middle = 0, False
    for number, raw in enumerate(data.split(b"\n"), start=1):
        line = raw.rstrip(b"\r")
        if line.startswith(b"<<<<<<< "):
            begin, middle = number, False
        elif begin and line == b"=======":
            middle = True
        elif begin and middle and (line.startswith(b">>>>>>> ") or line == b">>>>>>>"):
            yield begin
            begin, middle = 0, False


def syntax_problems(name: str, data: bytes) -> list[dict[str, Any]]:
    """Why a source does not compile, or nothing."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(data, name, "exec", dont_inherit=True)
    except SyntaxError as error:
        return [problem(name, error.lineno or 0, "syntax", f"{type(error).__name__}: {error.msg}")]
    except (ValueError, OverflowError, RecursionError, MemoryError) as error:
        return [problem(name, 0, "syntax", f"{type(error).__name__}: {error}")]
    return []


def problem(path: str, line: int, kind: str, message: str) -> dict[str, Any]:
    """One problem of the document; line 0 is the whole file."""
    return {"path": path, "line": line, "kind": kind, "message": message}


def main(argv: list[str]) -> int:
    """Reads the request, prints the document."""
    sys.stdout.write(json.dumps(examine(json.loads(REQUEST or argv[1]))) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
