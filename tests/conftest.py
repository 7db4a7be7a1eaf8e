"""What the tests of several rooms share: throwaway repositories and real gates on them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from .support.gates import Gates, Repository

__all__ = ["gate", "repository"]

# A busy machine makes inputs slowly; that says nothing of the property.
settings.register_profile("gonogo", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("gonogo")

for _job in ("GITHUB_ACTIONS", "GITLAB_CI"):  # what tests start is no part of the job's log
    os.environ.pop(_job, None)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Makes git repositories: ``repository({"gonogo.toml": …})`` gives the root of one."""
    return Repository(tmp_path)


@pytest.fixture
def gate(tmp_path: Path) -> Gates:
    """Runs gates: ``gate(root, "-m", "predeploy", "-k", "required").check("P05")``."""
    return Gates(tmp_path / "gates")
