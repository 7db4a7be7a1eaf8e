"""Routes that FastAPI and Starlette sources declare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gonogo.frameworks.decorated import Dialect, declared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gonogo.frameworks.source import SourceFile, StaticRoute

__all__ = ["routes"]

_VERBS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")
_DIALECT = Dialect(
    apps=frozenset({"FastAPI", "Starlette"}),
    routers={"APIRouter": "prefix", "Router": "prefix"},
    decorators={verb: (verb.upper(),) for verb in _VERBS}
    | {"route": (), "api_route": (), "websocket": ("WEBSOCKET",), "websocket_route": ("WEBSOCKET",)},
    calls={
        "add_api_route": "endpoint",
        "add_route": "route",
        "add_api_websocket_route": "endpoint",
        "add_websocket_route": "route",
    },
    handler_at=1,
    includes={"include_router": "prefix"},
    default_methods=("GET",),
    constructors=frozenset({"Route", "APIRoute", "WebSocketRoute", "APIWebSocketRoute"}),
)


def routes(source: SourceFile) -> Iterator[StaticRoute]:
    """The routes that a file declares by decorators and by ``add_…route`` calls."""
    yield from declared(source, _DIALECT)
