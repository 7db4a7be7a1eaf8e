"""The machine is started again between a run that was killed and the command that ends it (runtime process).

``GONOGO_ALL_CRASHES=1`` runs these tests; what a lock says after a reboot is in ``tests/unit/test_lock.py`` as well.

All that ran is killed, and what comes after sees another boot: the kernel's boot id and the time of its start are others in
a mount namespace. The kernel itself goes on, so that its ticks do.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.faults.crashing import SECOND, Crashing
from tests.integration.deploy.conftest import Ended
from tests.support.sites import eventually

__all__: list[str] = []

ALL = bool(os.environ.get("GONOGO_ALL_CRASHES"))
pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]
every = pytest.mark.skipif(not ALL, reason="GONOGO_ALL_CRASHES=1 does it in each step")

STEP = """
[[env.test.step]]
name = "prepare"
before = "start"
run = "sleep 2"
undo = "true"
"""
_LATER = """\
mount --bind "$0/boot_id" /proc/sys/kernel/random/boot_id && mount --bind "$0/stat" /proc/stat && exec "$@"
"""


class Rebooting(Crashing):
    """A second release, whose deployment is killed; then the machine is started again."""

    def reboot_in(self, step: str) -> None:
        """Kill the deployment in a step, then everything."""
        self.app.pages(SECOND)
        process, known = self.app.start("deploy", "--env", "test"), set(self.state.runs())
        eventually(lambda: self._began(step, known), within=60)
        process.kill()
        process.communicate()
        for found in self.processes():
            psutil.Process(int(found.partition(":")[0])).kill()
        beat = json.loads((self.app.state / "lock").read_text())["beat"]
        (self.folder / "boot_id").write_text(f"{uuid.uuid4()}\n")
        eventually(lambda: int(time.time()) > datetime.fromisoformat(beat).timestamp(), within=10)
        lines = Path("/proc/stat").read_text().splitlines()
        told = (f"btime {int(time.time())}" if line.startswith("btime ") else line for line in lines)
        (self.folder / "stat").write_text("\n".join(told) + "\n")

    def later(self, *arguments: str) -> tuple[Ended, dict[str, Any]]:
        """A command after the restart, and its record."""
        program = (sys.executable, "-P", "-m", "gonogo", *arguments, "--env", "test", "--json")
        argv = ["unshare", "--mount", "sh", "-c", _LATER, str(self.folder), *program]
        done = subprocess.run(argv, cwd=self.app.root, capture_output=True, text=True, timeout=120, check=False)
        ended = Ended(done.returncode, done.stdout, done.stderr)
        return ended, json.loads(ended.out)[0] if arguments[0] == "status" else json.loads(ended.out)


@pytest.fixture
def rebooting(tmp_path: Path) -> Iterator[Rebooting]:
    """A first release that serves."""
    if os.geteuid() != 0 or subprocess.run(["unshare", "--mount", "true"], check=False).returncode != 0:
        pytest.skip("only root sees another boot in a mount namespace")
    made = Rebooting(tmp_path / "rebooting", tables=STEP)
    yield made
    made.app.close()


@every
@pytest.mark.parametrize("command", ["resume", "rollback"])
@pytest.mark.parametrize("step", ["prepare", "start", "postdeploy"])
def test_run_that_was_killed_before_a_reboot_is_ended_after_it(rebooting: Rebooting, step: str, command: str) -> None:
    """The lock is nobody's, the old release is started, not called never stopped, and proven; the new one is not bad."""
    rebooting.reboot_in(step)
    _, status = rebooting.later("status")
    ended, record = rebooting.later(command)
    _, after = rebooting.later("status")
    bad = [release.bad for release in rebooting.state.releases()]

    assert status["lock"].endswith("that process is gone, the next command takes the lock over")
    assert status["unfinished"] == rebooting.state.runs()[1]
    assert [one["status"] for one in status["instances"]] == ["exited"]
    assert ended.code == (1 if command == "resume" else 0), ended
    old = rebooting.first[-7:]
    assert record["ending"].startswith(
        f"REVERTED to {old} after" if command == "resume" else f"GO  {old} serves test again"
    )
    assert record["verified"]["exitstatus"] == 0
    assert rebooting.serving() == after["serving"] == rebooting.first
    assert (after["unfinished"], after["lock"]) == (None, None)
    assert bad == [None, None]


@every
def test_deploy_after_a_reboot_that_left_nothing_running(rebooting: Rebooting) -> None:
    """Exit 1 by P36, and nobody is said to serve; a rollback to what served starts it, and then the deploy goes GO."""
    rebooting.reboot_in("predeploy")
    red, record = rebooting.later("deploy")
    back, _ = rebooting.later("rollback", "--to", rebooting.first)
    again, _ = rebooting.later("deploy")

    assert (red.code, back.code, again.code) == (1, 0, 0), (red, back, again)
    assert [cause["code"] for cause in record["causes"]] == ["P36"]
    assert record["ending"] == (
        "NO-GO before the first touch: nothing that serves was changed; "
        f"{rebooting.first[-7:]} was not well before it already (D01, D06)"
    )
