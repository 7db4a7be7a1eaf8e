"""Which pages ask for a login first."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from gonogo.detect.tree import Tree
from gonogo.frameworks import StaticRoute
from gonogo.frameworks.source import dotted

__all__ = ["wants_login"]

_GUARDS = re.compile(
    r"login_?required|permission_?required|auth_?required|user_passes_test|jwt_required|require_(?:login|auth)"
)
_MIXINS = re.compile(r"LoginRequired|PermissionRequired|UserPassesTest|StaffRequired")


def wants_login(tree: Tree, route: StaticRoute) -> bool:
    """Whether the handler of a route is decorated, or derived, so that it sends a stranger away."""
    name = route.handler.rpartition(".")[2]
    return any(_is_guarded(node) for node in _handlers(tree, route) if node.name == name)


def _handlers(tree: Tree, route: StaticRoute) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """What is defined in the file of a route, and in the one that its handler is imported from."""
    module = route.module.replace(".", "/")
    files = [route.file, *(path for path in (f"{module}.py", f"{module}/__init__.py") if path in tree)]
    for path in dict.fromkeys(files):
        try:
            parsed = ast.parse(tree.text(path))
        except (SyntaxError, ValueError, RecursionError):
            continue
        for node in ast.walk(parsed):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield node


def _is_guarded(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    named = [dotted(one.func if isinstance(one, ast.Call) else one) for one in node.decorator_list]
    bases = [dotted(base) for base in node.bases] if isinstance(node, ast.ClassDef) else []
    return any(map(_GUARDS.search, map(str.casefold, named))) or any(map(_MIXINS.search, bases))
