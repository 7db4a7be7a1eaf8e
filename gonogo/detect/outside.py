"""How an application looks from outside: its address, and the pages that say how it is."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gonogo.detect.addresses import Address
from gonogo.detect.facts import Fact, guess
from gonogo.detect.guarded import wants_login
from gonogo.detect.health import asked_by, live_route, ready_route, seconds
from gonogo.detect.proxied import Handed, handed_to, outside_path
from gonogo.detect.routing import Placed, has_no_document
from gonogo.detect.services import Seen
from gonogo.detect.tree import Tree
from gonogo.frameworks import StaticRoute
from gonogo.inspection.answers.harmless import is_harmless, is_plain
from gonogo.runtimes.compose.model.places import place_of

__all__ = ["Pages", "files_of", "own_page", "pages_of", "timeout_of"]

_DEFAULT_TIMEOUT = 120.0
_ROUNDED_TO = 30
_ADMIN = re.compile(r"""["']([\w^/-]*)["']\s*,\s*(?:\w+\.)?admin\.site\.urls""")
_LOGIN = re.compile(r"^/(?:[\w-]+/)*(?:log-?in|sign-?in|signin)/?$", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Pages:
    """The pages that are asked."""

    live: Fact[str] | None = None
    ready: Fact[str] | None = None


def pages_of(
    tree: Tree, model: Mapping[str, Any], files: Sequence[str], seen: Sequence[Seen], address: Address | None
) -> Pages:
    """The page that answers while the application lives, and the one that tells whether it can serve.

    First what a health check asks already, then routes by their names, then any page that answers without a login.
    """
    web = [one for one in seen if one.facts.role == "web"]
    front = address is not None and address.service not in {one.facts.name for one in web}
    handed = _handed(tree, model, address, tuple(one.facts.name for one in web)) if front and address else ()
    sure = address is not None and address.url.sure
    for one in web[:1]:
        facts = list(_live(tree, model, files, one))
        passed = (fact for fact in facts if outside_path(fact.value, handed)[0])
        live = next(passed, facts[0])
        ready = (fact for fact in _ready(one) if fact.value != live.value)
        found = next((_outside(fact, handed, front=front, sure=sure) for fact in ready), None)
        return Pages(live=_outside(live, handed, front=front, sure=sure), ready=found)
    return Pages()


def own_page(tree: Tree, model: Mapping[str, Any], files: Sequence[str], seen: Seen) -> Fact[str]:
    """The page of a service that is asked at an address of its own."""
    return next(_live(tree, model, files, seen))


def _live(tree: Tree, model: Mapping[str, Any], files: Sequence[str], seen: Seen) -> Iterator[Fact[str]]:
    checked = _checked(tree, model, files, seen)
    if checked is not None:
        yield checked
    for route in live_route(seen.routes):
        yield _of_route(route)
    yield from _any_page(tree, seen)


def _checked(tree: Tree, model: Mapping[str, Any], files: Sequence[str], seen: Seen) -> Fact[str] | None:
    """The page that the service's health check asks, where it asks the application itself."""
    service = model["services"][seen.facts.name]
    own = (service.get("healthcheck") or {}).get("test") or ()
    words = [own] if isinstance(own, str) else list(own)
    given = {name: str(value) for name, value in (service.get("environment") or {}).items() if value is not None}
    env = {**(seen.image.env if seen.image else {}), **given}
    found = asked_by(words, env)
    if found is not None:
        return _as_routed(Fact(found.path, place_of(tree.text, files, seen.facts.name, "healthcheck")), seen)
    if not words and seen.image is not None and seen.image.healthcheck:
        found = asked_by(seen.image.healthcheck, env)
        if found is not None:
            return _as_routed(Fact(found.path, f"{seen.image.dockerfile}:{seen.image.healthcheck_line}"), seen)
    return None


def _as_routed(asked: Fact[str], seen: Seen) -> Fact[str]:
    """The page as its route is written: curl is content with a redirect to the path with a slash, or without one."""
    other = asked.value.removesuffix("/") if asked.value.endswith("/") else f"{asked.value}/"
    routes = {placed.route.path: placed.route for placed in seen.routes}
    if asked.value in routes or other not in routes:
        return asked
    route = routes[other]
    return Fact(other, f"{asked.where}, {route.file}:{route.line}", asked.sure)


def _ready(seen: Seen) -> Iterator[Fact[str]]:
    yield from (_of_route(route) for route in ready_route(seen.routes))


def _of_route(placed: Placed) -> Fact[str]:
    """A route that stands under a condition may be left out; one in a factory is not meant."""
    route = placed.route
    nested = route.conditional and "<locals>" not in route.handler
    return Fact(route.path, f"{route.file}:{route.line}", placed.sure and not nested)


def _any_page(tree: Tree, seen: Seen) -> Iterator[Fact[str]]:
    framework = seen.facts.framework.value if seen.facts.framework else ""
    plain = [one.route for one in seen.routes if not one.route.methods or "GET" in one.route.methods]
    home = next((route for route in plain if route.path == "/"), None)
    if framework == "fastapi" and seen.document:
        yield guess(seen.document, "FastAPI's own document, unless it is switched off")
    shut = home is not None and wants_login(tree, home)
    if shut:
        signs = (one.route for one in seen.routes if _LOGIN.search(one.route.path) and not wants_login(tree, one.route))
        yield from (guess(one.path, f"{one.file}:{one.line}; / wants a login") for one in signs)
    elif home is not None:
        yield guess("/", f"{home.file}:{home.line}")
    if framework == "fastapi" and not has_no_document(tree):
        yield guess("/openapi.json", "FastAPI's own document; a setting may switch it off")
    if framework == "django":
        admin = _admin(tree)
        if admin:
            yield admin
    yield from (guess(one.path, f"{one.file}:{one.line}; no health page was found") for one in _shown(tree, plain))
    yield guess("/", "no health page was found")


def _shown(tree: Tree, routes: Sequence[StaticRoute]) -> list[StaticRoute]:
    """Routes that only show something, to anybody and without a parameter, the shortest first."""
    free = (one for one in routes if one.path.startswith("/") and is_plain(one.path) and is_harmless(one.path))
    return sorted((one for one in free if not wants_login(tree, one)), key=lambda one: (len(one.path), one.path))


def _admin(tree: Tree) -> Fact[str] | None:
    """The login of Django's admin, under the path that a URL configuration gives it."""
    for path in tree.files:
        match = _ADMIN.search(tree.text(path)) if path.endswith(".py") and "urls" in path else None
        if match:
            return guess(f"/{match[1].lstrip('^/')}login/", f"{path}: Django's admin answers without a login")
    return None


def _outside(fact: Fact[str], handed: tuple[Handed, ...], *, front: bool, sure: bool) -> Fact[str]:
    """The page as a visitor asks for it; unsure where the proxy's configuration does not tell."""
    if not front:
        return fact
    path, where = outside_path(fact.value, handed)
    if path:
        return Fact(path, f"{fact.where}, {where}", fact.sure and sure)
    return guess(fact.value, f"{fact.where}; whether the proxy in front passes it on is not known")


def _handed(tree: Tree, model: Mapping[str, Any], address: Address, services: tuple[str, ...]) -> tuple[Handed, ...]:
    """What the proxy's own files hand to the application: those that are mounted into it or built into its image."""
    return handed_to(tree, files_of(tree, model, address.service), services)


def files_of(tree: Tree, model: Mapping[str, Any], proxy: str) -> tuple[str, ...]:
    """A proxy's own configuration: the files that are mounted into it, or stand in its build context."""
    service = model["services"].get(proxy) or {}
    mounts = (one for one in service.get("volumes") or () if one.get("type") == "bind")
    sources = [posixpath.normpath(str(one["source"])) for one in mounts]
    build = service.get("build") or {}
    sources += [posixpath.normpath(str(build["context"]))] if build.get("context") else []
    named = (path for source in sources for path in ([source] if source in tree else tree.below(source)))
    return tuple(dict.fromkeys(path for path in named if re.search(r"\.conf|\.inc$|\.template|Caddyfile|nginx", path)))


def timeout_of(tree: Tree, model: Mapping[str, Any], files: Sequence[str], seen: Sequence[Seen]) -> Fact[float] | None:
    """How long a release may take to become healthy: twice what its slowest health check allows.

    Only the last ask is taken to need all of its own limit, which is 30 s where nobody set one: a release that never
    answers is to be turned back in minutes.
    """
    found: list[tuple[float, str]] = []
    for one in seen:
        check = dict(model["services"][one.facts.name].get("healthcheck") or {})
        where = place_of(tree.text, files, one.facts.name, "healthcheck")
        if not check.get("test") and one.image is not None and one.image.healthcheck:
            times = {name.replace("-", "_"): value for name, value in one.image.health_times.items()}
            check = {**times, **{name: value for name, value in check.items() if value}}
            where = f"{one.image.dockerfile}:{one.image.healthcheck_line}"
        elif not check.get("test"):
            continue
        interval, limit = seconds(check.get("interval")) or 30.0, seconds(check.get("timeout")) or 30.0
        allowed = seconds(check.get("start_period")) + interval * int(check.get("retries") or 3) + limit
        found.append((allowed, where))
    if not found:
        return None
    longest, where = max(found)
    rounded = max(_DEFAULT_TIMEOUT, -(-2 * longest // _ROUNDED_TO) * _ROUNDED_TO)
    return Fact(rounded, f"{where} allows {longest:g} s")
