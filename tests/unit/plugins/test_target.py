"""Which Python judges a source before anything is built."""

from pathlib import Path

import pytest

from gonogo.config import Environment
from gonogo.host.runner import this_machine
from gonogo.plugins.target import choose

__all__: list[str] = []

COMPOSE = Environment(name="prod", project="shop")


def program(folder: Path, name: str, script: str) -> Path:
    """An executable file."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A source whose Dockerfile names Python 3.12; PATH holds a ``python3`` that runs."""
    (tmp_path / "Dockerfile").write_text("FROM python:3.12-slim\n")
    program(tmp_path, "python3", "exit 0")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


def test_the_version_that_the_source_names_judges_where_it_is_here(named: Path) -> None:
    """The Dockerfile's Python compiles as the image's will."""
    python = program(named, "python3.12", "exit 0")

    assert choose(named, COMPOSE, this_machine()).program == str(python)


def test_a_shim_that_cannot_run_judges_nothing(named: Path) -> None:
    """Version managers leave ``python3.12`` on PATH although no 3.12 is chosen; it ends with 127."""
    program(named, "python3.12", "echo 'pyenv: python3.12: command not found' >&2; exit 127")

    assert choose(named, COMPOSE, this_machine()).program == str(named / "python3")
