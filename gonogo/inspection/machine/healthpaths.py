"""Which paths of its own service a health check asks for, and whether the application has a route there. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from gonogo.inspection.answers.harmless import is_plain

__all__ = ["asked_paths", "unrouted"]

_URL = re.compile(
    r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::(?:\d+|\$\{?\w+\}?))?(?P<path>/[\w./~-]*)?(?P<more>[^\s'\"|;)]?)"
)


def asked_paths(healthcheck: Sequence[str]) -> tuple[str, ...]:
    """The paths that a health check asks of this container, each once; not one that goes on with a variable."""
    found = (match for match in _URL.finditer(" ".join(healthcheck)) if match["more"] in {"", "?", "#"})
    return tuple(dict.fromkeys(match["path"] or "/" for match in found))


def unrouted(paths: Sequence[str], routes: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The paths that no route answers; none where something may answer for any path.

    Args:
        paths: of ``asked_paths``.
        routes: kind and path of each route; a mount answers for what lies below it.
    """
    known = [(kind, f"/{path.strip('/^$')}") for kind, path in routes]
    if not known or any(kind == "mount" and path == "/" for kind, path in known):
        return ()
    if any(":path" in path or "<path:" in path for _, path in known):
        return ()
    return tuple(path for path in paths if not any(_answers(kind, route, path) for kind, route in known))


def _answers(kind: str, route: str, path: str) -> bool:
    asked = f"/{path.strip('/')}"
    if kind == "mount":
        return asked == route or asked.startswith(f"{route}/")
    parts, wanted = route.split("/"), asked.split("/")
    if not is_plain(route) and not re.fullmatch(r"(?:/(?:[\w.~-]+|\{\w+\}|<(?:\w+:)?\w+>))+", route):
        return True  # a pattern that only its framework can read
    return len(parts) == len(wanted) and all(
        not is_plain(one) or one == word for one, word in zip(parts, wanted, strict=True)
    )
