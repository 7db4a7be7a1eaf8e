"""gonogo.runtimes.process.turns: each release has ports of its own, and what cannot run twice is refused."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from gonogo.errors import RefusedError
from gonogo.runtimes.base import Place
from gonogo.runtimes.process.instances import slot_of
from gonogo.runtimes.process.pinned import pinned, settings
from gonogo.runtimes.process.runtime import ProcessRuntime
from gonogo.runtimes.protocols import said_of
from gonogo.state.release import Release

from .test_runtime import make

__all__: list[str] = []

CONFIG = """\
[app]
name = "shop"

[service.web]
command = "{{python}} -m app {{port}}"
port = {port}
{web}

[service.jobs]
command = "{jobs}"
{single}

[env.test]
runtime = "process"
project = "shop-test"
url = "http://127.0.0.1:1"
strategy = "bluegreen"
traffic = {{ kind = "nginx", {proxy}folder = "front", upstreams = {{ web = "{target}:8000" }} }}
"""


def releases(folder: Path, *names: str, port: int = 20000, **words: str) -> tuple[Place, list[Release]]:
    """Pinned releases of an application whose web service asks for a port, one after the other."""
    given = {"web": "", "jobs": "true", "single": "", "proxy": "", "target": "web", **words}
    place, release = make(folder, CONFIG.format(port=port, **given))
    made = []
    for name in names:
        home = folder / "state" / "releases" / name
        one = release.model_copy(update={"id": name, "folder": home, "root": home / "source"})
        one.folder.mkdir(parents=True)
        made.append(ProcessRuntime().pin(place, one))
    return place, made


def test_each_release_has_a_port_of_its_own(tmp_path: Path) -> None:
    """Neither the service's own, nor one that a kept release has or somebody listens on; its command is told it."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        place, (one, two) = releases(tmp_path, "one", "two", port=taken - 1)
        ports = [pinned(place, each).services["web"].port for each in (one, two)]
    words = pinned(place, one).services["web"].command

    assert len({taken - 1, taken, *ports}) == 4
    assert words[-1] == settings(place, one, "web")["PORT"] == str(ports[0])
    assert (slot_of(one, "web"), one.beside) == ("web@one", "one")


def test_the_plan_names_ports_and_the_file(tmp_path: Path) -> None:
    """Started beside, then the proxy is told."""
    place, (one,) = releases(tmp_path, "one")
    port = pinned(place, one).services["web"].port
    runtime = ProcessRuntime()

    assert f"http://127.0.0.1:{port}/" in "\n".join(said_of(runtime.aside(place, one)))
    assert said_of(runtime.switching(place, one, None))[0] == f"# web → 127.0.0.1:{port}"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"proxy": 'service = "front", '}, "traffic.service: found a proxy in a container"),
        ({"target": "api"}, "traffic.upstreams.web: found api:8000, expected a service with a port"),
        ({"target": "jobs"}, "traffic.upstreams.web: found jobs:8000, expected a service with a port"),
        ({"web": "single = true"}, "service web: found single = true and requests that are sent to it"),
        ({"jobs": "celery -A app beat"}, "service jobs: found `celery -A app beat`, which plans work"),
    ],
)
def test_what_cannot_take_turns_is_refused(tmp_path: Path, words: dict[str, str], said: str) -> None:
    """Before anything is touched, with the reason."""
    with pytest.raises(RefusedError, match="strategy bluegreen: ") as caught:
        releases(tmp_path, "one", port=20000, **words)

    assert said in str(caught.value)


def test_a_scheduler_that_is_handed_over_is_taken(tmp_path: Path) -> None:
    """It is not started beside the other one, but once requests go to the new release."""
    place, (one,) = releases(tmp_path, "one", jobs="celery -A app beat", single="single = true")
    runtime = ProcessRuntime()

    assert "beat" not in "\n".join(said_of(runtime.aside(place, one)))
    assert said_of(runtime.switching(place, one, None))[-2:] == (
        "kill -TERM <pid of jobs>",
        f"cd {one.root} && celery -A app beat > {tmp_path}/state/instances/jobs@one/one.log 2>&1 &",
    )


OWN = CONFIG.replace('kind = "nginx", {proxy}folder = "front"', 'kind = "own"{proxy}').replace(
    'upstreams = {{ web = "{target}:8000" }}', 'upstreams = {{ web = "{target}:{port}" }}'
)


def own(folder: Path, port: int, *, more: str = "") -> tuple[Place, Release]:
    """A release with a front of gonogo's that was not pinned yet."""
    words = {"web": "", "jobs": "true", "single": "", "target": "web", "proxy": more}
    return make(folder, OWN.format(port=port, **words))


def test_a_front_needs_a_caddy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without one nothing is touched, and what installs it is said."""
    monkeypatch.setattr("gonogo.runtimes.front.find_program", lambda _: None)
    place, release = own(tmp_path, 20000)

    with pytest.raises(RefusedError, match="found no program caddy") as caught:
        ProcessRuntime().pin(place, release)

    assert "pip install 'gonogo[front]'" in str(caught.value)


def test_a_front_takes_no_address_away(tmp_path: Path) -> None:
    """A service that others reach now is not put behind a front on loopback, unless that is said."""
    with socket.socket() as wide:
        wide.bind(("", 0))
        wide.listen()
        port = wide.getsockname()[1]
        place, release = own(tmp_path, port)
        with pytest.raises(RefusedError, match=r"reached at 0\.0\.0\.0") as caught:
            ProcessRuntime().pin(place, release)
        place, release = own(tmp_path, port, more=f', listen = "127.0.0.1:{port}"')
        pinned_now = ProcessRuntime().pin(place, release)

    assert f'listen = "0.0.0.0:{port}"' in str(caught.value)
    assert pinned_now.beside


def test_the_plan_says_that_the_port_changes_hands(tmp_path: Path) -> None:
    """Once: the front is started in place of what listens there."""
    place, release = own(tmp_path, 20000)
    release = ProcessRuntime().pin(place, release)
    said = said_of(ProcessRuntime().switching(place, release, None))

    assert said[0].startswith("# 127.0.0.1:20000 changes hands")
    assert "caddy run --config Caddyfile" in said[1]
