"""Whether the hosts that services are told of are anybody's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

import pytest

from gonogo.checks.predeploy.resolving import nobodys
from gonogo.checks.predeploy.started import model_of, started
from gonogo.config import Environment
from gonogo.errors import GonogoError
from gonogo.inspection.variables.hosts import hosts_in, is_itself, may_be_asked
from gonogo.plugins.context import Context
from gonogo.plugins.evidence import Collected

__all__: list[str] = []


@pytest.mark.predeploy(
    "P47",
    severity="advisory",
    needs=("an address in a service's variables",),
    remedy="Correct the host in the env file of [env.{env}] or in the compose file; a service is reached by its name "
    "there: docker compose config --services",
)
def test_hosts_of_addresses_are_somebodys(
    environment: Environment, context: Context, request: pytest.FixtureRequest, evidence: Collected
) -> None:
    """Every host in an address that a service is given is a service that it reaches, or a name that the DNS knows.

    Catches the mistyped host of a database, the service that was renamed in the compose file alone, and `localhost` in
    a container, where nobody listens. It warns: another resolver may know more names. Nothing is said of addresses that
    are for browsers by their name (`PUBLIC_URL`, `LOCATION_URL`), nor of the release's own.

    Before (.env):

        DATABASE_URL=postgresql://shop@localhost:5432/shop

    After (.env; the service is called `db`):

        DATABASE_URL=postgresql://shop@db:5432/shop
    """
    named: dict[tuple[str, str], list[str]] = defaultdict(list)
    itself: dict[str, list[str]] = defaultdict(list)
    for service, variables, _ in started(environment, context, request):
        model = model_of(request) if environment.has("compose files") else {}
        known, alone = _reached(model, service)
        for name, host in hosts_in(variables):
            if alone and is_itself(name, host):
                itself[f"{name} names {host}, which in its container is itself"].append(service)
            elif may_be_asked(host, known={*known, *_own(environment)}):
                named[name, host].append(service)
    if not named and not itself:
        pytest.skip("no address names a host that somebody would have to be")
    nobody = nobodys({host for _, host in named})
    evidence.table("Hosts", [(name, host, ", ".join(services)) for (name, host), services in named.items()])
    for said, services in itself.items():
        evidence.advise(f"{', '.join(services)}: {said}; expected the name of a service, or host.docker.internal")
    for (name, host), services in named.items():
        if host in nobody:
            evidence.advise(
                f"{', '.join(services)}: {name}: found the host {host}, which nobody has here, expected a service that "
                "it reaches, or a name that the DNS knows"
            )


def _own(environment: Environment) -> set[str]:
    """The names under which the release itself is visited: in an address they are for browsers."""
    urls = (environment.url, *(service.url for service in environment.service.values()))
    return {host for url in urls if url is not None and (host := urlsplit(str(url)).hostname)}


def _reached(model: Mapping[str, Any], service: str) -> tuple[Collection[str], bool]:
    """The names that a service reaches, and whether it has a network of its own; without a model nobody is apart."""
    if not model:
        return (), False
    from gonogo.runtimes.compose.trial import reachable  # noqa: PLC0415 (only where the runtime is compose)

    mode = str(model["services"][service].get("network_mode") or "")
    try:
        names = reachable(model, service)
    except GonogoError:
        names = tuple(model["services"])
    return {*names, service}, not mode
