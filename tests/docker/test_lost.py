"""What is judged when something is lost under Compose: the way to the Engine, the proxy in front, a first deploy's data."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from . import small
from .base_images import ensure
from .page import DOCKERFILE, HEALTH, server
from .stack import Ended, Stack, stack

__all__: list[str] = []

pytestmark = [pytest.mark.xdist_group("lost"), pytest.mark.thorough]

MODEL = """\
services:
  web:
    build: .
    init: true
    ports: ["127.0.0.1:@PORT@:8000"]
@HEALTH@@FRONT@"""
FRONT = """\
  front:
    image: python:3.11-slim
    init: true
    depends_on: [web]
    command: [python, -c, "import time; time.sleep(4); print('no upstream'); raise SystemExit(3)"]
"""
TOML = """\
[app]
name = "lost"

[service.web]

[env.staging]
project = "@PROJECT@"
url = "http://127.0.0.1:@PORT@"
state = "@STATE@"
watch = { for = "0s" }
health = { stable_for = "@WATCHED@", timeout = "60s" }
attempts = 3
retry_every = "100ms"
max_downtime = "1h"

[[env.staging.endpoint]]
request = "GET /"
contains = "price"
@STEP@
"""
UNTIL = """
[[env.staging.step]]
name = "until"
after = "start"
run = "sh -c 'until [ -e @FLAG@ ]; do sleep 0.05; done'"
undo = "true"
"""


class Way:
    """A socket that leads to the Engine's, until it is cut."""

    def __init__(self, path: Path) -> None:
        """Listen at ``path``."""
        self.path = path
        self._open: list[socket.socket] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                engine = socket.socket(socket.AF_UNIX)
                engine.connect("/var/run/docker.sock")
                self._open += [client, engine]
                threading.Thread(target=_carry, args=(client, engine), daemon=True).start()

    def cut(self) -> None:
        """Nobody gets through any more."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


def _carry(client: socket.socket, engine: socket.socket) -> None:
    """Carry bytes both ways; one side's end is told to the other."""
    ways = {client: engine, engine: client}
    with contextlib.suppress(OSError, ValueError):
        while ways:
            for source in select.select(list(ways), [], [])[0]:
                piece = source.recv(65536)
                if piece:
                    ways[source].sendall(piece)
                else:
                    ways.pop(source).shutdown(socket.SHUT_WR)
    for one in (client, engine):
        one.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, engine: docker.DockerClient) -> Iterator[Stack]:
    """A repository; nothing serves yet."""
    ensure("python:3.11-slim")
    with stack(tmp_path_factory.mktemp("lost"), engine, "lost") as made:
        made.create({"Dockerfile": DOCKERFILE, ".gitignore": "reports/\n"})
        yield made


def write(made: Stack, *, page: str, front: str = "", step: str = "", watched: str = "500ms") -> str:
    """Commit a release with this page."""
    model = MODEL.replace("@HEALTH@", HEALTH).replace("@PORT@", str(made.port)).replace("@FRONT@", front)
    text = TOML.replace("@PROJECT@", made.project).replace("@PORT@", str(made.port)).replace("@STEP@", step)
    toml = text.replace("@STATE@", str(made.state)).replace("@WATCHED@", watched)
    made.write({"server.py": server(repr(page)), "docker-compose.yml": model, "gonogo.toml": toml})
    return made.commit(page)


def page(made: Stack) -> str:
    """What serves now says."""
    with made.client() as client:
        return client.get("/").text


def test_red_first_deploy_with_data_needs_a_person(tmp_path: Path, engine: docker.DockerClient) -> None:
    """Exit 6: nothing runs any more; the migrated database and the volume that holds it are there, and are named."""
    with stack(tmp_path, engine, "first") as made:
        small.create(made)
        small.pages(made, small.BROKEN)
        made.commit("red")
        ended = made.deploy()
        volumes = [volume.name for volume in engine.volumes.list(filters={"name": made.project})]
        (status,) = made.gonogo("status", "--env", "staging", "--json").document
        left = made.containers()

    assert ended.code == 6, ended
    assert ended.document["ending"] == (
        "NEEDS A HUMAN: the first deploy went red and was stopped; nothing serves, what it stored was left as it is"
    )
    assert (
        "What the first deploy stored was left as it is: the database of web, migrated to 0001, "
        f"the volume {made.project}_data."
    ) in ended.document["notes"]
    assert volumes == [f"{made.project}_data"]
    assert (left, status["serving"]) == ({}, None)


def test_engine_that_cannot_be_reached_after_the_start_holds(site: Stack) -> None:
    """Exit 6: the application answers, nobody can look at its containers; that is not called broken, nor the release bad."""
    folder = site.state.parent
    flag = folder / "cut"
    commit = write(site, page="price 1", step=UNTIL.replace("@FLAG@", str(flag)))
    way = Way(folder / "engine.sock")
    try:
        process = site.start("deploy", "--env", "staging", "--json", environ={"DOCKER_HOST": f"unix://{way.path}"})
        site.wait_for("step-began", '"until"')
        way.cut()
        flag.touch()
        ended: Ended = site.finish(process)
    finally:
        way.cut()

    assert ended.code == 6, ended
    document = ended.document
    assert document["ending"].startswith(
        f"HELD: {commit} serves, a person decides: D01 could not be found out: Docker:"
    )
    assert {cause["outcome"] for cause in document["causes"]} == {"inconclusive"}
    assert {"D01", "D02", "D03", "D04"} <= {cause["code"].split("[")[0] for cause in document["causes"]}
    assert "is red" not in ended.err[ended.err.index("HELD") :]
    assert site.release(document["release"])["bad"] is None
    assert page(site) == "price 1"


def test_front_that_ends_turns_the_release_back(site: Stack) -> None:
    """Exit 1: what stands in front is watched too, and its last words are in the evidence."""
    assert page(site) == "price 1"
    write(site, page="price 2", front=FRONT, watched="9s")
    ended = site.deploy()

    assert ended.code == 1, ended
    cause = ended.document["causes"][0]
    assert cause["code"] in {"D01", "D03"}  # a busy machine asks late
    assert cause["found"].startswith(f"found {site.project}-front-1 exited (exit code 3)")
    lines = {piece["title"]: piece["value"] for piece in cause["evidence"]}
    assert lines["Last lines of front"] == "no upstream"
    assert page(site) == "price 1"


LOOKS = """\
import os, subprocess, time

import pytest


@pytest.mark.predeploy
def test_looks_at_an_image():
    \"\"\"Through a container, as gonogo's own checks do, and never comes to its end.\"\"\"
    label = "gonogo.scratch=@PROJECT@/" + os.environ["GONOGO_GATE"]
    argv = ["docker", "create", "--label", label, "--network", "none", "python:3.11-slim", "sleep", "1"]
    subprocess.run(argv, check=True, capture_output=True)
    open("@SIGN@", "w").close()
    @END@
"""


@pytest.mark.parametrize("end", ["killed", "interrupted"])
def test_a_gate_that_has_no_end_leaves_no_container(tmp_path: Path, engine: docker.DockerClient, end: str) -> None:
    """What its checks looked through goes with it, in the run that asked it, and that is said."""
    with stack(tmp_path, engine, "looks") as app:
        small.create(app)
        sign = tmp_path / "looked"
        last = {"killed": "os.kill(os.getpid(), 9)", "interrupted": "time.sleep(60)"}[end]
        text = LOOKS.replace("@PROJECT@", app.project).replace("@SIGN@", str(sign)).replace("@END@", last)
        app.write({"checks/test_looks.py": text})
        app.commit("first")
        process = app.start("deploy", "--env", "staging", "--json")
        if end == "interrupted":
            deadline = time.monotonic() + 120
            while not sign.exists() and time.monotonic() < deadline:
                time.sleep(0.05)
            process.terminate()
        ended = app.finish(process)
        label = f"gonogo.scratch={app.project}/{ended.document['run']}"
        left = engine.containers.list(all=True, filters={"label": label})

    assert sign.exists(), ended
    assert ended.code == {"killed": 1, "interrupted": 2}[end], ended
    assert left == [], ended
    assert "Scratch containers of the run" in " ".join(ended.document["notes"]), ended
