"""What the checks of variables share: how each service that a release consists of is started."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from gonogo.config import Environment
from gonogo.inspection import things
from gonogo.plugins.context import Context
from gonogo.plugins.evidence import LackingError
from gonogo.plugins.runtime_facts import Rendered
from gonogo.runtimes.compose.model import roles
from gonogo.runtimes.compose.render import environment_of

__all__ = ["given_to_all", "model_of", "started"]


def model_of(request: pytest.FixtureRequest) -> Mapping[str, Any]:
    """What Compose makes of its files; where it refuses them, P12 tells why, and nothing that needs it is asked."""
    rendered: Rendered = request.getfixturevalue("rendered")
    if rendered.problem:
        said = "what Compose passes to the services is not known, because it refuses its files (see P12)"
        raise LackingError(said, needs=things.MODEL)
    return rendered.model


def started(
    environment: Environment, context: Context, request: pytest.FixtureRequest
) -> Iterator[tuple[str, Mapping[str, str], tuple[str, ...]]]:
    """Each deployed service, with what it is given and how it is started."""
    if not environment.has("compose files"):
        for name, service in environment.service.items():
            yield name, context.variables, tuple(service.command or ())
        return
    model = model_of(request)
    services = model.get("services") or {}
    for name in roles.deployed_services(model, tuple(environment.service)):
        yield name, environment_of(services[name]), roles.start_words(services[name])


def given_to_all(environment: Environment, request: pytest.FixtureRequest) -> list[dict[str, str]]:
    """What compose files give each service, stores included; nothing where Compose refuses its files."""
    if not environment.has("compose files"):
        return []
    rendered: Rendered = request.getfixturevalue("rendered")
    return [environment_of(service) for service in (rendered.model.get("services") or {}).values()]
