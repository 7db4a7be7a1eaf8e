"""A deployment to another host is the same deployment."""

from __future__ import annotations

import json

import pytest

from .conftest import GREEN, Far


def test_a_deployment_is_as_one_here(far: Far) -> None:
    """GO with the lines, document, pages and exit code of a run here, over one connection."""
    ended, run = far.deploy()

    assert ended.code == 0, ended
    assert far.serving_text() == "hello"
    assert "predeploy" in ended.err
    assert run["reports"] == str(far.root / "reports" / "test" / run["run"])
    assert json.loads((far.root / "reports" / "test" / run["run"] / "results.json").read_text())["run"] == run["run"]
    assert far.server.connections() == 1
    assert (far.state / "current").read_text().strip() == run["release"]
    assert not [*far.state.glob("remote/runs/*/work")]


@pytest.mark.thorough
def test_a_red_release_is_turned_back(far: Far) -> None:
    """The second deployment is red, goes back there, and ends with 1 here."""
    far.deploy()
    far.pages({**GREEN, "/page": (500, "hello")})
    ended, run = far.deploy()

    assert ended.code == 1, ended
    assert run["ended"]["kind"] == "reverted"
    assert far.serving_text() == "hello"
