"""gonogo.runtimes.compose.render: what Compose makes of a commit's files, without an Engine."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gonogo.config import App, Environment, Project
from gonogo.host.runner import this_machine
from gonogo.runtimes.compose.render import render
from gonogo.runtimes.place import make_place

__all__: list[str] = []

pytestmark = pytest.mark.skipif(shutil.which("docker") is None, reason="no Compose client is installed")


def test_where_somebody_stands_is_the_commits_own_folder(tmp_path: Path) -> None:
    """``${PWD}`` is the application's folder at the commit, wherever gonogo was called from and whatever an env file says.

    Compose refused ``${PWD}:/app``, since a release is rendered without the shell's variables.
    """
    host, commit = tmp_path / "host", tmp_path / "commit"
    for folder in (host, commit / "app"):
        folder.mkdir(parents=True)
    (host / ".env").write_text("PWD=/nowhere\n", encoding="utf-8")
    (commit / "app" / "compose.yml").write_text(
        "services:\n  web:\n    build: .\n    volumes: ['${PWD}:/app']\n", encoding="utf-8"
    )
    environment = Environment.model_validate({"name": "prod", "project": "shop", "compose": ["compose.yml"]})
    project = Project(root=host, app=App(name="shop", root="app"), environments={})
    place = make_place(project, environment, state=tmp_path / "state", path=host, host=this_machine())

    (mount,) = render(place, commit, output=tmp_path / "state" / "model.json")["services"]["web"]["volumes"]
    assert mount["source"] == str(commit / "app")
