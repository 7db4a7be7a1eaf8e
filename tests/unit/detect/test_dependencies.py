"""Packages that an application asks for, whatever manages them."""

from __future__ import annotations

import pytest

from gonogo.detect.dependencies import dependencies
from gonogo.detect.tree import Tree

__all__: list[str] = []


@pytest.mark.parametrize(
    ("path", "text", "where"),
    [
        ("requirements.txt", "# web\nFastAPI>=0.110; python_version > '3'\n", "requirements.txt:2"),
        ("requirements/prod.txt", "fastapi[standard]==0.1\n", "requirements/prod.txt:1"),
        ("pyproject.toml", '[project]\nname = "a"\ndependencies = ["fastapi"]\n', "pyproject.toml:3"),
        ("pyproject.toml", '[tool.poetry.dependencies]\npython = "*"\nfastapi = "^0.1"\n', "pyproject.toml:3"),
        ("Pipfile", '[packages]\nfastapi = "*"\n', "Pipfile:2"),
        ("setup.cfg", "[options]\ninstall_requires =\n    fastapi\n", "setup.cfg:3"),
        ("setup.py", "from setuptools import setup\nsetup(install_requires=['fastapi'])\n", "setup.py:2"),
    ],
)
def test_every_manager_names_its_packages(path: str, text: str, where: str) -> None:
    """The package is found with the line that asks for it."""
    assert dependencies(Tree.of({path: text}))["fastapi"] == where


def test_included_requirements_are_read() -> None:
    """`-r` leads to another file, from the folder of the first."""
    tree = Tree.of({"requirements/prod.txt": "-r base.txt\ngunicorn\n", "requirements/base.txt": "Django==5.1\n"})

    assert dependencies(tree)["django"] == "requirements/base.txt:1"


def test_a_broken_manifest_asks_for_nothing() -> None:
    """One that cannot be parsed hides none of the others."""
    tree = Tree.of({"pyproject.toml": "[project\n", "requirements.txt": "flask\n"})

    assert dependencies(tree) == {"flask": "requirements.txt:1"}


def test_the_nearest_manifest_wins_and_those_above_count() -> None:
    """A service of a monorepo has its own packages and those of the folders above it."""
    tree = Tree.of({"requirements.txt": "alembic\nflask==1\n", "backend/requirements.txt": "flask==3\n"})

    assert dependencies(tree, "backend") == {"flask": "backend/requirements.txt:1", "alembic": "requirements.txt:1"}
