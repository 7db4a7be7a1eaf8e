"""Whether the files in the artifact are the commit's."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import pytest

from gonogo.checks.build.holding import (
    ELSEWHERE,
    absent,
    former_source,
    had_before,
    made_alike,
    made_by_the_build,
    unknown,
    written_by_what_ran,
)
from gonogo.checks.build.probing import altered, needs_python, released
from gonogo.config import Environment, Project, Service
from gonogo.inspection.code.contents import (
    DriftedFile,
    FileDigest,
    belongs,
    compare,
    looked_at,
    map_paths,
    missing_required,
)
from gonogo.plugins.context import Context
from gonogo.plugins.evidence import Collected
from gonogo.plugins.source import Source
from gonogo.runtimes.base import Artifact, Inspector, Place
from gonogo.state.release import Release

__all__: list[str] = []

_POINTER = "version https://git-lfs.github.com/spec/"
_POINTER_SIZE = 1024
"""Bytes; a pointer is smaller, by its specification."""


@pytest.fixture(scope="session")
def held(artifact: Artifact, context: Context) -> Mapping[str, FileDigest]:
    """Every file below the mapped code of the artifact; an image is read once for all that compare it."""
    if not artifact.code:
        return {}
    service = context.environment.service.get(artifact.service, Service())
    required = (*context.project.app.required, *service.required)
    return artifact.files(looked_at(artifact.code, (*released(context).manifest, *required)))


@pytest.fixture(scope="session")
def before(artifact: Artifact, serving: Release | None, place: Place, context: Context) -> Mapping[str, str]:
    """The application's files that the serving artifact of the same service has, and where."""
    return had_before(artifact.service, serving, place, released(context).manifest)


@pytest.mark.build(
    "B02",
    reads=("service.code",),
    remedy="Build again without cache: gonogo deploy --env {env} --no-cache; if it stays, look at what FROM and "
    "COPY --from bring, and at the RUN that follow",
)
def test_artifact_holds_the_commit(
    artifact: Artifact,
    held: Mapping[str, FileDigest],
    context: Context,
    before: Mapping[str, str],
    inspector: Inspector,
    evidence: Collected,
) -> None:
    """Every tracked file that is in the artifact is the commit's, byte for byte.

    Catches layer caching that serves yesterday's code, and pointers of Git LFS in place of the files they stand for.
    What an instance has written into a folder that is mounted over the code is neither.

    Before (Dockerfile):

        COPY . /srv
        RUN sed -i 's/8000/80/' /srv/app/settings.py

    After (Dockerfile):

        COPY . /srv
        ENV PORT=80
    """
    if not _is_known(artifact, evidence):
        return
    source = released(context)
    gone = absent(artifact, held, before, source)
    drift = compare(source.manifest, held, code={**artifact.code}, lost=gone.lost)
    differing = {file.path: held[file.image_path] for file in drift.of("differs")}
    former = former_source(context)
    made = made_by_the_build(artifact, differing, source, former=former)
    written = written_by_what_ran(inspector, artifact.service, drift.of("differs"), held, source, former=former)
    red = [file for file in drift if file.kind != "differs" or file.path not in {*made, *written}]
    evidence.text("Compared", f"{drift.compared} tracked files, {len(drift.left_out)} not in {artifact.label}")
    evidence.table("Files that differ", red)
    evidence.text("Mapping", f"{_shown(artifact.code)}, known by {artifact.layout.known_by}")
    evidence.table("Left out by the build", gone.left_out.items(), header=("path", "why"))
    evidence.table("Made by the build", made.items(), header=("path", "why"))
    evidence.text("Written by what ran", ", ".join(written) or "nothing that git tracks")
    evidence.table("Files unknown to git", drift.untracked)
    wrong = [*map(str, red), *_pointers(source, artifact.code, held), *altered(context, artifact.code)]
    evidence.table("Not the commit's", [(line,) for line in wrong])
    if drift.unmapped and drift.compared:
        evidence.warn(f"{drift.compared} files of {artifact.label} compared; more would be with {drift.unmapped}")
    evidence.remedy(_remedy(artifact, red))
    if artifact.layout.recipe is not None and any(file.kind == "differs" for file in red):
        evidence.stale()
    evidence.alike(made_alike(artifact, "files"))
    assert not wrong, f"{len(wrong)} files in {artifact.label} are not those of {source.commit:.7}; {wrong[0]}"


def _is_known(artifact: Artifact, evidence: Collected) -> bool:
    """Whether it is known where the code is; a skip where none of it is in the artifact."""
    question = unknown(artifact.layout, artifact.service, artifact.label)
    if question:
        evidence.warn(question)
        return False
    if not artifact.code:
        pytest.skip(f"{artifact.layout.known_by} says that nothing of the repository is in it as it is")
    return True


def _remedy(artifact: Artifact, red: Sequence[DriftedFile]) -> str:
    """What mends the first file that is red; an empty text where the check's own remedy does."""
    kind, recipe = red[0].kind if red else "", artifact.layout.recipe
    where = recipe.dockerfile if recipe is not None else "the Dockerfile"
    if kind == "missing":
        return (
            f"Bring it again: look at COPY and RUN of {where} and at its ignore file, then: gonogo deploy --env {{env}}"
        )
    if kind == "nothing":
        return (
            f"Say in gonogo.toml, under [service.{artifact.service}], where the code is in the image (code), commit it"
        )
    return "" if recipe is not None else ELSEWHERE


def _shown(code: Mapping[str, str]) -> str:
    return ", ".join(f"{here} in {there}" for here, there in code.items())


def _pointers(source: Source, code: Mapping[str, str], found: Collection[str]) -> list[str]:
    """The files of the artifact that Git LFS keeps elsewhere and did not fetch, one line each."""
    small = [path for path, digest in source.manifest.items() if digest.size < _POINTER_SIZE and digest.link is None]
    places = {path: at for path, at in map_paths(small, code).items() if at in found}
    return [
        f"{at}: found a pointer of Git LFS, expected the file it stands for (git lfs install, where gonogo runs)"
        for path, at in places.items()
        if source.text(path).startswith(_POINTER)
    ]


@pytest.mark.build(
    "B08",
    needs=("app.required or service.required",),
    remedy="Look at COPY in the Dockerfile and at .dockerignore, then: gonogo deploy --env {env}",
)
def test_required_files_are_in_the_artifact(
    artifact: Artifact,
    held: Mapping[str, FileDigest],
    inspector: Inspector,
    project: Project,
    environment: Environment,
    evidence: Collected,
) -> None:
    """Every file and folder that the configuration requires is in the artifact.

    Catches templates that .dockerignore keeps out, and a COPY that no longer brings them. What the application requires
    and no artifact is made with is missed in the first one that has any of its code.

    Before (.dockerignore):

        **/templates

    After (.dockerignore):

        docs/templates
    """
    service = environment.service.get(artifact.service, Service())
    if unknown(artifact.layout, artifact.service, artifact.label):
        pytest.skip("where the application's files are in it is not known (B02)")
    here = [path for path in project.app.required if belongs(path, artifact.code)]
    lost = [
        path
        for path in project.app.required
        if path not in here and _is_missed_in(artifact, path, inspector, environment)
    ]
    wanted = dict.fromkeys((*service.required, *here, *lost))
    if not wanted:
        pytest.skip(f"app.required and service.{artifact.service}.required name nothing that belongs into it")
    missing = missing_required(wanted, held, code=artifact.code)
    evidence.table("Required", [(path, "missing" if path in missing else "there") for path in wanted])
    evidence.alike(made_alike(artifact, "required files"))
    assert not missing, f"{artifact.label}: found no {', '.join(missing)}; expected {len(wanted)} required paths"


def _is_missed_in(artifact: Artifact, path: str, inspector: Inspector, environment: Environment) -> bool:
    """Whether no artifact is made with a path, and this is the one that is asked for it: the first with Python code."""
    made = [one for one in inspector.artifacts() if one.code]
    python = [one for one in made if needs_python(environment.service.get(one.service, Service()))]
    first = (python or made)[:1]
    return any(one.service == artifact.service for one in first) and not any(belongs(path, one.code) for one in made)
