"""What does no harm today: health checks and restart policies that are not there, or say two things. Never red."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from gonogo.config import Environment, Service
from gonogo.inspection.code import committed
from gonogo.inspection.code.dockerfile import DockerfileError
from gonogo.inspection.variables import envfile
from gonogo.inspection.variables.envfiles import is_example
from gonogo.plugins.evidence import Collected
from gonogo.plugins.source import Source
from gonogo.runtimes.compose.model import roles
from gonogo.runtimes.compose.model.health_checks import (
    Probe,
    differences,
    misfits,
    of_compose,
    of_dockerfile,
    weaknesses,
)
from gonogo.runtimes.compose.model.places import place_of

__all__: list[str] = []

_WORKS = re.compile(
    r"(?<!--)\b(?:celery[a-z]*|[a-z]*worker(?!-class|-tmp-dir|\.[A-Z])|beat|rq|huey|dramatiq|arq|taskiq|qcluster"
    r"|scheduler|supercronic|crond?|consumer|migrate)\b"
)
"""Names and commands of what is sent no requests; ``celeryworker`` is one word, ``--worker-class`` a server's."""
_ENDS = re.compile(
    r"(?:^|[-_ ])(?:job|migrate|migrations?|alembic|init|setup|seed|backup|collectstatic|tests?)(?:$|[-_ ])"
)
_ENV_FILE = re.compile(r"(?:^|/)\.env(?:\.[\w.-]+)?$")


@pytest.mark.predeploy(
    "P11",
    needs=("compose", "a service that is built here"),
    severity="advisory",
    remedy="Name it in .dockerignore, as in: echo '.env*' >> .dockerignore, and commit that",
)
def test_ignore_file_keeps_env_files_out(
    environment: Environment, source: Source, compose_model: Mapping[str, Any], evidence: Collected
) -> None:
    """No tracked env file with secrets in it is copied into an image.

    Catches `COPY . .` without a .dockerignore: whoever has the image has the secrets. What git does not track is in no
    image that gonogo builds, and is left alone. Told in ChatGPTNextWeb/NextChat#3511,
    agentregistry-dev/agentregistry#270.

    Before (.dockerignore):

        .git

    After (.dockerignore):

        .git
        **/.env*
    """
    tracked = [path for path in source.tracked if _ENV_FILE.search(path) and not is_example(path)]
    told = [path for path in tracked if _secrets(source.text(path))]
    evidence.text("Tracked env files with secrets", ", ".join(told) or "none")
    taken: dict[str, list[str]] = {}
    for name in roles.deployed_services(compose_model, tuple(environment.service)) if told else ():
        recipe = source.recipe((compose_model["services"].get(name) or {}).get("build") or {})
        brought = {file.path for file in recipe.image.files.values()} if recipe is not None else set()
        for path in told:
            if recipe is not None and path in brought:
                taken.setdefault(f"{recipe.dockerfile}: brings {path} into the image", []).append(name)
    for said, names in taken.items():
        evidence.advise(f"{said} of {', '.join(names)}, expected it in .dockerignore")


@pytest.mark.predeploy(
    "P13",
    needs=("compose",),
    reads=("health.timeout",),
    severity="advisory",
    remedy="Give the service a healthcheck in the compose file, with times that fit health.timeout of [env.{env}]",
)
def test_services_that_serve_have_a_health_check(
    environment: Environment, source: Source, compose_model: Mapping[str, Any], evidence: Collected
) -> None:
    """Each deployed service that serves has a health check, and its times fit the time that a deployment waits.

    Catches the container that hangs for weeks while Docker calls it up, and the health check that is asked for the
    first time when the deployment has given up; and one that cannot fail (`|| true`), or takes an answer of 500 for
    well (curl without --fail). Workers and one-shot services need none.

    Before (docker-compose.yml):

        healthcheck:
          test: curl http://localhost:8000/healthz || true

    After (docker-compose.yml):

        healthcheck:
          test: curl --fail http://localhost:8000/healthz || exit 1
          interval: 5s
          timeout: 3s
          retries: 5
          start_period: 20s
    """
    without: list[str] = []
    for name, service in _serving(compose_model, environment):
        own, of_image, _ = _probes(service, source)
        probe = own or of_image
        if probe is None:
            without.append(name)
            continue
        where = place_of(source.text, environment.compose, name, "healthcheck")
        for said in (*misfits(probe, bound=environment.health_of(name).timeout), *weaknesses(probe)):
            evidence.advise(f"{where}: the health check of {name} {said}")
    evidence.text("Without a health check", ", ".join(without) or "none")
    if without:
        evidence.advise(f"{', '.join(without)}: found no health check, expected one in compose file or Dockerfile")


@pytest.mark.predeploy(
    "P14",
    needs=("compose", "a health check in a Dockerfile"),
    severity="advisory",
    remedy="Say it in one place: take HEALTHCHECK out of the Dockerfile, or healthcheck out of the compose file",
)
def test_health_checks_agree(
    environment: Environment, source: Source, compose_model: Mapping[str, Any], evidence: Collected
) -> None:
    """The health check of a compose file and that of the Dockerfile say the same.

    Catches the one that was mended while the other one counts: a compose file has the last word. Workers of the same
    image have another one on purpose.

    Before (Dockerfile and docker-compose.yml):

        HEALTHCHECK CMD curl --fail http://localhost:8000/healthz
        # and in the compose file:
        healthcheck:
          test: curl --fail http://localhost:8000/health

    After (docker-compose.yml alone):

        healthcheck:
          test: curl --fail http://localhost:8000/healthz
    """
    for name, service in _serving(compose_model, environment):
        own, of_image, dockerfile = _probes(service, source)
        if own is None or of_image is None or ("NONE",) in {own.test, of_image.test}:
            continue
        parts = differences(own, of_image)
        evidence.text(name, f"different: {', '.join(parts) or 'nothing'}")
        if parts:
            where = place_of(source.text, environment.compose, name, "healthcheck")
            evidence.advise(f"{where}: the health check of {name} differs from {dockerfile} in {', '.join(parts)}")


@pytest.mark.predeploy(
    "P18",
    needs=("compose",),
    severity="advisory",
    remedy="Write restart: unless-stopped for the named services; one that shall stay down says restart: 'no'",
)
def test_services_are_started_again(
    environment: Environment, compose_model: Mapping[str, Any], evidence: Collected
) -> None:
    """Each deployed service that goes on running has a restart policy.

    Catches the application that is down after a reboot of the host, or after one crash at night. One-shot services, and
    those that say "no" themselves, are left alone.

    Before (docker-compose.yml):

        web:
          image: shop:1

    After (docker-compose.yml):

        web:
          image: shop:1
          restart: unless-stopped
    """
    ending = roles.one_shots(compose_model)
    deployed = roles.deployed_services(compose_model, tuple(environment.service))
    without = [
        name
        for name in deployed
        if name not in ending and not _restarts(name, compose_model["services"].get(name) or {})
    ]
    evidence.text("Without a restart policy", ", ".join(without) or "none")
    if without:
        evidence.advise(f"{', '.join(without)}: found no restart policy, expected restart: unless-stopped")


def _secrets(text: str) -> bool:
    """Whether an env file holds what must be known to nobody else; words and templates are no secrets."""
    return bool(committed.in_use([envfile.parse(text).values], declared=(), examples=()))


def _restarts(name: str, service: Mapping[str, Any]) -> bool:
    """Whether it says what happens when it ends, or is no service that is meant to go on."""
    said = "restart" in service or (service.get("deploy") or {}).get("restart_policy") is not None
    return said or _ENDS.search(f"{name} {' '.join(roles.start_words(service))}") is not None


def _serving(model: Mapping[str, Any], environment: Environment) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The deployed services that somebody sends requests to."""
    ending, builders = roles.one_shots(model), roles.built_by(model)
    for name in roles.deployed_services(model, tuple(environment.service)):
        service = dict(model["services"].get(name) or {})
        if name in builders:
            service["build"] = model["services"][builders[name]]["build"]
        is_web = environment.service.get(name, Service()).framework != "none"
        works = _WORKS.search(f"{name} {' '.join(roles.start_words(service))}".replace("_", " "))
        if name not in ending and not works and (service.get("ports") or service.get("expose") or is_web):
            yield name, service


def _probes(service: Mapping[str, Any], source: Source) -> tuple[Probe | None, Probe | None, str]:
    """The health checks of the compose file and of the image, and the Dockerfile; an unknown image's is no fault."""
    own, build = of_compose(service), service.get("build") or {}
    path = Path(str(build.get("context") or source.root)) / str(build.get("dockerfile") or "Dockerfile")
    shown = os.path.relpath(path, source.root)
    with contextlib.suppress(OSError, DockerfileError, LookupError):
        text = str(build.get("dockerfile_inline") or path.read_text(encoding="utf-8", errors="replace"))
        if build:
            return own, of_dockerfile(text, target=str(build.get("target") or "")), shown
    return own, None if own is not None else Probe(test=("NONE",)), shown
