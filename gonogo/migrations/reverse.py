"""Whether reading an Alembic revision shows that it can be taken back."""

from __future__ import annotations

import ast
from collections.abc import Sequence

__all__ = ["one_way"]


def one_way(source: str) -> str:
    """Why ``downgrade()`` takes back nothing; empty where it does something, or ``upgrade()`` does nothing either."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return ""
    found = {node.name: node.body for node in tree.body if isinstance(node, ast.FunctionDef)}
    if not _does(found.get("upgrade", ())):
        return ""
    if "downgrade" not in found:
        return "" if _binds(tree, "downgrade") else "has no downgrade()"
    does = _does(found["downgrade"])
    if not does:
        return "its downgrade() does nothing"
    return f"its downgrade() raises (line {does[0].lineno})" if isinstance(does[0], ast.Raise) else ""


def _does(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements of a function that do something."""
    return [one for one in body if not (isinstance(one, ast.Pass) or _is_constant(one))]


def _is_constant(node: ast.stmt) -> bool:
    """A docstring, ``...``, or an end that says nothing."""
    if isinstance(node, ast.Return):
        return node.value is None or isinstance(node.value, ast.Constant)
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _binds(tree: ast.Module, name: str) -> bool:
    """Whether a name comes from elsewhere: assigned, or imported."""
    stored = {one.id for one in ast.walk(tree) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
    imported = {
        alias.asname or alias.name for one in ast.walk(tree) if isinstance(one, ast.ImportFrom) for alias in one.names
    }
    return bool({name, "*"} & (stored | imported))
