"""What is read and kept of an application that runs, and that another user may have deployed."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gonogo.config import parse_project
from gonogo.host.runner import this_machine
from gonogo.runtimes.base import Place
from gonogo.runtimes.compose.adopt import ByHand, not_here, pin_by_hand
from gonogo.state.release import Release

if TYPE_CHECKING:
    from tests.support.gates import Repository

__all__: list[str] = []

NOW = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.skipif(os.geteuid() != 0, reason="becomes another user")
def test_what_another_user_keeps_shut_is_not_here(tmp_path: Path) -> None:
    """A state folder has the mode 0700; its files are as good as gone, and nothing fails over them."""
    shut, there = tmp_path / "shut" / "compose.json", Path("/etc/passwd")
    shut.parent.mkdir(mode=0o700)
    shut.write_text("{}")

    assert not_here([shut, there]) == []
    os.seteuid(65534)
    try:
        found = not_here([shut, there])
    finally:
        os.seteuid(0)
    assert found == [str(shut)]


@pytest.mark.parametrize("labels", [{}, {"gonogo.release": "20261129T100000-abcdef0"}], ids=["by hand", "a release"])
def test_mounts_of_what_is_gone_are_named(repository: Repository, tmp_path: Path, labels: dict[str, str]) -> None:
    """Docker would make empty folders of them on the way back, whoever started the containers; the rest is not named."""
    root = repository({"app/main.py": "one"}, name="host")
    state, there = tmp_path / "theirs" / "releases" / "1", tmp_path / "uploads"
    there.mkdir()
    mounts = {state / "nginx.conf": "/etc/nginx/nginx.conf", root / "app": "/srv/app", there: "/uploads"}
    binds = [{"type": "bind", "source": str(source), "target": target} for source, target in mounts.items()]
    container = {
        "Id": "gonogo-none",
        "State": {"StartedAt": "2099-01-01T00:00:00Z"},
        "Config": {"Labels": {"com.docker.compose.service": "web", **labels}},
        "Mounts": [{"Type": "bind", "Source": one["source"], "Destination": one["target"]} for one in binds],
    }
    web = {"image": "shop-web", "volumes": binds, "secrets": [{"source": "token"}, {"source": "other"}]}
    secrets = {name: {"file": str(state / name)} for name in ("token", "unused")} | {"other": {"environment": "OTHER"}}
    model = {"name": "shop", "services": {"web": web}, "secrets": secrets}
    found = ByHand(model=model, containers=(container,), images={}, labels={}, started="", said=())

    release = pin_by_hand(place(root, tmp_path / "own"), kept(repository, root, tmp_path / "own"), found)

    assert release.unsure == (
        f"web: {state}/nginx.conf at /etc/nginx/nginx.conf (it is gone)",
        f"web: {state}/token at /run/secrets/token (it is gone)",
    )


def place(root: Path, state: Path) -> Place:
    """The environment."""
    toml = '[app]\nname = "shop"\n\n[env.prod]\nproject = "shop"\ncompose = ["docker-compose.yml"]\n'
    project = parse_project(toml, root=root, name="gonogo.toml")
    return Place(project=project, environment=project.environments["prod"], state=state, path=root, host=this_machine())


def kept(repository: Repository, root: Path, state: Path) -> Release:
    """A release with its worktree, nothing in it yet."""
    folder = state / "releases" / "1"
    folder.mkdir(parents=True)
    repository.git(root, "worktree", "add", "--quiet", "--detach", str(folder / "source"), "HEAD")
    return Release(
        id="1", commit="1", env="prod", runtime="compose", created=NOW, assumed=True, folder=folder,
        root=folder / "source",
    )  # fmt: skip
