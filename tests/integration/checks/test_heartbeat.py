"""D16 on a real process: a file that is written anew, and keys of a store over a real socket."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread

import pytest

from gonogo.words import Outcome, Role
from tests.unit.probes.test_redis import store

from .deployed import Deployed

pytestmark = pytest.mark.integration

HEARTBEATS = """
[[env.test.heartbeat]]
name = "file"
service = "web"
file = "@FILE@"
within = "3s"

[[env.test.heartbeat]]
name = "key"
service = "web"
key = "jobs:beat"
within = "3s"
"""
LOGIN = {b"PING": b"+PONG\r\n", b"SELECT": b"+OK\r\n"}


@pytest.fixture
def beaten(tmp_path: Path) -> Iterator[Path]:
    """A file that a worker writes anew, five times a second."""
    path, ended = tmp_path / "beat", Event()

    def work() -> None:
        while not ended.wait(0.2):
            path.write_text("beat")

    worker = Thread(target=work)
    worker.start()
    yield path
    ended.set()
    worker.join(10)


def test_a_worker_that_beats_is_well(deploy: Callable[..., Deployed], beaten: Path) -> None:
    """By a file, and by the moment under a key."""
    moment = str(int(time.time() * 1000) + 60_000).encode()
    with store({**LOGIN, b"PTTL": b":-1\r\n", b"GET": b"$%d\r\n%s\r\n" % (len(moment), moment)}) as port:
        site = deploy(
            environment=HEARTBEATS.replace("@FILE@", str(beaten)), env=f"REDIS_URL=redis://127.0.0.1:{port}/1\n"
        )
        site.start()
        run = site.ask("postdeploy", "worker_beats")

    assert run.outcomes() == {"D16[file]": Outcome.PASSED, "D16[key]": Outcome.PASSED}


@pytest.mark.thorough
def test_a_worker_that_does_nothing_is_red(deploy: Callable[..., Deployed], tmp_path: Path) -> None:
    """What the worker before left says nothing of this one; of the one that served before, what is soon forgotten does."""
    left = tmp_path / "left"
    left.write_text("beat")
    answers = {**LOGIN, b"PTTL": b":170000\r\n", b"GET": b"$4\r\nbusy\r\n"}
    with store(answers) as port:
        site = deploy(
            environment=HEARTBEATS.replace("@FILE@", str(left)), env=f"REDIS_URL=redis://127.0.0.1:{port}/1\n"
        )
        site.start()
        red = site.ask("postdeploy", "worker_beats").check("D16[file]")
        time.sleep(3)
        kept = site.ask("postdeploy", "worker_beats", role=Role.BASELINE).check("D16[key]")
        answers[b"PTTL"] = b":2500\r\n"
        served = site.ask("postdeploy", "worker_beats", role=Role.BASELINE).check("D16[key]")
    with store({**LOGIN, b"PTTL": b":-2\r\n", b"GET": b"$-1\r\n"}) as port:
        site = deploy(
            environment=HEARTBEATS.replace("@FILE@", "/nowhere"), env=f"REDIS_URL=redis://127.0.0.1:{port}/1\n"
        )
        site.start()
        none = site.ask("postdeploy", "worker_beats")

    assert (red.outcome, kept.outcome, served.outcome) == (Outcome.FAILED, Outcome.FAILED, Outcome.PASSED)
    assert (
        kept.found
        == "web: jobs:beat: found no other beat than 'busy', expected one since it was started, and every 3 s"
    )
    assert red.found.startswith(f"web: {left}: found a beat ")
    assert red.found.endswith(" s ago, expected one since it was started, and every 3 s")
    for name, where in (("file", "/nowhere"), ("key", "jobs:beat")):
        found = none.check(f"D16[{name}]")
        assert (found.outcome, found.found) == (
            Outcome.FAILED,
            f"web: {where}: found no beat, expected one since it was started, and every 3 s",
        )
