"""Whether a release is given a debug mode."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable

import pytest

from gonogo.checks.predeploy.debugging import can_be_asked, modes_of, require_tier, verdict
from gonogo.checks.predeploy.started import started
from gonogo.config import Environment, Service
from gonogo.inspection.variables.debugging import SWITCHES, Mode, desks
from gonogo.plugins.context import Context
from gonogo.plugins.evidence import Collected
from gonogo.plugins.source import Source
from gonogo.words import Tier

__all__: list[str] = []


@pytest.mark.predeploy(
    "P45",
    in_prod="red",
    needs=("a tier that is not dev",),
    remedy="Take it out of the env file of [env.{env}] or of the command, or let it be off (0, production); on purpose "
    "for a while: [[env.{env}.waive]] with a day",
)
def test_no_debug_mode_is_switched_on(
    environment: Environment, source: Source, context: Context, request: pytest.FixtureRequest, evidence: Collected
) -> None:
    """No service is started in a debug mode, as its variables and its command say.

    Catches the copied env file: Flask's debugger runs what any visitor types, Django shows its settings. In tier
    staging it is a warning, and so is a variable called DEBUG where no debug mode of a framework is known to be
    switched by it; what it means is asked of the artifact (B21) where that can be. In tier prod it warns of
    `ENVIRONMENT=local` too, where the application reads that.

    Before (.env):

        FLASK_DEBUG=1

    After (.env):

        FLASK_DEBUG=0
    """
    require_tier(environment)
    found: dict[Mode, list[str]] = defaultdict(list)
    for name, variables, command in started(environment, context, request):
        for mode in modes_of(variables, command, environment.service.get(name, Service()), source):
            if not (mode.by in SWITCHES and can_be_asked(environment)):
                found[mode].append(name)
        for mode in desks(variables, _reader(source)) if environment.tier is Tier.PROD else ():
            found[mode].append(name)
    red = verdict(found, environment, evidence)
    assert not red, red


def _reader(source: Source) -> Callable[[str], bool]:
    """Tells whether a module of the application names a variable, as settings classes do in any case."""

    def reads(name: str) -> bool:
        named = re.compile(rf"\b{re.escape(name)}\b", re.IGNORECASE)
        return any(named.search(text) for text in source.texts(".py").values())

    return reads
