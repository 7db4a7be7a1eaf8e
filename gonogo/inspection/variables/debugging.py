"""Which debug modes the variables and the command of a service switch on. Pure; names are told, values never."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

__all__ = ["SWITCHES", "Mode", "desks", "modes"]

_ON = frozenset({"1", "true", "yes", "on", "t", "y"})
SWITCHES = ("DJANGO_DEBUG", "APP_DEBUG", "DEBUG")
"""Variables whose name alone does not say what they switch."""
_UNKNOWN = "it is on; that it switches a debug mode of the framework on is not known (it may be a level of the log)"
_RELOADS = re.compile(r"\b(uvicorn|gunicorn|hypercorn|granian|daphne|flask|quart)\b[^;&|]*\s--reload\b")
_DEBUGS = re.compile(r"\b(flask|quart)\b[^;&|]*\s--(?:debug|debugger)\b")
_SERVES = re.compile(r"\bfastapi\s+dev\b|\bmanage\.py\s+runserver\b|\bdjango-admin\s+runserver\b")
_NODE = re.compile(r"\b(?:node|npm|npx|yarn|pnpm|next|nuxt|vite)\b")
_SCRIPT = re.compile(r"\bpython[\d.]*\s+(?:-\w+\s+)*([\w./-]+\.py)\b")
_MODULE = re.compile(r"\bpython[\d.]*\s+(?:-(?!m\b)\w+\s+)*-m\s+([A-Za-z_][\w.]*)")
_RUNS = {
    "debug": "Flask's debugger, which runs what a visitor types",
    "reload": "restarts itself when a file changes; for development",
}
"""Words of a server's ``run``, and what they switch on."""


_KNOWN = frozenset({"FLASK_ENV", "NODE_ENV"})
"""What they switch on is known, and told."""
_CALLED = re.compile(r"(?:\w+_)?(?:ENVIRONMENT|ENV)", re.IGNORECASE)
"""Variables that say where an application is: ``ENVIRONMENT``, ``APP_ENV``."""
_DESK = frozenset({"local", "localhost", "dev", "development", "debug"})


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


def desks(variables: Mapping[str, str], reads: Callable[[str], bool]) -> tuple[Mode, ...]:
    """The variables by which an application that ``reads`` them takes the place for a developer's."""
    return tuple(
        Mode(
            by=name, what="calls this a developer's place, where applications show more than they should", is_sure=False
        )
        for name, value in sorted(variables.items())
        if _CALLED.fullmatch(name) and name not in _KNOWN and value.strip().lower() in _DESK and reads(name)
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
    """``python app.py`` whose source says ``app.run(debug=True)``, or ``uvicorn.run(…, reload=True)``."""
    paths = [*_SCRIPT.findall(line), *(f"{name.replace('.', '/')}.py" for name in _MODULE.findall(line))]
    for path in paths:
        said = text(posixpath.normpath(path))
        found = set(_switched_on(said)) if said is not None else set()
        for word in sorted({word for word, _ in found}):
            yield Mode(by=f"{path}: run({word}=True)", what=_RUNS[word], is_sure=(word, True) in found)


def _switched_on(text: str) -> Iterator[tuple[str, bool]]:
    """What calls of ``run`` switch on, and whether they always do so where the file is run."""
    try:
        work: list[tuple[ast.AST, bool]] = [(ast.parse(text), True)]
    except (SyntaxError, ValueError, RecursionError):
        return
    while work:
        node, always = work.pop()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "run":
            of_uvicorn = isinstance(node.func.value, ast.Name) and node.func.value.id == "uvicorn"
            word = "reload" if of_uvicorn else "debug"
            given = {item.arg: item.value for item in node.keywords}.get(word)
            if isinstance(given, ast.Constant) and given.value is True:
                yield word, always
        branches = isinstance(node, ast.If | ast.IfExp | ast.Match) and not _is_main(node)
        work.extend((child, always and not branches) for child in ast.iter_child_nodes(node))


def _is_main(node: ast.AST) -> bool:
    """Whether it is ``if __name__ == "__main__":``."""
    return isinstance(node, ast.If) and any(
        isinstance(one, ast.Name) and one.id == "__name__" for one in ast.walk(node.test)
    )
