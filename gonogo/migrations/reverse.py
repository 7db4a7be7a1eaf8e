"""Whether reading an Alembic revision shows that it can be taken back, and what is gone then."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from gonogo.migrations.base import Dropped

__all__ = ["drops", "one_way"]


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


def drops(source: str) -> tuple[Dropped, ...]:
    """The tables and columns that ``downgrade()`` names as dropped; what SQL of its own drops is not known."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return ()
    bodies = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "downgrade"]
    return tuple(found for body in bodies for found in _dropped(body))


def _dropped(body: ast.FunctionDef) -> Iterator[Dropped]:
    batches = {name: table for one in ast.walk(body) if isinstance(one, ast.With) for name, table in _batches(one)}
    for node in ast.walk(body):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        of = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
        words = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        if node.func.attr == "drop_table" and len(words) == 1:
            yield Dropped(table=_named(node, words[0]))
        elif node.func.attr == "drop_column" and of in batches and words:
            yield Dropped(table=batches[of], column=words[0])
        elif node.func.attr == "drop_column" and len(words) > 1:
            yield Dropped(table=_named(node, words[0]), column=words[1])


def _batches(node: ast.With) -> Iterator[tuple[str, str]]:
    """The names of ``with op.batch_alter_table("table") as name``."""
    for one in node.items:
        call, name = one.context_expr, one.optional_vars
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and isinstance(name, ast.Name)):
            continue
        if call.func.attr == "batch_alter_table" and call.args and isinstance(call.args[0], ast.Constant):
            yield name.id, str(call.args[0].value)


def _named(call: ast.Call, table: str) -> str:
    schema = next((one.value for one in call.keywords if one.arg == "schema"), None)
    named = schema.value if isinstance(schema, ast.Constant) else None
    return f"{named}.{table}" if isinstance(named, str) else table


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
