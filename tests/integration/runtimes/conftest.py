"""What the tests of runtimes share: an application to start."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.gates import Repository
from tests.support.sites import Site

__all__ = ["site"]


@pytest.fixture
def site(tmp_path: Path, repository: Repository) -> Iterator[Site]:
    """An application of one or two services, stopped after the test."""
    made = Site(tmp_path, repository)
    yield made
    made.clean()
