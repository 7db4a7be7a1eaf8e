"""Whether compiled files in the artifact are what their sources say."""

from __future__ import annotations

import pytest

from gonogo.checks.build.holding import made_alike
from gonogo.checks.build.probing import code_roots, judge_bytecode, released
from gonogo.config import Service
from gonogo.plugins.context import Context
from gonogo.plugins.evidence import Collected
from gonogo.runtimes.base import Artifact

__all__: list[str] = []


@pytest.mark.build(
    "B03",
    reads=("service.code",),
    remedy="Add **/__pycache__ to .dockerignore, set PYTHONDONTWRITEBYTECODE=1, then: "
    "gonogo deploy --env {env} --no-cache",
)
def test_no_stale_bytecode(artifact: Artifact, context: Context, evidence: Collected) -> None:
    """No compiled file in the artifact can run in its source's place.

    Catches bytecode of other code with its source's time and size, unchecked bytecode, and bytecode without a source.
    Told in genlayer-foundation/points#320.

    Before (.dockerignore):

        .git

    After (.dockerignore):

        .git
        **/__pycache__
        **/*.pyc
    """
    roots = code_roots(artifact.code, released(context).tracked)
    if not roots:
        pytest.skip(f"no folder and no Python file of the application is known to be in {artifact.label}")
    service = context.environment.service.get(artifact.service, Service())
    wrong = judge_bytecode(artifact, service, roots, evidence)
    evidence.alike(made_alike(artifact, "bytecode"))
    assert not wrong, f"{len(wrong)} compiled files in {artifact.label}: {wrong[0]}"
