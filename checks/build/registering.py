"""What the checks of routes share: how a probe's report is compared with the source and with the serving release."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from gonogo.checks.build.probing import importing, released
from gonogo.config import Service
from gonogo.errors import GonogoError
from gonogo.frameworks import StaticRoute, static_routes
from gonogo.gates.subject import as_it_serves
from gonogo.host.runner import this_machine
from gonogo.inspection.code import routes
from gonogo.inspection.code.contents import map_paths
from gonogo.inspection.code.dockerignore import ignore
from gonogo.inspection.code.routes import ImageRoute, ImportFailure, RouteReport
from gonogo.plugins.context import Context
from gonogo.plugins.evidence import Collected
from gonogo.plugins.source import Source
from gonogo.runtimes import runtime_of
from gonogo.runtimes.place import make_place
from gonogo.state.release import Release

__all__ = ["first_of", "needs_network", "problems_of", "routes_of"]

_BY_DECORATOR = ("fastapi", "flask")
"""Frameworks in which a function becomes a route where it stands."""
_NETWORK = frozenset(
    {"ConnectError", "ConnectTimeout", "ConnectionError", "ConnectionRefusedError", "OperationalError", "gaierror"}
)
_NETWORK_WORDS = ("name resolution", "Name or service not known", "Connection refused", "Network is unreachable")


def needs_network(error: ImportFailure) -> bool:
    """Whether an import failed because the artifact is asked without a network."""
    return error.type in _NETWORK or any(word in error.message for word in _NETWORK_WORDS)


def problems_of(
    report: RouteReport, name: str, *, context: Context, code: Mapping[str, str], evidence: Collected
) -> Sequence[str]:
    """What is wrong with the routes that a service registers; evidence is attached, also for the wrapper to keep.

    What may be on purpose is warned of.
    """
    service, serving = context.environment.service.get(name, Service()), context.subject.serving
    before = (routes_of(serving, name) or _asked(serving, name, context)) if serving is not None else None
    left_out = ignore("\n".join(context.project.app.not_source))
    then = Source(serving.source_root(context.project.app.root), this_machine()) if serving is not None else None
    known = [one for one in _declared(then, service) if not left_out(one.file)] if then is not None else []
    declared = [one for one in _declared(released(context), service, code=code) if not left_out(one.file)]
    texts = released(context).texts(".py") if service.framework in _BY_DECORATOR else None
    found = routes.compare(declared, report.routes, before, floor=service.min_routes, known=known, texts=texts)
    evidence.json("routes", [dataclasses.asdict(route) for route in report.routes])
    evidence.text("Registered", f"{found.count} of the application's own, at least {found.floor} expected")
    evidence.table("Counted", found.counted)
    evidence.table("Not counted: of the framework, of packages, or twice", _others(report.routes, found.counted))
    evidence.table("Appeared", found.appeared)
    evidence.table("Gone with their definition", found.vanished)
    evidence.table("Included under a condition", {(one.included, str(one)) for one in declared if one.included})
    evidence.table("Declared and not registered", [(line,) for line in found.remarks])
    if report.late:
        _leave_to_the_start(report.late, found, name, evidence)
        return ()
    if found.remarks:
        evidence.advise(first_of(found.remarks))
    if found.below_floor:
        lower = f"fewer on purpose: min_routes = {found.count} under [service.{name}]"
        evidence.remedy(f"Register what is missing, then: gonogo deploy --env {{env}}; {lower}")
    return found.problems


def _leave_to_the_start(where: str, found: routes.Inventory, name: str, evidence: Collected) -> None:
    """Says what is in doubt, since the application adds routes only when it starts."""
    evidence.text("Added by its start", f"{where} adds routes, which nobody knows before it runs")
    if found.problems:
        least = f"; min_routes = {found.count} under [service.{name}] counts those alone" if found.below_floor else ""
        evidence.remedy(f"See whether the start still adds it{least}")
        evidence.advise(f"{found.problems[0]}; its start adds routes ({where}), and this may be among them")


def _others(registered: Sequence[ImageRoute], counted: Sequence[ImageRoute]) -> list[ImageRoute]:
    return [route for route in registered if not any(route is one for one in counted)]


def _declared(source: Source, service: Service, *, code: Mapping[str, str] | None = None) -> Sequence[StaticRoute]:
    """The routes that a source declares, of what is in the artifact; none where the source is gone."""
    try:
        texts = source.texts(".py")
    except (GonogoError, OSError):
        return ()
    mapped = texts if code is None else map_paths(texts, code)
    return static_routes({path: texts[path] for path in mapped}, framework=service.framework)


def _asked(serving: Release, name: str, context: Context) -> list[ImageRoute] | None:
    """What the artifact of a release registers that noted no routes (it was adopted); None where it cannot say."""
    environment = as_it_serves(context.environment, serving)
    service = environment.service.get(name, Service())
    if service.entrypoint is None or service.framework == "none":
        return None
    place = make_place(
        context.project,
        environment,
        state=context.subject.state,
        path=context.subject.path,
        host=this_machine(),
        variables=context.variables,
    )
    try:
        inspector = runtime_of(environment.runtime).inspector(place, serving)
        artifact = next((one for one in inspector.artifacts() if one.service == name), None)
        if artifact is None:
            return None
        request = routes.probe_request(entrypoint=service.entrypoint, framework=service.framework)
        report = routes.parse(
            importing(artifact, service).python(routes.probe_source(), request, isolated=False).output
        )
    except (GonogoError, ValueError):
        return None
    return list(report.routes) if report.error is None else None


def routes_of(release: Release, name: str) -> list[ImageRoute] | None:
    """The routes that a release noted when it was built; None where it noted none."""
    kept = release.routes.get(name)
    if not kept:
        return None
    names = [field.name for field in dataclasses.fields(ImageRoute)]
    rows = [{**dict.fromkeys(names), **{name: row[name] for name in names if name in row}} for row in kept]
    return [ImageRoute(**{**row, "methods": tuple(row["methods"] or ())}) for row in rows]


def first_of(problems: Sequence[str]) -> str:
    """The first problem, and how many more there are."""
    more = len(problems) - 1
    return problems[0] + (f" (and {more} more)" if more else "")
