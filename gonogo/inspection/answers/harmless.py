"""Which addresses of an application may be asked although nobody named them: those that only show something. Pure."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from gonogo.inspection.code.routes import ImageRoute

__all__ = ["is_harmless", "is_plain", "plain_paths"]

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_NAMES = (
    "activate add approve backup boom callback cancel charge checkout clear confirm crash create cron deactivate "
    "delete destroy disable download drop dump enable error exception execute export fail flush generate import "
    "init invoke kick kill logout mail notify oauth pay process publish purge push raise rebuild refund reindex "
    "reject reload remove reset restart restore revoke run seed send sentry setup shutdown signout simulate start "
    "stop stream subscribe sync trigger unsubscribe update upgrade upload webhook"
)
_ACTS = frozenset(_NAMES.split())
"""Words by which people name what does something, also where a GET does it; what fails or never ends on purpose."""
_PAIRS = frozenset({("log", "out"), ("sign", "out"), ("load", "data"), ("init", "db")})
_OPEN = re.compile(r"[{}<>()*?\[\]^$\\|]")
"""A parameter, or a pattern."""


def is_harmless(path: str, *, but: Sequence[str] = ()) -> bool:
    """Whether a path may be asked by GET: no word in it names an action, and no pattern of ``but`` names the path."""
    words = [word.lower() for word in _WORD.findall(path)]
    acts = not _ACTS.isdisjoint(words) or any(pair in _PAIRS for pair in itertools.pairwise(words))
    return not acts and not any(fnmatchcase(path, pattern) for pattern in but)


def is_plain(path: str) -> bool:
    """Whether a path has no parameter, and is no pattern."""
    return not _OPEN.search(path)


def plain_paths(routes: Sequence[ImageRoute]) -> tuple[str, ...]:
    """The paths of an application's own GET routes that need no parameter, the shortest first, each once."""
    own = (route for route in routes if route.kind == "http" and route.is_own and route.takes_get)
    paths = {_rooted(route.path) for route in own if is_plain(route.path)}
    return tuple(sorted(paths, key=lambda path: (path.count("/"), path)))


def _rooted(path: str) -> str:
    """Django's begin without a slash."""
    return urlsplit(f"/{path.lstrip('/')}").path
