"""Releases of processes take turns: each has ports of its own, and a proxy on this machine sends requests to one."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial

from gonogo.config.traffic import Traffic
from gonogo.errors import GonogoError, RefusedError
from gonogo.runtimes.base import Place
from gonogo.runtimes.front import front_of
from gonogo.runtimes.planning import plans_work
from gonogo.runtimes.process.inspector import ProcessInspector
from gonogo.runtimes.process.instances import Instances, is_alive, slot_of
from gonogo.runtimes.process.pinned import Pinned, PinnedService, pinned
from gonogo.runtimes.protocols import Action
from gonogo.runtimes.switching import Lead, proxy_here, traffic_of
from gonogo.state.release import Release
from gonogo.traffic.base import Upstreams, alone, endpoints, shared
from gonogo.traffic.send import described, wait_until_left

__all__ = ["ProcessTurn", "require_turns"]


@dataclass(frozen=True, kw_only=True)
class ProcessTurn:
    """One release, where releases take turns; also one that has the services' own ports."""

    place: Place
    release: Release

    @cached_property
    def traffic(self) -> Traffic:
        """Who receives requests."""
        return traffic_of(self.place)

    @cached_property
    def services(self) -> Mapping[str, PinnedService]:
        """What starts it."""
        return pinned(self.place, self.release).services

    @property
    def single(self) -> tuple[str, ...]:
        """The services of which two must never run at a time."""
        stated = self.place.environment.service
        return tuple(name for name in self.services if name in stated and stated[name].single)

    def runs(self, service: str) -> bool:
        """Whether its instance of a service is there."""
        found = Instances(self.place.state).read(slot_of(self.release, service))
        return found is not None and is_alive(found) and found.release == self.release.id

    def direct(self) -> dict[str, str]:
        """Service → ``host:port`` where it is asked itself."""
        names = dict.fromkeys(target.rpartition(":")[0] for target in self.traffic.upstreams.values())
        ports = {name: self.services[name].port for name in names if name in self.services and self.runs(name)}
        return {name: f"127.0.0.1:{port}" for name, port in ports.items() if port is not None}

    def upstreams(self) -> Upstreams:
        """Where requests for it go."""
        targets = {name: target.rpartition(":")[0] for name, target in self.traffic.upstreams.items()}
        return alone({name: f"127.0.0.1:{self.services[service].port}" for name, service in targets.items()})

    def switching(self, outgoing: Release | None, free_port: Callable[[int], None]) -> Iterator[Action]:
        """Sends every request to it, and proves by answers through the public address that they arrive there.

        ``free_port`` ends what is on the port of a front of ours that does not run yet.
        """
        lead, own = self._lead(), front_of(self.place)
        if own is not None:
            free = partial(free_port, own.traffic.listens[1])
            yield Action(said=own.described(), do=lambda: own.ensure(lead.upstreams, free))
        said = (*described(lead.proxy, lead.upstreams), f"# {lead.url} is asked until this release answers")
        yield Action(said=said, do=partial(lead.switch, outgoing))

    def sharing(self, other: ProcessTurn, percent: int) -> Iterator[Action]:
        """Sends so many of a hundred requests to it, and the others to the release that serves."""
        lead, stays = self._lead(), other.upstreams()
        said = described(lead.proxy, shared(stays, lead.upstreams, percent))
        yield Action(said=said, do=partial(lead.share, other.release, stays, percent))

    def _lead(self) -> Lead:
        return Lead(
            place=self.place,
            release=self.release,
            traffic=self.traffic,
            proxy=proxy_here(self.traffic, self.place),
            upstreams=self.upstreams(),
            url=ProcessInspector(self.place, self.release).url() or "",
            direct=self.direct,
        )

    def drained(self) -> Iterator[Action]:
        """Waits until requests that are under way to it have ended, bounded."""
        if self.place.environment.traffic is not None:
            said = f"# requests that are under way have {self.traffic.drain:g} s"
            yield Action(said=(said,), do=self._drain)

    def _drain(self) -> None:
        with contextlib.suppress(GonogoError, OSError):  # what is under way may end or not: it is left in any case
            proxy = proxy_here(self.traffic, self.place)
            wait_until_left(proxy, endpoints(self.upstreams()), seconds=self.traffic.drain)


def require_turns(place: Place, made: Pinned, serving: Release | None) -> None:
    """Refuses what cannot run twice on one machine, and what the release that serves does not let begin.

    Raises:
        RefusedError: with what to do.
    """
    wrong = [*_doubts(place, made), *_front_doubts(place, serving)]
    if wrong:
        raise RefusedError(f"strategy {place.environment.strategy}: {'; '.join(wrong)}.")


def _front_doubts(place: Place, serving: Release | None) -> Iterator[str]:
    own = front_of(place)
    if own is None:
        return
    yield from own.doubts(next(iter(own.traffic.upstreams.values())).rpartition(":")[0], serving)


def _doubts(place: Place, made: Pinned) -> Iterator[str]:
    stated, traffic = place.environment.service, place.environment.traffic
    if traffic is None or traffic.service is not None:
        yield "traffic.service: found a proxy in a container, expected one that runs on this machine (no service)"
        return
    for name, target in traffic.upstreams.items():
        service = target.rpartition(":")[0]
        if service not in made.services or made.services[service].port is None:
            yield f"traffic.upstreams.{name}: found {target}, expected a service with a port"
        elif stated[service].single:
            yield (
                f"service {service}: found single = true and requests that are sent to it (upstream {name}), expected "
                'one of them: nobody is served while it is handed over. Use strategy = "recreate"'
            )
    for name, one in made.services.items():
        words = [word for text in one.command for word in text.split()]
        if plans_work(words) and "single" not in stated[name].model_fields_set:
            yield (
                f"service {name}: found `{' '.join(words)}`, which plans work and must not run twice; write "
                f"single = true under [service.{name}]: the old one is stopped before the new one starts "
                "(single = false says that it may)"
            )
