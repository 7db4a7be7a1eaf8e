"""The command line with a recipe that asks the post-deploy checks twice.

python tests/integration/deploy/asked_twice.py ARGUMENTS...
"""

from __future__ import annotations

import sys
from dataclasses import replace

from gonogo.cli import main
from gonogo.commands import deploy
from gonogo.config import Environment
from gonogo.run.gate_step import Gate
from gonogo.run.recipes import Recipe, deploy_recipe
from gonogo.words import Role, Stage

__all__: list[str] = []


def _twice(environment: Environment, *, first: bool) -> Recipe:
    """The usual recipe; the new release is asked again at its end."""
    usual = deploy_recipe(environment, first=first)
    return replace(usual, steps=(*usual.steps, Gate("postdeploy", Stage.POSTDEPLOY, Role.CANDIDATE)))


if __name__ == "__main__":
    deploy.deploy_recipe = _twice  # type: ignore[attr-defined]
    sys.exit(main())
