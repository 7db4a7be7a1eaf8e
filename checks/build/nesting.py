"""What the check of nested imports shares with the one that imports the entry point: both are one process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from gonogo.checks.build.probing import ask, importing
from gonogo.config import Service
from gonogo.errors import GonogoError
from gonogo.gates.subject import as_it_serves
from gonogo.inspection import probe_answers
from gonogo.inspection.code import routes
from gonogo.inspection.code.contents import map_paths
from gonogo.inspection.code.declared import names_packages
from gonogo.inspection.code.nested import Lack, judged, with_walk
from gonogo.inspection.code.routes import RouteReport
from gonogo.plugins.fixtures import Asking
from gonogo.plugins.source import Source
from gonogo.runtimes.base import Artifact

__all__ = ["import_in", "lacks_of", "serving_lacks"]


def import_in(artifact: Artifact, service: Service, places: Mapping[str, str], *, openapi: bool = False) -> RouteReport:
    """What importing the entry point in an artifact gave, and what the imports inside its functions would not find.

    ``places`` are the application's files by their paths in the repository; ``openapi`` asks for its document too.
    """
    if service.framework == "none":
        script, request = probe_answers.script("importing.py"), service.entrypoint or ""
    else:
        script = routes.probe_source()
        entrypoint, framework = service.entrypoint or "", service.framework
        request = routes.probe_request(entrypoint=entrypoint, framework=framework, openapi=openapi)
    own = with_walk(script, places.values())
    return routes.parse(ask(importing(artifact, service), service, own, request, isolated=False).output)


def lacks_of(report: RouteReport, places: Mapping[str, str], source: Source) -> Sequence[Lack]:
    """What imports lack, as paths of the repository have it."""
    named = {path: source.text(path) for path in source.tracked if names_packages(path)}
    at = {there: path for path, there in places.items()}
    return list(judged(report.lacking or (), places=at, tracked=source.tracked, texts=named))


def serving_lacks(question: Asking, name: str) -> frozenset[tuple[str, str]]:
    """File and name of what the serving release's imports lack; nothing where there is none, or it cannot be asked."""
    serving = question.serving
    if serving is None or serving.assumed:
        return frozenset()
    place = replace(question.place, environment=as_it_serves(question.place.environment, serving))
    service = place.environment.service.get(name, Service())
    try:
        artifacts = question.runtime.inspector(place, serving).artifacts()
        artifact = next((one for one in artifacts if one.service == name), None)
        if artifact is None or service.entrypoint is None:
            return frozenset()
        source = Source(serving.source_root(place.project.app.root), question.place.host, release=serving)
        places = map_paths(source.tracked, artifact.code)
        report = import_in(artifact, service, places)
        return frozenset((one.path, one.name) for one in lacks_of(report, places, source))
    except (GonogoError, OSError, ValueError):
        return frozenset()
