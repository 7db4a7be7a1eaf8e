"""B10 tells how large an image is, and warns above the team's own limit."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gonogo.checks.build.test_image import test_image_is_not_too_large as is_not_too_large
from gonogo.config import Service
from gonogo.errors import CommandError
from gonogo.plugins.evidence import Collected

__all__: list[str] = []

MIB = 1 << 20


def asked(limit: int | None, *, before: int | None = None, fails: bool = False) -> Collected:
    """What B10 attaches to an image of 300 MiB."""

    def artifacts() -> list[Any]:
        if fails:
            raise CommandError("no such image")
        return [SimpleNamespace(service="web", facts=SimpleNamespace(size=(before or 0) * MIB))]

    runtime = SimpleNamespace(inspector=lambda *_: SimpleNamespace(artifacts=artifacts))
    serving = object() if before or fails else None
    question: Any = SimpleNamespace(serving=serving, runtime=runtime, place=None, host=None)
    artifact: Any = SimpleNamespace(service="web", facts=SimpleNamespace(size=300 * MIB))
    environment: Any = SimpleNamespace(service={"web": Service(max_image_size=limit)})
    evidence = Collected()
    is_not_too_large(artifact, environment, question, evidence)
    return evidence


@pytest.mark.parametrize(("limit", "warns"), [(None, False), (300, False), (299, True)])
def test_limit_is_the_teams_own(limit: int | None, *, warns: bool) -> None:
    """Without one nothing warns; the words stay the same while the image grows."""
    said = ["the image of web: found more than the 299 MiB that max_image_size allows"]

    assert asked(limit).advice == (said if warns else [])


def test_growth_is_a_fact() -> None:
    """Where the serving release's image is still there."""
    shown = [asked(None, before=250).items[1].value, asked(None).items[1].value, asked(None, fails=True).items[1].value]

    assert shown == ["+50 MiB since the serving release", "not known", "not known"]
