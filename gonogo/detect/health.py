"""Where an application says how it is: its health checks and its health routes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from gonogo.detect.routing import Placed
from gonogo.frameworks import StaticRoute
from gonogo.inspection.variables.envgrammar import expanded

__all__ = ["HealthUrl", "asked_by", "duration", "live_route", "ready_route", "seconds"]

_URL = re.compile(r"https?://(?P<host>\[::1?\]|[\w.-]+)(?::(?P<port>\d+))?(?P<path>/[^\s\"'|;)\\]*)?")
_BARE = re.compile(
    r"(?:curl|wget)\b[^|;&]*?\s(?P<host>localhost|127\.0\.0\.1|0\.0\.0\.0)(?::(?P<port>\d+))?(?P<path>/[^\s\"'|;)\\]*)?"
)
_LIVE = re.compile(
    r"(?:^|[/_-])(?:health|healthz|livez?|liveness|live|alive|ping|heartbeat|status|health[-_]?check|_health|__heartbeat__"
    r"|__lbheartbeat__)/?$|/up/?$",
    re.IGNORECASE,
)
_ALIVE = ("livez", "live", "liveness")
"""What is called so is about the process alone; a health page beside it tells whether it can serve."""
_BEST = (*_ALIVE, "healthz", "health", "health-check", "healthcheck", "health_check")
_READY = re.compile(r"(?:^|[/_-])(?:readyz?|readiness)/?$", re.IGNORECASE)
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


class HealthUrl:
    """The address that a health check asks inside the container."""

    def __init__(self, path: str, port: int) -> None:
        """``port`` is 0 where the check does not name it."""
        self.path = path or "/"
        self.port = port


def asked_by(words: Sequence[str], env: Mapping[str, str]) -> HealthUrl | None:
    """The address in a health check's words, which a shell fills in with the container's variables."""
    text = expanded(" ".join(words).replace("$$", "$"), env, "compose")
    match = _URL.search(text) or _BARE.search(text)
    if match is None:
        return None
    return HealthUrl((match["path"] or "/").partition("?")[0].rstrip("\\"), int(match["port"] or 0))


def live_route(routes: Iterable[Placed]) -> tuple[Placed, ...]:
    """The routes whose names say that they tell whether the process lives, the likeliest first."""
    found = [one for one in routes if _LIVE.search(one.route.path) and _plain(one.route)]
    return tuple(sorted(found, key=lambda one: (_rank(one.route.path), one.route.path.count("/"), len(one.route.path))))


def ready_route(routes: Iterable[Placed]) -> tuple[Placed, ...]:
    """The routes that tell whether the application can serve: by name, or the health page beside one of liveness."""
    plain = tuple(one for one in routes if _plain(one.route))
    called = tuple(one for one in plain if _READY.search(one.route.path))
    ranks = {one: _rank(one.route.path) for one in live_route(plain)}
    if called or not any(rank < len(_ALIVE) for rank in ranks.values()):
        return called
    return tuple(one for one, rank in ranks.items() if len(_ALIVE) <= rank < len(_BEST))


def _plain(route: StaticRoute) -> bool:
    return "{" not in route.path and "<" not in route.path and (not route.methods or "GET" in route.methods)


def _rank(path: str) -> int:
    name = path.rstrip("/").rpartition("/")[2].casefold()
    return _BEST.index(name) if name in _BEST else len(_BEST)


def seconds(text: object) -> float:
    """A duration as Compose and Docker write it (``1m30s``); 0 for none."""
    if isinstance(text, int | float):
        return float(text) / 1e9
    parts = re.findall(r"([\d.]+)(ns|us|µs|ms|s|m|h)", str(text or ""))
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def duration(value: float) -> str:
    """Seconds as gonogo.toml writes them: ``2m``, ``90s``, ``300ms``."""
    if value < 1:
        return f"{round(value * 1000)}ms"
    whole = round(value)
    return f"{whole // 60}m" if whole >= 120 and whole % 60 == 0 else f"{whole}s"  # noqa: PLR2004
