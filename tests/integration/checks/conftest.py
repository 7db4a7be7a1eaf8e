"""What the tests of checks share: a deployed application."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .deployed import Deployed

__all__ = ["deploy"]


@pytest.fixture(scope="module")
def deploy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Deployed]]:
    """Makes releases of a tiny application, and stops them at the module's end."""
    made: list[Deployed] = []

    def make(**options: Any) -> Deployed:
        folder: Path = tmp_path_factory.mktemp("deployed")
        made.append(Deployed(folder, **options))
        return made[-1]

    yield make
    for one in made:
        one.stop()
