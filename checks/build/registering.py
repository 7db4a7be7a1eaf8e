"""What the checks of routes share: how a probe's report is compared with the source and with the serving release."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from gonogo.checks.build.probing import released
from gonogo.config import Service
from gonogo.frameworks import static_routes
from gonogo.inspection import routes
from gonogo.inspection.contents import map_paths
from gonogo.inspection.routes import ImageRoute, ImportFailure, RouteReport
from gonogo.plugins.context import Context
from gonogo.plugins.evidence import Collected
from gonogo.release import Release

__all__ = ["first_of", "needs_network", "problems_of", "routes_of"]

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
    """What is wrong with the routes that a service registers; evidence is attached, also for the wrapper to keep."""
    service, serving = context.environment.service.get(name, Service()), context.subject.serving
    texts = released(context).texts(".py")
    mapped = map_paths(texts, code)
    declared = static_routes({path: texts[path] for path in mapped}, framework=service.framework)
    before = routes_of(serving, name) if serving is not None else None
    found = routes.compare(declared, report.routes, before, floor=service.min_routes)
    evidence.json("routes", [dataclasses.asdict(route) for route in report.routes])
    evidence.text("Registered", f"{found.count} of the application's own, at least {found.floor} expected")
    evidence.table("Appeared", found.appeared)
    evidence.table("Gone with their definition", found.vanished)
    return [str(problem) for problem in found.problems]


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
