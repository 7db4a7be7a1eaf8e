"""What the tests of several rooms share: throwaway repositories and real gates on them."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator, Sequence
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files in an order that keeps every core busy to the end: the demo first, unit tests last, containers between."""
    place = {path: at for at, path in enumerate(_spread(list(dict.fromkeys(item.path for item in items))))}
    items.sort(key=lambda item: place[item.path])


def pytest_collection_finish() -> None:
    """What was collected stays until the end: looking through it for garbage takes a second each time."""
    gc.collect()
    gc.freeze()


def _spread(files: Sequence[Path]) -> Iterator[Path]:
    """Two files of tests that run containers seldom follow each other: they would be asked side by side."""
    unit = [path for path in files if "unit" in path.parts]
    containers = [path for path in files if path.parent.name == "docker"]
    others = sorted({*files} - {*unit, *containers}, key=lambda path: (path.parent.name != "demo", files.index(path)))
    each = -(-len(others) // max(len(containers), 1))
    for at in range(max(len(containers), 1)):
        yield from others[at * each : (at + 1) * each]
        yield from containers[at : at + 1]
    yield from unit


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Makes git repositories: ``repository({"gonogo.toml": …})`` gives the root of one."""
    return Repository(tmp_path)


@pytest.fixture
def gate(tmp_path: Path) -> Gates:
    """Runs gates: ``gate(root, "-m", "predeploy", "-k", "required").check("P05")``."""
    return Gates(tmp_path / "gates")
