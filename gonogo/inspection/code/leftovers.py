"""What somebody left in a source while looking for a mistake, and which sources an entry point leads to. Pure."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from gonogo.inspection.code.imports import files_of_module, imported_files

__all__ = ["Leftover", "leftovers", "reached"]

_DEBUGGERS = frozenset({"pdb", "ipdb", "pudb", "remote_pdb", "web_pdb", "wdb", "celery.contrib.rdb"})
_STOPS = frozenset({"set_trace"})
_ON_PURPOSE = re.compile(
    r"debug|pdb|\bdev\b|_dev\b|develop|local|environ|getenv|__name__|TYPE_CHECKING|trace|breakpoint", re.IGNORECASE
)
_TELLING = re.compile(r"breakpoint|pdb|set_trace|\bwdb\b|pudb|\brdb\b")
_DOTTED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_OF_AN_APP = ("models", "apps", "admin", "urls", "signals", "tasks")
"""What Django and Celery import of an application that the settings name."""


@dataclass(frozen=True, slots=True, order=True)
class Leftover:
    """One place where a process would stop and wait for a person, or could."""

    path: str
    line: int
    what: str
    is_bare: bool
    """Whether it stops whoever comes by: neither an import alone, nor under a condition that speaks of debugging."""

    def __str__(self) -> str:
        """Names the place."""
        return f"{self.path}:{self.line}: {self.what}"


def leftovers(path: str, text: str) -> tuple[Leftover, ...]:
    """The debugger's calls and imports in a source; comments and strings are none."""
    if not _TELLING.search(text):
        return ()
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return ()
    names = _Names(tree)
    return tuple(sorted(_found(tree, path, names, on_purpose=False)))


class _Names:
    """What the names of a source stand for."""

    def __init__(self, tree: ast.Module) -> None:
        self.modules: dict[str, str] = {}
        self.functions: set[str] = set()
        self.own: set[str] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                self.modules |= {one.asname or one.name: one.name for one in node.names if one.name in _DEBUGGERS}
            elif isinstance(node, ast.ImportFrom) and node.module in _DEBUGGERS:
                self.functions |= {one.asname or one.name for one in node.names if one.name in _STOPS}
            elif isinstance(node, ast.ImportFrom):
                self.modules |= {
                    one.asname or one.name: f"{node.module}.{one.name}"
                    for one in node.names
                    if f"{node.module}.{one.name}" in _DEBUGGERS
                }
                self.own |= {one.asname or one.name for one in node.names}
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                self.own.add(node.name)
            elif isinstance(node, ast.arg):
                self.own.add(node.arg)
            elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                self.own.add(node.id)

    def stop(self, call: ast.Call) -> str:
        """What a call is, if it stops the process; else an empty text."""
        if isinstance(call.func, ast.Name):
            is_builtin = call.func.id == "breakpoint" and "breakpoint" not in self.own
            return f"{call.func.id}()" if is_builtin or call.func.id in self.functions else ""
        if isinstance(call.func, ast.Attribute) and call.func.attr in _STOPS:
            return f"{ast.unparse(call.func)}()" if ast.unparse(call.func.value) in self.modules else ""
        return ""


def _found(node: ast.AST, path: str, names: _Names, *, on_purpose: bool) -> Iterator[Leftover]:
    if isinstance(node, ast.Call) and (what := names.stop(node)):
        yield Leftover(path, node.lineno, what, not on_purpose)
    elif isinstance(node, ast.Import | ast.ImportFrom) and _modules(node) & _DEBUGGERS:
        yield Leftover(path, node.lineno, ast.unparse(node), is_bare=False)
    meant = on_purpose or _is_meant(node)
    for child in ast.iter_child_nodes(node):
        yield from _found(child, path, names, on_purpose=meant)


def _modules(node: ast.Import | ast.ImportFrom) -> set[str]:
    """The modules that a statement imports, or imports from."""
    return {one.name for one in node.names} if isinstance(node, ast.Import) else {node.module or ""}


def _is_meant(node: ast.AST) -> bool:
    """Whether what stands below is there for debugging: a condition or a function that says so."""
    if isinstance(node, ast.If | ast.IfExp | ast.While):
        return bool(_ON_PURPOSE.search(ast.unparse(node.test)))
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return bool(_ON_PURPOSE.search(node.name))
    return False


def reached(entries: Iterable[str], texts: Mapping[str, str]) -> frozenset[str]:
    """The sources that are imported from these on, by statements, and by the dotted names that settings hold.

    Args:
        entries: the files of entry points.
        texts: every source of the application, by its path.
    """
    words = {part for path in texts for part in path.removesuffix(".py").split("/")}
    found: set[str] = set()
    left = [path for path in entries if path in texts]
    while left:
        path = left.pop()
        if path not in found:
            found.add(path)
            left += [one for one in _leads(path, texts, words) if one in texts and one not in found]
    return frozenset(found)


def _leads(path: str, texts: Mapping[str, str], words: Collection[str]) -> Iterator[str]:
    """The files that a source may lead to; a name that begins with none of the words of paths leads nowhere."""
    yield from imported_files(path, texts[path])
    folders = ["", *("/".join(path.split("/")[:at]) + "/" for at in range(1, path.count("/") + 1))]
    names = [parts for name in _dotted(texts[path]) if (parts := name.split("."))[0] in words]
    for parts in names:
        for folder in folders:
            yield from _of_name(folder, parts, texts)


def _of_name(folder: str, parts: Sequence[str], texts: Collection[str]) -> Iterator[str]:
    """The files of a module and of the packages that hold it, and what is loaded with an application of Django."""
    for at in range(1, len(parts) + 1):
        stem = folder + "/".join(parts[:at])
        files = files_of_module(stem)
        yield from files
        if files[1] in texts:
            yield from (file for name in _OF_AN_APP for file in files_of_module(f"{stem}/{name}"))


def _dotted(text: str) -> set[str]:
    """The strings of a source that may name a module."""
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except (SyntaxError, ValueError, RecursionError):
        return set()
    values = (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return {value for value in values if _DOTTED.fullmatch(value)}
