"""Whether the compose files can be used, and whether the release's ports are to be had."""

from __future__ import annotations

import pytest

from gonogo.config import Environment
from gonogo.host import LocalHost
from gonogo.plugins.evidence import Collected
from gonogo.plugins.listeners import holder_of
from gonogo.plugins.runtime_facts import Rendered, container_on
from gonogo.runtimes.base import Inspector

__all__: list[str] = []


@pytest.mark.predeploy(
    "P12",
    remedy="Mend the compose files or the env file, then look again: docker compose config --quiet",
)
def test_compose_accepts_its_files(environment: Environment, rendered: Rendered, evidence: Collected) -> None:
    """Compose renders the environment's files with its env file.

    Catches the unquoted port, the wrong indentation and the missing variable before anything is built.
    """
    services = sorted(rendered.model.get("services") or {})
    evidence.text(", ".join(environment.compose), rendered.problem or f"services: {', '.join(services)}")
    assert not rendered.problem, rendered.problem
    assert services, f"{', '.join(environment.compose)}: found no service, expected at least one"


@pytest.mark.predeploy(
    "P16",
    remedy="sudo ss --listening --tcp --numeric --processes; stop what holds the port, or choose another",
)
def test_published_ports_are_free(inspector: Inspector, runner: LocalHost, evidence: Collected) -> None:
    """Every port that the release publishes is free, or held by this environment's own instances.

    Catches the second project on the same host: stopping the old release would succeed, and starting the new one fail.
    """
    published = sorted(set(inspector.published()))
    if not published:
        pytest.skip("the release publishes no port")
    taken = {(address, port): holder_of(address, port) for _, address, port in published}
    own = inspector.holders() if any(taken.values()) else {}
    rows = [
        (name, f"{address}:{port}", own.get(port) or taken[address, port] or "free")
        for name, address, port in published
    ]
    evidence.table("Published ports", rows, header=("service", "address", "held by"))
    wrong = []
    for name, address, port in published:
        holder = taken[address, port]
        if holder is not None and port not in own:
            container = container_on(port, runner)
            wrong.append(f"{name}: found {address}:{port} held by {container or holder}, expected it free")
    assert not wrong, "; ".join(wrong)
