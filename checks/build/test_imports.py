"""Whether the application in the artifact can be imported, and which routes it registers."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import pytest

from gonogo.checks.build.probing import ask, released
from gonogo.config import Environment, Service
from gonogo.frameworks import static_routes
from gonogo.inspection import answers, routes
from gonogo.inspection.contents import map_paths
from gonogo.inspection.routes import ImageRoute, ImportFailure, RouteReport
from gonogo.plugins.context import Context
from gonogo.plugins.evidence import Collected, InconclusiveError
from gonogo.runtimes.base import Artifact

__all__: list[str] = []

_NETWORK = frozenset(
    {"ConnectError", "ConnectTimeout", "ConnectionError", "ConnectionRefusedError", "OperationalError", "gaierror"}
)
_NETWORK_WORDS = ("name resolution", "Name or service not known", "Connection refused", "Network is unreachable")


@pytest.fixture(scope="session")
def imported(artifact: Artifact, environment: Environment) -> RouteReport:
    """What importing the entry point in the artifact gave; asked once, for B04 and B06."""
    service = environment.service.get(artifact.service, Service())
    if service.entrypoint is None:
        pytest.skip(f"service.{artifact.service}.entrypoint is not configured")
    if service.framework == "none":
        script, request = answers.script("import_probe.py"), service.entrypoint
    else:
        script = routes.probe_source()
        request = routes.probe_request(entrypoint=service.entrypoint, framework=service.framework)
    return routes.parse(ask(artifact, service, script, request, isolated=False).output)


@pytest.mark.build("B04", remedy="Mend the module and line that are named, commit, then: gonogo deploy --env {env}")
def test_entry_point_imports(
    artifact: Artifact, environment: Environment, imported: RouteReport, evidence: Collected
) -> None:
    """The entry point can be imported in the artifact.

    Catches a dependency that is missing from the requirements, and a syntax error.
    """
    entrypoint = environment.service[artifact.service].entrypoint
    evidence.text("Entry point", f"{entrypoint} in {artifact.label}, Python {imported.python}")
    error = imported.error
    if error is not None:
        evidence.table("Import failure", [error])
    if error is not None and _is_network(error):
        evidence.warn(f"{entrypoint} needs a network to be imported ({error}); D11 asks the running process")
        return
    assert error is None, f"{artifact.label}: {entrypoint}: found {error}, expected an import without errors"


@pytest.mark.build(
    "B06",
    remedy="Include the router again, or delete the handler; fewer on purpose: lower service.{param}.min_routes",
)
def test_routes_are_registered(
    artifact: Artifact, context: Context, request: pytest.FixtureRequest, evidence: Collected
) -> None:
    """At least as many routes as configured are registered, and none whose handler still stands was lost.

    Catches a router that is no longer included.
    """
    service, serving = context.environment.service.get(artifact.service, Service()), context.subject.serving
    if service.framework == "none":
        assert not service.min_routes, (
            f'service.{artifact.service}: found min_routes = {service.min_routes} and framework = "none", '
            "expected a framework whose routes can be counted"
        )
        pytest.skip(f'service.{artifact.service} has framework = "none"')
    report: RouteReport = request.getfixturevalue("imported")
    if report.error is not None:
        raise InconclusiveError(f"{artifact.label}: the routes are not known: {report.error}")
    texts = released(context).texts(".py")
    mapped = map_paths(texts, artifact.code)
    declared = static_routes({path: texts[path] for path in mapped}, framework=service.framework)
    before = _routes(serving.routes.get(artifact.service)) if serving is not None else None
    found = routes.compare(declared, report.routes, before, floor=service.min_routes)
    evidence.json("routes", [dataclasses.asdict(route) for route in report.routes])
    evidence.text("Registered", f"{found.count} of the application's own, at least {found.floor} expected")
    evidence.table("Appeared", found.appeared)
    evidence.table("Gone with their definition", found.vanished)
    assert not found.problems, f"{artifact.label}: {found.problems[0]} ({len(found.problems)} in all)"


def _is_network(error: ImportFailure) -> bool:
    """Whether the import failed because the artifact is asked without a network."""
    return error.type in _NETWORK or any(word in error.message for word in _NETWORK_WORDS)


def _routes(kept: Sequence[dict[str, Any]] | None) -> list[ImageRoute] | None:
    """The routes that a release noted; None where it noted none."""
    if not kept:
        return None
    names = [field.name for field in dataclasses.fields(ImageRoute)]
    rows = [{**dict.fromkeys(names), **{name: row[name] for name in names if name in row}} for row in kept]
    return [ImageRoute(**{**row, "methods": tuple(row["methods"] or ())}) for row in rows]
