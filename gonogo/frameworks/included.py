"""Which routers of an application are included only under a condition, found without importing it.

``if settings.debug: app.include_router(dev.router)`` leaves ``dev.router`` out on purpose. Inclusions are followed from
the application to the router, through routers that include others, and through names that a package passes on.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from gonogo.frameworks.source import SourceFile, Statement, StaticRoute, dotted, included_by

__all__ = ["conditioned"]

_METHODS = frozenset({"include_router", "register_blueprint"})
_URLS = "urlpatterns"
_ROUTERS = frozenset({"router", "unknown"})
"""What a route may be declared on: the latter is made in another file, as a package's blueprint is."""
_DEPTH = 10

Node = tuple[str, str]
"""A router: the module that makes it, and its name there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Inclusion:
    """One place where a router is included into an application or another router."""

    into: Node
    router: Node
    conditional: bool
    place: str


def conditioned(routes: Iterable[StaticRoute], files: Sequence[SourceFile]) -> Iterator[StaticRoute]:
    """The routes; those whose router is included only under a condition are conditional, and say where."""
    graph = _Graph(files)
    for route in routes:
        node = graph.made_at((_module_of(route, files), route.on))
        place = graph.only_at(node) if route.owner in _ROUTERS and not route.conditional else ""
        yield replace(route, conditional=True, included=place) if place else route


def _module_of(route: StaticRoute, files: Sequence[SourceFile]) -> str:
    return next((one.module for one in files if one.path == route.file), route.module)


@dataclass
class _Graph:
    """All inclusions of an application."""

    files: Sequence[SourceFile]
    found: list[_Inclusion] = field(init=False)

    def __post_init__(self) -> None:
        self._calls = [
            (dotted(call.func).rpartition(".")[2], statement) for one in self.files for call, statement in one.calls()
        ]
        self.found = [inclusion for one in self.files for inclusion in self._inclusions(one)]

    def only_at(self, node: Node) -> str:
        """Where a router is included under a condition; an empty text where it always is, or nowhere is seen."""
        places = list(self._conditions(node, 0))
        return places[0] if places and all(places) else ""

    def _conditions(self, node: Node, depth: int) -> Iterator[str]:
        """For each way from the application to a router the first condition on it; an empty text without one."""
        for one in self.found:
            if one.router != node or depth > _DEPTH:
                continue
            above = [""] if one.into == node else (list(self._conditions(one.into, depth + 1)) or [""])
            yield from (one.place if one.conditional else place for place in above)

    def _inclusions(self, source: SourceFile) -> Iterator[_Inclusion]:
        for call, statement in source.calls():
            name = dotted(call.func).rpartition(".")[2]
            child = included_by(call) if name in _METHODS else None
            if child is not None and isinstance(call.func, ast.Attribute):
                into, router = source.resolve(call.func.value), source.resolve(child)
            elif name == "include" and call.args and (text := source.text(call.args[0])) is not None:
                into, router = (source.module, _URLS), (text, _URLS)
            else:
                continue
            yield _Inclusion(
                into=self.made_at(into),
                router=self.made_at(router),
                conditional=self._is_conditional(statement),
                place=f"{source.path}:{call.lineno}",
            )

    def _is_conditional(self, statement: Statement) -> bool:
        """Whether a statement may be passed over: itself, or every call of the function that it stands in."""
        if statement.branching:
            return True
        names = [name for name in statement.scope if name != "<locals>"]
        calls = [one for name, one in self._calls if names and name == names[-1]]
        return bool(calls) and all(one.branching for one in calls)

    def made_at(self, node: Node, depth: int = 0) -> Node:
        """The module that makes a router, where a package only passes its name on."""
        file = next((one for one in self.files if f".{one.module}".endswith(f".{node[0]}")), None)
        if file is None or depth > _DEPTH:
            return node
        passed_on = file.imports.get(node[1])
        if passed_on is None:
            return file.module, node[1]
        module, _, name = passed_on.rpartition(".")
        return self.made_at((module, name), depth + 1)
