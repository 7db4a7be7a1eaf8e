"""Commands and checks speak to the same Docker Engine, however it is chosen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import docker as sdk
import pytest

from gonogo.runtimes.base import RuntimeUnreachableError
from gonogo.runtimes.compose import address
from gonogo.runtimes.compose.engine import connect

from . import small
from .apart import Apart, give_base
from .own_engine import OwnEngine, own_engine, why_not
from .registry import docker
from .small import BROKEN, pages, serving

__all__: list[str] = []


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of the docker command's own, in which nothing is chosen yet."""
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "docker"
    folder.mkdir()
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))
    address._of_context.cache_clear()
    yield folder
    address._of_context.cache_clear()


@pytest.fixture
def own() -> Iterator[OwnEngine]:
    """A second engine."""
    if reason := why_not():
        pytest.skip(reason)
    with own_engine() as made:
        yield made


def asked() -> str:
    """Which engine a check asks."""
    with connect() as client:
        return str(client.info()["ID"])


def test_a_context_that_nobody_answers_is_not_taken_for_another_engine(
    config: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The machine's own engine answers, and is not asked: neither by name, nor once the context is in use."""
    docker("context", "create", "nobody", "--docker", f"host=unix://{tmp_path}/none.sock")
    monkeypatch.setenv("DOCKER_CONTEXT", "nobody")
    with pytest.raises(RuntimeUnreachableError):
        asked()
    monkeypatch.delenv("DOCKER_CONTEXT")
    machine = asked()
    docker("context", "use", "nobody")
    with pytest.raises(RuntimeUnreachableError):
        asked()

    assert machine
    assert json.loads((config / "config.json").read_text())["currentContext"] == "nobody"


@pytest.mark.thorough
def test_a_check_asks_the_engine_that_a_command_asks(
    config: Path, own: OwnEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By DOCKER_HOST, by DOCKER_CONTEXT, by the context in use; DOCKER_HOST goes first, and an empty one is none."""
    docker("context", "create", "own", "--docker", f"host={own.host}")
    form = ("info", "--format", "{{.ID}}")
    machine = docker(*form)
    second = docker("--context", "own", *form)
    seen = []
    for name, value in (
        ("DOCKER_HOST", ""),
        ("DOCKER_CONTEXT", "own"),
        ("DOCKER_HOST", "unix:///var/run/docker.sock"),
        ("DOCKER_HOST", own.host),
    ):
        monkeypatch.setenv(name, value)
        seen.append((docker(*form), asked()))
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT"):
        monkeypatch.delenv(name)
    docker("context", "use", "own")
    seen.append((docker(*form), asked()))

    assert machine != second
    assert seen == [(one, one) for one in (machine, second, machine, second, second)]
    assert (config / "contexts").is_dir()


class Chosen(Apart):
    """An application on the engine of a context."""

    config: Path

    def environ(self) -> dict[str, str]:
        """As in a shell in which a context was chosen, once and for all."""
        found = super().environ()
        del found["DOCKER_HOST"]
        return {**found, "DOCKER_CONFIG": str(self.config)}


@pytest.mark.thorough
def test_a_release_is_deployed_to_the_context_in_use(own: OwnEngine, engine: sdk.DockerClient, tmp_path: Path) -> None:
    """It goes GO there, a red one is turned back there, and the machine's own engine has nothing of either."""
    chosen = ("--config", str(tmp_path / "docker"), "context")
    docker(*chosen, "create", "own", "--docker", f"host={own.host}")
    docker(*chosen, "use", "own")
    give_base(own)
    with closing(sdk.DockerClient(base_url=own.host, timeout=60)) as client:
        app = Chosen(tmp_path, client, own)
        app.config = tmp_path / "docker"
        small.create(app, base=small.BASE)
        app.replace("gonogo.toml", "keep = 2\n", "keep = 2\nmin_free_disk = 0\n")
        app.commit("one")
        first = app.deploy()
        good = serving(app)
        pages(app, BROKEN)
        app.commit("two")
        second = app.deploy()

        assert first.code == 0, first
        assert second.code == 1, second
        assert second.document["ended"]["kind"] == "reverted"
        assert serving(app) == good == first.document["release"]
        assert not engine.containers.list(all=True, filters={"label": f"com.docker.compose.project={app.project}"})
