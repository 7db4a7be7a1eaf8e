"""The Docker Engine is restarted while a release is deployed: the exit code is true, and the old release serves again.

A handful by default; ``GONOGO_ALL_CRASHES=1`` makes it each move, and the gates.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from dataclasses import dataclass

import pytest

from gonogo.state.journal import read_journal

from . import small
from .crashing import Crashing
from .own_engine import OwnEngine
from .stack import Ended

__all__: list[str] = []

ALL = bool(os.environ.get("GONOGO_ALL_CRASHES"))
pytestmark = [
    pytest.mark.xdist_group("engine-restarts"),
    pytest.mark.timeout(1800 if ALL else 300),
    pytest.mark.thorough,
]
every = pytest.mark.skipif(not ALL, reason="GONOGO_ALL_CRASHES=1 restarts it during each move")
_SECONDS = 180


@dataclass(frozen=True)
class Restarting:
    """Deployments during which the engine goes away."""

    crashing: Crashing
    own: OwnEngine

    def deploy(self, at: tuple[str, str], *, pages: dict[str, int], after: float, gone: float | None) -> Ended:
        """Deploy; ``after`` seconds into a command of a step the engine is stopped, ``gone`` seconds later started."""
        crashing = self.crashing
        crashing.app.git("checkout", "-q", "-B", "main", crashing.app.release(crashing.first)["commit"])
        small.pages(crashing.app, {**pages, f"/{time.monotonic()}": 200})
        crashing.app.commit("another")
        known = set(crashing.state.runs())
        arguments = ("deploy", "--force", "--reason", "a test", "--json")
        process = crashing.begin("never", "after", *arguments, real=at[0] if at[1] == "pytest" else "postdeploy")
        self._wait_for(at, known, process)
        time.sleep(after)
        self.own.stop()
        if gone is not None:
            time.sleep(gone)
            self.own.start()
        out, err = process.communicate(timeout=_SECONDS)
        return Ended(process.returncode, out, err)

    def _wait_for(self, at: tuple[str, str], known: set[str], process: subprocess.Popen[str]) -> None:
        deadline = time.monotonic() + _SECONDS
        while not any(
            (line["step"], line["event"]) == (at[0], "command-began") and at[1] in line["argv"].split()
            for run in set(self.crashing.state.runs()) - known
            for line in read_journal(self.crashing.state.run_folder(run) / "journal.jsonl")
        ):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def epoch_at_touch(self, run: str) -> str:
        """What a run noted of the Engine at its first touch."""
        lines = self.crashing.lines(run)
        return next(str(line["epoch"]) for line in lines if line["event"] == "first-touch")

    def epoch(self) -> str:
        """What a run would note now."""
        argv = ["docker", "--host", self.own.host, "network", "inspect", "--format", "{{.Id}}", "bridge"]
        return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=60).stdout.strip()

    def settled(self) -> list[str]:
        """What is left, once what the engine starts again has come up (bounded)."""
        deadline = time.monotonic() + 30
        while small.serving(self.crashing.app) is None and time.monotonic() < deadline:
            time.sleep(0.1)
        return self.crashing.left(serving=self.crashing.first)


@pytest.fixture
def restarting(apart: tuple[Crashing, OwnEngine]) -> Restarting:
    """An engine that may be restarted, and an application on it with one good release, which each test leaves serving."""
    return Restarting(*apart)


@pytest.mark.parametrize(
    ("step", "word", "after", "gone"),
    [
        pytest.param("build", "build", 0.1, 0.0, id="build"),
        pytest.param("build gate", "pytest", 1.0, 4.0, id="build gate", marks=every),
    ],
)
def test_restarted_before_the_first_touch(
    restarting: Restarting, step: str, word: str, after: float, gone: float
) -> None:
    """Exit 1 and nothing was touched; the Engine is named, and no check says that something is broken."""
    ended = restarting.deploy((step, word), pages=small.GREEN, after=after, gone=gone)
    record = json.loads(ended.out)
    restarting.crashing.note(f"{step}/{word} {after} {gone}", ended.code, record["ending"], record["reason"][-200:])

    assert ended.code == 1, ended
    assert record["ending"] == (
        "NO-GO before the first touch: nothing that serves was changed; "
        f"whether {restarting.crashing.first[-7:]} still serves could not be found out"
    )
    assert "Docker" in record["reason"]
    assert [check for check in record["causes"] if check["outcome"] == "failed"] == []
    assert restarting.settled() == []


@pytest.mark.parametrize(
    ("step", "word", "after", "gone"),
    [
        pytest.param("migrate", "run", 0.3, 0.0, id="migrate", marks=every),
        pytest.param("migrate", "run", 0.3, 5.0, id="migrate, away longer", marks=every),
        pytest.param("start", "up", 0.0, 0.0, id="start begins", marks=every),
        pytest.param("start", "up", 0.6, 3.0, id="start"),
        pytest.param("start", "ps", 0.0, 3.0, id="start is looked over", marks=every),
        pytest.param("postdeploy", "pytest", 1.0, 5.0, id="postdeploy gate", marks=every),
        pytest.param("restore", "up", 0.0, 3.0, id="way back begins", marks=every),
        pytest.param("restore", "up", 0.6, 3.0, id="way back", marks=every),
        pytest.param("restore", "ps", 0.0, 0.0, id="way back is looked over", marks=every),
        pytest.param("verify", "pytest", 1.0, 3.0, id="verify gate", marks=every),
    ],
)
def test_restarted_after_the_first_touch(
    restarting: Restarting, step: str, word: str, after: float, gone: float
) -> None:
    """Exit 1: the rollback waits for the Engine, and the old release is proven by its gate.

    A release whose gate was broken by the restart is not called bad; one that was red before it is.
    """
    pages = small.BROKEN if step in {"restore", "verify"} else small.GREEN
    ended = restarting.deploy((step, word), pages=pages, after=after, gone=gone)
    record = json.loads(ended.out)
    restarting.crashing.note(f"{step}/{word} {after} {gone}", ended.code, record["ending"])

    assert ended.code == 1, ended
    assert record["ending"].startswith(f"REVERTED to {restarting.crashing.first[-7:]}")
    assert record["verified"]["exitstatus"] == 0
    assert restarting.settled() == []
    assert (restarting.crashing.app.release(record["release"])["bad"] is None) is (pages is small.GREEN)
    assert restarting.epoch_at_touch(record["run"]) not in ("", restarting.epoch())


WAITS = """\
import pathlib, time

import pytest


@pytest.mark.postdeploy("S01")
def test_engine_is_restarted():
    \"\"\"Somebody restarts the Engine now.\"\"\"
    pathlib.Path({flag!r}).touch()
    deadline = time.monotonic() + 50
    while not pathlib.Path({flag!r} + ".over").exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)
"""


@every
def test_restarted_between_two_checks(restarting: Restarting) -> None:
    """Exit 1: most checks had passed, and then each instance was seen to end; the release is not called bad, and why is said."""
    crashing = restarting.crashing
    flag = crashing.app.root.parent / "asked"
    crashing.app.git("checkout", "-q", "-B", "main", crashing.app.release(crashing.first)["commit"])
    crashing.app.write({"checks/test_ours.py": WAITS.format(flag=str(flag))})
    crashing.app.commit("waits")
    arguments = ("deploy", "--force", "--reason", "a test", "--json")
    process = crashing.begin("never", "after", *arguments, real="postdeploy")
    deadline = time.monotonic() + _SECONDS
    while not flag.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    restarting.own.stop()
    restarting.own.start()
    flag.with_name("asked.over").touch()
    out, err = process.communicate(timeout=_SECONDS)
    ended, record = Ended(process.returncode, out, err), json.loads(out)
    crashing.note("between two checks", ended.code, record["ending"], record["notes"])

    assert ended.code == 1, ended
    assert record["ending"].startswith(f"REVERTED to {crashing.first[-7:]}")
    assert "D03" in [cause["code"] for cause in record["causes"]]
    assert f"{record['release']} is not called bad: the Docker Engine was restarted meanwhile." in record["notes"]
    assert crashing.app.release(record["release"])["bad"] is None
    assert restarting.settled() == []


@every
def test_engine_that_stays_away_needs_a_human(restarting: Restarting) -> None:
    """Exit 6 after ``health.timeout``, and it says what to do; once the Engine is back, rollback ends well."""
    ended = restarting.deploy(("start", "up"), pages=small.GREEN, after=0.3, gone=None)
    record = json.loads(ended.out)
    restarting.own.start()
    mended, after = restarting.crashing.run("rollback", "--to", restarting.crashing.first)
    restarting.crashing.note("start/up, away for good", ended.code, record["ending"], mended.code, after.get("ending"))

    assert ended.code == 6, ended
    assert any(
        "no Engine that answers within 30 s" in note and "systemctl start docker" in note for note in record["notes"]
    )
    assert mended.code == 0, mended
    assert restarting.settled() == []
