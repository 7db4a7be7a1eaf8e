"""Routes that Django's URL configurations declare."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gonogo.frameworks.source import SourceFile, StaticRoute, dotted, keyword

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["routes"]

URLS = "urlpatterns"
_PATHS = frozenset({"path", "re_path", "url"})
_NO_VIEWS = frozenset({"include"})


def routes(source: SourceFile) -> Iterator[StaticRoute]:
    """The ``path()`` and ``re_path()`` calls of a file that has ``urlpatterns``; ``include()`` is no route."""
    if URLS not in {node.id for node in ast.walk(source.tree) if isinstance(node, ast.Name)}:
        return
    for call, statement in source.calls():
        view = keyword(call, "view", 1)
        name = dotted(call.func).rpartition(".")[2]
        if name not in _PATHS or view is None or _is_include(view):
            continue
        module, handler = _view(source, view)
        route = source.text(keyword(call, "route", 0) or keyword(call, "regex"))
        yield StaticRoute(
            methods=(),
            path="/" + (route if route is not None else "{?}").removeprefix("^").removeprefix("/"),
            file=source.path,
            line=call.lineno,
            module=module,
            handler=handler,
            owner="router",
            conditional=statement.conditional,
            on=URLS,
        )


def _is_include(view: ast.expr) -> bool:
    """Whether what a path leads to is another URL configuration (``include(…)``, ``admin.site.urls``)."""
    if isinstance(view, ast.Call):
        return dotted(view.func).rpartition(".")[2] in _NO_VIEWS
    return isinstance(view, ast.Attribute) and view.attr == "urls"


def _view(source: SourceFile, view: ast.expr) -> tuple[str, str]:
    """Module and name of a view: the class of ``as_view()``, the function inside decorating calls."""
    while isinstance(view, ast.Call):
        if isinstance(view.func, ast.Attribute) and view.func.attr == "as_view":
            view = view.func.value
        elif len(view.args) == 1:
            view = view.args[0]
        else:
            break
    return source.resolve(view)
