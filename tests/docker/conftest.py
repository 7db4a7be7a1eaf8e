"""Fixtures of the tests that need a real Docker Engine; each of them is marked ``docker``."""

import gc
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing

import docker
import pytest
from docker.errors import DockerException

from .apart import deployed_apart
from .base_images import Origin, ensure
from .crashing import Crashing
from .own_engine import OwnEngine, why_not

__all__ = ["apart", "base_image", "engine"]

_SECONDS = 900  # the first test on a machine may build base images


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark everything in this folder, with time enough to build a base image first."""
    item.add_marker("docker")
    if item.get_closest_marker("timeout") is None:
        item.add_marker(pytest.mark.timeout(_SECONDS))


@pytest.fixture(scope="session", autouse=True)
def engine() -> Iterator[docker.DockerClient]:
    """A client of the Docker Engine; without one the test is skipped, or fails under GONOGO_REQUIRE_DOCKER=1."""
    with closing(_connect()) as client:
        yield client


@pytest.fixture(scope="session")
def base_image(engine: docker.DockerClient) -> Callable[[str], Origin]:
    """Makes the image of a name usable: ``base_image("postgres:15")``."""
    assert engine.ping()
    return ensure


@pytest.fixture(scope="session")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Crashing, OwnEngine]]:
    """An engine that may be broken, and an application on it with one good release, which each test leaves serving."""
    reason = why_not()
    if reason is not None and os.geteuid() == 0 and os.environ.get("GONOGO_REQUIRE_DOCKER") == "1":
        pytest.fail(f"{reason}; GONOGO_REQUIRE_DOCKER=1 asks for it", pytrace=False)
    if reason is not None:
        pytest.skip(reason)
    with deployed_apart(tmp_path_factory.mktemp("apart")) as made:
        yield made


def _connect() -> docker.DockerClient:
    try:
        return docker.from_env(timeout=60)
    except DockerException as error:
        message = f"no Docker daemon answers: {error}"
    _drop_lost_sockets()
    if os.environ.get("GONOGO_REQUIRE_DOCKER") == "1":
        pytest.fail(f"{message}; GONOGO_REQUIRE_DOCKER=1 asks for one: scripts/docker-engine start", pytrace=False)
    pytest.skip(message)


def _drop_lost_sockets() -> None:
    """Collect the socket that the SDK leaves open when it cannot connect: its warning is not the tests' fault."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
