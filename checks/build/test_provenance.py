"""Whether the image is the one that this run built from this commit."""

from __future__ import annotations

import pytest

from gonogo.checks.build.holding import ELSEWHERE, holds_nothing, made_alike
from gonogo.config import Environment
from gonogo.plugins.evidence import Collected
from gonogo.runtimes.base import Artifact
from gonogo.state.release import Release

__all__: list[str] = []

_REVISION = "org.opencontainers.image.revision"
_BROUGHT = (
    f"Let CI build it with --label {_REVISION}=$(git rev-parse HEAD) (docker/metadata-action sets it by itself), push "
    "it, then: gonogo deploy --env {env}; where CI cannot, say revision = false under [service.{param}], which the "
    "record tells"
)
"""For an image that CI built."""


@pytest.mark.build(
    "B01",
    needs=("images",),
    remedy="Build again without cache: gonogo deploy --env {env} --no-cache",
)
def test_image_names_the_commit(
    artifact: Artifact, environment: Environment, release: Release, evidence: Collected
) -> None:
    """The image says that it was made from the release's commit, and carries the release's tag.

    Catches a tag that still points to an older build. An image that holds nothing of the repository (``code = {}``)
    need not name its commit, nor one with `revision = false`; one that CI built may name another commit, with which the
    files that it is built from are the same.

    Before (the script with which CI builds the image):

        docker build --tag registry.example.com/shop:1.4.0 .

    After (the same script):

        commit=$(git rev-parse HEAD)
        docker build --label org.opencontainers.image.revision=$commit --tag registry.example.com/shop:1.4.0 .
    """
    if artifact.facts is None:
        pytest.skip("runtime process builds no image")
    if release.assumed:
        pytest.skip("adopted: what it was built from is not known")
    facts, tag = artifact.facts, release.tags.get(artifact.service)
    revision = facts.labels.get(_REVISION)
    evidence.table(
        "Image",
        [("id", facts.id), ("tags", ", ".join(facts.tags)), ("created", facts.created), (_REVISION, revision)],
        header=("what", "found"),
    )
    shown = revision or "no such label"
    said = f"{artifact.label}: {_REVISION}: found {shown}, expected {release.commit}"
    brought = release.brought.get(artifact.service)
    evidence.remedy(_BROUGHT if brought is not None else _remedy(artifact, environment))
    evidence.alike(made_alike(artifact, "label"))
    named = revision == release.commit or holds_nothing(artifact)
    assert named or (brought is not None and brought.is_of(release.commit)), said
    assert tag in facts.tags, f"{artifact.label}: tags: found {', '.join(facts.tags) or 'none'}, expected {tag}"
    expected = release.images.get(artifact.service, facts.id)
    assert facts.id == expected, f"{artifact.label}: id: found {facts.id}, expected {expected}, as it was built"


def _remedy(artifact: Artifact, environment: Environment) -> str:
    """What mends it where gonogo does not build the image itself; an empty text where it does."""
    if "build" in environment.commands:
        said = (
            f"Let env.{environment.name}.commands.build set the label: --label {_REVISION}=$(git rev-parse HEAD); then"
        )
        return f"{said}: gonogo deploy --env {{env}}"
    return "" if artifact.layout.recipe is not None else ELSEWHERE
