"""Whether the team's own commands for this stage end well."""

from __future__ import annotations

import pytest

from gonogo.checks.predeploy.commanded import judged
from gonogo.plugins.cases import Script
from gonogo.plugins.context import Context
from gonogo.plugins.evidence import Collected
from gonogo.plugins.fixtures import Asking

__all__: list[str] = []


@pytest.mark.predeploy(
    "P48",
    needs=("command",),
    reads=("command",),
    remedy="Run it yourself in the application's folder: {param} of [[env.{env}.command]]",
)
def test_own_command_ends_well(command: Script, context: Context, question: Asking, evidence: Collected) -> None:
    """A command of the team's own for this stage ends with exit code 0, in its time.

    Catches what only the team knows of before anything is touched: a licence that ran out, a partner that is down.

    No before and after: what is to be mended is said by the team's own command.
    """
    judged(command.configured, context, question, evidence, url=context.environment.url)
