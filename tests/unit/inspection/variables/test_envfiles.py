"""gonogo.inspection.variables.envfiles: the env files that compose files name, and their examples."""

from __future__ import annotations

import pytest

from gonogo.inspection.variables.envfiles import NamedFile, examples_of, is_example, named_by, named_in

__all__: list[str] = []

TEXT = """\
services:
  web:
    image: x
    env_file: .env.${STAGE:-prod}   # which one
    environment:
      env_file: no
  worker:
    env_file:
      - common.env
      - path: ./extra.env
        required: false
    build: .
  beat:
    env_file:
    - same.env
    command: run
  db:
    env_file: [a.env, "b.env"]
x-env:
  web:
    env_file: not.env
"""


def test_every_form_is_read() -> None:
    """A scalar, lists of both indentations and in one line, the long form, references."""
    assert named_by(TEXT, {"STAGE": "test"}) == (
        NamedFile(service="web", path=".env.test"),
        NamedFile(service="worker", path="common.env"),
        NamedFile(service="worker", path="./extra.env", required=False),
        NamedFile(service="beat", path="same.env"),
        NamedFile(service="db", path="a.env"),
        NamedFile(service="db", path="b.env"),
    )


FILES = {
    "deploy/compose.yml": """\
include:
  - ../db/compose.yml   # beside
  - path:
      - parts/queue.yml
      - parts/queue.${STAGE}.yml
    project_directory: .
    env_file: [parts/queue.env]
  - {path: flow.yml}
services:
  web:
    env_file: web.env
    extends:
      file: ../common/base.yml
      service: python
  worker:
    extends: {file: ../common/base.yml, service: python}
  beat:
    extends: web
""",
    "db/compose.yml": "services:\n  db:\n    env_file:\n      - db.env\n",
    "deploy/parts/queue.yml": "services:\n  queue:\n    env_file: queue.env\n",
    "deploy/parts/queue.test.yml": "services:\n  queue:\n    env_file: more.env\n",
    "deploy/flow.yml": "include: [deploy-again.yml]\nservices:\n  flow:\n    env_file: flow.env\n",
    "common/base.yml": """\
services:
  python:
    env_file: python.env
    extends:
      service: any
  any:
    env_file: any.env
  unused:
    env_file: unused.env
""",
}


def test_included_files_and_extended_services_are_followed() -> None:
    """Each path begins where Compose lets it: beside its own file, or in the folder that an include names."""
    found = named_in(["deploy/compose.yml"], FILES.get, {"STAGE": "test"}, folder="deploy")

    assert {(one.service, one.path) for one in found} == {
        ("", "deploy/parts/queue.env"),
        ("web", "deploy/web.env"),
        ("db", "db/db.env"),
        ("queue", "deploy/queue.env"),
        ("queue", "deploy/more.env"),
        ("flow", "deploy/flow.env"),
        ("python", "common/python.env"),
        ("any", "common/any.env"),
    }


def test_files_that_include_each_other_end() -> None:
    """Compose refuses them; whoever reads them comes to an end."""
    files = {"a.yml": "include: [b.yml]\n", "b.yml": "include:\n- a.yml\nservices:\n  x:\n    env_file: x.env\n"}

    assert [one.path for one in named_in(["a.yml"], files.get, {}, folder="")] == ["x.env"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (".env.example", True),
        (".env.prod-sample", True),
        ("example.env", True),
        ("env.template", True),
        (".env.dist", True),
        (".env-example", True),
        (".env", False),
        (".env.prod", False),
        ("environment.example.txt", False),
        ("example.py", False),
        (".env.district", False),
    ],
)
def test_examples_are_known_by_their_names(name: str, *, expected: bool) -> None:
    """Whatever stands before or behind."""
    assert is_example(name) is expected


def test_the_likeliest_example_comes_first() -> None:
    """One that begins with the env file's own name; only those at the top and beside it."""
    tracked = (".env.example", "deploy/.env.prod-sample", "deploy/.env.sample", "other/.env.example", "app.py")

    assert examples_of("deploy/.env.prod", tracked) == ("deploy/.env.prod-sample", ".env.example", "deploy/.env.sample")
