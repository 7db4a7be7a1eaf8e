"""A release stays only if whoever deployed it says so, from where they stand."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.integration.deploy.world import HOST, Network
from tests.support.sshd import Cable, Server

from .conftest import GREEN, Far

pytestmark = pytest.mark.thorough


class Public(Far):
    """The application under a public name, which the deployer reaches by a network of its own."""

    confirm = "60s"

    def __init__(self, folder: Path, server: Server) -> None:
        """The host asks its own loopback."""
        super().__init__(folder, server)
        self.network = Network(self.port)

    def configure(self, **options: object) -> None:
        """As everywhere, and to be confirmed."""
        super().configure(**options)
        toml = self.root / "gonogo.toml"
        text = toml.read_text().replace(f'url = "http://127.0.0.1:{self.port}"', f'url = "http://{HOST}"')
        more = f'confirm = "{self.confirm}"\nconnect_to = "127.0.0.1:{self.port}"\n'
        toml.write_text(text.replace("path = ", f"{more}path = ", 1))

    @property
    def around(self) -> dict[str, str]:
        """What leads the deployer's requests."""
        return self.network.environ

    def first(self) -> None:
        """Something to go back to, and a new commit."""
        done = self.finish(self.start("deploy", "--env", "test", "--force", "--reason", "the first"))
        assert done.code == 0, done
        self.pages({**GREEN, "/new": (200, "new")})


@pytest.fixture
def far(tmp_path: Path, server: Server) -> Iterator[Public]:
    """The application, with one green commit."""
    made = Public(tmp_path, server)
    yield made
    made.close()


def _runs(far: Public) -> None:
    """Wait until the host has begun (bounded)."""
    deadline = time.monotonic() + 60
    while all((path.parent / "seen").exists() for path in far.state.glob("remote/runs/*/pid.json")):
        assert time.monotonic() < deadline, "nothing was started on the host"
        time.sleep(0.05)


def _waits(far: Public) -> None:
    """Wait until it asks for the word (bounded)."""
    deadline = time.monotonic() + 120
    while not (far.state / "confirm").exists():
        assert time.monotonic() < deadline, "nothing waits for a confirmation"
        time.sleep(0.1)


def test_a_first_release_has_nothing_to_go_back_to(far: Public) -> None:
    """It is refused before anything is touched."""
    ended, run = far.deploy()

    assert ended.code == 1, ended
    assert "env.test.confirm: found nothing that serves" in ended.err
    assert far.serving_text() is None
    assert run["exit_code"] == 1


def test_a_release_that_is_seen_from_here_stays(far: Public) -> None:
    """The public URL is asked from the deployer, and the word goes over a connection of its own."""
    far.first()
    before = far.server.connections()
    ended = far.finish(far.start("deploy", "--env", "test", environ=far.around))

    assert ended.code == 0, ended
    assert f"Confirmed over a new connection; from here http://{HOST}/healthz answers 200." in ended.err
    assert far.server.connections() - before == 2
    assert far.ask("/new") is not None


def test_a_release_that_only_the_host_can_see_goes_back(far: Public) -> None:
    """It was seen from here before, and is not after: the host goes back by itself, and is proven."""
    far.confirm = "4s"
    far.configure()
    far.first()
    process = far.start("deploy", "--env", "test", "--json", environ=far.around)
    _runs(far)
    far.network.cut()
    ended = far.finish(process)

    assert ended.code == 1, ended
    assert "Not confirmed: http://" in ended.err
    assert "not confirmed: nobody said `gonogo confirm` within 4 s, so the host went back by itself" in ended.err
    assert ended.json()["ended"]["kind"] == "reverted"
    answer = far.ask("/new")
    assert answer is not None
    assert answer[0] == 404
    assert far.finish(far.start("deploy", "--env", "test")).code != 1, "the commit is not called bad"


def test_what_was_not_seen_before_either_is_no_fault(far: Public) -> None:
    """A network that keeps the deployer out turns nothing back; what the word rests on is said."""
    far.first()
    far.network.cut()
    ended = far.finish(far.start("deploy", "--env", "test", environ=far.around))

    assert ended.code == 0, ended
    assert "was not to be seen from here before either" in ended.err


def test_a_deployer_that_vanished_confirms_nothing(far: Public) -> None:
    """The host goes back at the end of the time, and a later look shows it; by hand it would have stayed."""
    far.confirm = "10s"
    far.configure()
    far.first()
    process = far.start("deploy", "--env", "test", environ=far.around)
    _runs(far)
    os.kill(process.pid, signal.SIGSTOP)
    _waits(far)
    process.kill()
    process.communicate()
    while (far.state / "confirm").exists():
        time.sleep(0.2)
    attached = far.gonogo("attach", "--env", "test")

    assert attached.code == 1, attached
    assert "so the host went back by itself" in attached.err

    far.confirm = "60s"
    far.configure()
    far.commit("more time")
    process = far.start("deploy", "--env", "test", environ=far.around)
    _runs(far)
    process.kill()
    process.communicate()
    _waits(far)
    word = far.gonogo("confirm", "--env", "test")
    attached = far.gonogo("attach", "--env", "test")

    assert word.code == 0, word
    assert attached.code == 0, attached
    assert json.loads((far.state / "runs" / word.err.split()[-1] / "result.json").read_text())["ended"]["kind"] == "go"


def _begins(far: Public, step: str) -> None:
    """Wait until the second run there has begun a step (bounded)."""
    deadline = time.monotonic() + 90
    while True:
        journals = sorted(far.state.glob("runs/*/journal.jsonl"))[1:]
        lines = [json.loads(line) for path in journals for line in path.read_text().splitlines()]
        if any(line["event"] == "step-began" and line["step"] == step for line in lines):
            return
        assert time.monotonic() < deadline, f"{step} has not begun"
        time.sleep(0.02)


def _kill(far: Public, *, all_of_it: bool) -> None:
    """Ends the run on the host as the kernel does where memory is short; ``all_of_it``: and who keeps it."""
    folder = max(far.state.glob("remote/runs/*"))
    run = json.loads((folder / "pid.json").read_text())["pid"]
    keeper = psutil.Process(run).parent()
    if all_of_it and keeper is not None:
        keeper.kill()
    os.killpg(run, signal.SIGKILL)


@pytest.mark.parametrize("all_of_it", [False, True])
@pytest.mark.parametrize("at", ["start", "postdeploy", "confirm"])
def test_a_run_that_was_killed_is_gone_back_from(far: Public, at: str, *, all_of_it: bool) -> None:
    """Between its start and GO, with its keeper or without: the host goes back by itself, and the deployer is shown it."""
    far.confirm = "5s"
    far.configure()
    far.first()
    process = far.start("deploy", "--env", "test", environ=far.around)
    _runs(far)
    far.network.cut()
    if at == "confirm":
        _waits(far)
    else:
        _begins(far, at)
    _kill(far, all_of_it=all_of_it)
    ended = far.finish(process)

    assert ended.code == 1, ended
    assert "The run was killed. What it left is gone back to, or completed:" in ended.err
    answer = far.ask("/new")
    assert answer is not None
    assert answer[0] == 404
    assert not [*far.state.glob("remote/runs/*/work")]


def test_a_host_that_is_started_again_is_gone_back_from_by_hand(far: Public) -> None:
    """Nobody is left there: exit 6 says what to ask, and ``resume`` goes back."""
    far.confirm = "5s"
    far.configure()
    far.first()
    process = far.start("deploy", "--env", "test", environ=far.around)
    _runs(far)
    far.network.cut()
    _waits(far)
    folder = max(far.state.glob("remote/runs/*"))
    run = json.loads((folder / "pid.json").read_text())["pid"]
    for one in psutil.process_iter(["cmdline"]):
        if one.info["cmdline"] and str(folder) in one.info["cmdline"]:
            one.kill()
    os.killpg(run, signal.SIGKILL)
    ended = far.finish(process)
    back = far.gonogo("resume", "--env", "test")

    assert ended.code == 6, ended
    assert "`gonogo status --env test`" in ended.err
    assert back.code == 1, back
    answer = far.ask("/new")
    assert answer is not None
    assert answer[0] == 404


def test_a_run_that_is_killed_before_it_touched_anything_leaves_what_serves(far: Public) -> None:
    """There is nothing to go back from, and that is said."""
    far.first()
    process = far.start("deploy", "--env", "test", environ=far.around)
    _runs(far)
    _begins(far, "predeploy")
    _kill(far, all_of_it=False)
    ended = far.finish(process)

    assert ended.code == 1, ended
    assert "found no run that was cut off after its first touch" in ended.err
    assert far.ask("/healthz") is not None


def test_a_host_that_lets_nobody_in_any_more_goes_back(tmp_path: Path, server: Server) -> None:
    """The first connection lasts, a second one does not come about: what was deployed may have locked us out."""
    cable = Cable(server.port)
    server.accept(cable.port)
    far = Public(tmp_path, server)
    far.at, far.confirm = cable.port, "4s"
    far.configure()
    far.first()
    process = far.start("deploy", "--env", "test", environ=far.around)
    _runs(far)
    cable.refuse()
    ended = far.finish(process)
    cable.close()
    far.close()

    assert ended.code == 1, ended
    assert "Not confirmed: " in ended.err
    assert "so the host went back by itself" in ended.err
