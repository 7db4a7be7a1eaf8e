"""Whether the compose files can be used, and whether the release's ports are to be had."""

from __future__ import annotations

import dataclasses
from pathlib import Path, PurePosixPath

import pytest

from gonogo.checks.predeploy.started import model_of
from gonogo.config import Environment
from gonogo.host.runner import Command, Host
from gonogo.inspection import things
from gonogo.inspection.variables.interpolation import NO_VALUE
from gonogo.plugins.evidence import Collected
from gonogo.plugins.listeners import listening
from gonogo.plugins.runtime_facts import Rendered
from gonogo.plugins.source import Source
from gonogo.runtimes.base import Inspector
from gonogo.runtimes.compose.cli import container_on
from gonogo.runtimes.compose.model import roles
from gonogo.runtimes.compose.model.container_names import LISTED, listed
from gonogo.runtimes.compose.model.container_names import taken as taken_names
from gonogo.runtimes.compose.model.container_names import wanted as wanted_names
from gonogo.runtimes.compose.model.ports import PublishedPort, conflicts
from gonogo.runtimes.kept import replaced_services
from gonogo.state.release import Release

__all__: list[str] = []


@pytest.mark.predeploy(
    "P12",
    needs=("compose",),
    remedy="Mend the compose files or the env file, then look again: docker compose config --quiet",
)
def test_compose_accepts_its_files(
    environment: Environment, source: Source, env_file: Path | None, rendered: Rendered, evidence: Collected
) -> None:
    """Compose renders the environment's files with its env file.

    Catches the unquoted port, the wrong indentation, the missing variable, and files that leave nothing to deploy,
    before anything is built. Warns of a worker whose `image:` still has the tag of an earlier version: nothing builds
    it, so it would run yesterday's code.

    Before (docker-compose.yml):

        services:
          web:
          image: shop:1

    After (docker-compose.yml):

        services:
          web:
            image: shop:1
    """
    services = sorted(rendered.model.get("services") or {})
    evidence.text(", ".join(environment.compose), rendered.problem or f"services: {', '.join(services)}")
    first = PurePosixPath(environment.compose[0])
    override = f"{first.with_suffix('')}.override{first.suffix}"
    if override in source.tracked and "compose" not in environment.model_fields_set:
        evidence.advise(f"{override} is left out, though `docker compose up` reads it: name what counts under compose")
    if rendered.problem:
        _tell_cause(rendered.problem, env_file, evidence)
    assert not rendered.problem, rendered.problem
    assert services, f"{', '.join(environment.compose)}: found no service, expected at least one"
    deployed = roles.deployed_services(rendered.model, tuple(environment.service))
    if not deployed:
        evidence.remedy("Give the application's service `build: .`, or name what is deployed: [service.NAME]")
    assert deployed, roles.nothing_to_deploy(rendered.model, environment.compose)
    for name, (image, built) in roles.other_versions(rendered.model, deployed).items():
        evidence.warn(
            f"service {name}: found image {image}, expected {built}, which is built here; as it is, {name} is not "
            "deployed and keeps the code that it has"
        )


def _tell_cause(problem: str, env_file: Path | None, evidence: Collected) -> None:
    """What else is red for it, and what mends it where that is no matter of the compose files."""
    evidence.breaks(things.MODEL)
    unset = NO_VALUE.search(problem)
    if env_file is not None and not env_file.is_file():
        evidence.breaks(things.ENV_FILE)
        evidence.remedy(f"Put the env file there, readable by this user alone: {env_file}")
    elif unset is not None:
        evidence.breaks(things.variable(unset[1]))
        evidence.remedy(f"Set {unset[1]} in {env_file or 'the env file'}, on this machine")


@pytest.mark.predeploy(
    "P16",
    rests_on="url",
    needs=("published ports or service.port",),
    remedy="sudo ss --listening --tcp --numeric --processes; stop what holds the port, or choose another",
)
def test_published_ports_are_free(
    environment: Environment,
    request: pytest.FixtureRequest,
    inspector: Inspector,
    serving: Release | None,
    other_runtime: Inspector | None,
    runner: Host,
    evidence: Collected,
) -> None:
    """Every port that the release publishes is free, or held by this environment's own instances.

    Catches two services that ask for one port, a service that was scaled and has one alone, the second project on the
    same host, and a container of a service that no compose file names any more: stopping the old release would succeed,
    and starting the new one fail.

    Before (docker-compose.yml; another project has 8000):

        ports: ["127.0.0.1:8000:8000"]

    After (docker-compose.yml):

        ports: ["127.0.0.1:8010:8000"]
    """
    model = model_of(request) if environment.has("compose files") else {}
    wanted = [PublishedPort(name, address, port, "tcp") for name, address, port in inspector.published()]
    if not wanted:
        pytest.skip("the release publishes no port")
    alone = {name for name, _, _ in inspector.published()}
    crowd = {one: count for one, count in roles.crowded(model).items() if one.service in alone}
    if crowd:
        first, count = next(iter(crowd.items()))
        evidence.remedy(
            f"Let one {first.service} run, or publish a range of {count} ports, or none and put a proxy in front; "
            "commit that"
        )
        where = f"{first.host_ip}:{first.port}/{first.protocol}"
        pytest.fail(f"{where}: found {count} instances of {first.service} that ask for it, expected one for each port")
    found = listening(wanted)
    held = dict(inspector.holders(serving)) if found else {}
    held |= other_runtime.holders(serving) if found and other_runtime is not None else {}
    evidence.table("Wanted", wanted)
    evidence.table("Listening there now", found)
    evidence.table("Held by this environment", held.items())
    own = [PublishedPort(name, "", port, "tcp") for port, name in held.items()]
    taken = conflicts(wanted, found, own)
    twice = [one for one in taken if one.twice]
    if twice:
        evidence.remedy(
            f"Give {twice[0].holder} or {twice[0].service} another port, where the compose files or gonogo.toml name "
            f"{twice[0].port}, and commit that; nothing on this machine needs to be stopped"
        )
    assert not twice, f"{'; '.join(map(str, twice))}: two services of this release; expected one for each port"
    named = (dataclasses.replace(one, holder=container_on(one.port, runner) or one.holder) for one in taken)
    assert not taken, f"{'; '.join(map(str, named))}; expected free ports"


@pytest.mark.predeploy(
    "P43",
    needs=("compose",),
    remedy="docker ps --all; remove the container that holds the name when nobody needs it (docker rm NAME), or give "
    "the service another container_name, and commit that",
)
def test_container_names_are_free(
    environment: Environment, rendered: Rendered, serving: Release | None, runner: Host, evidence: Collected
) -> None:
    """Every name that a container of the release will have is free, or held by the one that it replaces.

    Catches a `container_name` that another project holds, or the other environment of this one: starting the new
    release would fail when the old one has been stopped.

    Before (docker-compose.yml):

        web:
          build: .
          container_name: web

    After (docker-compose.yml):

        web:
          build: .
    """
    if not rendered.model:
        pytest.skip("Compose renders no model (P12)")
    asked = runner.run(Command(argv=("docker", "ps", "--all", "--format", LISTED), timeout=30.0), output_limit=None)
    if not asked.ok:
        pytest.skip("the Docker Engine does not answer (P27)")
    names = list(wanted_names(rendered.model))
    evidence.table("Wanted", names)
    gone = replaced_services(rendered.model, serving)
    taken = list(taken_names(names, listed(asked.output), project=environment.project, replaced=gone))
    assert not taken, f"{'; '.join(taken)}; expected free names"
