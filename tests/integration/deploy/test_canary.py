"""A release gets its requests in shares, each of which is watched; what is red gets none any more, at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.deploy.conftest import GREEN, App
from tests.integration.deploy.test_process_turns import Asking, behind_caddy, ends_proven, running

__all__: list[str] = []

pytestmark = [pytest.mark.integration, pytest.mark.thorough, pytest.mark.timeout(400)]

CANARY = 'canary = { steps = [20, 50], for = "6s" }'
"""Too short to decide: where the new release alone is wrong, it is watched on."""
LATER = """
COUNTED = []
ANSWER = Handler.do_GET

def worse(self):
    COUNTED.append(self.path)
    if self.path == "/page" and len(COUNTED) > 30:
        self.send_error(500)
    else:
        ANSWER(self)

Handler.do_GET = worse
"""
"""Answers rightly until its gate is over, as a pool does that fills."""


def later(app: App) -> str:
    """Commits a release that goes wrong only once it is asked more often; returns its short id."""
    path = app.root / "app.py"
    path.write_text(path.read_text().replace('if __name__ == "__main__":', LATER + '\nif __name__ == "__main__":'))
    return app.commit("later")


def named(record: dict[str, Any]) -> list[str]:
    """The names of a run's steps after the first touch."""
    return [step["name"] for step in record["steps"] if step["after_touch"]]


def test_a_release_gets_its_requests_in_shares(app: App, tmp_path: Path) -> None:
    """Both answer while they share the requests; a release that goes wrong in its share is sent none any more."""
    with behind_caddy(app, tmp_path, more=CANARY) as port:
        first = app.commit("one")
        begun, at_first = app.deploy()
        assert begun.code == 0, begun
        asking = Asking(port)
        second = app.pages({**GREEN, "/second": (200, "x")})
        followed, record = app.deploy()
        asking.end()
        later(app)
        red, turned = app.deploy()
        serving = httpx.get(f"http://127.0.0.1:{port}/page", trust_env=False).json()["release"]

    assert followed.code == 0, followed
    assert "share-20" not in named(at_first)
    steps = [
        "start-beside",
        "beside",
        "share-20",
        "canary-20",
        "share-50",
        "canary-50",
        "switch",
        "postdeploy",
        "retire",
    ]
    assert [name for name in named(record) if name in steps] == steps
    assert asking.failed == []
    assert asking.answered[0] == first
    assert asking.answered[-1] == second
    assert len(asking.answered) > 10, "both answered in turn"
    (pairs,) = (
        check
        for step in record["steps"]
        if step["name"] == "canary-50"
        for check in step["gate"]["checks"]
        if check["code"] == "W09"
    )
    assert pairs["outcome"] == "passed", pairs
    assert red.code == 1, red
    assert "switch" not in named(turned)
    assert {cause["code"] for cause in turned["causes"]} <= {"W02", "W09"}
    assert serving[-7:] == second
    assert running(app) == {"web": {second}}


@pytest.mark.parametrize("step", ["share-20", "canary-20", "share-50", "canary-50"])
def test_a_share_that_was_cut_off_ends_proven(app: App, tmp_path: Path, step: str) -> None:
    """``kill -9`` in each: whoever asks is answered, and the run is completed or taken back to nothing shared."""
    with behind_caddy(app, tmp_path, more=CANARY) as port:
        ends_proven(app, port, cut_off_in=step)


def test_a_plan_shows_the_shares(app: App, tmp_path: Path) -> None:
    """Each with what the proxy is told; nothing is sent anywhere."""
    with behind_caddy(app, tmp_path, more=CANARY) as port:
        first = app.commit("one")
        assert app.deploy()[0].code == 0
        app.pages({**GREEN, "/second": (200, "x")})
        plan = app.gonogo("plan", "--env", "test")
        serving = httpx.get(f"http://127.0.0.1:{port}/page", trust_env=False).json()["release"]

    assert plan.code == 0, plan
    for name in ("share-20", "canary-20", "share-50", "canary-50", "switch"):
        assert name in plan.err, plan
    assert serving.endswith(first)
