"""Whether the artifact holds the migrations of the source."""

from __future__ import annotations

import json

import pytest

from gonogo.checks.build.probing import ask, marked, target_path
from gonogo.config import Environment, Service
from gonogo.inspection import answers
from gonogo.inspection.revision_probe import MARKER
from gonogo.plugins.evidence import Collected
from gonogo.release import Release
from gonogo.runtimes.base import Artifact

__all__: list[str] = []


@pytest.mark.build("B15", remedy="Look at COPY of the migrations; then: gonogo deploy --env {env} --no-cache")
def test_migration_head_is_the_sources(
    artifact: Artifact, environment: Environment, release: Release, evidence: Collected
) -> None:
    """The migration head in the artifact is the head in the source.

    Catches an image that was built before the newest migration was written.
    """
    service = environment.service.get(artifact.service, Service())
    if service.migrations == "none":
        pytest.skip(f"service.{artifact.service} has no migrations")
    request = json.dumps({"config": target_path(service.migrations_config, artifact.code)})
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
