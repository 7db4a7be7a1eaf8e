"""How tools are judged by what they say of themselves."""

from __future__ import annotations

import pytest

from gonogo.inspection.machine.tools import DOCKER, GIT, judge, version_of

__all__: list[str] = []


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("git version 2.39.5 (Apple Git-154)", (2, 39, 5)),
        ("Docker version 20.10.24+dfsg1, build 297e128", (20, 10, 24)),
        ("v2.26", (2, 26)),
        ("no version here", None),
    ],
)
def test_versions_are_read(said: str, version: tuple[int, ...] | None) -> None:
    """The first number with a dot is the version, whatever stands around it."""
    assert version_of(said) == version


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("git version 2.0.0", ""),
        (None, "git: found no `git` that runs, expected git 2.0 or newer; apt-get install git"),
        ("git version 1.8.3.1", "git: found 1.8.3, expected git 2.0 or newer; apt-get install git"),
        ("usage: git", "git: found no version in what `git --version` said, expected git 2.0 or newer"),
    ],
)
def test_git_is_judged(said: str | None, message: str) -> None:
    """A tool that is absent, mute or old is named, with what was expected and how to get it."""
    assert judge(GIT, said) == message


def test_minor_versions_are_numbers() -> None:
    """20.9 comes before 20.10."""
    assert judge(DOCKER, "Docker version 20.9.0").startswith("Docker: found 20.9.0, expected Docker 20.10 or newer")
