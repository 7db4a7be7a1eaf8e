"""Imports inside functions of what an entry point reaches: which of them surely fail once they are executed. Pure."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gonogo.inspection import probe_answers
from gonogo.inspection.code.declared import is_optional

__all__ = ["Lack", "judged", "with_walk"]

_REMOVED = frozenset(
    {"asynchat", "asyncore", "cgi", "cgitb", "crypt", "distutils", "imp", "pipes", "smtpd", "telnetlib"}
)
"""Modules that newer Pythons no longer have."""
_DESK = frozenset(
    """
    IPython black bpython coverage debug_toolbar debugpy django_extensions docutils factory faker flake8 freezegun
    gunicorn honcho hypercorn hypothesis ipdb isort line_profiler livereload locust memory_profiler mimesis mkdocs moto
    mypy objgraph pip ptpython pudb pydevd pydevd_pycharm pyinstrument pylint pytest respx responses rpdb ruff
    setuptools silk snakeviz sphinx testcontainers uvicorn viztracer waitress watchdog watchfiles werkzeug wheel
    """.split()  # noqa: SIM905 (a list of words reads best as words)
)
"""What a desk or a test has, and what starts a server at a desk: an image may well be without it."""
_ELSEWHERE = frozenset(
    """
    AppKit Foundation Quartz clr js objc pyodide pythoncom pywintypes win32api win32com win32con win32gui winreg wmi
    """.split()  # noqa: SIM905 (likewise)
)
"""Of other operating systems."""
_GUARDS = {
    "try": "a failure is caught, or it is a fallback",
    "if": "it stands under a condition",
    "exit": "it stands behind an early end of its function",
    "command": "it stands in a command or a test",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """An import that does not find what it names."""

    path: str
    line: int
    name: str
    """The module, or ``module.thing``, that is not there."""
    is_thing: bool
    own: bool
    """Whether it would be the application's own."""
    doubt: str = ""
    """Why it may be no fault; empty where it surely fails when it is executed."""
    is_left_out: bool = False
    """It is the application's, and only the artifact has it not."""

    @property
    def where(self) -> str:
        """File and line."""
        return f"{self.path}:{self.line}"


def with_walk(probe: str, own: Iterable[str]) -> str:
    """A probe that loads an entry point, and then asks for what nested imports lack.

    ``own`` are the application's Python files, by their places in the artifact.
    """
    files = "\n".join(f"    {path!a}," for path in own if path.endswith(".py"))
    return probe_answers.inserted(probe, "nested.py", f"LATER.append(lambda: asked(frozenset((\n{files}\n))))")


def judged(
    rows: Iterable[Mapping[str, Any]], *, places: Mapping[str, str], tracked: Collection[str], texts: Mapping[str, str]
) -> Iterator[Lack]:
    """What the probe found, each with what there is to doubt; an import that is tried is left out.

    Args:
        rows: as the probe gave them.
        places: file in the artifact → path of the repository.
        tracked: paths of the repository.
        texts: its files that name packages.
    """
    seen = set()
    for row in rows:
        name, own, guard = str(row["name"]), bool(row["own"]), str(row["guard"])
        path = places.get(str(row["file"]), str(row["file"]))
        if guard == "try" or (path, row["line"], name) in seen:
            continue
        seen.add((path, row["line"], name))
        stands = not row["member"] and _stands(name, tracked)
        doubt = "" if own and guard == "exit" else _GUARDS.get(guard, "")
        doubt = doubt or (stands and f"{stands} stands in the repository") or ("" if own else _foreign(name, texts))
        left_out = bool(own and stands and not guard)
        yield Lack(
            path=path,
            line=int(row["line"]),
            name=name,
            is_thing=bool(row["member"]),
            own=own,
            doubt=doubt,
            is_left_out=left_out,
        )


def _stands(name: str, tracked: Collection[str]) -> str:
    """The file or folder of the repository that a module may be, from wherever it is imported; empty for none."""
    stem = f"/{name.replace('.', '/')}"
    found = (path for path in tracked if f"/{path}".endswith((f"{stem}.py", f"{stem}.pyx")) or f"{stem}/" in f"/{path}")
    return next(found, "")


def _foreign(name: str, texts: Mapping[str, str]) -> str:
    """Why a package that is not there may be one that need not be; empty where nothing tells so."""
    top = name.partition(".")[0]
    if top in _DESK:
        return "a tool for development, or a server for a desk"
    if top in _ELSEWHERE or (top in sys.stdlib_module_names and top not in _REMOVED):
        return "of another operating system or another build of Python"
    return "the application names it as optional" if is_optional(top, texts) else ""
