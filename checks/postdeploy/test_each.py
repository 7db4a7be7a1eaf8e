"""Whether every instance of a scaled service does its share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from gonogo.checks.build.probing import marked
from gonogo.checks.postdeploy.instances import running
from gonogo.config import Environment, Service
from gonogo.inspection import probe_answers
from gonogo.inspection.answers.addresses import origin_of
from gonogo.plugins.evidence import Collected
from gonogo.probes import direct
from gonogo.runtimes.base import Inspector

__all__: list[str] = []

_SECONDS = 30.0
_MOST = 20


@pytest.mark.postdeploy(
    "D34",
    needs=("compose", "a service with several instances"),
    reads=("health.live",),
    remedy="Ask the named container itself, and read its log: docker logs NAME; then: gonogo restart {param} --env "
    "{env}",
)
def test_each_instance_answers_as_the_others(
    service: tuple[str, Service], inspector: Inspector, environment: Environment, evidence: Collected
) -> None:
    """Every instance of a scaled service answers its liveness request by itself, where one of them does.

    Catches the second of three that came up broken: behind a balancer one visitor in three meets it, and a request to
    the address meets another. What none of them answers is a worker, or another check's.

    No before and after: what one instance lacks that its twins have is said by its own log.
    """
    name, _ = service
    if not environment.has("a Docker Engine"):
        pytest.skip(f"runtime {environment.runtime} runs one instance of each service")
    states = [one for one in inspector.instances(health=False) if one.service == name and not one.one_shot]
    names = [one.name for one in states if one.status == "running"][:_MOST]
    if len(names) < 2:  # noqa: PLR2004 (several)
        pytest.skip(f"{name} has no more than one running instance")
    health, origin = environment.health_of(name), origin_of(inspector.url(name))
    found = dict(zip(names, _asked(running(inspector, name), names, health.live, origin), strict=True))
    evidence.json(f"GET {health.live}, asked directly: statuses by instance", found)
    well = [one for one, statuses in found.items() if not {*health.alive}.isdisjoint(statuses)]
    if not well:
        pytest.skip(f"no instance of {name} answers {health.live} by itself")
    wrong = [f"{one} ({_said(statuses)})" for one, statuses in found.items() if one not in well]
    wanted = f"{health.live_status}, as {well[0]} answers when it is asked directly"
    assert not wrong, f"GET {health.live} of {', '.join(wrong)}; expected {wanted}"


def _asked(inside: Any, names: Sequence[str], path: str, origin: str) -> Iterator[list[int]]:
    """The statuses that the ports of each instance answer; skips where there is no Python to ask with."""
    for name in names:
        one = replace(inside, container=name)
        done = one.python(probe_answers.script("direct.py"), path, origin, isolated=True, timeout=_SECONDS)
        if not done.ok:
            pytest.skip(f"{one.label} has no Python to be asked with")
        yield [port["status"] for port in marked(one, done, direct.MARKER)["ports"]]


def _said(statuses: Sequence[int]) -> str:
    heard = [str(status) for status in statuses if status]
    return f"found {', '.join(heard)}" if heard else "found no answer"
