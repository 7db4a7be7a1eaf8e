"""Whether a release is given a debug mode."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

import pytest

from gonogo.checks.predeploy.debugging import can_be_asked, modes_of, require_tier, verdict
from gonogo.config import Environment, Service
from gonogo.inspection import compose_model
from gonogo.inspection.debugging import SWITCHES, Mode
from gonogo.plugins.context import Context
from gonogo.plugins.evidence import Collected, InconclusiveError
from gonogo.plugins.runtime_facts import Rendered
from gonogo.plugins.source import Source
from gonogo.runtimes.compose_render import environment_of

__all__: list[str] = []


@pytest.mark.predeploy(
    "P45",
    needs=("a tier that is not dev",),
    remedy="Take it out of the env file of [env.{env}] or of the command, or let it be off (0); on purpose for a "
    "while: [[env.{env}.waive]] with a day",
)
def test_no_debug_mode_is_switched_on(
    environment: Environment, source: Source, context: Context, request: pytest.FixtureRequest, evidence: Collected
) -> None:
    """No service is started in a debug mode, as its variables and its command say.

    Catches the copied env file: Flask's debugger runs what any visitor types, Django shows its settings. In tier
    staging it is a warning, and so is a variable called DEBUG where no debug mode of a framework is known to be
    switched by it; what it means is asked of the artifact (B21) where that can be.
    """
    require_tier(environment)
    found: dict[Mode, list[str]] = defaultdict(list)
    for name, variables, command in _started(environment, context, request):
        for mode in modes_of(variables, command, environment.service.get(name, Service()), source):
            if not (mode.by in SWITCHES and can_be_asked(environment)):
                found[mode].append(name)
    red = verdict(found, environment, evidence)
    assert not red, red


def _started(
    environment: Environment, context: Context, request: pytest.FixtureRequest
) -> Iterator[tuple[str, Mapping[str, str], tuple[str, ...]]]:
    """Each deployed service, with what it is given and how it is started."""
    if environment.runtime != "compose":
        for name, service in environment.service.items():
            yield name, context.variables, tuple(service.command or ())
        return
    rendered: Rendered = request.getfixturevalue("rendered")
    if rendered.problem:
        raise InconclusiveError(
            "what Compose passes to the services is not known, because it refuses its files (see P12)"
        )
    services = rendered.model.get("services") or {}
    for name in compose_model.deployed_services(rendered.model, tuple(environment.service)):
        yield name, environment_of(services[name]), compose_model.start_words(services[name])
