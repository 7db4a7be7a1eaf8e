"""Whether reading an Alembic revision shows that it can be taken back, and what is gone then."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence

from gonogo.migrations.base import Part

__all__ = ["alters", "drops", "one_way"]


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


def drops(source: str) -> tuple[Part, ...]:
    """The tables and columns that ``downgrade()`` names as dropped; what SQL of its own drops is not known."""
    return tuple(_parts(source, "downgrade", tables=("drop_table",), columns=("drop_column",)))


def alters(source: str) -> tuple[Part, ...]:
    """The tables and columns that ``upgrade()`` names as made, dropped or renamed; what its SQL does is not known."""
    tables, columns = ("create_table", "drop_table", "rename_table"), ("add_column", "drop_column", "alter_column")
    return tuple(dict.fromkeys(_parts(source, "upgrade", tables=tables, columns=columns)))


def _parts(source: str, name: str, *, tables: Sequence[str], columns: Sequence[str]) -> Iterator[Part]:
    """What some calls name, in a function at the top."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return
    for body in (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name):
        batches = {name: table for one in ast.walk(body) if isinstance(one, ast.With) for name, table in _batches(one)}
        for node in ast.walk(body):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                of = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
                if node.func.attr in tables:
                    yield from (Part(table=_named(node, word)) for word in _words(node.args))
                elif node.func.attr in columns:
                    yield from _columns(node, batches.get(of, ""))


def _columns(call: ast.Call, batch: str) -> Iterator[Part]:
    """The columns that a call names, of the table of its batch or of the one that it names before."""
    words = _words(one.args[0] if isinstance(one, ast.Call) and one.args else one for one in call.args)
    renamed = _words(one.value for one in call.keywords if one.arg == "new_column_name")
    if batch:
        yield from (Part(table=batch, column=name) for name in (*words, *renamed))
    elif words[1:]:
        yield from (Part(table=_named(call, words[0]), column=name) for name in (*words[1:], *renamed))


def _words(nodes: Iterable[ast.expr]) -> list[str]:
    """Those that are texts."""
    return [one.value for one in nodes if isinstance(one, ast.Constant) and isinstance(one.value, str)]


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
