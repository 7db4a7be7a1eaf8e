"""Whether the artifact holds the migrations of the source."""

from __future__ import annotations

import pytest

from gonogo.checks.build.probing import ask, marked, revision_request
from gonogo.config import Environment, Project, Service
from gonogo.inspection import answers
from gonogo.inspection.revision_probe import MARKER
from gonogo.plugins.evidence import Collected
from gonogo.release import Release
from gonogo.runtimes.base import Artifact

__all__: list[str] = []


@pytest.mark.build(
    "B15",
    needs=("service.migrations",),
    remedy="Look at COPY of the migrations; then: gonogo deploy --env {env} --no-cache",
)
def test_migration_head_is_the_sources(
    artifact: Artifact, project: Project, environment: Environment, release: Release, evidence: Collected
) -> None:
    """The migration head in the artifact is the head in the source.

    Catches an image that was built before the newest migration was written.
    """
    service = environment.service.get(artifact.service, Service())
    if service.migrations == "none":
        pytest.skip(f"service.{artifact.service} has no migrations")
    request = revision_request(project.source_root, service, artifact.code)
    script = answers.script("revision_probe.py")
    found = marked(artifact, ask(artifact, service, script, request, isolated=False), MARKER)
    evidence.json("Heads", {"source": release.heads, "artifact": found["heads"], "error": found["error"]})
    if found["error"] is not None:
        shown = f"{found['error']['type']}: {found['error']['message']}"
        pytest.fail(f"{artifact.label}: migrations: found {shown}, expected heads {', '.join(release.heads)}")
    assert found["heads"] == sorted(release.heads), (
        f"{artifact.label}: migration head: found {', '.join(found['heads']) or 'none'}, "
        f"expected {', '.join(sorted(release.heads)) or 'none'}"
    )
