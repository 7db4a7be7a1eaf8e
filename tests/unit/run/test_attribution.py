"""Whether a release that its checks turned back is to blame."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import pytest

from gonogo.records.results import CheckResult, GateResult
from gonogo.run.attribution import excuse
from gonogo.run.course import Course
from gonogo.run.work import Work
from gonogo.words import Role, Stage
from tests.support.traits import traits_of

__all__: list[str] = []


class Runtime:
    """Neither restarted nor gone, with room on every disk."""

    def epoch(self, _host: object) -> str:
        """Always the same start."""
        return "1"

    def lost(self, _said: str, _host: object) -> bool:
        """It is there."""
        return False

    def disks(self, *_: object) -> dict[str, object]:
        """None that could be full."""
        return {}


@pytest.mark.parametrize(("code", "said"), [("D04", "what ran was not what had been started"), ("D09", "")])
def test_release_is_not_called_bad_for_what_somebody_else_started(code: str, said: str) -> None:
    """A colleague's `docker compose up --build` during the gate is not the release's fault; a wrong answer is."""
    check = CheckResult.model_validate(
        {"id": "x", "code": code, "stage": "postdeploy", "outcome": "failed", **traits_of(code)}
    )
    gate = GateResult(
        stage=Stage.POSTDEPLOY, env="prod", role=Role.CANDIDATE, started=datetime.now(UTC), seconds=1.0, checks=(check,)
    )
    work = SimpleNamespace(runtime=Runtime(), host=None, place=None, release=None)

    assert excuse(cast("Work", work), Course(asked=gate, causes=(check,), epoch="1")) == said
