"""Health and readiness documents as applications write them: the components they report, and the release they name.

A document of an unknown shape has no components: then only the HTTP status speaks.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Component", "Health", "NamedRelease", "judges_whole", "level_of", "names", "read", "release_named"]

_LEVELS = {
    "pass": "ok pass passed passing up healthy alive ready available connected running green good success true yes"
    " serving operational reachable normal up_to_date",
    "warn": "warn warning degraded yellow partial slow stale unknown pending starting",
    "fail": "fail failed failing failure down unhealthy error err critical dead red bad false no unavailable timeout"
    " disconnected unreachable out_of_service outage not_ready notready stopped broken not_serving",
}
_WORDS = {word: level for level, words in _LEVELS.items() for word in words.split()}
_ORDER = ("pass", "warn", "fail")
_STATUS_KEYS = ("status", "state", "health", "ok", "healthy", "is_healthy", "up", "result", "available", "connected")
_CONTAINERS = re.findall(
    r"\w+", "checks components services dependencies details results entries probes subsystems indicators"
)
_DETAIL_KEYS = ("detail", "message", "error", "output", "reason", "description", "info", "observedValue")
_NAME_KEYS = ("name", "component", "componentName", "id", "key", "service", "check", "componentId")
_ABOUT = frozenset(
    re.findall(
        r"\w+",
        "version release commit revision build git env environment mode level log_level loglevel severity message msg"
        " detail time timestamp uptime hostname host name service description debug maintenance region info notes"
        " output links",
    )
)
_PARTS = re.compile(
    r"db|database|postgres\w*|mysql|sqlite|mongo\w*|redis|cache|queue|broker|celery|rabbitmq|kafka|storage|s3|disk|memory"
    r"|smtp|mail|email|search|elasticsearch|opensearch|migrations?|schema|jobs?|workers?|scheduler|api|upstream|stripe|ldap"
    r"|auth",
    re.IGNORECASE,
)
_OK_STATUS = range(200, 400)
_DEEPEST = 6

_COMMIT_KEYS = (
    "commit",
    "git_commit",
    "commit_sha",
    "git_sha",
    "sha",
    "revision",
    "git_revision",
    "commit_id",
    "vcs_ref",
)
_RELEASE_KEYS = ("release", "release_id", "build", "build_id", "image_tag", "version", "app_version")
_FOLDERS = ("build", "app", "info", "git", "meta", "metadata", "release", "version", "commit")
_HEX = re.compile(r"(?<![0-9a-z])g?([0-9a-f]{7,64})(?![0-9a-z])", re.IGNORECASE)
_RELEASE_ID = re.compile(r"\d{8}T\d{6}-[0-9a-f]{7,40}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Component:
    """One part that the document reports on."""

    name: str
    level: str
    """``pass``, ``warn`` or ``fail``."""
    detail: str = ""

    @property
    def ok(self) -> bool:
        """A degraded part still works."""
        return self.level != "fail"


@dataclass(frozen=True, slots=True)
class Health:
    """What a document says: of the whole (None: nothing) and of each part."""

    overall: str | None = None
    components: tuple[Component, ...] = field(default=())

    @property
    def worst(self) -> str | None:
        """The worst level that is reported anywhere."""
        levels = [*([self.overall] if self.overall else []), *(component.level for component in self.components)]
        return max(levels, key=_ORDER.index, default=None)


@dataclass(frozen=True, slots=True)
class NamedRelease:
    """One value by which an answer names itself, and where it stood."""

    value: str
    where: str
    kind: str
    """``commit`` and ``release`` tell releases apart; a ``version`` may stay the same over many."""


def level_of(value: Any) -> str | None:
    """Translates one status: a word, a flag or an HTTP status; None where it says nothing."""
    if isinstance(value, bool):
        return "pass" if value else "fail"
    if isinstance(value, int):
        return ("pass" if value in _OK_STATUS else "fail") if 100 <= value < 600 else None  # noqa: PLR2004 - HTTP
    return _word(value) or _word(value.partition(":")[0]) if isinstance(value, str) else None


def read(document: Any) -> Health:
    """Reads the overall level and the components of a health document of any known shape."""
    if not isinstance(document, Mapping):
        return Health(level_of(document) if isinstance(document, str) else None)
    return Health(_own_level(document), tuple(_components(document, "", 0)) or tuple(_flat(document)))


def judges_whole(paths: Collection[str]) -> bool:
    """Whether one of some paths is the status of the whole document: whoever states that judges by it."""
    return any(path in _STATUS_KEYS for path in paths)


def release_named(document: Any, headers: Mapping[str, str]) -> tuple[NamedRelease, ...]:
    """Lists the values by which the answer names its release, the most telling first."""
    found = [*_in_headers(headers), *(_in_document(document, "", 0) if isinstance(document, Mapping) else ())]
    order = ("commit", "release", "version")
    return tuple(sorted(dict.fromkeys(found), key=lambda named: order.index(named.kind)))


def names(value: str, commit: str) -> bool:
    """Whether a value names this commit: it holds at least seven hex digits that begin it, or all of it."""
    full = commit.casefold()
    found = [text.casefold() for text in _HEX.findall(value)]
    return any(full.startswith(text) or (len(full) >= 7 and text.startswith(full)) for text in found)  # noqa: PLR2004


def _word(text: str) -> str | None:
    return _WORDS.get(re.sub(r"[\s-]+", "_", text.strip().casefold()))


def _own_level(part: Mapping[str, Any]) -> str | None:
    """Takes the worst of what the keys say; a number is a status only under ``status``, elsewhere a count."""
    stated = [part.get(key) for key in _STATUS_KEYS if key == "status" or isinstance(part.get(key), str | bool)]
    levels = [level_of(value) for value in stated]
    return max((level for level in levels if level), key=_ORDER.index, default=None)


def _components(document: Mapping[str, Any], above: str, depth: int) -> Iterator[Component]:
    for key in _CONTAINERS if depth < _DEEPEST else ():
        inside = document.get(key)
        if isinstance(inside, Mapping):
            for name, part in inside.items():
                if isinstance(part, Mapping | list) or not (depth and key == "details"):
                    yield from _part(f"{above}{name}", part, depth)
        elif isinstance(inside, list):
            for index, part in enumerate(inside):
                yield from _part(f"{above}{_name(part, f'{key}[{index}]')}", part, depth)


def _part(name: str, part: Any, depth: int) -> Iterator[Component]:
    if isinstance(part, list):
        for index, item in enumerate(part):
            yield from (
                _part(name if len(part) == 1 else f"{name}[{index}]", item, depth + 1) if depth < _DEEPEST else ()
            )
    elif isinstance(part, Mapping):
        if stated := [part[key] for key in _STATUS_KEYS if isinstance(part.get(key), str | bool | int)]:
            level = _own_level(part)
            yield Component(name, level or "warn", _detail(part) if level else f"status {stated[0]!r} is not known")
        yield from _components(part, f"{name}.", depth + 1)
    elif isinstance(part, str | bool) and (level := level_of(part)):
        yield Component(name, level)


def _flat(document: Mapping[str, Any]) -> Iterator[Component]:
    """Reads ``{"db": "ok", "redis": false}``: words of the table, parts with a status, flags of known parts."""
    for name, part in document.items():
        if name.casefold() in _ABOUT or name in _STATUS_KEYS:
            continue
        if isinstance(part, str) or (isinstance(part, bool) and _PARTS.fullmatch(name)):
            level = level_of(part)
            yield from (Component(name, level),) if level else ()
        elif isinstance(part, Mapping) and _own_level(part):
            yield from _part(name, part, 0)


def _name(part: Any, otherwise: str) -> str:
    found = [part[key] for key in _NAME_KEYS if part.get(key)] if isinstance(part, Mapping) else []
    return str(found[0]) if found else otherwise


def _detail(part: Mapping[str, Any]) -> str:
    found = [part[key] for key in _DETAIL_KEYS if isinstance(part.get(key), str | int | float) and part[key] != ""]
    unit = f" {part['observedUnit']}" if "observedUnit" in part and "observedValue" in part else ""
    return f"{found[0]}{unit}" if found else ""


def _in_headers(headers: Mapping[str, str]) -> Iterator[NamedRelease]:
    for header, value in headers.items():
        key = header.casefold().removeprefix("x-").replace("-", "_")
        if header.casefold().startswith("x-") or key in _COMMIT_KEYS:
            yield from _named(key, value, f"header {header}")
            yield from _named(key.removeprefix("app_").removeprefix("gonogo_"), value, f"header {header}")


def _in_document(document: Mapping[str, Any], above: str, depth: int) -> Iterator[NamedRelease]:
    for key, value in document.items():
        folded = key.casefold().replace("-", "_").replace(".", "_")
        if isinstance(value, Mapping) and folded in _FOLDERS and depth < _DEEPEST:
            yield from _in_document(value, f"{above}{key}.", depth + 1)
        elif isinstance(value, str | int) and not isinstance(value, bool):
            is_commit_id = above.casefold().endswith("commit.") and folded == "id"
            yield from _named("commit" if is_commit_id else folded, str(value), f"{above}{key}")


def _named(key: str, value: str, where: str) -> Iterator[NamedRelease]:
    text = value.strip()
    hexes = _HEX.findall(text)
    if key in _COMMIT_KEYS and hexes:
        yield NamedRelease(text, where, "commit")
    elif key in _RELEASE_KEYS and text and text.casefold() not in {"unknown", "dev", "none", "null"}:
        telling = _RELEASE_ID.search(text) or any(not digits.isdecimal() for digits in hexes)
        yield NamedRelease(text, where, "release" if telling else "version")
