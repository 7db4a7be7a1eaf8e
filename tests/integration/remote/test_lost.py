"""A run on a host outlives whatever happens to the connection and to the deployer."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.sshd import Cable, Server

from .conftest import GREEN, Far

pytestmark = pytest.mark.thorough


@pytest.fixture
def cable(server: Server) -> Iterator[Cable]:
    """What leads to the host."""
    made = Cable(server.port)
    server.accept(made.port)
    yield made
    made.close()


@pytest.fixture
def far(tmp_path: Path, server: Server, cable: Cable) -> Iterator[Far]:
    """The application behind the cable, with one green commit."""
    made = Far(tmp_path, server)
    made.at = cable.port
    made.configure()
    made.pages(GREEN)
    yield made
    made.close()


def _ended(far: Far, *, timeout: float = 120) -> None:
    """Wait until the run on the host has noted its end (bounded)."""
    deadline = time.monotonic() + timeout
    while not [*far.state.glob("remote/runs/*/status.json")]:
        assert time.monotonic() < deadline, "no run has ended on the host"
        time.sleep(0.1)


def test_a_cut_cable_is_noticed_and_connected_again(far: Far, cable: Cable) -> None:
    """The run goes on; what was missed is shown once and whole, with the exit code of the run."""
    process = far.start("deploy", "--env", "test", "--json")
    far.wait_for("run-began")
    cable.cut()
    time.sleep(3)
    cable.mend()
    ended = far.finish(process)

    assert ended.code == 0, ended
    assert "was lost; the run goes on there" in ended.err
    assert "Connected again" in ended.err
    assert [line[:9] for line in ended.err.splitlines()].count("predeploy") == 1
    assert ended.json()["ended"]["kind"] == "go"
    assert far.serving_text() == "hello"
    assert (far.root / "reports" / "test" / ended.json()["run"] / "record.md").exists()


def test_a_cable_that_is_held_up_is_noticed(far: Far, cable: Cable) -> None:
    """Nobody ends the connection, and nothing comes: after some seconds it counts as lost."""
    process = far.start("deploy", "--env", "test", "--json")
    far.wait_for("run-began")
    cable.hold_up()
    _ended(far)
    while "was lost" not in (said := process.stderr.readline() if process.stderr is not None else "was lost"):
        assert said, "the deployer ended"
    cable.cut()
    cable.mend()
    ended = far.finish(process)

    assert ended.code == 0, ended
    assert ended.json()["ended"]["kind"] == "go"


def test_a_host_that_was_started_again_is_a_case_for_a_person(far: Far) -> None:
    """Nobody there notes how the run ended: exit 6 and the way on, which then is what it is on one machine."""
    far.deploy()
    far.pages({**GREEN, "/new": (200, "new")})
    process = far.start("deploy", "--env", "test")
    deadline = time.monotonic() + 90
    while sum('"first-touch"' in path.read_text() for path in far.state.glob("runs/*/journal.jsonl")) != 2:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    (folder,) = (
        path.parent for path in far.state.glob("remote/runs/*/pid.json") if not (path.parent / "seen").exists()
    )
    for one in psutil.process_iter(["cmdline"]):
        if one.info["cmdline"] and str(folder) in one.info["cmdline"]:
            one.kill()
    psutil.Process(json.loads((folder / "pid.json").read_text())["pid"]).kill()
    ended = far.finish(process)

    assert ended.code == 6, ended
    assert "could not say how" in ended.err
    assert far.gonogo("resume", "--env", "test").code in {0, 1}
    assert far.serving_text() == "hello"
    assert far.gonogo("status", "--env", "test").code == 0


def test_a_host_that_is_not_reached_is_tried_again(far: Far, cable: Cable) -> None:
    """Before anything was started there; after a few times it is given up, in one message."""
    cable.refuse()
    given_up = far.gonogo("deploy", "--env", "test")
    process = far.start("deploy", "--env", "test", "--json")
    while "connecting again" not in (said := process.stderr.readline() if process.stderr is not None else ""):
        assert said, "the deployer ended"
    cable.mend()
    ended = far.finish(process)

    assert given_up.code == 1, given_up
    assert given_up.err.count("Nothing was started there yet; connecting again ...") == 2
    assert "Nothing was started there; it was tried 3 times." in given_up.err
    assert ended.code == 0, ended
    assert far.serving_text() == "hello"


def test_a_deployer_that_is_killed_changes_nothing(far: Far) -> None:
    """The run ends proven without it; ``attach`` shows it whole, also afterwards, and brings its pages."""
    process = far.start("deploy", "--env", "test", "--json")
    far.wait_for("run-began")
    process.kill()
    process.communicate()
    _ended(far)

    assert far.serving_text() == "hello"

    attached = far.gonogo("attach", "--env", "test")

    assert attached.code == 0, attached
    assert "predeploy" in attached.err
    assert json.loads(attached.out)["ended"]["kind"] == "go"
    assert (far.root / "reports" / "test" / json.loads(attached.out)["run"] / "record.md").exists()

    again = far.gonogo("attach", "--env", "test")

    assert again.code == 1
    assert "found no run that goes on" in again.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_reaches_the_run(far: Far, number: signal.Signals) -> None:
    """It stops there as it would here, and ends as it says."""
    process = far.start("deploy", "--env", "test", "--json")
    far.wait_for("run-began")
    process.send_signal(number)
    ended = far.finish(process)

    assert ended.code == 2, ended
    assert f"{number.name}: handed on" in ended.err
    assert far.serving_text() is None


def test_a_second_signal_only_leaves(far: Far) -> None:
    """The deployer ends and says that the run goes on; the run goes back as after one signal."""
    far.deploy()
    far.pages({**GREEN, "/page": (200, "hello"), "/new": (200, "x")}, extra="\n")
    slow = "import time\n\n\ndef test_slow():\n    time.sleep(12)\n"
    (far.root / "checks").mkdir()
    marked = "import pytest\n" + slow.replace("def test", "@pytest.mark.postdeploy('X1', remedy='none')\ndef test")
    (far.root / "checks" / "test_slow.py").write_text(marked)
    far.commit("a slow check")
    process = far.start("deploy", "--env", "test", "--json")
    deadline = time.monotonic() + 90
    while sum('"first-touch"' in path.read_text() for path in far.state.glob("runs/*/journal.jsonl")) != 2:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    ended = far.finish(process, timeout=15)

    assert ended.code == 6, ended
    assert "`gonogo attach --env test` shows it." in ended.err
    assert (ended.json()["exit_code"], ended.json()["ending"]) == (6, "NOT KNOWN: it goes on")

    _ended(far)
    attached = far.gonogo("attach", "--env", "test")

    assert attached.code == 2, attached
    assert far.serving_text() == "hello"
