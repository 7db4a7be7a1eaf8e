"""Whether the team's own smoke tests end well."""

from __future__ import annotations

import pytest

from gonogo.checks.postdeploy.instances import running
from gonogo.checks.predeploy.commanded import judged
from gonogo.plugins.cases import Script
from gonogo.plugins.context import Context
from gonogo.plugins.evidence import Collected
from gonogo.plugins.fixtures import Asking
from gonogo.runtimes.base import Inspector

__all__: list[str] = []


@pytest.mark.postdeploy(
    "D35",
    needs=("command",),
    reads=("command",),
    remedy="Run it yourself in the application's folder: {param} of [[env.{env}.command]]",
)
def test_own_command_finds_the_release_well(
    command: Script, inspector: Inspector, context: Context, question: Asking, evidence: Collected
) -> None:
    """A command of the team's own, asked of what runs, ends with exit code 0, in its time.

    Catches what the smoke test that the team has already (`scripts/smoke.sh`) finds: its exit code counts as any
    check's verdict does. It is asked of the release before and, after a rollback, of the one that is back as well.

    No before and after: what is to be mended is said by the team's own command.
    """
    team = command.configured
    if team.service is not None:
        running(inspector, team.service)
    judged(team, context, question, evidence, url=inspector.url())
