"""What all frameworks' readers share: the routes that a source file declares, found without importing it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "SourceFile",
    "Statement",
    "StaticRoute",
    "dotted",
    "included_by",
    "keyword",
    "module_of",
    "same_module",
    "texts",
]

UNKNOWN = "{?}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticRoute:
    """One route as it stands in the source; ``path`` is as far as the file itself tells it."""

    methods: tuple[str, ...]  # empty: any
    path: str
    file: str
    line: int
    module: str  # where the handler is defined, as far as the file tells
    handler: str
    owner: str  # "app", "router", or "unknown" when what it was declared on comes from elsewhere
    conditional: bool  # declared under an `if` or inside a function: it may be left out on purpose
    on: str = ""  # the name, in its file, of what it was declared on
    included: str = ""  # where its router is included only under a condition, as far as that is seen

    def __str__(self) -> str:
        """Says it in one line: methods, path, handler, place."""
        return f"{','.join(self.methods) or 'ANY'} {self.path} {self.module}.{self.handler} ({self.file}:{self.line})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement of a file with what stands around it: the classes and functions, and whether it always runs."""

    node: ast.stmt
    scope: tuple[str, ...]
    conditional: bool
    branching: bool = False  # under an `if` and its like, or behind one that returns: a function alone is none


class SourceFile:
    """A parsed source: its imports, its text constants, and its statements."""

    def __init__(self, path: str, text: str | bytes) -> None:
        """Parses a source; raises SyntaxError when it does not compile."""
        self.path = path
        self.module = module_of(path)
        self.tree = ast.parse(text, filename=path)
        self.statements = list(_walk(self.tree.body, ()))
        self.imports = dict(self._imports())
        self.constants = {
            target.id: value
            for statement in self.statements
            if not statement.scope and isinstance(statement.node, ast.Assign | ast.AnnAssign)
            for target in _targets(statement.node)
            if isinstance(target, ast.Name) and (value := self.text(statement.node.value)) is not None
        }

    def text(self, node: ast.expr | None) -> str | None:
        """The text that an expression is, or None; what only runs can tell stands as ``{?}``."""
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) else None
        if isinstance(node, ast.JoinedStr):
            return "".join(self.text(part) or UNKNOWN for part in node.values)
        if isinstance(node, ast.FormattedValue):
            return self.text(node.value)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            left, right = self.text(node.left), self.text(node.right)
            return None if left is None and right is None else (left or UNKNOWN) + (right or UNKNOWN)
        if isinstance(node, ast.Name):
            return getattr(self, "constants", {}).get(node.id)
        return None

    def resolve(self, node: ast.expr) -> tuple[str, str]:
        """(module, qualified name) of what an expression names, seen from this file."""
        name = dotted(node)
        if not name:
            return self.module, ast.unparse(node)
        head, _, rest = name.partition(".")
        whole = self.imports.get(head)
        if whole is None:
            return self.module, name
        if not rest:
            module, _, last = whole.rpartition(".")
            return module, last
        return whole, rest

    def calls(self) -> Iterator[tuple[ast.Call, Statement]]:
        """Every call that is a statement's own, each with the innermost statement it stands in."""
        for statement in self.statements:
            for node in _own_expressions(statement.node):
                if isinstance(node, ast.Call):
                    yield node, statement

    def _imports(self) -> Iterator[tuple[str, str]]:
        """Local name and dotted name of everything that the file imports."""
        package = self.module if self.path.endswith("__init__.py") else self.module.rpartition(".")[0]
        for statement in self.statements:
            node = statement.node
            if isinstance(node, ast.Import):
                yield from ((a.asname, a.name) if a.asname else (_first(a.name),) * 2 for a in node.names)
            elif isinstance(node, ast.ImportFrom):
                parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
                base = ".".join([*filter(None, parents), *filter(None, [node.module])])
                yield from ((alias.asname or alias.name, f"{base}.{alias.name}".lstrip(".")) for alias in node.names)


def module_of(path: str) -> str:
    """The dotted name of a file of the repository, as seen from its root."""
    parts = path.removesuffix(".py").split("/")
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def same_module(one: str, other: str) -> bool:
    """Whether two dotted names are the same module, seen from different roots."""
    return f".{one}".endswith(f".{other}") or f".{other}".endswith(f".{one}")


def dotted(node: ast.expr) -> str:
    """The dotted name that an expression is, or an empty text."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        inner = dotted(node.value)
        return f"{inner}.{node.attr}" if inner else ""
    return ""


def keyword(call: ast.Call, name: str, position: int | None = None) -> ast.expr | None:
    """An argument of a call by its name, or by its position."""
    for item in call.keywords:
        if item.arg == name:
            return item.value
    if position is not None and position < len(call.args) and not isinstance(call.args[position], ast.Starred):
        return call.args[position]
    return None


def included_by(call: ast.Call) -> ast.expr | None:
    """The router or blueprint that a call includes: its first argument, or ``router=`` and ``blueprint=``."""
    first = keyword(call, "router", 0)
    return first if first is not None else keyword(call, "blueprint")


def texts(node: ast.expr | None) -> tuple[str, ...]:
    """The texts of a literal list, tuple or set, upper-cased and sorted, as methods are."""
    if not isinstance(node, ast.List | ast.Tuple | ast.Set):
        return ()
    found = [item.value for item in node.elts if isinstance(item, ast.Constant) and isinstance(item.value, str)]
    return tuple(sorted(text.upper() for text in found))


def _first(name: str) -> str:
    """The part of a dotted name that ``import`` binds."""
    return name.partition(".")[0]


def _targets(node: ast.Assign | ast.AnnAssign) -> list[ast.expr]:
    """What an assignment assigns to."""
    return node.targets if isinstance(node, ast.Assign) else [node.target]


_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_BRANCHES = (ast.If, ast.Try, ast.TryStar, ast.Match)


def _walk(
    body: list[ast.stmt], scope: tuple[str, ...], *, conditional: bool = False, branching: bool = False
) -> Iterator[Statement]:
    """The statements of a body and of the bodies in them."""
    for node in body:
        either = isinstance(node, ast.Expr) and isinstance(node.value, ast.BoolOp | ast.IfExp)
        yield Statement(node=node, scope=scope, conditional=conditional, branching=branching or either)
        inner, may_be_left_out, branch = scope, conditional, branching
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            inner, may_be_left_out, branch = (*scope, node.name, "<locals>"), True, False
        elif isinstance(node, ast.ClassDef):
            inner = (*scope, node.name)
        elif isinstance(node, _BRANCHES):
            may_be_left_out = branch = True
        elif isinstance(node, _LOOPS):
            may_be_left_out = True
        for field in ("body", "orelse", "finalbody"):
            yield from _walk(getattr(node, field, []), inner, conditional=may_be_left_out, branching=branch)
        for part in (*getattr(node, "handlers", []), *getattr(node, "cases", [])):
            yield from _walk(part.body, inner, conditional=True, branching=True)
        branching = branching or (isinstance(node, ast.If) and isinstance(node.body[-1], ast.Return | ast.Raise))


def _own_expressions(node: ast.AST) -> Iterator[ast.AST]:
    """The expressions below a node without entering statements, match cases and handlers within it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
            yield child
            yield from _own_expressions(child)
