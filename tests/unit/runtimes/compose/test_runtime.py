"""What the runtime compose would run, told without an Engine."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gonogo.config import App, Environment, Project
from gonogo.host.runner import this_machine
from gonogo.runtimes.base import Place
from gonogo.runtimes.compose.runtime import ComposeRuntime
from gonogo.runtimes.place import make_place
from gonogo.state.release import Release

CONFIGS, DATA, BOTH = "c" * 64, "d" * 64, "b" * 64


def place(state: Path, *, build: str = "") -> Place:
    """An environment whose application stands in ``new``."""
    commands = {"build": build} if build else {}
    environment = Environment.model_validate({"name": "prod", "project": "shop", "commands": commands})
    project = Project(root=state, app=App(name="shop", root="new"), environments={})
    return make_place(project, environment, state=state, path=state, host=this_machine())


def release(state: Path, name: str, *digests: str) -> Release:
    """A kept release that mounts copies: the first is the database's, the others the application's."""
    folder = state / "releases" / name
    folder.mkdir(parents=True)
    mounts = [{"type": "bind", "source": f"{state}/files/{digest}/x", "target": "/x"} for digest in digests]
    db: dict[str, Any] = {"image": "postgres:16", "volumes": mounts[:1]}
    model = {"services": {"db": db, "web": {"image": "w", "depends_on": {"db": {}}, "volumes": mounts[1:]}}}
    (folder / "compose.json").write_text(json.dumps(model))
    (folder / "build.json").write_text(json.dumps({"services": {"web": {"build": {"context": "."}}}}))
    return Release(
        id=name,
        commit="c",
        env="prod",
        runtime="compose",
        created=datetime(2026, 11, 21, tzinfo=UTC),
        folder=folder,
        root=folder / "source",
        app="old",
        services=("web",),
        tags={"web": f"shop-web:{name}"},
    )


def test_what_only_one_release_mounts_goes_with_it(tmp_path: Path) -> None:
    """Not what another one mounts, nor the files of a database: its container goes on."""
    gone = release(tmp_path, "r1", DATA, CONFIGS, BOTH)
    release(tmp_path, "r2", "e" * 64, BOTH)

    *_, last = ComposeRuntime().remove(place(tmp_path), gone)
    assert last.argv == ("rm", "-rf", "--", str(gone.folder), f"{tmp_path}/files/{CONFIGS}")


def test_a_release_is_built_where_it_stands(tmp_path: Path) -> None:
    """The application's folder is the release's own, wherever today's configuration has it."""
    kept = release(tmp_path, "r1", DATA)

    (command,) = ComposeRuntime().build(place(tmp_path, build="make image"), kept, no_cache=False)
    assert command.cwd == str(kept.root / "old")
