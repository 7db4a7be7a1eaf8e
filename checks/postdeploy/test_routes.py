"""Whether the running process answers for the routes of its artifact."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

import httpx
import pytest

from gonogo.checks.build.probing import ask, importing
from gonogo.checks.build.registering import first_of, needs_network, problems_of, routes_of
from gonogo.checks.postdeploy.instances import running
from gonogo.checks.postdeploy.swept import asked, free
from gonogo.config import Service
from gonogo.errors import GonogoError
from gonogo.inspection import things
from gonogo.inspection.answers.harmless import plain_paths
from gonogo.inspection.code import routes
from gonogo.inspection.code.routes import ImageRoute, RouteReport
from gonogo.plugins.context import Context
from gonogo.plugins.evidence import Collected, InconclusiveError
from gonogo.plugins.limits import Limits
from gonogo.runtimes.base import Inspector

__all__: list[str] = []

_HIDDEN = frozenset({401, 403, 404})
_FEW = 5
"""Pages that are asked of each kind."""


@pytest.mark.postdeploy(
    "D11",
    needs=("service.framework", "service.entrypoint", "a URL"),
    remedy="Deploy again, so that {param} is started anew: gonogo deploy --env {env}",
)
def test_running_routes_are_the_artifacts(
    service: tuple[str, Service], context: Context, inspector: Inspector, limits: Limits, evidence: Collected
) -> None:
    """The running process answers for the paths that the artifact registers, and for none of yesterday's.

    Catches a process that was not restarted, and answers for yesterday's routes. Of FastAPI its OpenAPI document is
    read; what an application registers only while it starts (``Instrumentator().expose(app)``) is in no artifact, and
    is evidence alone. Without a document, and of Flask and Django, a few pages that came with this release or went with
    the one before are asked: red is who answers 404 to all that came, and still has one that went. Only the first of
    these warns, since a flag or a proxy may hide a page.

    No before and after: the next deployment starts the process anew.
    """
    name, configured = service
    url = inspector.url(name)
    if configured.framework == "none" or configured.entrypoint is None or url is None:
        pytest.skip(f"service.{name} has no entrypoint of a framework with a url")
    release = context.subject.release
    if configured.framework != "fastapi":
        _ask(name, url, context, inspector, limits, evidence)
        return
    noted = routes_of(release, name) if release is not None else None
    whole = noted is not None and all(route.handler_module for route in noted)  # an older gonogo noted less
    registered = noted if whole else _registered(inspector, name, configured)
    if registered is None:
        report, code = _in_what_runs(inspector, name, configured)
        problems = problems_of(report, name, context=context, code=code, evidence=evidence)
        assert not problems, f"{name}: {first_of(problems)}"
        registered = report.routes
    address = next((route.path for route in registered if route.name == "openapi" and not route.is_own), None)
    if address is None:
        _ask(name, url, context, inspector, limits, evidence)
        return
    answer = limits.get(url + address)
    evidence.text(f"GET {url}{address}", f"{answer.status_code}, {len(answer.content)} bytes")
    if answer.status_code in _HIDDEN:
        _ask(name, url, context, inspector, limits, evidence)
        return
    if answer.status_code != httpx.codes.OK:
        evidence.needs(things.answer(url, answer.status_code, answer.text))
    assert answer.status_code == httpx.codes.OK, f"{url}{address}: found {answer.status_code}, expected 200"
    found = routes.equal(_paths(answer, address), registered)
    evidence.table("Not answered for", [(path,) for path in found.missing])
    evidence.table("Not in the artifact", [(path,) for path in found.unexpected])
    if not found.missing and not routes.left_over(found, _of_yesterday(context, name)):
        return
    wrong = [f"no {path}" for path in found.missing] + [f"also {path}" for path in found.unexpected]
    pytest.fail(f"{name}: found {', '.join(wrong)}; expected the routes of its artifact")


def _ask(name: str, url: str, context: Context, inspector: Inspector, limits: Limits, evidence: Collected) -> None:
    """Judges by what pages answer that came with this release, or went with the one before."""
    release, before = context.subject.release, context.subject.serving
    now = routes_of(release, name) if release is not None else None
    then = routes_of(before, name) if before is not None else None
    if not now or not then:
        pytest.skip(f"{name} shows no OpenAPI document, and its routes and those before were not noted (B06)")
    kept = {route.path for route in now}
    came, went = (
        free([url + path for path in paths][:_FEW], inspector, context.environment)
        for paths in (
            [path for path in plain_paths(now) if path not in {*plain_paths(then)}],
            [path for path in plain_paths(then) if path not in {*plain_paths(now), *kept}],
        )
    )
    if not came:
        pytest.skip(f"{name} shows no OpenAPI document, and no page that can be asked came with this release")
    nowhere = f"{url}/{secrets.token_hex(8)}"
    known = {one.address: one for one in asked([nowhere, *came, *went], limits)}
    evidence.table("Asked", [(urlsplit(at).path, str(one)) for at, one in known.items()])
    if len(known) <= len(came) or known[nowhere].status != httpx.codes.NOT_FOUND:
        pytest.skip(
            f"{name} answers {known.get(nowhere, 'nothing')} where there is no page: this tells pages not apart"
        )
    if any(known[one].status != httpx.codes.NOT_FOUND for one in came):
        return
    left = [urlsplit(one).path for one in went if one in known and known[one].status == httpx.codes.OK]
    new = ", ".join(urlsplit(one).path for one in came)
    if left:
        pytest.fail(f"{name}: found no {new}, also {', '.join(left)}; expected the routes of its artifact")
    evidence.advise(f"{name}: {new}: found 404, expected what this release adds; does a proxy pass it on?")


def _of_yesterday(context: Context, name: str) -> Sequence[ImageRoute]:
    """What the artifact of the release before registered; nothing where that was not noted, or none was before."""
    serving = context.subject.serving
    return (routes_of(serving, name) or ()) if serving is not None else ()


def _registered(inspector: Inspector, name: str, configured: Service) -> Sequence[ImageRoute] | None:
    """What the artifact registers; None where only a running instance can be asked, which has a network.

    Raises:
        InconclusiveError: it cannot be asked.
    """
    try:
        artifact = next((one for one in inspector.artifacts() if one.service == name), None)
    except GonogoError as error:
        raise InconclusiveError(f"{name}: the artifact is not known: {error}") from error
    if artifact is None:
        pytest.skip(f"{name} has no artifact that could be asked")
    request = routes.probe_request(entrypoint=str(configured.entrypoint), framework=configured.framework)
    report = routes.parse(
        ask(importing(artifact, configured), configured, routes.probe_source(), request, isolated=False).output
    )
    if report.error is not None and needs_network(report.error):
        return None
    if report.error is not None:
        pytest.skip(f"{artifact.label} cannot be asked for its routes by itself: {report.error}")
    return report.routes


def _in_what_runs(inspector: Inspector, name: str, configured: Service) -> tuple[RouteReport, Mapping[str, str]]:
    """What a second import beside the running process registers, and where its code stands.

    Raises:
        InconclusiveError: it cannot be imported there either.
    """
    inside = importing(running(inspector, name), configured)
    request = routes.probe_request(entrypoint=str(configured.entrypoint), framework=configured.framework)
    report = routes.parse(ask(inside, configured, routes.probe_source(), request, isolated=False).output)
    if report.error is not None:
        raise InconclusiveError(f"{inside.label}: the routes are not known: {report.error}")
    return report, inside.code


def _paths(answer: httpx.Response, address: str) -> dict[str, dict[str, object]]:
    try:
        document = answer.json()
        paths = document["paths"]
    except (ValueError, KeyError, TypeError):
        pytest.fail(f"{address}: found {answer.text[:80]!r}, expected an OpenAPI document")
    assert isinstance(paths, dict), f"{address}: paths: found {type(paths).__name__}, expected an object"
    return paths
