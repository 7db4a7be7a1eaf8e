"""Releases of processes take turns behind a Caddy on this machine, and nobody who asks is ever refused."""

from __future__ import annotations

import json
import subprocess
import sysconfig
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from gonogo.demo.ports import free_port
from gonogo.host.tree import kill_group
from gonogo.runtimes.front import SLOT
from gonogo.runtimes.process.instances import Instances, is_alive
from tests.integration.deploy.conftest import GREEN, App

__all__: list[str] = []

pytestmark = [pytest.mark.integration, pytest.mark.thorough, pytest.mark.timeout(300)]

CADDY = str(Path(sysconfig.get_path("scripts")) / "caddy")
SITE = """\
{
	admin 127.0.0.1:@ADMIN@
	auto_https off
	persist_config off
}
import @FOLDER@/*.caddy
http://127.0.0.1:@PORT@ {
	reverse_proxy {
		import web
	}
}
"""
TRAFFIC = (
    'strategy = "bluegreen"\n'
    'traffic = { kind = "caddy", folder = "front", upstreams = { web = "web:@OWN@" }, drain = "2s", '
    'test = "@CADDY@ validate --config @CONFIG@", reload = "@CADDY@ reload --config @CONFIG@ --address 127.0.0.1:@ADMIN@" }'
)
JOBS = """
[service.jobs]
command = "{python} jobs.py"
single = true
"""


@contextmanager
def behind_caddy(app: App, folder: Path, *, jobs: bool = False, more: str = "") -> Iterator[int]:
    """The application, not yet deployed, with a running Caddy in front; its public port."""
    port, admin = free_port(), str(free_port())
    front = app.root / "front"
    front.mkdir()
    (app.root / ".gitignore").write_text("reports/\nfront/\n")
    config = folder / "Caddyfile"
    for name, value in (("@ADMIN@", admin), ("@FOLDER@", str(front)), ("@PORT@", str(port))):
        config.write_text((config.read_text() if config.exists() else SITE).replace(name, value))
    options = TRAFFIC
    for name, value in (("@CADDY@", CADDY), ("@CONFIG@", str(config)), ("@ADMIN@", admin), ("@OWN@", str(app.port))):
        options = options.replace(name, value)
    app.configure(options=f"{options}\n{more}")
    toml = app.root / "gonogo.toml"
    text = toml.read_text().replace(f'url = "http://127.0.0.1:{app.port}"', f'url = "http://127.0.0.1:{port}"')
    toml.write_text(text.replace("[env.test]", f"{JOBS}\n[env.test]", 1) if jobs else text)
    (front / "gonogo.caddy").write_text("(web) {\n\tto 127.0.0.1:1\n}\n")
    argv = [CADDY, "run", "--config", str(config)]
    proxy = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        yield port
    finally:
        kill_group(proxy.pid)
        proxy.wait()


class Asking:
    """Asks for the page all the time, each time over a new connection."""

    def __init__(self, port: int) -> None:
        """Begins."""
        self._url, self._stop = f"http://127.0.0.1:{port}/page", threading.Event()
        self.failed: list[str] = []
        self.answered: list[str] = []
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()

    def _ask(self) -> None:
        while not self._stop.wait(0.02):
            try:
                answer = httpx.get(self._url, timeout=10, trust_env=False)
            except httpx.HTTPError as error:
                self.failed.append(repr(error))
                continue
            if answer.status_code != 200:
                self.failed.append(f"{answer.status_code}: {answer.text}")
            elif not self.answered or self.answered[-1] != answer.json()["release"][-7:]:
                self.answered.append(answer.json()["release"][-7:])

    def end(self) -> None:
        """Stops asking."""
        self._stop.set()
        self._thread.join(timeout=20)


def running(app: App) -> dict[str, set[str]]:
    """Service → the commits whose instances run; a front of gonogo's is of no release."""
    found: dict[str, set[str]] = {}
    for one in Instances(app.state).all():
        if one.key != SLOT and is_alive(one):
            found.setdefault(one.service, set()).add(one.release[-7:])
    return found


def test_no_request_is_lost_and_a_red_release_never_gets_its_turn(app: App, tmp_path: Path) -> None:
    """Three releases follow each other; one that is red past the proxy is stopped, a rollback sends requests back."""
    with behind_caddy(app, tmp_path) as port:
        first = app.commit("one")
        begun, _ = app.deploy()
        assert begun.code == 0, begun
        asking = Asking(port)
        second = app.pages({**GREEN, "/second": (200, "x")})
        followed, record = app.deploy()
        app.pages({**GREEN, "/page": (500, "hello")})
        red, turned = app.deploy()
        left = running(app)
        back = app.gonogo("rollback", "--env", "test", "--yes")
        asking.end()

    assert (followed.code, red.code, back.code) == (0, 1, 0), (followed, red, back)
    assert asking.failed == []
    assert asking.answered == [first, second, first]
    assert [step["name"] for step in record["steps"] if step["kind"] == "move"][-3:] == [
        "start-beside",
        "switch",
        "retire",
    ]
    assert turned["causes"][0]["code"].startswith("D09")
    left_in = [step["seconds"] for step in turned["steps"] if step["name"] == "leave"]
    assert len(left_in) == 1
    assert left_in[0] < 1.5, "nobody was sent there: its 2 s of drain are not waited for"
    assert left == {"web": {second}}
    assert running(app) == {"web": {first}}


def test_what_must_not_run_twice_is_handed_over(app: App, tmp_path: Path) -> None:
    """At no moment two of them run; the strategy may change back, and only the service's own port is left."""
    log = tmp_path / "jobs.log"
    (app.root / "jobs.py").write_text(
        f"import os, signal, sys, time\n"
        f"def note(what):\n    open({str(log)!r}, 'a').write(what + os.environ['GONOGO_RELEASE'][-7:] + '\\n')\n"
        "signal.signal(15, lambda *_: (note('-'), sys.exit()))\nnote('+')\ntime.sleep(600)\n"
    )
    with behind_caddy(app, tmp_path, jobs=True):
        first = app.commit("one")
        begun, _ = app.deploy()
        second = app.pages({**GREEN, "/second": (200, "x")})
        followed, _ = app.deploy()
        seen = running(app)

    assert (begun.code, followed.code) == (0, 0), (begun, followed)
    assert seen == {"web": {second}, "jobs": {second}}
    assert log.read_text().split() == [f"+{first}", f"-{first}", f"+{second}"]


@pytest.mark.parametrize("step", ["start-beside", "switch", "retire"])
def test_a_turn_that_was_cut_off_ends_proven(app: App, tmp_path: Path, step: str) -> None:
    """``kill -9`` in each move: the public address goes on answering, and the run is completed or taken back."""
    with behind_caddy(app, tmp_path) as port:
        ends_proven(app, port, cut_off_in=step)


def ends_proven(app: App, port: int, *, cut_off_in: str) -> None:
    """A second deployment is killed in a step and resumed; one release answers everybody, and nothing else runs."""
    app.commit("one")
    assert app.deploy()[0].code == 0
    app.pages({**GREEN, "/second": (200, "x")})
    asking = Asking(port)
    killed_in(app, app.start("deploy", "--env", "test", "--json"), cut_off_in)
    resumed = app.gonogo("resume", "--env", "test", "--json")
    asking.end()
    answers = {httpx.get(f"http://127.0.0.1:{port}/page", trust_env=False).json()["release"] for _ in range(20)}

    assert resumed.code in {0, 1}, resumed
    assert asking.failed == []
    assert answers == {(app.state / "current").read_text().strip()}
    assert running(app) == {"web": {one[-7:] for one in answers}}


def killed_in(app: App, process: subprocess.Popen[Any], step: str) -> None:
    """Kills a run as soon as its journal says that a step began."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        journal = max(app.state.glob("runs/*/journal.jsonl"))
        lines = [json.loads(line) for line in journal.read_text().splitlines() if line.endswith("}")]
        if any(line["event"] == "step-began" and line.get("step") == step for line in lines):
            break
        time.sleep(0.01)
    process.kill()
    process.communicate(timeout=30)
