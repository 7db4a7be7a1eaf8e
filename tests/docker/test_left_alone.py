"""P44 asks a real Engine where data stands: a gate on two pinned models, without a deployment."""

from __future__ import annotations

import copy
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import docker
import pytest

from gonogo.runtimes.compose.files import COMPOSE, write_model
from gonogo.state.release import Release
from gonogo.state.store import State
from gonogo.words import Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.gates import Gates, Repository, Run

__all__: list[str] = []


class Story:
    """A serving release and one that comes, as models."""

    def __init__(self, root: Path, gate: Gates) -> None:
        """Nothing is pinned yet."""
        self.project = f"gonogoleft-{secrets.token_hex(4)}"
        self._root, self._gate = root, gate
        self.model: dict[str, Any] = {
            "name": self.project,
            "services": {
                "web": {"image": "web:1", "volumes": [self.volume("media", "/media")]},
                "db": {"image": "postgres:15", "volumes": [self.volume("data", "/data")]},
            },
            "volumes": {"data": {}, "media": {}},
        }

    @staticmethod
    def volume(source: str, target: str) -> dict[str, Any]:
        """A named volume of a service."""
        return {"type": "volume", "source": source, "target": target}

    def ask(self, new: dict[str, Any]) -> Run:
        """P44 of a release with another model."""
        state = State(self._gate.state_home / "gonogo/shop/test")
        releases = [self._pinned(state, commit, model) for commit, model in (("1" * 40, self.model), ("2" * 40, new))]
        serving, comes = releases
        subject = self._gate.subject(self._root, serving=serving, release=comes)
        return self._gate(self._root, "-m", "predeploy", "-k", "data_stays_where_it_is", subject=subject)

    def _pinned(self, state: State, commit: str, model: dict[str, Any]) -> Release:
        folder = state.release_folder(commit[:7])
        release = Release(
            id=folder.name,
            commit=commit,
            env="test",
            runtime="compose",
            created=datetime.now(UTC),
            folder=folder,
            root=self._root,
            services=("web",),
        )
        folder.mkdir(parents=True, exist_ok=True)
        write_model(folder / COMPOSE, model)
        return release


@pytest.fixture
def root(repository: Repository) -> Path:
    """A repository with a compose file."""
    return repository({"gonogo.toml": repository.minimal, "docker-compose.yml": "services: {web: {image: x}}\n"})


@pytest.fixture
def story(root: Path, repository: Repository, gate: Gates, engine: docker.DockerClient) -> Iterator[Story]:
    """A repository, and volumes that are removed."""
    made = Story(root, gate)
    repository.write(root, {"gonogo.toml": repository.minimal.replace("shop-test", made.project)})
    yield made
    for volume in engine.volumes.list(filters={"name": made.project}):
        volume.remove()


def renamed(story: Story, service: str, source: str, target: str) -> dict[str, Any]:
    """The model in which one service's volume has another name."""
    new = copy.deepcopy(story.model)
    new["services"][service]["volumes"] = [story.volume(source, target)]
    new["volumes"] = {**new["volumes"], source: {}}
    return new


def test_renamed_volume_of_a_database_is_red(story: Story) -> None:
    """The database would be brought up over nothing some day; the same of a deployed service would be at once."""
    store = story.ask(renamed(story, "db", "pgdata", "/data")).only()
    deployed = story.ask(renamed(story, "web", "photos", "/media")).only()

    assert (store.outcome, deployed.outcome) == (Outcome.FAILED, Outcome.FAILED)
    assert store.found == (
        f"db: what holds its data at /data: found {story.project}_pgdata, {story.project}_data before: "
        "expected the data that it has"
    )


def test_data_that_was_moved_by_hand_and_plain_changes_only_warn(story: Story, engine: docker.DockerClient) -> None:
    """A deployed service finds a volume that somebody filled; a store's new image is named as not applied."""
    engine.volumes.create(f"{story.project}_photos")
    moved = story.ask(renamed(story, "web", "photos", "/media")).only()
    newer = copy.deepcopy(story.model)
    newer["services"]["db"]["image"] = "postgres:16"
    image = story.ask(newer).only()

    assert (moved.outcome, image.outcome) == (Outcome.WARNED, Outcome.WARNED)
    assert image.found == "db: image: found postgres:16, postgres:15 before; it is left alone as it runs"


def test_same_definitions_pass(story: Story) -> None:
    """A release that changes nothing around it says nothing."""
    assert story.ask(copy.deepcopy(story.model)).only().outcome is Outcome.PASSED


def test_code_that_a_release_mounts_no_more_takes_no_data_along(
    story: Story, root: Path, engine: docker.DockerClient
) -> None:
    """The checkout of a desk and the env file that was laid over its copy: the next release has its own code.

    A release that left ``.:/app`` to development was NO-GO for the env file.
    """
    (root / ".env").write_text("A=1\n")
    mounts = [{"type": "bind", "source": str(path), "target": target} for path, target in _laid_over(root)]
    own = {"image": "web:1", "volumes": mounts}
    story.model["services"]["web"] = own
    container = engine.containers.create(
        "python:3.11-slim",
        labels={"com.docker.compose.project": story.project, "com.docker.compose.service": "web"},
        volumes=[f"{one['source']}:{one['target']}" for one in mounts],
    )
    new = copy.deepcopy(story.model)
    new["services"]["web"]["volumes"] = []
    try:
        clean = story.ask(new).only()
        (root / "media").mkdir()
        (root / "media" / "a.png").write_text("x")
        uploads = story.ask(new).only()
    finally:
        container.remove(force=True)

    assert clean.outcome is Outcome.PASSED
    assert uploads.outcome is Outcome.FAILED
    assert uploads.found == (
        f"web: what holds its data at /app: found none, {root} before, which has media/: expected the data that it has"
    )


def _laid_over(root: Path) -> list[tuple[Path, str]]:
    return [(root, "/app"), (root / ".env", "/app/.env")]
