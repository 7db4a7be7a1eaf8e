"""Whether data is kept from other machines."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gonogo.config import Environment
from gonogo.plugins.evidence import Collected
from gonogo.plugins.source import Source
from gonogo.runtimes.compose.model.exposed import exposed
from gonogo.runtimes.compose.model.places import place_of
from gonogo.words import Tier

__all__: list[str] = []

_ENGINE = Path("/etc/docker/daemon.json")


@pytest.mark.predeploy(
    "P17",
    in_prod="red",
    needs=("compose", "published ports"),
    reads=("tier",),
    remedy='Publish on this machine alone, as in ports: ["127.0.0.1:5432:5432"], or take the port out: services of one '
    "project reach each other without",
)
def test_data_services_are_kept_from_other_machines(
    environment: Environment, source: Source, compose_model: Mapping[str, Any], evidence: Collected
) -> None:
    """No database, cache or queue is published beyond this machine and the private networks that the files name.

    Catches `ports: ["6379:6379"]`, which Docker opens to the world past the firewall of the host. Red in tier prod
    where the image is a data service's; elsewhere, and where only the port tells, it warns. Told in
    jippi/docker-pixelfed#125, sprintcube/docker-compose-lamp#100.

    Before (docker-compose.yml):

        ports: ["6379:6379"]

    After (docker-compose.yml):

        ports: ["127.0.0.1:6379:6379"]
    """
    if not any(service.get("ports") for service in (compose_model.get("services") or {}).values()):
        pytest.skip("no service publishes a port")
    found = exposed(compose_model, bases=_bases(compose_model, source), address=_default_address())
    said = {f"{place_of(source.text, environment.compose, one.service, 'ports')}: {one}": one for one in found}
    evidence.table("Data services that other machines reach", ((line,) for line in said))
    red = [line for line, one in said.items() if one.is_sure and environment.tier is Tier.PROD]
    for line in (line for line in said if line not in red):
        evidence.advise(f"{line}; expected 127.0.0.1, or no published port")
    if found:
        first = found[0]
        evidence.remedy(
            f"{place_of(source.text, environment.compose, first.service, 'ports')}: write "
            f'"127.0.0.1:{first.published}:{first.target}", or take the port out: the services of this project reach '
            f"{first.service}:{first.target} without it"
        )
    assert not red, f"{'; '.join(red)}; expected 127.0.0.1, or no published port"


def _bases(model: Mapping[str, Any], source: Source) -> dict[str, str]:
    """The images that services are made from which are built here and publish ports."""
    recipes = {
        name: source.recipe(service.get("build") or {})
        for name, service in (model.get("services") or {}).items()
        if service.get("ports") and service.get("build")
    }
    return {name: recipe.image.base for name, recipe in recipes.items() if recipe is not None}


def _default_address() -> str:
    """Where this machine's engine publishes ports when a compose file does not say it."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        return str(json.loads(_ENGINE.read_text(encoding="utf-8")).get("ip") or "")
    return ""
