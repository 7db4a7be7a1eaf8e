"""The machine goes down between a run that was killed and the command that ends it: what is said is true, and it ends well.

Everything of gonogo is killed, and the Engine is stopped and started with all that it ran. ``GONOGO_ALL_CRASHES=1`` runs
these tests.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from . import small
from .crashing import Crashing
from .own_engine import OwnEngine

__all__: list[str] = []

ALL = bool(os.environ.get("GONOGO_ALL_CRASHES"))
pytestmark = [
    pytest.mark.xdist_group("engine-restarts"),
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not ALL, reason="GONOGO_ALL_CRASHES=1 restarts the Engine after each kill"),
]


@dataclass(frozen=True)
class Rebooting:
    """Deployments that are killed, and then everything is started again."""

    crashing: Crashing
    own: OwnEngine
    serving: str
    restart: str

    def reboot_in(self, at: str, *, pause: float) -> None:
        """Kill a deployment and its command there, then end everything that the Engine runs."""
        self.commit()
        self.crashing.deploy_until(at, "client", pause=pause)
        self.own.stop()
        self.own.start()

    def commit(self) -> None:
        """Another release, which would go GO."""
        app = self.crashing.app
        app.git("checkout", "-q", "-B", "main", app.release(self.serving)["commit"])
        small.pages(app, {**small.GREEN, f"/{time.monotonic()}": 200})
        app.commit("another")

    def status(self) -> dict[str, Any]:
        """What ``gonogo status`` says."""
        ended = self.crashing.app.gonogo("status", "--env", "staging", "--json")
        assert ended.code == 0, ended
        found: dict[str, Any] = json.loads(ended.out)[0]
        return found


@pytest.fixture(scope="module", params=["unless-stopped", "no"])
def rebooting(apart: tuple[Crashing, OwnEngine], request: pytest.FixtureRequest) -> Iterator[Rebooting]:
    """A release that serves, with and without a restart policy."""
    crashing, own = apart
    if request.param == "unless-stopped":
        yield Rebooting(crashing, own, crashing.first, request.param)
        return
    app = crashing.app
    app.git("checkout", "-q", "-B", "main", app.release(crashing.first)["commit"])
    app.replace("docker-compose.yml", "restart: unless-stopped", 'restart: "no"')
    app.commit("never restarted")
    ended, record = crashing.run("deploy")
    assert ended.code == 0, ended
    yield Rebooting(crashing, own, record["release"], request.param)
    back, _ = crashing.run("rollback", "--to", crashing.first)
    assert back.code == 0, back


@pytest.mark.parametrize(
    ("at", "pause", "command"),
    [
        ("migrate/run", 0.3, "resume"),
        ("migrate/run", 0.3, "rollback"),
        ("start/up", 0.0, "resume"),
        ("start/up", 0.6, "resume"),
        ("start/up", 0.6, "rollback"),
        ("start/ps", 0.0, "resume"),
        ("postdeploy/pytest", 1.0, "rollback"),
    ],
)
def test_run_that_was_killed_before_a_reboot_is_taken_back(
    rebooting: Rebooting, at: str, pause: float, command: str
) -> None:
    """The old release is started, not called never stopped, and proven; the one that was killed is not called bad."""
    crashing = rebooting.crashing
    rebooting.reboot_in(at, pause=pause)
    status = rebooting.status()
    ended, record = crashing.run(command)
    after = rebooting.status()
    ran = [one["status"] for one in status["instances"]]
    crashing.note(f"{rebooting.restart}: {at} {pause} {command}", ran, ended.code, record["ending"])

    assert status["unfinished"] == max(run for run in crashing.state.runs() if not run.endswith(command))
    assert status["lock"].endswith("that process is gone, the next command takes the lock over")
    assert rebooting.restart == "unless-stopped" or "running" not in ran
    old = rebooting.serving[-7:]
    assert ended.code == (1 if command == "resume" else 0), ended
    assert record["ending"].startswith(
        f"REVERTED to {old} after" if command == "resume" else f"GO  {old} serves staging again"
    )
    assert record["verified"]["exitstatus"] == 0
    assert (after["unfinished"], after["lock"], after["serving"]) == (None, None, rebooting.serving)
    assert [one["status"] for one in after["instances"]] == ["running"]
    assert crashing.left(serving=rebooting.serving) == []
    assert crashing.app.release(status["unfinished"])["bad"] is None


def test_gate_that_was_killed_before_a_reboot_is_asked_again(rebooting: Rebooting) -> None:
    """Exit 0 where the Engine brought the new release back; else 1, and the restart is named, not the release."""
    crashing = rebooting.crashing
    rebooting.reboot_in("postdeploy/pytest", pause=1.0)
    new = rebooting.status()["unfinished"]
    ended, record = crashing.run("resume")
    crashing.note(f"{rebooting.restart}: postdeploy resume", ended.code, record["ending"], record["notes"])
    if rebooting.restart == "unless-stopped":
        assert ended.code == 0, ended
        assert crashing.left(serving=new) == []
        back, _ = crashing.run("rollback", "--to", rebooting.serving)
        assert back.code == 0, back
        return

    assert ended.code == 1, ended
    assert record["ending"].startswith(f"REVERTED to {rebooting.serving[-7:]} after")
    assert f"{new} is not called bad: the Docker Engine was restarted meanwhile." in record["notes"]
    assert crashing.left(serving=rebooting.serving) == []


def test_deploy_after_a_reboot_says_what_still_serves(rebooting: Rebooting) -> None:
    """Killed before the first touch: GO where the old release came back; else P36 stops it, and nothing is said to serve."""
    crashing = rebooting.crashing
    rebooting.reboot_in("build/build", pause=0.1)
    status = rebooting.status()
    ended, record = crashing.run("deploy", "--force", "--reason", "a test")
    crashing.note(f"{rebooting.restart}: build deploy", ended.code, record["ending"])
    back, _ = crashing.run("rollback", "--to", rebooting.serving)

    assert (status["unfinished"], len(status["untouched"])) == (None, 1)
    if rebooting.restart == "unless-stopped":
        assert ended.code == 0, ended
    else:
        assert ended.code == 1, ended
        assert [cause["code"] for cause in record["causes"]] == ["P36"]
        assert f"; {rebooting.serving[-7:]} was not well before it already (D01" in record["ending"]
    assert back.code == 0, back
    assert crashing.left(serving=rebooting.serving) == []
