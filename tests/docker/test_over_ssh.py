"""Compose on a host that only ``ssh`` reaches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from tests.support.sshd import Server

from .registry import REVISION
from .registry import docker as call
from .small import BROKEN, create, pages, serving
from .stack import Stack

pytestmark = pytest.mark.thorough


class Far(Stack):
    """The application's repository on the deployer."""

    server: Server

    def environ(self) -> dict[str, str]:
        """With the client's keys."""
        return {**super().environ(), **self.server.environ}


@pytest.fixture
def far(tmp_path: Path, engine: docker.DockerClient) -> Iterator[Far]:
    """The small application, committed; its host listens and has gonogo."""
    server = Server(tmp_path / "host")
    server.has_gonogo()
    server.start()
    made = Far(tmp_path, engine, "ssh")
    made.server = server
    create(made)
    there = server.home / "opt shop"
    there.mkdir()
    made.replace("gonogo.toml", "[env.staging]\n", f'[env.staging]\nhost = "{server.url()}"\npath = "{there}"\n')
    made.commit("one")
    yield made
    made.remove()
    server.stop()


def test_a_release_is_deployed_and_a_red_one_turned_back(far: Far) -> None:
    """Images are built there, migrations run there, and what is red goes back there; the ending is shown here."""
    first = far.deploy()
    good = serving(far)
    pages(far, BROKEN)
    far.commit("two")
    second = far.deploy()

    assert first.code == 0, first
    assert first.document["release"] == good
    assert second.code == 1, second
    assert second.document["ended"]["kind"] == "reverted"
    assert serving(far) == good
    assert (far.root / "reports" / "staging" / second.document["run"] / "record.md").exists()


def test_a_file_of_images_here_becomes_a_release_there(far: Far, tmp_path: Path) -> None:
    """It goes over the same connection, is gone when the run has ended, and is not sent where the host has its image."""
    far.replace("gonogo.toml", "[service.web]\n", f'[service.web]\nimage = "{far.project}-saved:{{commit}}"\n')
    far.commit("images")
    commit = far.git("rev-parse", "HEAD")
    name, file = f"{far.project}-saved:{commit}", tmp_path / "shop.tar"
    call("build", "--quiet", "--tag", name, "--label", f"{REVISION}={commit}", str(far.root))
    call("save", "--output", str(file), name)
    call("image", "rm", name)
    first = far.deploy("--images", str(file))
    again = far.deploy("--images", str(file), "--force", "--reason", "again")

    assert first.code == 0, first
    assert serving(far) == again.document["release"]
    assert far.release(first.document["release"])["brought"]["web"]["archive"] == "shop.tar"
    assert "shop.tar goes to the host (" in first.err
    assert again.code == 0, again
    assert "shop.tar stays here: the host has its images." in again.err
    assert not list(far.server.home.rglob("brought"))
