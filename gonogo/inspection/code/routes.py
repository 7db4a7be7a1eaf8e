"""The routes of an application: what the source declares, what an image registers, what a running process answers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gonogo.frameworks.source import same_module
from gonogo.inspection import probe_answers
from gonogo.inspection.code.undecorated import stands_alone
from gonogo.inspection.probe_answers import ProbeAnswerError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from gonogo.frameworks import StaticRoute

__all__ = [
    "Changes",
    "ImageRoute",
    "ImportFailure",
    "Inventory",
    "ProbeAnswerError",
    "RouteDifference",
    "RouteReport",
    "changes",
    "compare",
    "counted",
    "equal",
    "left_over",
    "parse",
    "probe_request",
    "probe_source",
]

_PROBE = "route"
_MARKER = "<<gonogo-routes>>"
_FRAMEWORKS_OWN = ("fastapi", "starlette", "flask", "werkzeug", "django")
_SHOWN = 4
_OPERATIONS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRoute:
    """One route that an application registered when it was imported."""

    kind: str  # "http", "websocket" or "mount"
    methods: tuple[str, ...]  # empty: any
    path: str
    name: str | None
    handler_module: str
    handler_qualname: str
    source_file: str | None
    line: int | None
    schema_path: str | None  # its path in the OpenAPI document, where it is in there
    own: bool | None = None  # as the probe saw it; None where an older one noted less
    shows: bool | None = None  # whether a function that takes any method is meant to be asked by GET; False: it acts

    @property
    def is_own(self) -> bool:
        """Whether the application declares it: not its framework or a package (``/docs``, static files, the admin)."""
        return self.handler_module.partition(".")[0] not in _FRAMEWORKS_OWN if self.own is None else self.own

    @property
    def takes_get(self) -> bool:
        """Whether it is meant to be asked by GET, which leaves no job; a function of Django's names no method."""
        return self.shows is not False if "GET" in self.methods else not self.methods and self.shows is True

    @property
    def label(self) -> str:
        """Methods and path, as people name a route."""
        return f"{','.join(self.methods) or 'ANY'} {self.path}"

    def __str__(self) -> str:
        """Says it in one line: methods, path, handler."""
        return f"{self.label} {self.handler_module}.{self.handler_qualname}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportFailure:
    """Why an entry point could not be imported."""

    type: str
    message: str
    file: str | None
    line: int | None
    function: str | None
    text: str | None

    def __str__(self) -> str:
        """Says it in one line: error, and the place where it was raised."""
        where = f" at {self.file}:{self.line}" if self.file else ""
        return f"{self.type}: {self.message}{where}" if self.message else f"{self.type}{where}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteReport:
    """What the probe found: the routes, or why there are none."""

    python: str
    framework: str | None
    routes: tuple[ImageRoute, ...]
    openapi: Mapping[str, Any] | None
    error: ImportFailure | None
    origins: Mapping[str, str] = field(default_factory=dict)
    """Module of the entry point's package → the file that it was loaded from."""
    debug: bool | None = None
    """Whether the application is in its debug mode; None where nobody could say."""
    lacking: tuple[Mapping[str, Any], ...] | None = None
    """What imports inside functions do not find, as ``nested.judged`` reads it; None where that was not asked."""
    walked: int = 0
    """How many of the application's files were looked at for that."""
    unwalked: int = 0
    late: str = ""
    """Where the application's start adds routes, which are not among these; empty where it adds none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """How an image's routes compare with the source and with the serving image; see ``problems``."""

    counted: tuple[ImageRoute, ...]  # the application's own, each (methods, path) once
    floor: int
    unregistered: tuple[
        StaticRoute, ...
    ]  # declared on a router, unconditionally, never before and nowhere in the image
    lost: tuple[ImageRoute, ...]  # the serving image had it, its handler still stands, the image lacks it
    withdrawn: tuple[tuple[ImageRoute, str], ...]  # likewise, but included only under a condition: with its place
    appeared: tuple[ImageRoute, ...]
    vanished: tuple[ImageRoute, ...]  # listed only: the definition is gone from the source as well
    undecorated: tuple[tuple[ImageRoute, str], ...] = ()  # its function stands unused, without its decorator: where

    @property
    def count(self) -> int:
        """How many routes of its own the application registers."""
        return len(self.counted)

    @property
    def below_floor(self) -> bool:
        """Whether fewer of the application's own routes are registered than the configuration asks for."""
        return self.count < self.floor

    @property
    def problems(self) -> tuple[str, ...]:
        """Everything red, one line each."""
        few = (
            f"{self.count} routes of the application's own are registered{_first(self.counted)}, "
            f"expected at least {self.floor}"
        )
        floor = [few] if self.below_floor else []
        lost = [f"{route}: its handler stands in the source but is not registered in the image" for route in self.lost]
        bare = [
            f"{route}: its function stands at {place} without a decorator, named nowhere else; the serving release "
            "registers it"
            for route, place in self.undecorated
        ]
        return (*floor, *lost, *bare)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What may be on purpose, one line each: nothing that serves is lost by it, or a setting decides."""
        never = [
            f"{route.file}:{route.line}: {','.join(route.methods) or 'ANY'} {route.path} ({route.handler}) is declared "
            "and not registered; nothing that serves had it. Is its router included?"
            for route in self.unregistered
        ]
        gone = [
            f"{route}: the serving release registers it, this one does not; it is included under a condition ({place})"
            for route, place in self.withdrawn
        ]
        return (*gone, *never)


def counted(registered: Iterable[ImageRoute]) -> tuple[ImageRoute, ...]:
    """The routes that ``min_routes`` counts: the application's own, each (methods, path) once."""
    return tuple({_identity(route): route for route in registered if route.is_own}.values())


def _first(found: Sequence[ImageRoute]) -> str:
    """The first few routes, in parentheses."""
    shown = ", ".join(route.label for route in found[:_SHOWN])
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return f" ({shown}{more})" if shown else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Which declared routes a source has that another had not, and the other way round."""

    appeared: tuple[StaticRoute, ...]
    vanished: tuple[StaticRoute, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteDifference:
    """Where a running process and its image disagree; falsy when they agree."""

    missing: tuple[str, ...]  # the image has it, the running process does not answer for it
    unexpected: tuple[str, ...]  # the running process answers for it, the image does not have it

    def __bool__(self) -> bool:
        """Whether there is a difference."""
        return bool(self.missing or self.unexpected)


def probe_source() -> str:
    """The text of the probe, for the standard input of ``python - REQUEST`` in the application's folder."""
    last = "LATER.append(lambda: {'late': next(map(adding, FOUND), '')})"
    return probe_answers.inserted(probe_answers.script("route.py"), "late.py", last)


def probe_request(*, entrypoint: str, framework: str | None = None, openapi: bool = False) -> str:
    """The request that is the probe's one argument; ``openapi`` asks for the OpenAPI document as well."""
    return json.dumps({"entrypoint": entrypoint, "framework": framework, "openapi": openapi})


def parse(stdout: str) -> RouteReport:
    """The report that the probe printed, whatever the application printed around it.

    Raises:
        ProbeAnswerError: the text holds no answer of the probe.
    """
    _, marker, rest = stdout.rpartition(_MARKER)
    if not marker:
        raise ProbeAnswerError(_PROBE, probe_answers.shown(stdout), f"a line that begins with {_MARKER}")
    answer = probe_answers.document(_PROBE, rest.partition("\n")[0])
    routes, error, openapi = answer.get("routes"), answer.get("error"), answer.get("openapi")
    origins, lacking = answer.get("origins"), answer.get("lacking")
    if not isinstance(routes, list):
        raise ProbeAnswerError(_PROBE, f"routes of type {type(routes).__name__}", "a list")
    return RouteReport(
        python=probe_answers.string(_PROBE, answer, "python"),
        framework=probe_answers.optional_string(_PROBE, answer, "framework"),
        routes=tuple(_route(item) for item in routes),
        openapi=openapi if isinstance(openapi, dict) else None,
        error=None if error is None else _failure(error),
        origins={str(name): str(file) for name, file in origins.items()} if isinstance(origins, dict) else {},
        debug=answer["debug"] if isinstance(answer.get("debug"), bool) else None,
        lacking=tuple(lacking) if isinstance(lacking, list) else None,
        walked=int(answer.get("walked") or 0),
        unwalked=int(answer.get("unwalked") or 0),
        late=str(answer.get("late") or ""),
    )


def compare(
    static: Iterable[StaticRoute],
    image: Iterable[ImageRoute],
    serving: Iterable[ImageRoute] | None = None,
    *,
    floor: int = 0,
    known: Iterable[StaticRoute] = (),
    texts: Mapping[str, str] | None = None,
) -> Inventory:
    """How an image's routes compare with the source and, where there is one, with the serving image.

    A route is followed by its handler, and where a decorator hides the handler, by methods and the end of the path.
    ``serving`` are the routes of the serving image, ``known`` those of its source: what was not registered then
    either is not told again. The floor counts the application's own routes only. ``texts`` are the source's own files,
    where a decorator makes the routes: a handler that lost it is known by them.
    """
    declared, registered, known = list(static), list(image), list(known)
    before = [] if serving is None else list(serving)
    now = {_identity(route) for route in registered}
    then = {_identity(route) for route in before}
    gone = [route for route in before if _identity(route) not in now]
    standing = [
        (route, [one for one in declared if _handles(one, route)])
        for route in gone
        if not any(_same_handler(route, other) for other in registered)
    ]
    lost = [route for route, ones in standing if any(not one.included for one in ones)]
    withdrawn = [(route, ones[0].included) for route, ones in standing if ones and route not in lost]
    former = {(one.methods, one.path, one.handler) for one in known}
    missing = [one for one in _unregistered(declared, registered) if (one.methods, one.path, one.handler) not in former]
    named = [*lost, *(route for route, _ in withdrawn)]
    decorated = [route for route in gone if route not in named and any(_handles(one, route) for one in known)]
    places = [(route, stands_alone(texts or {}, route.handler_module, route.handler_qualname)) for route in decorated]
    undecorated = tuple((route, place) for route, place in places if place)
    named += [route for route, _ in undecorated]
    return Inventory(
        counted=counted(registered),
        floor=floor,
        unregistered=tuple(_once(one for one in missing if not any(_handles(one, route) for route in lost))),
        lost=tuple(lost),
        withdrawn=tuple(withdrawn),
        appeared=tuple(route for route in registered if serving is not None and _identity(route) not in then),
        vanished=tuple(route for route in gone if route not in named),
        undecorated=undecorated,
    )


def _once(routes: Iterable[StaticRoute]) -> Iterable[StaticRoute]:
    """Each (methods, path) once."""
    return {(one.methods, one.path): one for one in routes}.values()


def changes(before: Iterable[StaticRoute], after: Iterable[StaticRoute]) -> Changes:
    """Which declared routes appeared and vanished; one that merely moved to another line or file did not."""
    old = {(one.methods, one.path, one.handler): one for one in before}
    new = {(one.methods, one.path, one.handler): one for one in after}
    return Changes(
        appeared=tuple(one for key, one in new.items() if key not in old),
        vanished=tuple(one for key, one in old.items() if key not in new),
    )


def equal(running: Mapping[str, Any] | Collection[str], image: Iterable[ImageRoute]) -> RouteDifference:
    """Where the running process's OpenAPI paths differ from the image's routes that are in the schema.

    ``running`` is the document's ``paths`` (then methods count as well), or paths alone.
    """
    if hasattr(running, "items"):
        found = {f"{verb.upper()} {path}" for path, verbs in running.items() for verb in verbs if verb in _OPERATIONS}
        expected = _listed(image)
    else:
        found = set(running)
        expected = {str(route.schema_path) for route in image if route.schema_path is not None}
    return RouteDifference(missing=tuple(sorted(expected - found)), unexpected=tuple(sorted(found - expected)))


def left_over(difference: RouteDifference, before: Iterable[ImageRoute]) -> tuple[str, ...]:
    """Those that are unexpected and that the image before registered: the process may be of that one.

    Others come from the start itself: what a lifespan adds to the application is in no image's routes.
    """
    theirs = _listed(before)
    return tuple(path for path in difference.unexpected if path in theirs)


def _listed(image: Iterable[ImageRoute]) -> set[str]:
    """``GET /path`` of each operation that an image's routes have in the schema."""
    return {f"{verb} {route.schema_path}" for route in image if route.schema_path is not None for verb in route.methods}


def _identity(route: ImageRoute) -> tuple[tuple[str, ...], str]:
    """What makes a route the same to those who call it."""
    return route.methods, route.path


def _same_handler(one: ImageRoute, other: ImageRoute) -> bool:
    """Whether two routes lead to the same handler."""
    return (one.handler_module, one.handler_qualname) == (other.handler_module, other.handler_qualname)


def _handles(declared: StaticRoute, route: ImageRoute) -> bool:
    """Whether a declared route's handler is that of a registered one, from whichever root it is imported."""
    return declared.handler == route.handler_qualname and same_module(declared.module, route.handler_module)


def _unregistered(declared: Collection[StaticRoute], registered: Collection[ImageRoute]) -> list[StaticRoute]:
    """The routes declared unconditionally on a router that no registered route answers for."""
    wanted = [one for one in declared if not any(_handles(one, route) for route in registered)]
    candidates = [one for one in wanted if one.owner == "router" and not one.conditional]
    hidden = [route for route in registered if not any(_handles(one, route) for one in declared)]
    return [one for one in candidates if not any(_answers(one, route) for route in hidden)]


def _answers(declared: StaticRoute, route: ImageRoute) -> bool:
    """Whether a registered route of unknown handler stands where a declared one should."""
    path = declared.path.replace("{?}", "")
    return route.path.endswith(path) and (not declared.methods or set(declared.methods) <= set(route.methods))


def _route(item: Any) -> ImageRoute:
    """One route of the answer."""
    if not isinstance(item, dict):
        raise ProbeAnswerError(_PROBE, f"a route of type {type(item).__name__}", "an object")
    return ImageRoute(
        kind=probe_answers.string(_PROBE, item, "kind"),
        methods=probe_answers.strings(_PROBE, item, "methods"),
        path=probe_answers.string(_PROBE, item, "path"),
        name=probe_answers.optional_string(_PROBE, item, "name"),
        handler_module=probe_answers.string(_PROBE, item, "handler_module"),
        handler_qualname=probe_answers.string(_PROBE, item, "handler_qualname"),
        source_file=probe_answers.optional_string(_PROBE, item, "source_file"),
        line=probe_answers.optional_integer(_PROBE, item, "line"),
        schema_path=probe_answers.optional_string(_PROBE, item, "schema_path"),
        own=item["own"] if isinstance(item.get("own"), bool) else None,
        shows=item["shows"] if isinstance(item.get("shows"), bool) else None,
    )


def _failure(item: Any) -> ImportFailure:
    """The failure that the answer reports."""
    if not isinstance(item, dict):
        raise ProbeAnswerError(_PROBE, f"an error of type {type(item).__name__}", "an object")
    return ImportFailure(
        type=probe_answers.string(_PROBE, item, "type"),
        message=probe_answers.string(_PROBE, item, "message"),
        file=probe_answers.optional_string(_PROBE, item, "file"),
        line=probe_answers.optional_integer(_PROBE, item, "line"),
        function=probe_answers.optional_string(_PROBE, item, "function"),
        text=probe_answers.optional_string(_PROBE, item, "text"),
    )
