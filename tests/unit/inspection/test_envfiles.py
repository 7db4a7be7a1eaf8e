"""gonogo.inspection.envfiles: the env files that compose files name, and their examples."""

from __future__ import annotations

import pytest

from gonogo.inspection.envfiles import Named, examples_of, is_example, named_by

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
        Named(service="web", path=".env.test"),
        Named(service="worker", path="common.env"),
        Named(service="worker", path="./extra.env", required=False),
        Named(service="beat", path="same.env"),
        Named(service="db", path="a.env"),
        Named(service="db", path="b.env"),
    )


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
