"""Whether the application in the artifact can be imported, rarely used modules too, and which routes it registers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

from gonogo.checks.build.defined import definition_of, healthcheck_of
from gonogo.checks.build.holding import holds_nothing, made_alike
from gonogo.checks.build.nesting import import_in, lacks_of, serving_lacks
from gonogo.checks.build.probing import released
from gonogo.checks.build.registering import first_of, needs_network, problems_of, routes_of
from gonogo.checks.predeploy.debugging import modes_of, require_tier, verdict
from gonogo.config import Environment, Service
from gonogo.inspection import things
from gonogo.inspection.code import presence
from gonogo.inspection.code.contents import FileDigest, map_paths
from gonogo.inspection.code.contract import as_registered, breaking
from gonogo.inspection.code.imported import imported_elsewhere, variable_of, what_brings
from gonogo.inspection.code.nested import Lack
from gonogo.inspection.code.routes import ImportFailure, RouteReport
from gonogo.inspection.machine.healthpaths import asked_paths, unrouted
from gonogo.inspection.variables.debugging import Mode
from gonogo.plugins.context import Context
from gonogo.plugins.evidence import Collected, LackingError
from gonogo.plugins.fixtures import Asking
from gonogo.plugins.source import Source
from gonogo.runtimes.base import Artifact, Inspector
from gonogo.runtimes.compose.model import roles
from gonogo.state.release import Release
from gonogo.words import Tier

if TYPE_CHECKING:
    from gonogo.plugins.limits import Limits

__all__: list[str] = []


@pytest.fixture(scope="session")
def imported(
    artifact: Artifact, environment: Environment, own: Mapping[str, str], serving: Release | None
) -> RouteReport:
    """What importing the entry point in the artifact gave; asked once, for B04 to B07, B21 and B22."""
    service = environment.service.get(artifact.service, Service())
    if service.entrypoint is None:
        pytest.skip(f"service.{artifact.service}.entrypoint is not configured")
    return import_in(artifact, service, own, openapi=serving is not None and service.framework == "fastapi")


@pytest.fixture(scope="session")
def own(artifact: Artifact, release: Release, source: Source) -> Mapping[str, str]:
    """The application's files, by their paths in the repository, and where the artifact has them."""
    return {} if holds_nothing(artifact) or release.assumed else map_paths(source.tracked, artifact.code)


@pytest.mark.build(
    "B04",
    needs=("service.entrypoint",),
    rests_on="entrypoint",
    remedy="Mend the module and line that are named, commit, then: gonogo deploy --env {env}",
)
def test_entry_point_imports(
    artifact: Artifact, environment: Environment, context: Context, imported: RouteReport, evidence: Collected
) -> None:
    """The entry point can be imported in the artifact, from the commit's code.

    Catches a dependency that is missing from the requirements, a syntax error, and yesterday's installed copy of the
    application that is imported in place of its source. Told in johnpooch/diplicity-react#1158, ahupp/python-magic#313.

    Before (requirements.txt):

        fastapi==0.115.0

    After (requirements.txt; a route with a form needs it):

        fastapi==0.115.0
        python-multipart==0.0.12
    """
    entrypoint = environment.service[artifact.service].entrypoint
    evidence.text("Entry point", f"{entrypoint} in {artifact.label}, Python {imported.python}")
    error = imported.error
    if error is not None:
        evidence.table("Import failure", [error])
    if error is not None and needs_network(error):
        is_asked = environment.service[artifact.service].framework == "fastapi"
        then = "D11 asks the running process" if is_asked else "the start is its first import"
        evidence.advise(f"{entrypoint} needs a network to be imported ({error}); {then}")
        return
    evidence.breaks(things.entry_point(artifact.service))
    if error is not None:
        evidence.alike(made_alike(artifact, f"{error.type} {error.message}"))
        brought = what_brings(error.message, released(context).tracked)
        evidence.remedy(f"{brought}, commit, then: gonogo deploy --env {{env}}" if brought else _set(error, context))
    assert error is None, f"{artifact.label}: {entrypoint}: found {error}, expected an import without errors"
    source = released(context)
    tracked = () if holds_nothing(artifact) else source.tracked
    foreign = imported_elsewhere(entrypoint or "", imported.origins, code=artifact.code, tracked=tracked)
    evidence.table("Imported from elsewhere", [(one.module, one.file, one.path) for one in foreign])
    found = artifact.files([one.file for one in foreign]) if foreign else {}
    other = [one for one in foreign if not _same(source.manifest.get(one.path), found.get(one.file))]
    where = ", ".join(artifact.code.values()) or "wherever the commit's is"
    assert not other, (
        f"{artifact.label}: {entrypoint}: found {other[0].module} imported from {other[0].file}, whose content is not "
        f"{other[0].path} of {source.commit:.7}; expected it from {where} ({len(other)} such modules)"
    )


def _set(error: ImportFailure, context: Context) -> str:
    """What mends an import that ends over a variable; nothing where none is named."""
    name = variable_of(error.type, error.message, context.variables)
    where = context.environment.env_file or "the compose files"
    return f"Set {name} as it asks ({where}), or mend what reads it, then: gonogo deploy --env {{env}}" if name else ""


def _same(expected: FileDigest | None, found: FileDigest | None) -> bool:
    return expected is not None and found is not None and expected.same_content(found)


@pytest.mark.build(
    "B05",
    in_prod="red",
    needs=("service.entrypoint",),
    remedy="Correct the import that is named, or let the build bring what it names, then: gonogo deploy --env {env}",
)
def test_nested_imports_find_what_they_name(
    artifact: Artifact,
    imported: RouteReport,
    own: Mapping[str, str],
    source: Source,
    question: Asking,
    evidence: Collected,
) -> None:
    """Every import inside a function of what the entry point reaches finds its module; none is executed.

    Catches a module that was renamed or left out, and a package that nobody installed, where only a rarely called
    function imports them: the release starts, and fails later. Red in tier prod, for what surely fails and did not in
    the serving release. What is tried, stands under a condition or in a command, or is for development is no fault.

    Before (app/jobs.py; the module is called `app.sheets` now):

        def export(rows):
            from app.excel import sheet
            return sheet(rows)

    After (app/jobs.py):

        def export(rows):
            from app.sheets import sheet
            return sheet(rows)
    """
    if imported.error is not None or not own:
        pytest.skip("the entry point cannot be imported here (B04)" if own else "nothing of the repository is in it")
    if not imported.walked or imported.lacking is None:
        pytest.skip("of the application's own files none was loaded from where the artifact has it")
    lacks = lacks_of(imported, own, source)
    evidence.text("Looked at", f"{imported.walked - imported.unwalked} of the application's files, in {artifact.label}")
    evidence.table("Imports without a module", [(one.where, one.name, one.doubt or "certain") for one in lacks])
    evidence.alike(made_alike(artifact, "nested imports"))
    sure = [one for one in lacks if not one.doubt]
    before = serving_lacks(question, artifact.service) if sure else frozenset()
    fresh = [one for one in sure if (one.path, one.name) not in before]
    red = fresh if question.place.environment.tier == Tier.PROD else []
    for one in (one for one in lacks if (one in sure and one not in red) or one.is_left_out):
        evidence.advise(f"{one.where}: found an import of {one.name}, which the artifact of {artifact.service} has not")
    evidence.remedy(_bring(red[0]) if red else "")
    said = presence.first([f"{one.name} ({one.where})" for one in red])
    assert not red, f"{artifact.label}: found imports of what it has not: {said}; expected each to find its module"


def _bring(one: Lack) -> str:
    """What mends an import."""
    if one.own:
        return (
            f"Commit what {one.where} imports as {one.name}, or correct the import, then: gonogo deploy --env {{env}}"
        )
    return (
        f"Add the package of {one.name} to what the build installs, or take its import out of {one.where}, then: "
        "gonogo deploy --env {env}"
    )


@pytest.mark.build(
    "B06",
    needs=("service.framework", "service.entrypoint"),
    reads=("service.min_routes",),
    rests_on="min_routes",
    keeps="routes",
    remedy="Include the router again, or delete its handlers, then: gonogo deploy --env {env}",
)
def test_routes_are_registered(
    artifact: Artifact, context: Context, request: pytest.FixtureRequest, evidence: Collected
) -> None:
    """At least as many routes as configured are registered, and none whose handler still stands was lost.

    Catches a router that is no longer included. One that never was, or only under a condition, is a warning at most.

    Before (app/main.py):

        app = FastAPI()
        app.include_router(rooms.router)

    After (app/main.py):

        app = FastAPI()
        app.include_router(rooms.router)
        app.include_router(prices.router)
    """
    service = context.environment.service.get(artifact.service, Service())
    if service.framework == "none":
        assert not service.min_routes, (
            f'service.{artifact.service}: found min_routes = {service.min_routes} and framework = "none", '
            "expected a framework whose routes can be counted"
        )
        pytest.skip(f'service.{artifact.service} has framework = "none"')
    report: RouteReport = request.getfixturevalue("imported")
    if report.error is not None and needs_network(report.error):
        then = "D11 counts them in what runs" if service.framework == "fastapi" else "nothing counts them later"
        evidence.advise(f"the routes are not known before it runs ({report.error.type}); {then}")
        return
    if report.error is not None:
        said = f"{artifact.label}: the routes are not known: {report.error}"
        raise LackingError(said, needs=things.entry_point(artifact.service))
    problems = problems_of(report, artifact.service, context=context, code=artifact.code, evidence=evidence)
    assert not problems, f"{artifact.label}: {first_of(problems)}"


@pytest.mark.build(
    "B22",
    severity="advisory",
    needs=("images", "a health check", "service.framework", "service.entrypoint"),
    remedy="Write the path of a route into the health check of {param} (compose file or Dockerfile), or add that route",
)
def test_health_check_asks_for_a_route(
    artifact: Artifact,
    environment: Environment,
    inspector: Inspector,
    request: pytest.FixtureRequest,
    evidence: Collected,
) -> None:
    """The path that a container's health check asks for is one that the application has a route for.

    Catches `/health` in the compose file and `/healthz` in the source: what serves would be stopped, and the new
    release never become healthy. It warns: a middleware may answer there.

    Before (docker-compose.yml; the route is /healthz):

        healthcheck:
          test: curl --fail http://localhost:8000/health

    After (docker-compose.yml):

        healthcheck:
          test: curl --fail http://localhost:8000/healthz
    """
    if artifact.facts is None:
        pytest.skip(f"runtime {environment.runtime} builds no image")
    service = environment.service.get(artifact.service, Service())
    paths = asked_paths(healthcheck_of(definition_of(inspector, artifact.service), artifact.facts) or ())
    if not paths or service.framework == "none" or service.entrypoint is None:
        pytest.skip(f"{artifact.service} has no health check that asks for a path, or no routes are known of it")
    report: RouteReport = request.getfixturevalue("imported")
    if report.late:
        pytest.skip(f"{artifact.service} adds routes while it starts ({report.late}): not all are known")
    wrong = unrouted(paths, [(one.kind, one.path) for one in report.routes])
    evidence.text("Asked for", ", ".join(paths))
    assert not wrong, f"{artifact.service}: its health check asks for {', '.join(wrong)}: found no such route"


@pytest.mark.build(
    "B07",
    severity="advisory",
    needs=("service.framework = fastapi", "service.entrypoint", "a serving release", "a URL"),
    remedy="Keep what is named until nobody asks for it any more, beside what replaces it; where all clients change "
    "with this release there is nothing to do",
)
def test_clients_of_the_api_can_go_on(
    artifact: Artifact,
    environment: Environment,
    serving: Release | None,
    inspector: Inspector,
    request: pytest.FixtureRequest,
    evidence: Collected,
) -> None:
    """What clients of the serving release's OpenAPI document send and read is in the new one, and no more is asked.

    Catches the field that was renamed while the page of yesterday, the telephone and the partner's job still read it.
    A route that only left the document is there. It warns: nobody but the team knows its clients.

    Before (app/models.py; it was `total_cents`):

        class Price(BaseModel):
            total: int

    After (app/models.py):

        class Price(BaseModel):
            total: int
            total_cents: int
    """
    service, url = environment.service.get(artifact.service, Service()), inspector.url(artifact.service)
    if service.framework != "fastapi" or service.entrypoint is None or url is None:
        pytest.skip(f"service.{artifact.service} has no FastAPI entrypoint with a url")
    if serving is None:
        pytest.skip("first deploy: nothing serves clients yet")
    report: RouteReport = request.getfixturevalue("imported")
    if report.late:
        pytest.skip(f"{artifact.service} adds routes while it starts ({report.late}): not all are in its document yet")
    before = _document(url, serving, artifact.service, request.getfixturevalue("limits"))
    if before is None or report.openapi is None:
        pytest.skip(f"{artifact.service} shows no OpenAPI document of {'now' if before is None else 'what comes'}")
    registered = [(method, route.path) for route in report.routes for method in route.methods]
    broken = list(breaking(before, report.openapi, registered=registered))
    evidence.table("Clients trip over", [(line,) for line in broken])
    assert not broken, f"{artifact.service}: found {presence.first(broken)}; expected what clients know"


def _document(url: str, serving: Release, name: str, limits: Limits) -> Any:
    """The OpenAPI document of what serves now, of what its artifact registers; None where it shows none."""
    import httpx  # noqa: PLC0415 (60 ms: only where something serves)

    known = routes_of(serving, name) or ()
    path = next((route.path for route in known if route.name == "openapi" and not route.is_own), "/openapi.json")
    try:
        answer = limits.get(url + path)
        shown = answer.json() if answer.is_success else None
    except (httpx.HTTPError, ValueError):
        return None
    return as_registered(shown, {(verb, one.schema_path) for one in known if one.schema_path for verb in one.methods})


@pytest.mark.build(
    "B21",
    in_prod="red",
    needs=("a tier that is not dev",),
    reads=("service.framework", "service.entrypoint"),
    remedy="Let the application read it from a variable that is off by default, or take it out of the Dockerfile; on "
    "purpose for a while: [[env.{env}.waive]] with a day",
)
def test_artifact_is_in_no_debug_mode(
    artifact: Artifact,
    environment: Environment,
    inspector: Inspector,
    source: Source,
    request: pytest.FixtureRequest,
    evidence: Collected,
) -> None:
    """The application, set up as this environment does it, is in no debug mode, and its image starts none.

    Catches DEBUG = True in the settings and the image that was made for a desk: `uvicorn --reload`. In tier staging it
    is a warning.

    Before (shop/settings.py):

        DEBUG = True

    After (shop/settings.py):

        DEBUG = os.environ.get("DJANGO_DEBUG") == "1"
    """
    require_tier(environment)
    service = environment.service.get(artifact.service, Service())
    found = {mode: [artifact.service] for mode in modes_of({}, _command(artifact, inspector), service, source)}
    if service.entrypoint is not None and service.framework != "none":
        report: RouteReport = request.getfixturevalue("imported")
        if report.debug:
            mode = Mode(by=service.entrypoint, what=f"{service.framework}'s debug mode is on")
            found[mode] = [artifact.service]
    red = verdict(found, environment, evidence)
    assert not red, f"{artifact.label}: {red}"


def _command(artifact: Artifact, inspector: Inspector) -> tuple[str, ...]:
    """How the image starts by itself; nothing where the Compose file says it (P45 has judged that)."""
    model = getattr(inspector, "model", {})
    own = roles.start_words((model.get("services") or {}).get(artifact.service) or {})
    return artifact.facts.command if artifact.facts is not None and not own else ()
