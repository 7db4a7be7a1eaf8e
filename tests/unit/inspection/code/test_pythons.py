"""Which Python a source says it wants."""

from __future__ import annotations

import pytest

from gonogo.inspection.code.pythons import Wanted, older, wanted

__all__: list[str] = []


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        ({"Dockerfile": "FROM python:3.11 AS build\nFROM python:3.12-slim\n"}, Wanted("3.12", "Dockerfile")),
        ({"Dockerfile": "FROM --platform=x docker.io/library/python:3.13\n"}, Wanted("3.13", "Dockerfile")),
        ({"Dockerfile": "FROM node:22\n", ".python-version": "3.12.4\n"}, Wanted("3.12", ".python-version")),
        ({"pyproject.toml": 'requires-python = ">=3.11,<4"\n'}, Wanted("3.11", "pyproject.toml")),
        ({"Dockerfile": "FROM python:latest\n"}, None),
        ({}, None),
    ],
)
def test_the_most_certain_file_counts(texts: dict[str, str], found: Wanted | None) -> None:
    """The last stage of a Dockerfile, else .python-version, else pyproject.toml."""
    assert wanted(texts) == found


def test_versions_are_numbers() -> None:
    """3.9 is older than 3.12; patch levels do not count."""
    assert older("3.9.18", "3.12")
    assert not older("3.12.1", "3.12.7")
