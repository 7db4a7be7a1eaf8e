"""Routes that decorators and ``add_…`` calls declare on an application or a router: FastAPI's and Flask's way."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gonogo.frameworks.source import SourceFile, Statement, StaticRoute, dotted, included_by, keyword, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["Dialect", "declared"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """The words of one framework."""

    apps: frozenset[str]
    routers: Mapping[str, str]  # class -> its keyword for the prefix
    decorators: Mapping[str, tuple[str, ...]]  # name -> methods; empty: as `methods=` says
    calls: Mapping[str, str]  # name -> keyword of the handler
    handler_at: int  # the handler's position in such a call
    includes: Mapping[str, str]  # name -> its keyword for the prefix
    default_methods: tuple[str, ...]
    constructors: frozenset[str] = frozenset()  # classes that are a route: `Route("/", home)`


@dataclass(frozen=True, slots=True, kw_only=True)
class _Owner:
    """What routes are declared on: its kind, and the prefix that its file gives it."""

    kind: str
    prefix: str


_STRANGER = _Owner(kind="unknown", prefix="")


def declared(source: SourceFile, dialect: Dialect) -> Iterator[StaticRoute]:
    """The routes that a file declares in a dialect, in the order of their lines."""
    owners = _owners(source, dialect)
    found = [*_by_decorator(source, dialect, owners), *_by_call(source, dialect, owners)]
    yield from sorted(found, key=lambda route: (route.line, route.path, route.methods))


def _owners(source: SourceFile, dialect: Dialect) -> dict[str, _Owner]:
    """The applications and routers that a file makes, by the name it gives them."""
    owners: dict[str, _Owner] = {}
    for statement in source.statements:
        node = statement.node
        if not isinstance(node, ast.Assign | ast.AnnAssign) or not isinstance(node.value, ast.Call):
            continue
        made = dotted(node.value.func).rpartition(".")[2]
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for name in filter(None, map(dotted, targets)):
            if made in dialect.apps:
                owners[name] = _Owner(kind="app", prefix="")
            elif made in dialect.routers:
                prefix = source.text(keyword(node.value, dialect.routers[made])) or ""
                owners[name] = _Owner(kind="router", prefix=prefix)
    for call, _ in source.calls():
        _include(call, source, dialect, owners)
    return owners


def _include(call: ast.Call, source: SourceFile, dialect: Dialect, owners: dict[str, _Owner]) -> None:
    """Adds the prefix under which the same file includes one of its routers."""
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in dialect.includes:
        return
    router = included_by(call)
    name = dotted(router) if router is not None else ""
    prefix = source.text(keyword(call, dialect.includes[call.func.attr]))
    if name in owners and prefix:
        owners[name] = _Owner(kind=owners[name].kind, prefix=prefix + owners[name].prefix)


def _by_decorator(source: SourceFile, dialect: Dialect, owners: Mapping[str, _Owner]) -> Iterator[StaticRoute]:
    """The routes of decorated functions and classes."""
    for statement in source.statements:
        node = statement.node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        for call in node.decorator_list:
            if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
                continue
            methods = dialect.decorators.get(call.func.attr)
            if methods is None:
                continue
            handler = (source.module, ".".join((*statement.scope, node.name)))
            yield from _route(source, dialect, owners, call, statement, methods=methods, handler=handler)


def _by_call(source: SourceFile, dialect: Dialect, owners: Mapping[str, _Owner]) -> Iterator[StaticRoute]:
    """The routes that calls declare."""
    for call, statement in source.calls():
        if not isinstance(call.func, ast.Attribute) or call.func.attr not in dialect.calls:
            continue
        view = keyword(call, dialect.calls[call.func.attr], dialect.handler_at)
        if view is not None:
            handler = _handler(source, view)
            yield from _route(source, dialect, owners, call, statement, methods=(), handler=handler)
    for call, statement in source.calls():
        view = keyword(call, "endpoint", 1)
        if view is not None and dotted(call.func).rpartition(".")[2] in dialect.constructors:
            handler = _handler(source, view)
            yield from _route(source, dialect, owners, call, statement, methods=(), handler=handler)


def _handler(source: SourceFile, view: ast.expr) -> tuple[str, str]:
    """Module and name of a handler; of a class-based view the class."""
    if isinstance(view, ast.Call) and isinstance(view.func, ast.Attribute) and view.func.attr == "as_view":
        return source.resolve(view.func.value)
    return source.resolve(view)


def _route(  # the parts of one declaration
    source: SourceFile,
    dialect: Dialect,
    owners: Mapping[str, _Owner],
    call: ast.Call,
    statement: Statement,
    *,
    methods: tuple[str, ...],
    handler: tuple[str, str],
) -> Iterator[StaticRoute]:
    """The route of a declaration, unless it merely looks like one (``mock.patch("a.b")``)."""
    on = call.func.value if isinstance(call.func, ast.Attribute) else call.func
    owner = owners.get(dotted(on), _STRANGER)
    argument = keyword(call, "path", 0) or keyword(call, "rule")
    path = source.text(argument)
    if path is None and (owner is _STRANGER or argument is None):
        return
    path = "{?}" if path is None else path
    if owner is _STRANGER and not path.startswith("/"):
        return
    yield StaticRoute(
        methods=methods or texts(keyword(call, "methods")) or dialect.default_methods,
        path=owner.prefix + path,
        file=source.path,
        line=call.lineno,
        module=handler[0],
        handler=handler[1],
        owner=owner.kind,
        conditional=statement.conditional,
        on=dotted(on),
    )
