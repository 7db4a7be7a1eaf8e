"""How the sources in an artifact are compiled there, and where its start begins among them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from gonogo.checks.build.defined import definition_of
from gonogo.checks.build.probing import ask
from gonogo.checks.predeploy.artifacts import entry_files
from gonogo.config import Environment, Service
from gonogo.errors import GonogoError
from gonogo.gates.subject import as_it_serves
from gonogo.inspection.code import compiles
from gonogo.inspection.code.contents import map_paths
from gonogo.inspection.code.reach import named_in
from gonogo.plugins.evidence import InconclusiveError
from gonogo.plugins.fixtures import Asking
from gonogo.plugins.source import Source
from gonogo.runtimes.base import Artifact, Inspector
from gonogo.runtimes.compose.model import roles

__all__ = ["begins", "compile_in", "serving_fails"]

_SECONDS = 30.0
_SCRIPTS = (".sh", ".bash")


def compile_in(artifact: Artifact, service: Service, files: Iterable[str]) -> compiles.CompileReport:
    """What the artifact's Python says of files in it; those that are not there are left out.

    Raises:
        InconclusiveError: it could not be asked.
    """
    script = compiles.probe_source(root="/", files=files, seconds=_SECONDS)
    return compiles.parse(ask(artifact, service, script, isolated=True).output)


def begins(
    artifact: Artifact, environment: Environment, inspector: Inspector, source: Source, files: Collection[str]
) -> set[str]:
    """The files that the service's entry point and command name; nothing where neither is known."""
    service = environment.service.get(artifact.service, Service())
    definition, facts = definition_of(inspector, artifact.service), artifact.facts
    words = [*roles.start_words(definition), *(facts.command if facts is not None else ()), *(service.command or ())]
    command = " ".join(words)
    scripts = [path for path in source.tracked if path.endswith(_SCRIPTS) and path.rpartition("/")[2] in command]
    texts = [command, *map(source.text, scripts)]
    return entry_files(source, [service]).union(*(named_in(text, files) for text in texts))


def serving_fails(question: Asking, name: str, files: Collection[str]) -> frozenset[str]:
    """Of these files those that the serving release's Python refuses as well; nothing where it cannot be asked."""
    serving = question.serving
    if serving is None:
        return frozenset()
    place = replace(question.place, environment=as_it_serves(question.place.environment, serving))
    try:
        artifacts = question.runtime.inspector(place, serving).artifacts()
        artifact = next((one for one in artifacts if one.service == name), None)
        if artifact is None:
            return frozenset()
        places = map_paths(files, artifact.code)
        report = compile_in(artifact, place.environment.service.get(name, Service()), places.values())
    except (GonogoError, InconclusiveError, OSError, ValueError):
        return frozenset()
    refused = {one.path for one in report.problems}
    return frozenset(path for path, at in places.items() if at in refused)
