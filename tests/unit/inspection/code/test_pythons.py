"""Which Python a source says it wants."""

from __future__ import annotations

import pytest

from gonogo.inspection.code.pythons import Wanted, names_one, older, wanted

__all__: list[str] = []


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        ({"Dockerfile": "FROM python:3.11 AS build\nFROM python:3.12-slim\n"}, Wanted("3.12", "Dockerfile")),
        ({"Dockerfile": "FROM --platform=x docker.io/library/python:3.13\n"}, Wanted("3.13", "Dockerfile")),
        ({"Dockerfile": "FROM node:22\n", ".python-version": "3.12.4\n"}, Wanted("3.12", ".python-version")),
        ({"pyproject.toml": 'requires-python = ">=3.11,<4"\n'}, Wanted("3.11", "pyproject.toml")),
        ({"Dockerfile": "FROM python:latest\n"}, None),
        ({"Dockerfile": "FROM ghcr.io/org/base:2\n", ".devcontainer/Dockerfile": "FROM python:3.11\n"}, None),
        (
            {
                "Dockerfile": "FROM ghcr.io/org/base:2\n",
                "dev/Dockerfile": "FROM python:3.11\n",
                ".python-version": "3.13\n",
            },
            Wanted("3.13", ".python-version"),
        ),
        (
            {
                "web/Dockerfile": "FROM node:22 AS build\nFROM build AS all\nFROM nginx\n",
                "api/Dockerfile": "FROM python:3.12\n",
            },
            Wanted("3.12", "api/Dockerfile"),
        ),
        (
            {"backend/Dockerfile": "FROM python:3.12\n", "tools/Dockerfile.dev": "FROM python:3.9\n"},
            Wanted("3.12", "backend/Dockerfile"),
        ),
        (
            {"prod.dockerfile": "ARG PYTHON=3.13\nARG OS\nFROM python:${PYTHON}-slim$OS\nFROM scratch\n"},
            Wanted("3.13", "prod.dockerfile"),
        ),
        (
            {"Dockerfile": "FROM ghcr.io/astral-sh/uv:python3.14-bookworm\n"},
            Wanted("3.14", "Dockerfile"),
        ),
        ({}, None),
    ],
)
def test_the_most_certain_file_counts(texts: dict[str, str], found: Wanted | None) -> None:
    """The last stage of a Dockerfile, the newest of several, else .python-version, else pyproject.toml."""
    assert wanted(texts) == found
    assert all(names_one(path) for path in texts)


def test_the_oldest_that_may_be_taken_is_not_the_one_that_runs() -> None:
    """A pyproject.toml says what is too old; a Dockerfile which it is."""
    least, one = Wanted("3.11", "api/pyproject.toml"), Wanted("3.11", "api/Dockerfile")

    assert (least.is_least, one.is_least) == (True, False)


def test_versions_are_numbers() -> None:
    """3.9 is older than 3.12; patch levels do not count."""
    assert older("3.9.18", "3.12")
    assert not older("3.12.1", "3.12.7")
