"""Which Python judges a source before anything is built."""

import sys
from pathlib import Path

import pytest

from gonogo.config import Environment
from gonogo.host.runner import Command, this_machine
from gonogo.plugins.source import Source
from gonogo.plugins.target import TargetPython, choose

__all__: list[str] = []

SYSTEM: str = getattr(sys, "_base_executable", None) or sys.executable
COMPOSE = Environment(name="prod", project="shop")


def program(folder: Path, name: str, script: str) -> Path:
    """An executable file."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def chosen(folder: Path, environment: Environment = COMPOSE) -> TargetPython:
    """What judges the files of a folder."""
    for words in (("init", "--quiet"), ("add", ".")):
        this_machine().run(Command(argv=("git", *words), cwd=str(folder))).require()
    return choose(Source(folder, this_machine()), environment, this_machine())


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

    assert chosen(named).program == str(python)


def test_a_shim_that_cannot_run_judges_nothing(named: Path) -> None:
    """Version managers leave ``python3.12`` on PATH although no 3.12 is chosen; it ends with 127."""
    program(named, "python3.12", "echo 'pyenv: python3.12: command not found' >&2; exit 127")

    assert chosen(named).program == str(named / "python3")


@pytest.mark.parametrize(
    ("file", "text", "refuses"),
    [
        ("Dockerfile", "FROM python:3.12-slim\n", True),
        ("Dockerfile", "FROM python:3.11-slim\n", False),
        ("api/Dockerfile", "FROM python:3.12-slim\n", True),
        ("Dockerfile", "FROM debian:12\n", True),
        ("pyproject.toml", 'requires-python = ">=3.9"\n', True),
    ],
)
def test_an_older_python_may_refuse_what_the_targets_takes(named: Path, file: str, text: str, refuses: bool) -> None:  # noqa: FBT001
    """So may one of which nothing says that it is the target's: what the image has is seen when it is built."""
    (named / "Dockerfile").unlink()
    (named / file).parent.mkdir(exist_ok=True)
    (named / file).write_text(text)

    assert chosen(named).may_refuse("3.11.7") is refuses


@pytest.mark.parametrize(
    ("making", "judge"),
    [
        (None, SYSTEM),
        ("{python} -m venv {venv}", SYSTEM),
        (f"uv venv --python {sys.executable} {{venv}}", sys.executable),
        ("python3 -m venv {venv}", "HERE/python3"),
        ("uv venv --python 3.12 {venv}", "HERE/python3.12"),
        ("uv venv --python=3.12 {venv}", "HERE/python3.12"),
        ("uv venv --python 3.99 {venv}", None),
        ("make venv", None),
    ],
)
def test_the_python_that_makes_the_environment_is_the_judge(named: Path, making: str | None, judge: str | None) -> None:
    """Where the team's command says by which; else nobody knows what it takes."""
    program(named, "python3.12", "exit 0")
    commands = {"environment": making} if making else {}
    given = {"runtime": "process", "service": {"web": {"command": "{python} app.py"}}, "commands": commands}
    environment = Environment.model_validate({"name": "prod", "project": "shop", **given})

    found = chosen(named, environment)

    assert found.may_refuse("3.11.7") is (judge is None)
    assert found.program == (judge or SYSTEM).replace("HERE", str(named))
