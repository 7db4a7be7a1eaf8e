"""Which debug modes the variables and the command of a service switch on. Pure; names are told, values never."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

__all__ = ["SWITCHES", "Mode", "modes"]

_ON = frozenset({"1", "true", "yes", "on", "t", "y"})
SWITCHES = ("DJANGO_DEBUG", "APP_DEBUG", "DEBUG")
"""Variables whose name alone does not say what they switch."""
_UNKNOWN = "it is on; that it switches a debug mode of the framework on is not known (it may be a level of the log)"
_RELOADS = re.compile(r"\b(uvicorn|gunicorn|hypercorn|granian|daphne|flask|quart)\b[^;&|]*\s--reload\b")
_DEBUGS = re.compile(r"\b(flask|quart)\b[^;&|]*\s--(?:debug|debugger)\b")
_SERVES = re.compile(r"\bfastapi\s+dev\b|\bmanage\.py\s+runserver\b|\bdjango-admin\s+runserver\b")
_NODE = re.compile(r"\b(?:node|npm|npx|yarn|pnpm|next|nuxt|vite)\b")
_SCRIPT = re.compile(r"\bpython[\d.]*\s+(?:-\w+\s+)*([\w./-]+\.py)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """A debug mode: what switches it on, and what it is."""

    by: str
    what: str
    is_sure: bool = True
    """False where the name alone does not say that it is one."""

    def __str__(self) -> str:
        """Says it in a few words."""
        return f"{self.by}: {self.what}"


def modes(
    variables: Mapping[str, str],
    command: Collection[str],
    *,
    framework: str,
    imports: Callable[[str], bool],
    means: Callable[[str], str],
    text: Callable[[str], str | None],
) -> tuple[Mode, ...]:
    """The debug modes of a service.

    Args:
        variables: what its instances are given.
        command: entry point and command.
        framework: as configured; ``none`` where that is not known.
        imports: whether a source of the application imports a package; asked where no framework is configured.
        means: which framework's debug mode a variable switches on, by its name; empty where that is not known.
        text: the text of a script that the command names, by its path; None where it is no file of the application.
    """
    named = any(name.startswith("FLASK_") for name in variables)
    is_flask = framework == "flask" or (named and framework == "none" and imports("flask"))
    line = " ".join(command)
    node = variables.get("NODE_ENV", "").lower() == "development" and _NODE.search(line) is not None
    modes_of_node = (Mode(by="NODE_ENV", what="development, where Node serves", is_sure=False),) if node else ()
    return (
        *_by_variables(variables, is_flask=is_flask, means=means),
        *modes_of_node,
        *_by_command(line),
        *_by_script(line, text),
    )


def _by_variables(variables: Mapping[str, str], *, is_flask: bool, means: Callable[[str], str]) -> Iterator[Mode]:
    if is_flask and variables.get("FLASK_DEBUG", "").lower() in _ON:
        yield Mode(by="FLASK_DEBUG", what="Flask's debugger, which runs what a visitor types")
    if is_flask and variables.get("FLASK_ENV", "").lower() == "development":
        yield Mode(by="FLASK_ENV", what="Flask's development mode (debug before 2.3)")
    for name in SWITCHES:
        if variables.get(name, "").lower() in _ON:  # `app:*` is a filter of node's module debug
            known = means(name)
            yield Mode(by=name, what=known or _UNKNOWN, is_sure=bool(known))


def _by_command(line: str) -> Iterator[Mode]:
    if (found := _RELOADS.search(line)) is not None:
        yield Mode(by=f"{found[1]} --reload", what="restarts itself when a file changes; for development")
    if (found := _DEBUGS.search(line)) is not None:
        yield Mode(by=f"{found[1]} --debug", what="Flask's debugger, which runs what a visitor types")
    if (found := _SERVES.search(line)) is not None:
        yield Mode(by=" ".join(found[0].split()), what="a server for development", is_sure=False)


def _by_script(line: str, text: Callable[[str], str | None]) -> Iterator[Mode]:
    """``python app.py`` whose source says ``app.run(debug=True)``."""
    for path in _SCRIPT.findall(line):
        said = text(posixpath.normpath(path))
        if said is not None and _runs_debugging(said):
            yield Mode(by=f"{path}: run(debug=True)", what="Flask's debugger, which runs what a visitor types")


def _runs_debugging(text: str) -> bool:
    try:
        calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    except (SyntaxError, ValueError, RecursionError):
        return False
    runs = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "run"]
    return any(
        item.arg == "debug" and isinstance(item.value, ast.Constant) and item.value.value is True
        for call in runs
        for item in call.keywords
    )
