"""Whether reading a migration shows that the previous release can live with it: it only adds.

Deliberately narrow. What is not on the list is not shown, which is not the same as unsafe: the team can state it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

__all__ = ["caveats", "not_shown"]

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


def caveats(source: str) -> tuple[str, ...]:
    """What a migration that only adds may still keep the previous release from doing: rows that others refer to.

    A new table's rows keep those of another table from being deleted, unless the reference says what then becomes of
    them.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return ()
    found: dict[str, None] = {}
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        if _operation(call) == "create_table":
            for inner in (node for node in ast.walk(call) if isinstance(node, ast.Call)):
                if (to := _referred(inner)) and to != (name := _text(call, 0, "table_name") or "?"):
                    found[f"rows of {name} would keep the previous release from deleting rows of {to}"] = None
    return tuple(found)


def _referred(call: ast.Call) -> str:
    """The table that a foreign key refers to, where nothing is said of its rows' end."""
    name = _last_name(call.func)
    if name not in {"ForeignKey", "ForeignKeyConstraint"} or _keyword(call, "ondelete") is not None:
        return ""
    place = call.args[1] if name == "ForeignKeyConstraint" and len(call.args) > 1 else next(iter(call.args), None)
    if isinstance(place, ast.List | ast.Tuple):
        place = next(iter(place.elts), None)
    text = place.value if isinstance(place, ast.Constant) else ""
    return str(text).rpartition(".")[0]


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
        inner = _opened(statement) if isinstance(statement, ast.With) else None
        if inner is None:
            yield _statement(statement, tables)
        else:
            yield from _reasons(inner, tables)


def _opened(node: ast.With) -> list[ast.stmt] | None:
    """The statements of an ``autocommit_block``, or of a batch as they would stand without it; None of another."""
    call, name = node.items[0].context_expr, node.items[0].optional_vars
    if len(node.items) > 1 or not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute)):
        return None
    if call.func.attr == "autocommit_block" and name is None:
        return node.body
    is_batch = _operation(call) == "batch_alter_table" and call.args and isinstance(name, ast.Name)
    options = {word.arg for word in call.keywords if not _is(word.value, value=None)}
    if not is_batch or options or not all(_in_batch(one, name) for one in node.body):
        return None
    return [ast.copy_location(ast.Expr(_unbatched(one, call.args[0])), one) for one in node.body]


def _in_batch(node: ast.stmt, batch: ast.expr | None) -> bool:
    """Whether a statement of a batch is one that can be read without it."""
    call = _call(node)
    function = call.func if call is not None else None
    return (
        isinstance(function, ast.Attribute)
        and isinstance(function.value, ast.Name)
        and isinstance(batch, ast.Name)
        and function.value.id == batch.id
        and function.attr in _AT
    )


_AT = {"add_column": 0, "create_index": 1}
"""Operations of a batch → where the table's name stands without it."""


def _unbatched(node: ast.stmt, table: ast.expr) -> ast.Call:
    call = _call(node)
    if call is None or not isinstance(call.func, ast.Attribute):
        raise TypeError(ast.dump(node))
    op = ast.Attribute(ast.Name("op", ast.Load()), call.func.attr, ast.Load())
    at = _AT[call.func.attr]
    made = ast.Call(op, [*call.args[:at], table, *call.args[at:]], call.keywords)
    return ast.fix_missing_locations(ast.copy_location(made, node))


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
    if refusing := constraints & {"CheckConstraint", "Computed"}:
        kind = "a check constraint" if "CheckConstraint" in refusing else "computed, which can refuse rows"
        return f"op.add_column {name}: {kind} (line {call.lineno})"
    nullable = options.get("nullable")
    if nullable is None or _is(nullable, value=True) or _has_default(options.get("server_default")):
        return ""
    return f"op.add_column {name}: not nullable and without server_default (line {call.lineno})"


_PLAIN = re.compile(r"(?i)\s*(?:\w+|(?:lower|upper)\(\w+\))(?:\s+(?:asc|desc))?(?:\s+nulls\s+(?:first|last))?\s*")
_SIMPLE = re.compile(r"(?:'[^']*'|[^-'/%(:*+|])*")


def _index(call: ast.Call, tables: set[str]) -> str:
    unique = next((keyword.value for keyword in call.keywords if keyword.arg == "unique"), None)
    table = _text(call, 1, "table_name")
    if table in tables:
        return ""
    if not _is_off(unique):
        return f"op.create_index unique on {table or 'a table'} (line {call.lineno})"
    where = next((word.value for word in call.keywords if (word.arg or "").endswith("_where")), None)
    columns = call.args[2] if len(call.args) > 2 else _keyword(call, "columns")  # noqa: PLR2004 (name, table, columns)
    keys = columns.elts if isinstance(columns, ast.List | ast.Tuple) else []
    if where is not None and not _SIMPLE.fullmatch(_sql(where)):
        return f"op.create_index where something is computed, which can refuse rows (line {call.lineno})"
    if not all(isinstance(one, ast.Constant) or _PLAIN.fullmatch(_sql(one)) for one in keys):
        return f"op.create_index of something computed, which can refuse rows (line {call.lineno})"
    return ""


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((word.value for word in call.keywords if word.arg == name), None)


def _sql(node: ast.expr) -> str:
    """The text of ``sa.text("…")``, or of a string; a division where it is made elsewhere."""
    if isinstance(node, ast.Call) and _last_name(node.func) in {"text", "desc", "asc"} and len(node.args) == 1:
        node = node.args[0]
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else "/"


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
