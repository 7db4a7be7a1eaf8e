"""Whether the files in the artifact are the commit's."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pytest

from gonogo.checks.build.probing import altered, released
from gonogo.config import Environment, Project, Service
from gonogo.errors import GonogoError
from gonogo.host import LocalHost
from gonogo.inspection.contents import FileDigest, compare, map_paths, missing_required
from gonogo.plugins.context import Context
from gonogo.plugins.evidence import Collected
from gonogo.plugins.source import Source
from gonogo.release import Release
from gonogo.runtimes import runtime_of
from gonogo.runtimes.base import Artifact, Place

__all__: list[str] = []

_POINTER = "version https://git-lfs.github.com/spec/"
_POINTER_SIZE = 1024
"""Bytes; a pointer is smaller, by its specification."""


@pytest.fixture(scope="session")
def held(artifact: Artifact) -> Mapping[str, FileDigest]:
    """Every file below the mapped code of the artifact; an image is read once for all that compare it."""
    if not artifact.code:
        pytest.skip(f"service.{artifact.service}.code says that nothing of the repository is in it")
    return artifact.files(artifact.code.values())


@pytest.fixture(scope="session")
def before(artifact: Artifact, serving: Release | None, place: Place, runner: LocalHost) -> frozenset[str] | None:
    """The paths that the serving artifact of the same service has; None where it cannot be looked at."""
    if serving is None:
        return None
    try:
        inspector = runtime_of(place.environment.runtime).inspector(place, serving, runner)
        found = next((one for one in inspector.artifacts() if one.service == artifact.service), None)
        return frozenset(found.files(found.code.values())) if found is not None else None
    except GonogoError:
        return None


@pytest.mark.build(
    "B02",
    reads=("service.code",),
    remedy="Build again without cache: gonogo deploy --env {env} --no-cache; if it stays, look at .dockerignore and at "
    "what FROM and COPY --from bring. Where none is found: say in gonogo.toml, under [service.{param}], where the code "
    "is in the image (code), and commit it",
)
def test_artifact_holds_the_commit(
    artifact: Artifact,
    held: Mapping[str, FileDigest],
    context: Context,
    before: frozenset[str] | None,
    evidence: Collected,
) -> None:
    """Every tracked file that is in the artifact is the commit's, byte for byte.

    Catches layer caching that serves yesterday's code, and pointers of Git LFS in place of the files they stand for.
    """
    source = released(context)
    drift = compare(source.manifest, held, code=artifact.code, previous_image_files=before)
    evidence.text("Compared", f"{drift.compared} tracked files, {len(drift.left_out)} not in {artifact.label}")
    evidence.table("Files that differ", drift.files)
    evidence.table("Files unknown to git", drift.untracked)
    wrong = [*map(str, drift), *_pointers(source, artifact.code, held), *altered(context, artifact.code)]
    evidence.table("Not the commit's", [(line,) for line in wrong])
    if drift.unmapped and drift.compared:
        evidence.warn(f"{drift.compared} files of {artifact.label} compared; more would be with {drift.unmapped}")
    assert not wrong, f"{len(wrong)} files in {artifact.label} are not those of {source.commit:.7}; {wrong[0]}"


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
    project: Project,
    environment: Environment,
    evidence: Collected,
) -> None:
    """Every file and folder that the configuration requires is in the artifact.

    Catches templates that .dockerignore keeps out.
    """
    service = environment.service.get(artifact.service, Service())
    mapped = map_paths(project.app.required, artifact.code)
    wanted = dict.fromkeys((*service.required, *mapped))
    if not wanted:
        pytest.skip(f"app.required and service.{artifact.service}.required name nothing that belongs into it")
    missing = missing_required(wanted, held, code=artifact.code)
    evidence.table("Required", [(path, "missing" if path in missing else "there") for path in wanted])
    assert not missing, f"{artifact.label}: found no {', '.join(missing)}; expected {len(wanted)} required paths"
