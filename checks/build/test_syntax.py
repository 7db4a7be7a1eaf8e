"""Whether the Python of the artifact understands the sources in it."""

from __future__ import annotations

import pytest

from gonogo.checks.build.compiling import begins, compile_in, serving_fails
from gonogo.checks.build.holding import holds_nothing, made_alike
from gonogo.checks.build.probing import released
from gonogo.config import Environment, Service
from gonogo.inspection import things
from gonogo.inspection.code import presence
from gonogo.inspection.code.contents import map_paths
from gonogo.inspection.code.dockerignore import ignore
from gonogo.inspection.code.reach import beginnings, reached
from gonogo.plugins.context import Context
from gonogo.plugins.evidence import Collected
from gonogo.plugins.fixtures import Asking
from gonogo.runtimes.base import Artifact, Inspector

__all__: list[str] = []


@pytest.mark.build(
    "B24",
    reads=("app.not_source",),
    remedy="Write the named line as the artifact's Python knows it, or build on a newer one, commit, then: "
    "gonogo deploy --env {env}; what is no source of the application: app.not_source in gonogo.toml",
)
def test_sources_compile_in_the_artifact(
    artifact: Artifact,
    environment: Environment,
    context: Context,
    inspector: Inspector,
    question: Asking,
    evidence: Collected,
) -> None:
    """Every source that the application's start leads to compiles under the artifact's own Python.

    Catches syntax that is newer than the artifact's Python in a module that is imported only later: what was judged on
    another machine starts, and fails at the first request that needs it. Nothing is imported or written. What nothing
    leads to (scripts, tests, templates, a module for another Python) and what the serving release's Python refuses as
    well is a warning.

    Before (app/report.py; the image has Python 3.11):

        type Row = dict[str, int]

    After (app/report.py):

        Row = dict[str, int]
    """
    source, left_out = released(context), ignore("\n".join(context.project.app.not_source))
    own = {} if holds_nothing(artifact) else map_paths(source.tracked, artifact.code)
    places = {path: at for path, at in own.items() if path.endswith(".py") and not left_out(path)}
    if not places:
        pytest.skip(f"no Python file of the application is known to be in {artifact.label}")
    service = environment.service.get(artifact.service, Service())
    report = compile_in(artifact, service, places.values())
    evidence.text("Compiled", f"{report.compiled} files in {artifact.label}, by Python {report.python}")
    if report.left:
        evidence.warn(f"{artifact.label}: {report.left} files were not compiled: it took too long")
    named = {at: path for path, at in places.items()}
    problems = {named[one.path]: one for one in report.problems if one.kind == "syntax"}
    if not problems:
        return
    texts = {path: text for path, text in source.texts(".py").items() if path in places}
    roots = begins(artifact, environment, inspector, source, texts)
    evidence.table("Begun at", sorted(roots) or ["what is not beside the application"])
    led = reached(roots or beginnings(texts), texts)
    before = serving_fails(question, artifact.service, problems)
    red = []
    for path, one in problems.items():
        said = f"{path}:{one.line}: {one.message}"
        if path in led and path not in before:
            red.append(said)
        else:
            why = "nothing that is started leads to it" if path not in led else "so it is in the serving release"
            evidence.advise(f"found {path}: {one.message}, which Python {report.python} refuses; {why}")
    evidence.table("Refused", red)
    evidence.needs(things.entry_point(artifact.service))
    evidence.alike(made_alike(artifact, "syntax"))
    assert not red, (
        f"{artifact.label}: found {presence.first(red)}; expected sources that its Python {report.python} compiles"
    )
