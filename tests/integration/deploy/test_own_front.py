"""Releases of processes take turns behind the Caddy that gonogo runs itself, at the port that the service had."""

from __future__ import annotations

import shutil
import subprocess
import sys

import psutil
import pytest

from gonogo.demo.ports import free_port
from gonogo.runtimes.front import SLOT
from gonogo.runtimes.process.instances import Instance, Instances, is_alive
from tests.integration.deploy.conftest import GREEN, App
from tests.integration.deploy.test_process_turns import Asking, ends_proven, killed_in, running

__all__: list[str] = []

pytestmark = [pytest.mark.integration, pytest.mark.thorough, pytest.mark.timeout(300)]

OPTIONS = (
    'strategy = "bluegreen"\ntraffic = {{ kind = "own", upstreams = {{ web = "web:{port}" }}, drain = "2s"{more} }}\n'
)


def take_turns(app: App, *, more: str = "") -> str:
    """A commit whose configuration has a front of gonogo's."""
    app.configure(options=OPTIONS.format(port=app.port, more=more))
    return app.pages({**GREEN, "/turns": (200, more)})


def front_of(app: App) -> Instance | None:
    """Its process, where it lives."""
    found = Instances(app.state).read(SLOT)
    return found if found is not None and is_alive(found) else None


def test_the_port_changes_hands_once_and_back(app: App) -> None:
    """From recreate to turns the front takes the service's port; no later release costs a request; then it gives it back."""
    assert app.deploy()[0].code == 0
    second = take_turns(app)
    planned = app.gonogo("plan", "--env", "test")
    changed, _ = app.deploy()
    front = front_of(app)
    asking = Asking(app.port)
    third = app.pages({**GREEN, "/third": (200, "x")})
    followed, _ = app.deploy()
    app.pages({**GREEN, "/page": (500, "hello")})
    red, _ = app.deploy()
    back = app.gonogo("rollback", "--env", "test", "--yes")
    asking.end()
    same = front_of(app)
    left = running(app)
    app.configure()
    last = app.pages({**GREEN, "/fifth": (200, "x")})
    given, _ = app.deploy()

    assert f"127.0.0.1:{app.port} changes hands" in planned.err, planned
    assert (changed.code, followed.code, red.code, back.code) == (0, 0, 1, 0), (changed, followed, red, back)
    assert (asking.failed, asking.answered) == ([], [second, third, second])
    assert front is not None
    assert same is not None
    assert front.pid == same.pid
    assert left == {"web": {second}}
    assert given.code == 0, given
    assert front_of(app) is None
    assert running(app) == {"web": {last}}
    assert app.ask("/fifth") is not None


def test_a_front_that_does_not_start_gives_the_port_back(app: App) -> None:
    """The release that had the port serves there again, proven by its gate."""
    first = app.commit("first")
    assert app.deploy()[0].code == 0
    take_turns(app)
    held, record = app.deploy(mistakes=("gonogo.runtimes.front:OwnFront._wait",))

    assert held.code == 1, held
    assert "unsupported operand" in held.out
    assert [step["name"] for step in record["steps"]][-3:] == ["restore", "verify", "leave"]
    assert front_of(app) is None
    assert running(app) == {"web": {first}}


def test_a_front_that_is_gone_is_seen_and_started_again(app: App) -> None:
    """As after a restart of the machine: status says it, restart and a hotfix start it; a deployment says how."""
    take_turns(app)
    assert app.deploy()[0].code == 0
    well = app.gonogo("status", "--env", "test")
    _end(front_of(app))
    gone = app.gonogo("status", "--env", "test")
    restarted = app.gonogo("restart", "--env", "test")
    answered = app.ask()
    assert answered is not None, (gone, restarted)
    _end(front_of(app))
    app.pages({**GREEN, "/second": (200, "x")})
    refused, _ = app.deploy()
    deployed, _ = app.deploy("--hotfix")

    assert (well.code, gone.code, restarted.code) == (0, 1, 0), (well, gone, restarted)
    assert "front       exited" in gone.err
    assert refused.code == 1, refused
    assert "gonogo restart --env test" in " ".join(refused.err.split())
    assert deployed.code == 0, deployed
    assert app.ask("/second") is not None


def test_a_first_release_that_goes_red_leaves_nothing(app: App) -> None:
    """Where nothing served before, the front ends with the release."""
    app.configure(options=OPTIONS.format(port=app.port, more=""))
    app.pages({**GREEN, "/page": (500, "hello")})
    red, _ = app.deploy()

    assert red.code == 1, red
    assert running(app) == {}
    assert app.ask() is None


@pytest.mark.parametrize("step", ["start-beside", "switch", "retire"])
def test_a_turn_that_was_cut_off_ends_proven(app: App, step: str) -> None:
    """``kill -9`` in each move: the front goes on answering, and the run is completed or taken back."""
    take_turns(app)
    ends_proven(app, app.port, cut_off_in=step)

    assert front_of(app) is not None


def test_a_first_turn_that_was_cut_off_ends_proven(app: App) -> None:
    """``kill -9`` while the port changes hands: ``gonogo resume`` ends with one release that serves there."""
    assert app.deploy()[0].code == 0
    take_turns(app)
    killed_in(app, app.start("deploy", "--env", "test", "--json"), "switch")
    resumed = app.gonogo("resume", "--env", "test", "--json")
    answer = app.ask()

    assert resumed.code in {0, 1}, resumed
    assert answer is not None
    assert answer[1]["release"] == (app.state / "current").read_text().strip()
    assert len(running(app)["web"]) == 1


def test_another_port_of_the_front_is_taken_without_an_end(app: App) -> None:
    """``listen`` changes: the same process listens there from the next switch on."""
    take_turns(app)
    assert app.deploy()[0].code == 0
    before, port = front_of(app), free_port()
    app.configure(options=OPTIONS.format(port=app.port, more=f', listen = "127.0.0.1:{port}"'))
    toml = app.root / "gonogo.toml"
    toml.write_text(
        toml.read_text().replace(f'url = "http://127.0.0.1:{app.port}"', f'url = "http://127.0.0.1:{port}"')
    )
    app.commit("elsewhere")
    moved, _ = app.deploy()
    after = front_of(app)
    app.port = port

    assert moved.code == 0, moved.err + moved.out
    assert before is not None
    assert after is not None
    assert (after.pid, after.port) == (before.pid, port)
    assert app.ask() is not None


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv takes the right away")
def test_a_port_that_this_user_may_not_have_is_refused_before_the_first_touch(app: App) -> None:
    """Below 1024, without the right to it: who serves goes on, and it is said how one gets that right."""
    first = app.commit("first")
    assert app.deploy()[0].code == 0
    take_turns(app, more=', listen = "127.0.0.1:987"')
    argv = ["setpriv", "--bounding-set=-net_bind_service", sys.executable, "-P", "-m", "gonogo"]
    asked = [
        subprocess.run(
            [*argv, *words, "--env", "test"], cwd=app.root, capture_output=True, text=True, timeout=120, check=False
        )
        for words in (["plan"], ["deploy"])
    ]

    for done in asked:
        assert done.returncode == 1, done
        assert "found 127.0.0.1:987, on which this user may not listen" in " ".join(done.stderr.split()), done
        assert "net.ipv4.ip_unprivileged_port_start=987" in done.stderr
    assert app.git("status", "--porcelain") == ""
    assert not [one for one in app.state.glob("runs/*/journal.jsonl") if "start-beside" in one.read_text()]
    assert running(app) == {"web": {first}}
    assert front_of(app) is None


def _end(front: Instance | None) -> None:
    assert front is not None
    process = psutil.Process(front.pid)
    process.kill()
    process.wait(10)
