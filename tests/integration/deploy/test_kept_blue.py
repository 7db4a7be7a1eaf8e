"""The release before runs on after a GO for as long as it is to: going back is a switch, and nothing piles up."""

from __future__ import annotations

import time
from pathlib import Path

import httpx
import pytest

from tests.integration.deploy.conftest import GREEN, App
from tests.integration.deploy.test_process_turns import Asking, behind_caddy, running

__all__: list[str] = []

pytestmark = [pytest.mark.integration, pytest.mark.thorough, pytest.mark.timeout(300)]


def test_going_back_is_a_switch(app: App, tmp_path: Path) -> None:
    """It is not started again, and requests are answered all the time; the next deployment lets it go."""
    with behind_caddy(app, tmp_path, more='keep_blue = "1h"') as port:
        first = app.commit("one")
        assert app.deploy()[0].code == 0
        second = app.pages({**GREEN, "/second": (200, "x")})
        followed, record = app.deploy()
        kept = running(app)
        pruned = app.gonogo("prune", "--env", "test", "--yes")
        after_prune = running(app)
        asking = Asking(port)
        back = app.gonogo("rollback", "--env", "test", "--yes", "--json")
        asking.end()
        after_back = running(app)
        third = app.pages({**GREEN, "/third": (200, "x")})
        assert app.deploy()[0].code == 0
        fourth = app.pages({**GREEN, "/fourth": (200, "x")})
        last, last_record = app.deploy()

    assert followed.code == 0, followed
    assert "runs on" in next(step["said"] for step in record["steps"] if step["name"] == "retire")
    assert kept == after_prune == {"web": {first, second}}
    assert "nothing was replaced" in pruned.err
    assert back.code == 0, back
    assert back.json()["ended"]["back_after"] < 3, "a switch, on a busy machine"
    assert asking.failed == []
    assert asking.answered == [second, first]
    assert after_back == {"web": {first}}
    assert last.code == 0, last
    assert last_record["causes"] == []
    assert running(app) == {"web": {third, fourth}}


def test_what_ran_on_for_long_enough_is_stopped(app: App, tmp_path: Path) -> None:
    """By ``prune``, once its time is over; going back starts it again."""
    with behind_caddy(app, tmp_path, more='keep_blue = "1s"') as port:
        first = app.commit("one")
        assert app.deploy()[0].code == 0
        second = app.pages({**GREEN, "/second": (200, "x")})
        assert app.deploy()[0].code == 0
        kept = running(app)
        time.sleep(1)
        pruned = app.gonogo("prune", "--env", "test", "--yes")
        left = running(app)
        back = app.gonogo("rollback", "--env", "test", "--yes")
        serving = httpx.get(f"http://127.0.0.1:{port}/page", trust_env=False).json()["release"]

    assert kept == {"web": {first, second}}
    assert "stopped " in pruned.err
    assert left == {"web": {second}}
    assert back.code == 0, back
    assert serving.endswith(first)
