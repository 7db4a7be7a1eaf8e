"""The front that gonogo runs itself under Compose: it takes a port that the service publishes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from gonogo.config.traffic import Traffic
from gonogo.runtimes.base import Place
from gonogo.runtimes.compose.files import services_of
from gonogo.runtimes.front import OwnFront, is_own
from gonogo.state.store import State

__all__ = ["doubts_in_front", "front_in", "listening"]

_ANY = "0.0.0.0"  # noqa: S104 (what Compose publishes on when no address is given)


def listening(traffic: Traffic, model: Mapping[str, Any]) -> Traffic:
    """With where the front listens: as stated, else where the model publishes the service's port."""
    if not is_own(traffic) or traffic.listen is not None:
        return traffic
    service, _, inside = next(iter(traffic.upstreams.values())).rpartition(":")
    for port in services_of(model).get(service, {}).get("ports") or ():
        published = str(port.get("published") or "")
        if port.get("target") == int(inside) and published.isdecimal():
            host = str(port.get("host_ip") or _ANY)
            return traffic.model_copy(
                update={"listen": f"[{host}]:{published}" if ":" in host else f"{host}:{published}"}
            )
    return traffic


def front_in(place: Place, model: Mapping[str, Any]) -> OwnFront | None:
    """The environment's; None where it has another proxy, or none."""
    traffic = place.environment.traffic
    if traffic is None or not is_own(traffic):
        return None
    return OwnFront(place=place, traffic=listening(traffic, model))


def doubts_in_front(place: Place, model: Mapping[str, Any]) -> Iterator[str]:
    """Why one cannot stand in front of what a model describes, each with what to do."""
    own = front_in(place, model)
    if own is None:
        return
    target = next(iter(own.traffic.upstreams.values()))
    if own.traffic.listen is None:
        yield (
            f"traffic.listen: found nothing, and no port of this machine leads to {target}, expected where the front "
            'listens: listen = "127.0.0.1:8000" for this machine alone, "0.0.0.0:8000" for every address of it'
        )
    yield from own.doubts(target.rpartition(":")[0], State(place.state).current())
