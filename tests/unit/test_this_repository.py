"""This repository's own gonogo.toml asks about the example, in the example's own words."""

import tomllib
from pathlib import Path

__all__: list[str] = []

ROOT = Path(__file__).parents[2]


def test_the_repository_configures_what_the_example_does() -> None:
    """The two gonogo.toml differ in app.root alone."""
    top = tomllib.loads((ROOT / "gonogo.toml").read_text(encoding="utf-8"))
    root = top["app"].pop("root")

    assert top == tomllib.loads((ROOT / root / "gonogo.toml").read_text(encoding="utf-8"))
