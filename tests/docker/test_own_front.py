"""Releases under Compose take turns behind the Caddy that gonogo runs itself, at the port that the service published."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from gonogo.runtimes.front import SLOT
from gonogo.runtimes.process.instances import Instance, Instances, end, is_alive

from .stack import Stack, stack
from .turns import GREEN, create, loaded, pages

__all__: list[str] = []

pytestmark = pytest.mark.thorough

PUBLISHED = '    ports: ["127.0.0.1:@PORT@:8000"]\n'
FRONT_PAGE = '[[env.staging.endpoint]]\nrequest = "GET /front"\n'
OWN = 'traffic = { kind = "own", upstreams = { web = "web:8000" } }'


def front_of(app: Stack) -> Instance | None:
    """Its process, where it lives."""
    found = Instances(app.state).read(SLOT)
    return found if found is not None and is_alive(found) else None


def without_a_proxy(app: Stack) -> None:
    """The service has a port of this machine itself, and is replaced."""
    create(app)
    model = (app.root / "docker-compose.yml").read_text().partition("  front:\n")[0]
    app.write({"docker-compose.yml": model + PUBLISHED.replace("@PORT@", str(app.port))})
    toml = app.root / "gonogo.toml"
    lines = [
        line for line in toml.read_text().splitlines(keepends=True) if not line.startswith(("strategy", "traffic"))
    ]
    toml.write_text("".join(lines).replace(FRONT_PAGE, ""))


def ended(app: Stack, front: Instance | None) -> bool:
    """As after a restart of the machine: only the pid file is left."""
    assert front is not None
    end(front, grace=0.1)
    return front_of(app) is None


@contextlib.contextmanager
def ended_at_last(app: Stack) -> Iterator[None]:
    """A test that fails leaves no front."""
    try:
        yield
    finally:
        if front_of(app) is not None:
            ended(app, front_of(app))


def test_the_published_port_changes_hands_once_and_back(tmp_path: Path, engine: docker.DockerClient) -> None:
    """From recreate to turns the front takes it; no later release costs a request; then the service has it back."""
    with stack(tmp_path, engine, "ownfront") as app, ended_at_last(app):
        without_a_proxy(app)
        app.commit("One")
        codes = [app.deploy().code]
        app.replace("gonogo.toml", 'project = "', f'strategy = "bluegreen"\n{OWN}\nproject = "')
        second = app.commit("Two")
        changed = app.deploy()
        codes.append(changed.code)
        front = front_of(app)
        with loaded(app) as load:
            pages(app, GREEN | {"/new": 200})
            third = app.commit("Three")
            codes.append(app.deploy().code)
            codes.append(app.gonogo("rollback", "--env", "staging", "--json").code)
        same = front_of(app)
        gone = ended(app, same)
        seen = app.gonogo("status", "--env", "staging")
        codes.append(app.gonogo("restart", "--env", "staging", "--json").code)
        again = front_of(app)
        app.replace("gonogo.toml", f'strategy = "bluegreen"\n{OWN}\n', "")
        app.commit("Four")
        back = app.deploy()
        codes.append(back.code)
        left = front_of(app)
        names = {name for name, one in app.containers().items() if one.status == "running"}

    assert codes == [0, 0, 0, 0, 0, 0], (changed.err, back.err)
    assert (load.failures, load.turns) == ([], [second, third, second])
    assert front is not None
    assert same is not None
    assert (front.pid, gone, seen.code) == (same.pid, True, 1), seen.err
    assert again is not None
    assert left is None
    assert names == {"web"}
