"""Which Python an entry command runs."""

from __future__ import annotations

import pytest

from gonogo.inspection.code.environments import ON_PATH, PythonEnvironment, environment_in

__all__: list[str] = []

UV = PythonEnvironment(runner=("uv", "run", "--no-sync"))
POETRY = PythonEnvironment(runner=("poetry", "run"))


def venv(folder: str) -> PythonEnvironment:
    """A virtual environment's folder of programs."""
    return PythonEnvironment(folder=folder)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["uvicorn", "app.main:app"], ON_PATH),
        (["/usr/local/bin/gunicorn", "-w", "2", "app:app"], ON_PATH),
        (["/root/.local/bin/uvicorn", "app:app"], ON_PATH),
        (["uv", "run", "--no-dev", "--locked", "--", "gunicorn", "app:app"], UV),
        (["sh", "-c", "uv run alembic upgrade head && uv run uvicorn src.main:app"], UV),
        (["sh", "-c", "/bin/uv --offline run fastapi run"], UV),
        (["/bin/sh", "-c", "poetry run alembic upgrade head && poetry run uvicorn app.main:app"], POETRY),
        (["/opt/venv/bin/gunicorn", "app:app"], venv("/opt/venv/bin")),
        ([".venv/bin/python", "-m", "app"], venv("/srv/.venv/bin")),
        (["sh", "-c", ". ./env/bin/activate && exec flask run"], venv("/srv/env/bin")),
        (["sh", "-c", "source /venv/bin/activate; exec flask run"], venv("/venv/bin")),
        (["python", "docs/uv.py", "run"], ON_PATH),
        (["sh", "-c", "exec /opt/environment-agent/bin/agent"], venv("/opt/environment-agent/bin")),
    ],
)
def test_the_entry_command_names_its_environment(words: list[str], found: PythonEnvironment) -> None:
    """A runner, or a folder that is called as virtual environments are; all else is found on PATH."""
    assert environment_in(words, {}, workdir="/srv") == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("#!/bin/sh\n# uv run is for desks\nexec poetry run gunicorn app:app\n", POETRY),
        ("#!/bin/sh\nexec gunicorn app:app\n", ON_PATH),
    ],
)
def test_a_script_that_the_command_names_is_read(text: str, found: PythonEnvironment) -> None:
    """Its comments are not; nor is a script of another name."""
    scripts = {"docker/start.sh": text, "other.sh": "uv run python -m worker\n"}

    assert environment_in(["tini", "--", "/start.sh"], scripts, workdir="/") == found


@pytest.mark.parametrize(
    ("environment", "argv", "words"),
    [
        (UV, ("alembic", "upgrade", "head"), ("uv", "run", "--no-sync", "alembic", "upgrade", "head")),
        (venv("/v/bin"), ("alembic", "current"), ("/v/bin/alembic", "current")),
        (venv("/v/bin"), ("python",), ("/v/bin/python",)),
        (ON_PATH, ("alembic", "current"), ("alembic", "current")),
        (UV, ("uv", "run", "alembic"), ("uv", "run", "alembic")),
        (POETRY, ("sh", "-c", "alembic current"), ("sh", "-c", "alembic current")),
    ],
)
def test_programs_of_python_are_called_in_it(
    environment: PythonEnvironment, argv: tuple[str, ...], words: tuple[str, ...]
) -> None:
    """What is no program of Python's is called as it is written."""
    assert environment.words(argv) == words
