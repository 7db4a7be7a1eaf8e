"""Routes that Flask sources declare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gonogo.frameworks.decorated import Dialect, declared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gonogo.frameworks.source import SourceFile, StaticRoute

__all__ = ["routes"]

_DIALECT = Dialect(
    apps=frozenset({"Flask", "Quart"}),
    routers={"Blueprint": "url_prefix"},
    decorators={verb: (verb.upper(),) for verb in ("get", "post", "put", "patch", "delete")}
    | {"route": (), "websocket": ("WEBSOCKET",)},
    calls={"add_url_rule": "view_func"},
    handler_at=2,
    includes={"register_blueprint": "url_prefix"},
    default_methods=("GET",),
)


def routes(source: SourceFile) -> Iterator[StaticRoute]:
    """The routes that a file declares by decorators and by ``add_url_rule`` calls."""
    yield from declared(source, _DIALECT)
