"""Examples of env files, under their usual names."""

from __future__ import annotations

import pytest

from gonogo.detect.envfiles import example_for, is_example
from gonogo.detect.tree import Tree

__all__: list[str] = []


@pytest.mark.parametrize(
    "name",
    [
        ".env.example",
        ".env.sample",
        ".env-template",
        "env.example",
        "example.env",
        ".env.prod-sample",
        ".env.prod.db-sample",
        "config/.env.dist",
        "sample.env",
    ],
)
def test_usual_names_of_examples(name: str) -> None:
    """Whatever it is called, an example is known as one."""
    assert is_example(name)


@pytest.mark.parametrize("name", [".env", ".env.prod", "example.py", "env.py", "alembic/env.py", "README.example.md"])
def test_what_is_no_example(name: str) -> None:
    """Env files themselves, and files of other kinds, are none."""
    assert not is_example(name)


@pytest.mark.parametrize(
    ("env_file", "example"),
    [
        (".env", ".env.dev-sample"),
        (".env.prod", ".env.prod-sample"),
        (".env.prod.db", ".env.prod.db-sample"),
        ("src/.env", "src/.env.example"),
        ("other/.env", "src/.env.example"),
        ("other/.env.worker", ""),
    ],
)
def test_an_env_file_is_made_from_the_nearest_example(env_file: str, example: str) -> None:
    """The one that shares the words of its name, in its own folder first."""
    names = (".env.dev-sample", ".env.prod-sample", ".env.prod.db-sample", "src/.env.example")

    assert example_for(env_file, Tree.of(dict.fromkeys(names, "A=1\n"))) == example
