"""Releases take turns behind real proxies: no request is lost, and what is red is turned back at once."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from .stack import Stack, stack
from .turns import BROKEN, GREEN, KINDS, create, loaded, pages

__all__: list[str] = []

THOROUGH = [pytest.param(name, marks=pytest.mark.thorough) for name in KINDS]


@pytest.fixture
def app(request: pytest.FixtureRequest, tmp_path: Path, engine: docker.DockerClient) -> Iterator[Stack]:
    """An application of which one release serves, behind nginx unless the test says otherwise."""
    kind = getattr(request, "param", "nginx")
    with stack(tmp_path, engine, f"turns{kind}") as made:
        create(made, kind)
        made.commit("One")
        first = made.deploy()
        assert first.code == 0, first
        yield made


def running(app: Stack) -> dict[str, str]:
    """Service as it is called → how its container is."""
    return {service: container.status for service, container in app.containers().items()}


@pytest.mark.parametrize("app", ["nginx", *THOROUGH[1:]], indirect=True)
def test_no_request_is_lost(app: Stack) -> None:
    """A release that is red only through the proxy takes its turn and is turned back: whoever asks is answered."""
    with loaded(app) as load:
        first = app.git("rev-parse", "HEAD")[:7]
        pages(app, GREEN, proxied=500)
        red = app.commit("Two")
        deployed = app.deploy()

    assert deployed.code == 1, deployed
    assert deployed.document["ended"]["kind"] == "reverted", deployed
    assert load.failures == []
    assert load.total > 100
    assert load.turns == [first, red, first]
    assert deployed.document["ended"]["back_after"] < 10, deployed


@pytest.mark.thorough
@pytest.mark.parametrize("app", THOROUGH, indirect=True)
def test_releases_follow_each_other_and_go_back(app: Stack) -> None:
    """A good one takes its turn, a bad one never gets one, and the one before comes back when it is asked for."""
    first = app.git("rev-parse", "HEAD")[:7]
    with loaded(app) as load:
        pages(app, GREEN | {"/new": 200})
        good = app.commit("Two")
        second = app.deploy()
        pages(app, BROKEN)
        app.commit("Three")
        red = app.deploy()
        back = app.gonogo("rollback", "--env", "staging", "--json")

    assert (second.code, red.code, back.code) == (0, 1, 0), (second, red, back)
    assert red.document["ended"]["kind"] == "never stopped", red
    assert load.failures == []
    assert load.turns == [first, good, first]
    assert sorted(running(app).values()) == ["exited", "running", "running"]


@pytest.mark.thorough
@pytest.mark.parametrize("line", ["start-beside", "switch", "postdeploy", "retire"])
def test_a_turn_that_was_cut_off_ends_proven(app: Stack, line: str) -> None:
    """The wrapper is killed when a step begins: everybody is answered all the time, and resuming ends with one release."""
    first = app.git("rev-parse", "HEAD")[:7]
    with loaded(app) as load:
        pages(app, GREEN | {"/new": 200})
        second = app.commit("Two")
        before = len([*app.state.glob("runs/*/journal.jsonl")])
        process = app.start("deploy", "--env", "staging", "--json")
        while len([*app.state.glob("runs/*/journal.jsonl")]) == before and process.poll() is None:
            time.sleep(0.05)
        app.wait_for('"step-began"', f'"step": "{line}"')
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        resumed = app.gonogo("resume", "--env", "staging", "--json")

    kept = second if line in {"postdeploy", "retire"} else first
    assert resumed.code == (0 if kept == second else 1), resumed
    assert load.failures == []
    assert load.turns[-1] == kept
    assert sorted(running(app).values()) == ["exited", "running", "running"]


@pytest.mark.thorough
def test_what_the_proxy_refuses_leaves_all_as_it_was(app: Stack) -> None:
    """Somebody broke another file of the proxy's meanwhile: it is not reloaded, and the release before serves on."""
    with loaded(app) as load:
        app.write({"front/upstreams/broken.conf": "server {"})
        pages(app, GREEN | {"/new": 200})
        app.commit("Two")
        red = app.deploy()

    assert red.code == 1, red
    assert load.failures == []
    assert len(load.turns) == 1


@pytest.mark.thorough
def test_a_release_that_never_gets_well_never_gets_its_turn(app: Stack) -> None:
    """It is started beside, waited for, and stopped; the one before never stopped."""
    first = app.git("rev-parse", "HEAD")[:7]
    with loaded(app) as load:
        pages(app, {"/healthz": 500, "/page": 200})
        app.commit("Two")
        red = app.deploy()

    assert red.code == 1, red
    assert red.document["ended"]["kind"] == "never stopped", red
    assert load.failures == []
    assert load.turns == [first]
    assert sorted(running(app).values()) == ["exited", "running", "running"]
