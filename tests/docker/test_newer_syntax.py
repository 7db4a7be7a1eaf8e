"""Syntax that this machine's Python knows and the image's does not."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from . import small
from .stack import Stack, stack

__all__: list[str] = []

NEW = "type Row = dict[str, int]\n"
LATER = """\
        if self.path == "/report":
            import report
"""


@pytest.fixture
def newer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine's ``python3`` is one that knows what is new in 3.12."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for found in (*versions.glob("3.1[2-9]*/bin/python3"), shutil.which("python3")):
        if found and subprocess.run([found, "-c", NEW], check=False, capture_output=True).returncode == 0:
            (tmp_path / "bin").mkdir()
            (tmp_path / "bin" / "python3").symlink_to(found)
            monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
            return
    pytest.skip("no Python from 3.12 is on this machine")


@pytest.fixture
def app(tmp_path: Path, engine: docker.DockerClient) -> Iterator[Stack]:
    """An application whose gonogo.toml names no entry point, and whose Python is an argument of the build."""
    with stack(tmp_path, engine, "newer") as made:
        small.create(made)
        made.replace("gonogo.toml", 'entrypoint = "server"\n', "")
        made.replace("Dockerfile", "FROM python:3.11-slim", "ARG PYTHON\nFROM python:${PYTHON}-slim")
        made.replace("docker-compose.yml", "build: .", 'build: {context: ., args: {PYTHON: "3.11"}}')
        made.replace("app/server.py", "        status = PAGES", f"{LATER}        status = PAGES")
        made.write({"app/report.py": "Row = dict[str, int]\n", "app/tools/new.py": NEW})
        yield made


@pytest.mark.thorough
@pytest.mark.usefixtures("newer")
def test_a_module_that_is_imported_later_is_compiled_by_the_image(app: Stack) -> None:
    """B24 is red for what a request would import, though this machine's Python compiles it; a tool beside it warns."""
    app.commit("begin")
    first = app.deploy()
    app.write({"app/report.py": NEW})
    app.commit("new")
    second = app.deploy()

    assert first.code == 0, first
    assert second.code == 1, second
    assert [cause["code"] for cause in second.document["causes"]] == ["B24[web]"]
    assert "found app/report.py:1: SyntaxError: invalid syntax; expected" in second.document["causes"][0]["found"]
