"""Advice in deployments: it warns with the release that brings it, and is as before with the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import App

CHECK = """\
import pytest


@pytest.mark.predeploy
def test_habits(evidence):
    evidence.advise("no habit of ours")


@pytest.mark.build(severity="advisory")
def test_size():
    assert False, "larger than we like"
"""


@pytest.mark.thorough
def test_advice_warns_with_the_first_release_only(app: App) -> None:
    """The second release is GO without a warning, and what it says is as before."""
    (app.root / "checks").mkdir()
    (app.root / "checks" / "test_habits.py").write_text(CHECK)
    app.commit("habits")
    _, first = app.deploy()
    app.commit("next")
    second, record = app.deploy()

    assert first["ending"].startswith("GO with warnings  ")
    assert record["ending"].startswith("GO  ")
    assert "as before  2 warnings, told with an earlier release already" in second.err
