"""Whether the team's own commands find what was built to be well."""

from __future__ import annotations

import pytest

from gonogo.checks.predeploy.commanded import judged
from gonogo.plugins.cases import Script
from gonogo.plugins.context import Context
from gonogo.plugins.evidence import Collected
from gonogo.plugins.fixtures import Asking

__all__: list[str] = []


@pytest.mark.build(
    "B23",
    needs=("command",),
    reads=("command",),
    remedy="Run it yourself in the application's folder: {param} of [[env.{env}.command]]",
)
def test_own_command_finds_the_build_well(
    command: Script, context: Context, question: Asking, evidence: Collected
) -> None:
    """A command of the team's own, asked of what was built, ends with exit code 0, in its time.

    Catches what a scanner or a script of the team's finds in an image (`{image:web}` in its words is the image's id)
    before that serves anybody.

    No before and after: what is to be mended is said by the team's own command.
    """
    judged(command.configured, context, question, evidence, url=context.environment.url)
