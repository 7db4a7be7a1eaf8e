"""D34: one of two instances is broken, asked of real containers."""

from __future__ import annotations

import secrets
import time
from types import SimpleNamespace
from typing import Any

import docker
import pytest

from gonogo.checks.postdeploy.test_each import test_each_instance_answers_as_the_others as each
from gonogo.config import Environment, Service
from gonogo.host.runner import LocalHost
from gonogo.plugins.evidence import Collected
from gonogo.runtimes.base import Layout
from gonogo.runtimes.compose.inside import ComposeInside

from .base_images import ensure

__all__: list[str] = []

pytestmark = pytest.mark.docker

SERVER = """\
import http.server, sys


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(int(sys.argv[1]))
        self.end_headers()

    def log_message(self, *args):
        pass


http.server.HTTPServer(("", 8000), Page).serve_forever()
"""


def test_the_broken_one_of_two_is_named(engine: docker.DockerClient) -> None:
    """Two that answer are well, two workers are none of its business, and one of two that answers 500 is red."""
    ensure("python:3.11-slim")
    name = f"gonogoeach-{secrets.token_hex(4)}"
    wanted = {"good": "200", "same": "200", "bad": "500", "idle": "", "asleep": ""}
    made = []
    try:
        for suffix, status in wanted.items():
            argv = ["python", "-c", SERVER, status] if status else ["sleep", "120"]
            made.append(
                engine.containers.run("python:3.11-slim", argv, name=f"{name}-{suffix}", detach=True, init=True)
            )
        _until_they_listen(made[:3])
        well, workers = _found(name, "good", "same"), _found(name, "idle", "asleep")
        broken = _found(name, "good", "bad")
    finally:
        for container in made:
            container.remove(force=True)

    assert well == ""
    assert workers == "no instance of web answers /healthz by itself"
    assert broken == (
        f"GET /healthz of {name}-bad (found 500); expected 200, as {name}-good answers when it is asked directly"
    )


def _found(name: str, *suffixes: str) -> str:
    """What the check says of these instances."""
    states = [
        SimpleNamespace(service="web", name=f"{name}-{one}", status="running", one_shot=False) for one in suffixes
    ]
    layout = Layout(code={}, known_by="")
    inside = ComposeInside(service="web", container=states[0].name, layout=layout, host=LocalHost())
    inspector: Any = SimpleNamespace(instances=lambda **_: states, inside=lambda _: inside, url=lambda _: None)
    try:
        each(("web", Service()), inspector, Environment(name="test", project="t"), Collected())
    except (AssertionError, pytest.skip.Exception) as said:
        return str(said).split("\n", maxsplit=1)[0]
    return ""


def _until_they_listen(containers: list[Any]) -> None:
    """Until each has bound its port."""
    ask = ["python", "-c", "import socket; socket.create_connection(('127.0.0.1', 8000), timeout=1)"]
    until = time.monotonic() + 30
    while time.monotonic() < until and any(container.exec_run(ask).exit_code for container in containers):
        pass
