"""Which compose files there are, and which set is likely to be meant for a server."""

from __future__ import annotations

import pytest

from gonogo.detect.composefiles import candidates, choices
from gonogo.detect.tree import Tree

__all__: list[str] = []

MODEL = "services:\n  web:\n    build: .\n"


@pytest.mark.parametrize(
    ("names", "likeliest"),
    [
        (("compose.yaml",), ("compose.yaml",)),
        (("docker-compose.yml", "docker-compose.override.yml"), ("docker-compose.yml",)),
        (("docker-compose.yml", "docker-compose.prod.yml"), ("docker-compose.prod.yml",)),
        (("docker-compose.prod.yml", "docker-compose.dev.yml"), ("docker-compose.prod.yml",)),
        (("docker-compose.dev.yml", "docker-compose.yml"), ("docker-compose.yml",)),
        (("docker/docker-compose.yml", ".devcontainer/docker-compose.yml"), ("docker/docker-compose.yml",)),
        (("compose.yml", "granian-compose.yml"), ("compose.yml",)),
        (("docker-compose.dev.yml",), ("docker-compose.dev.yml",)),
    ],
)
def test_the_likeliest_set_of_compose_files(names: tuple[str, ...], likeliest: tuple[str, ...]) -> None:
    """Files for production come first, with the base beside them; those for a desk come last."""
    assert choices(Tree.of(dict.fromkeys(names, MODEL)), stands_alone=lambda _path: True)[0] == likeliest


def test_what_only_looks_like_a_compose_file_is_none() -> None:
    """A file without services, and one of a test, are no compose files of the application."""
    tree = Tree.of({"compose.yaml": "version: 3\n", "tests/compose.yml": MODEL, "docs/decompose.yml": MODEL})

    assert candidates(tree) == ()


def test_a_file_that_only_changes_services_is_laid_over_the_base() -> None:
    """What Compose refuses by itself needs another below it; alone it comes next."""
    tree = Tree.of(dict.fromkeys(("compose.yml", "compose.prod.yml", "compose.server.yml"), MODEL))
    found = choices(tree, stands_alone=lambda path: path != "compose.prod.yml")

    assert found[:2] == (("compose.yml", "compose.prod.yml"), ("compose.prod.yml",))
