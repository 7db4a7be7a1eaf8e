"""Whether the caches, queues and brokers that a service is told of answer it."""

from __future__ import annotations

from typing import Any

import pytest

from gonogo.checks.build import probing
from gonogo.checks.postdeploy.instances import noted, running
from gonogo.config import Service
from gonogo.inspection import probe_answers
from gonogo.plugins.evidence import Collected
from gonogo.probes import redis
from gonogo.records.results import GateResult
from gonogo.runtimes.base import Inspector

__all__: list[str] = []

_FACTS = "Answered"
_SECONDS = 0.2
_APART = ("NOAUTH", "SSL")
"""A password, or a certificate of its own, may be given to the application apart from the address."""


@pytest.mark.postdeploy(
    "D14",
    needs=("a redis:// address in the instance",),
    remedy="Look whether the store runs and accepts {param}'s address, user and password: redis-cli -u URL ping",
)
def test_store_answers(
    service: tuple[str, Service], inspector: Inspector, baseline: GateResult | None, evidence: Collected
) -> None:
    """The Redis or Valkey that an instance's variables name accepts it and answers PING.

    Catches a wrong password, a changed host name, and a cache that was left out of the release: pages without it are
    well, and jobs wait for ever. Red where the serving release had an answer under the same variable; elsewhere, for an
    answer after 200 ms, and where the password may be given apart from the address, it warns.

    Before (docker-compose.yml):

        environment:
          REDIS_URL: redis://localhost:6379/0

    After (docker-compose.yml; the service is called `cache`):

        environment:
          REDIS_URL: redis://cache:6379/0
    """
    name, configured = service
    inside = running(inspector, name)
    done = probing.ask(inside, configured, probe_answers.script("redis.py"), isolated=False)
    stores: list[dict[str, Any]] = probing.marked(inside, done, redis.MARKER)["stores"]
    if not stores:
        pytest.skip(f"{name} has no redis:// address in its environment")
    evidence.json(_FACTS, {one["variable"]: one["error"] is None for one in stores})
    evidence.table("Stores", [(one["variable"], one["error"] or "PONG", one["ping"] or "") for one in stores])
    before, red = noted(baseline, f"D14[{name}]", _FACTS), []
    for one in stores:
        said = f"{name}: {one['variable']}: found {one['error']}, expected an answer to PING"
        if one["error"] is not None and before.get(one["variable"]) and not one["error"].startswith(_APART):
            red.append(f"{said}, as before this release")
        elif one["error"] is not None:
            evidence.advise(said)
        elif one["ping"] > _SECONDS:
            evidence.warn(f"{name}: {one['variable']}: PING took {one['ping'] * 1000:.0f} ms, expected at most 200 ms")
    assert not red, "; ".join(red)
