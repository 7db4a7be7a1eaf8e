"""What works, and costs something that nobody notices: how images are made, and what services wait for. Never red."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from gonogo.config import Environment
from gonogo.inspection.code.habits import habits
from gonogo.plugins.evidence import Collected
from gonogo.plugins.source import Source
from gonogo.runtimes.compose.model import roles
from gonogo.runtimes.compose.model.waits import hasty

__all__: list[str] = []


@pytest.mark.predeploy(
    "P10",
    needs=("compose", "a service that is built here"),
    severity="advisory",
    remedy="Change the named lines of the Dockerfile, and look at the build's time and the image's size: docker images",
)
def test_images_are_made_with_care(
    environment: Environment, source: Source, compose_model: Mapping[str, Any], evidence: Collected
) -> None:
    """No Dockerfile installs packages anew for each change of the source, or leaves the lists of apt in its image.

    Catches the deployment that takes minutes for a changed word. Users, versions, health checks and bytecode are B11's,
    B17's, P13's and B03's.

    Before (Dockerfile):

        COPY . .
        RUN pip install -r requirements.txt

    After (Dockerfile):

        COPY requirements.txt .
        RUN pip install -r requirements.txt
        COPY . .
    """
    told: dict[str, None] = {}
    for name in roles.deployed_services(compose_model, tuple(environment.service)):
        build = (compose_model["services"].get(name) or {}).get("build") or {}
        recipe = source.recipe(build)
        if recipe is None or build.get("dockerfile_inline") or recipe.dockerfile not in source.tracked:
            continue
        found = habits(source.text(recipe.dockerfile), target=str(build.get("target") or ""))
        told |= dict.fromkeys(f"{recipe.dockerfile}:{line}: {said}" for line, said in found)
    evidence.table("Found", [(line,) for line in told])
    for line in told:
        evidence.advise(line)


@pytest.mark.predeploy(
    "P49",
    needs=("compose",),
    severity="advisory",
    remedy="Write depends_on of the named service with a condition: {other: {condition: service_healthy}}",
)
def test_services_wait_for_what_they_need(
    environment: Environment, compose_model: Mapping[str, Any], evidence: Collected
) -> None:
    """Each deployed service waits for the end of what only migrates, and for the health of what has a health check.

    Catches the application that is up before its tables are, after the next reboot of the machine: Compose starts what
    has no condition as soon as the other one has begun.

    Before (docker-compose.yml):

        depends_on: [db, migrate]

    After (docker-compose.yml):

        depends_on:
          db: {condition: service_healthy}
          migrate: {condition: service_completed_successfully}
    """
    found = list(hasty(compose_model, roles.deployed_services(compose_model, tuple(environment.service))))
    evidence.table("Starts too early", [(one.service, one.other, one.expected) for one in found])
    for one in found:
        evidence.advise(str(one))
