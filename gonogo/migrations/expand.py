"""Whether reading a migration shows that the previous release can live with it: it only adds.

Deliberately narrow. What is not on the list is not shown, which is not the same as unsafe: the team can state it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

__all__ = ["not_shown"]

_NEW_TABLE_ONLY = {
    "bulk_insert": 0,
    "create_check_constraint": 1,
    "create_foreign_key": 1,
    "create_primary_key": 1,
    "create_unique_constraint": 1,
}
"""Harmless on a table that the same migration makes: operation → position of the table's name."""


def not_shown(source: str) -> str:
    """Why it is not shown, with the line; empty when ``upgrade()`` only adds."""
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        return f"cannot be read ({error.msg}, line {error.lineno})"
    upgrades = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "upgrade"]
    if len(upgrades) != 1:
        return f"has {len(upgrades)} functions upgrade()"
    if upgrades[0].decorator_list or not _op_is_alembics(tree):
        return "wraps upgrade(), or its op is not alembic's"
    tables: set[str] = set()
    return next((reason for reason in _reasons(upgrades[0].body, tables) if reason), "")


def _op_is_alembics(tree: ast.Module) -> bool:
    """``from alembic import op``, and no other binding of the name."""
    imported = any(
        isinstance(node, ast.ImportFrom) and node.module == "alembic" and any(a.name == "op" for a in node.names)
        for node in tree.body
    )
    bound = any(
        isinstance(node, ast.Name) and node.id == "op" and isinstance(node.ctx, ast.Store) for node in ast.walk(tree)
    )
    return imported and not bound


def _reasons(body: list[ast.stmt], tables: set[str]) -> Iterator[str]:
    for statement in body:
        yield _statement(statement, tables)


def _statement(node: ast.stmt, tables: set[str]) -> str:
    if isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
        return ""
    call = _call(node)
    name = _operation(call)
    if call is None or name is None or _hides_something(call):
        return f"line {node.lineno} does more than call op.*"
    if name == "create_table":
        tables |= _names(node, call)
        return ""
    return _operation_reason(call, name, tables)


def _names(node: ast.stmt, call: ast.Call) -> set[str]:
    """What a new table is called: in the database, and in the migration itself."""
    targets = node.targets if isinstance(node, ast.Assign) else []
    return {_text(call, 0, "table_name") or "?"} | {target.id for target in targets if isinstance(target, ast.Name)}


def _operation_reason(call: ast.Call, name: str, tables: set[str]) -> str:
    if name in _NEW_TABLE_ONLY:
        table = _table(call, _NEW_TABLE_ONLY[name])
        return "" if table in tables else f"op.{name} on {table or 'a table'} that stands already (line {call.lineno})"
    if name == "add_column":
        return "" if _table(call, 0) in tables else _column(call)
    if name == "create_index":
        return _index(call, tables)
    return f"op.{name} (line {call.lineno})"


def _hides_something(call: ast.Call) -> bool:
    """Options that are unpacked, or another operation among the arguments."""
    for node in ast.walk(call):
        if isinstance(node, ast.keyword) and node.arg is None:
            return True
        if isinstance(node, ast.Call) and node is not call and _operation(node) not in {None, "f"}:
            return True
    return False


def _call(node: ast.stmt) -> ast.Call | None:
    value = node.value if isinstance(node, ast.Expr | ast.Assign) else None
    return value if isinstance(value, ast.Call) else None


def _operation(call: ast.Call | None) -> str | None:
    """``create_table`` of ``op.create_table(…)``."""
    if call is None or not isinstance(call.func, ast.Attribute):
        return None
    return call.func.attr if isinstance(call.func.value, ast.Name) and call.func.value.id == "op" else None


def _column(call: ast.Call) -> str:
    """A new column is harmless when old code may leave it out: nullable, or with a default of the server's."""
    column = next((arg for arg in call.args[1:] if isinstance(arg, ast.Call)), None)
    if column is None:
        return f"op.add_column with a column that is made elsewhere (line {call.lineno})"
    options = {keyword.arg: keyword.value for keyword in column.keywords}
    name = _text(column, 0, "name") or "?"
    if not (_is_off(options.get("primary_key")) and _is_off(options.get("unique"))):
        return f"op.add_column {name}: unique or primary key (line {call.lineno})"
    constraints = {_last_name(arg.func) for arg in column.args if isinstance(arg, ast.Call)}
    if "ForeignKey" in constraints:
        return (
            f"op.add_column {name}: a foreign key, which can refuse the previous release's deletes (line {call.lineno})"
        )
    if "CheckConstraint" in constraints:
        return f"op.add_column {name}: a check constraint (line {call.lineno})"
    nullable = options.get("nullable")
    if nullable is None or _is(nullable, value=True) or _has_default(options.get("server_default")):
        return ""
    return f"op.add_column {name}: not nullable and without server_default (line {call.lineno})"


def _index(call: ast.Call, tables: set[str]) -> str:
    unique = next((keyword.value for keyword in call.keywords if keyword.arg == "unique"), None)
    table = _text(call, 1, "table_name")
    if _is_off(unique) or table in tables:
        return ""
    return f"op.create_index unique on {table or 'a table'} (line {call.lineno})"


def _is_off(node: ast.expr | None) -> bool:
    """Left out, or plainly False; a computed value is not known."""
    return node is None or _is(node, value=False) or _is(node, value=None)


def _has_default(node: ast.expr | None) -> bool:
    return node is not None and not _is(node, value=None)


def _is(node: ast.expr | None, *, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def _text(call: ast.Call, position: int, keyword: str) -> str | None:
    named = next((word.value for word in call.keywords if word.arg == keyword), None)
    node = named or (call.args[position] if len(call.args) > position else None)
    if isinstance(node, ast.Call) and _last_name(node.func) == "f" and node.args:
        node = node.args[0]
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _table(call: ast.Call, position: int) -> str | None:
    node = call.args[position] if len(call.args) > position else None
    if isinstance(node, ast.Name):
        return node.id
    return _text(call, position, "source_table" if position else "table") or _text(call, position, "table_name")


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
