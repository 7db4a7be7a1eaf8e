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


def test_what_is_built_by_the_override_alone_needs_both_files() -> None:
    """A base that only runs images, and beside it what builds one: `docker compose up` reads both."""
    texts = {"compose.yaml": "services:\n  web:\n    image: shop\n", "compose.override.yaml": MODEL}

    found = choices(Tree.of(texts), stands_alone=lambda _path: True)

    assert found == (("compose.yaml", "compose.override.yaml"), ("compose.yaml",))


MAKEFILE = """\
DC = docker compose
APP = deploy/app.yaml
STORES := deploy/stores.yaml

stores:
	$(DC) -f $(STORES) up -d

app:
	${DC} -f ${APP} ${env} -f ${STORES} --env-file .env up --build -d

watch:
	${DC} -f ${APP} -f ${STORES} -f deploy/monitoring.yaml up -d
"""


@pytest.mark.parametrize(
    ("files", "sets"),
    [
        (
            {
                "Makefile": MAKEFILE,
                **dict.fromkeys(("deploy/app.yaml", "deploy/stores.yaml", "deploy/monitoring.yaml"), MODEL),
            },
            (
                ("deploy/app.yaml", "deploy/stores.yaml"),
                ("deploy/stores.yaml",),
                ("deploy/app.yaml", "deploy/stores.yaml", "deploy/monitoring.yaml"),
            ),
        ),
        (
            {
                "README.md": "1. `docker-compose -f local.yml build`\n2. `docker-compose -f production.yml up -d`\n",
                **dict.fromkeys(("local.yml", "production.yml", "stage.yml"), MODEL),
            },
            (("production.yml",), ("stage.yml",), ("local.yml",)),
        ),
        (
            {
                "README.md": "docker-compose -f local.yml up\n",
                "local.yml": MODEL,
                "production.yml": MODEL,
                "ci.yml": "services:\n  - redis\n",
            },
            (("production.yml",), ("local.yml",)),
        ),
        (
            {"Makefile": MAKEFILE, "deploy/app.yaml": MODEL, "deploy/stores.yaml": "a: 1\n", "compose.yml": MODEL},
            (("compose.yml",),),
        ),
        ({"README.md": "kubectl apply -f app.yaml\n", "app.yaml": MODEL}, ()),
    ],
    ids=["make", "readme", "beside", "called-so", "another-program"],
)
def test_files_of_other_names_are_those_that_commands_name(
    files: dict[str, str], sets: tuple[tuple[str, ...], ...]
) -> None:
    """Together, as the commands have them: those for a desk last; where a file is called so, nobody else is asked."""
    assert choices(Tree.of(files), stands_alone=lambda _path: True) == sets


def test_what_only_looks_like_a_compose_file_is_none() -> None:
    """A file without services, and one of a test, are no compose files of the application."""
    tree = Tree.of({"compose.yaml": "version: 3\n", "tests/compose.yml": MODEL, "docs/decompose.yml": MODEL})

    assert candidates(tree) == ()


def test_a_file_that_only_changes_services_is_laid_over_the_base() -> None:
    """What Compose refuses by itself needs another below it; alone it comes next."""
    tree = Tree.of(dict.fromkeys(("compose.yml", "compose.prod.yml", "compose.server.yml"), MODEL))
    found = choices(tree, stands_alone=lambda path: path != "compose.prod.yml")

    assert found[:2] == (("compose.yml", "compose.prod.yml"), ("compose.prod.yml",))
