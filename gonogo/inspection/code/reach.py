"""Which of an application's files its start leads to, by what is named there and what surely is imported then. Pure."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import PurePosixPath

from gonogo.inspection.code.imports import files_of_module, imported_names, named_files

__all__ = ["beginnings", "is_of_others", "led_to", "may_lead_to", "named_in", "reached"]

_MODULE = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*"
_STARTED = re.compile(
    rf"(?:-m|-A|--app[ =])\s*(?P<option>{_MODULE})|(?P<called>{_MODULE})(?=:[A-Za-z_])|(?P<dotted>{_MODULE})"
)
_SCRIPT = re.compile(r"[\w./-]+\.py\b")
_NAME = re.compile(rf"({_MODULE})(?::\w+)?")
_FOR_OTHERS = re.compile(
    r"version_info|hexversion|TYPE_CHECKING|platform|implementation|\bPY[23]\b|\bos\.name\b|__name__"
)
_EXPECTED = "SyntaxError"
_WORD = re.compile(r"\w+")
_APPLICATIONS = "INSTALLED_APPS"
_OF_OTHERS = re.compile(
    r"(?:^|/)(?:_?vendor(?:ed)?|third_party|node_modules|tests?|testing|testdata|fixtures?|docs?|examples?|samples?"
    r"|benchmarks?|templates?|conftest\.py|setup\.py|test_[^/]*|[^/]*_test\.py)(?:/|$)"
)
_SCRIPTS = re.compile(r"(?:^|/)(?:scripts?|tools?|bin)/")
_APP = ("apps", "models", "admin", "urls", "signals", "tasks")
_FOLDERS = ("templatetags", "management/commands", "migrations")


def is_of_others(path: str) -> bool:
    """Whether a file's name or folder says that it is no part of what runs: tests, examples, other people's code."""
    return bool(_OF_OTHERS.search(path))


def beginnings(texts: Mapping[str, str]) -> set[str]:
    """Where to begin when nobody knows what is started: what compiles here, but for scripts and what is of others."""
    own = (path for path in texts if not is_of_others(path) and not _SCRIPTS.search(path))
    return {path for path in own if _tree(texts[path]) is not None}


def named_in(command: str, files: Collection[str]) -> set[str]:
    """The files that a command or a script names: ``gunicorn shop.wsgi``, ``python -m jobs``, ``python run.py``."""
    ends = [f"/{PurePosixPath(word).name}" for word in _SCRIPT.findall(command)]
    for found in _STARTED.finditer(command):
        name = found["option"] or found["called"] or found["dotted"]
        if found["dotted"] is None or "." in name:
            stem = name.replace(".", "/")
            ends += [f"/{end}" for end in (*files_of_module(stem), f"{stem}/__main__.py")]
    return {path for path in files if f"/{path}".endswith(tuple(ends))}


def reached(roots: Iterable[str], texts: Mapping[str, str]) -> set[str]:
    """The files that are imported once those of ``roots`` run, at their start or later.

    An import counts that stands in a function, and a module that a text names (``include("books.urls")``); one for
    another Python or system, one that stands in for another, and one that expects a ``SyntaxError`` do not.
    """
    found = set(roots) & set(texts)
    work = list(found)
    while work:
        path = work.pop()
        new = set(led_to(path, texts)) - found
        found |= new
        work += new
    return found


def may_lead_to(paths: Iterable[str], texts: Mapping[str, str]) -> dict[str, str]:
    """Those of ``texts`` that could lead to one of these files: what does not even hold its name is not worth parsing.

    A file in a folder of that name may lead to it without a word, by ``from . import``, and one beside it without the
    name of their folder.
    """
    stems = [path.removesuffix(".py").removesuffix("/__init__") for path in paths]
    pairs = {tuple(f"/{stem}".rsplit("/", 2)[-2:]) for stem in stems}
    packages = {folder for stem in stems for folder in stem.split("/")}

    def may(path: str, text: str) -> bool:
        above = path.split("/")[:-1]
        words = set(_WORD.findall(text))
        if _APPLICATIONS in words and not packages.isdisjoint((*above, *words)):
            return True
        return any(
            word in above or (word in words and (parent in words or parent in above or not parent))
            for parent, word in pairs
        )

    return {path: text for path, text in texts.items() if may(path, text)}


def led_to(path: str, texts: Mapping[str, str], *, among: Collection[str] | None = None) -> Iterator[str]:
    """The files that one of them leads to at once, itself as a package above them included.

    ``among`` are those that are asked about, where not all of ``texts`` are.
    """
    among = texts if among is None else among
    tree = _tree(texts[path])
    if tree is None:
        return
    names = set(_names(tree, path))
    yield from (file for file in named_files(path, names) if file in among)
    if _APPLICATIONS in texts[path]:
        for name in names:
            yield from _of_django_application(name.replace(".", "/"), among)


def _names(tree: ast.Module, path: str) -> Iterator[str]:
    """Every module that a file names, but for what is guarded."""
    left: list[ast.AST] = [tree]
    while left:
        node = left.pop()
        if isinstance(node, ast.If | ast.IfExp) and _is_for_others(node):
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and (named := _NAME.fullmatch(node.value)):
            yield named[1]
        yield from imported_names(node, path)
        left += _parts(node)


def _parts(node: ast.AST) -> Iterable[ast.AST]:
    """What stands in a part of a file, but for what is done when something fails, and what may be no valid syntax."""
    if isinstance(node, ast.Try | ast.TryStar):
        is_expected = any(_EXPECTED in ast.unparse(one.type) for one in node.handlers if one.type is not None)
        return [*([] if is_expected else node.body), *node.orelse, *node.finalbody]
    if isinstance(node, ast.With) and any(_EXPECTED in ast.unparse(item) for item in node.items):
        return []
    if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef):
        ends = (
            at for at, one in enumerate(node.body) if isinstance(one, ast.If) and _is_for_others(one) and _ends(one)
        )
        return node.body[: next(ends, None)]
    return ast.iter_child_nodes(node)


def _is_for_others(node: ast.If | ast.IfExp) -> bool:
    """Whether a condition is about which Python or system this is."""
    return bool(_FOR_OTHERS.search(ast.unparse(node.test)))


def _ends(node: ast.If) -> bool:
    """Whether what stands behind it is for who does not meet its condition."""
    return isinstance(node.body[-1], ast.Return | ast.Raise)


def _of_django_application(stem: str, among: Collection[str]) -> Iterator[str]:
    """What Django imports of an application by itself; ``stem`` is its package, or a class in its ``apps``."""
    package = stem.partition("/apps/")[0]
    begins = tuple(f"/{package}/{folder}/" for folder in _FOLDERS)
    ends = tuple(f"/{package}/{name}.py" for name in _APP)
    for path in among:
        folder = f"/{path.rpartition('/')[0]}/"
        if f"/{path}".endswith(ends) or folder.endswith(begins):
            yield path


def _tree(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None
