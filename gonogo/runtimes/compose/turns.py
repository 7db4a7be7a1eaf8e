"""Releases take turns: one is started beside the one that serves, and the proxy sends requests to either."""

from __future__ import annotations

import contextlib
import json
import math
import socket
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import cached_property, partial
from typing import Any
from urllib.parse import urlsplit

from gonogo.errors import GonogoError, RefusedError
from gonogo.host.runner import Command
from gonogo.runtimes.base import Place
from gonogo.runtimes.compose.answering import unwatched, wait_until_answering
from gonogo.runtimes.compose.files import services_of, write_model
from gonogo.runtimes.compose.led import PORTS, Led, mount_of
from gonogo.runtimes.compose.model.beside import doubts, network_of, turn
from gonogo.runtimes.compose.model.roles import expected_count
from gonogo.runtimes.compose.own_front import doubts_in_front
from gonogo.runtimes.compose.pinning import startable
from gonogo.runtimes.compose.seat import BESIDE
from gonogo.runtimes.compose.start import command_actions, start_actions, verify_images
from gonogo.runtimes.front import ending, is_own
from gonogo.runtimes.protocols import Action
from gonogo.state.release import Release
from gonogo.traffic import adapter_of
from gonogo.traffic.base import endpoints
from gonogo.traffic.send import wait_until_left

__all__ = ["ComposeTurn", "require_turns"]

_SECONDS = 60.0


class ComposeTurn(Led):
    """A release that is started beside the one that serves, takes its place, and leaves it."""

    def aside(self) -> Iterator[Action]:
        """Starts it beside what serves, and waits for its health; what runs already is left as it is."""
        single = self.single
        groups = self.base.groups
        steps = self.steps_of(tuple(name for name in groups.running if name not in single))
        actions = [
            *command_actions(self.base, self.base.backing()),
            Action(do=self._write),
            Action(do=partial(verify_images, self.release, self.place.host)),
            *start_actions(steps, self.release, ()),
            Action(do=self._await_answers),
        ]
        yield from (replace(one, do=partial(self._unless_up, one)) for one in actions)

    def _unless_up(self, action: Action) -> None:
        if self.base.again or not self._is_up:
            action.do()
            self.forget()

    @cached_property
    def _is_up(self) -> bool:
        """Whether it runs and is well, so that only requests need to be sent there: asked once."""
        if not (self.release.folder / BESIDE).is_file():
            return False
        well = [one.called for one in self.seen if one.release == self.release.id and one.is_well]
        definitions, single = services_of(self.model), self.single
        wanted = [name for name in self.base.groups.running if name not in single]
        return all(well.count(name) == expected_count(definitions.get(name, {})) for name in wanted)

    def _write(self) -> None:
        """Writes the model that starts it beside the others, with today's secrets."""
        today = json.loads(startable(self.place, self.release).read_text(encoding="utf-8"))
        write_model(self.path, turn(today, self.release.services, beside=self.release.beside, asked=self._asked()))

    def _asked(self) -> dict[str, dict[int, int | None]]:
        """The ports that gates ask before it is its turn; those that a proxy of this machine is told stay the same."""
        found: dict[str, dict[int, int | None]] = {}
        for service, port in self.targets.values():
            if expected_count(services_of(self.model).get(service, {})) == 1:
                found.setdefault(service, {})[port] = None
        return (
            found if self.traffic.service else {name: dict(self._pinned(name, ports)) for name, ports in found.items()}
        )

    def _pinned(self, service: str, ports: Collection[int]) -> Iterator[tuple[int, int | None]]:
        path = self.release.folder / PORTS
        known: dict[str, int] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        for port in ports:
            yield port, known.setdefault(f"{service}:{port}", _free_port())
        write_model(path, known)

    def _await_answers(self) -> None:
        """Waits for what has no health check, at most as long as one would; it is asked as the proxy's visitors ask."""
        health, served = self.place.environment.health, {service for service, _ in self.targets.values()}
        name = urlsplit(self.url).netloc
        for service in {*unwatched(self.model, self.release, self.place.host)} & served:
            at = self.direct().get(service)
            if at is not None:
                itself = f"http://{at}{health.live}"
                wait_until_answering(
                    f"http://{name or at}{health.live}",
                    (self.name(service),),
                    self.place.environment.project,
                    self.place.host,
                    timeout=health.timeout,
                    reached=partial(_itself, itself),
                )

    def taking_over(self, outgoing: Release | None) -> Iterator[Action]:
        """Sends every request to it, then stops the other's services of which two must not run and starts its own."""
        yield from self.switching(outgoing)
        if not is_own(self.traffic):
            yield from ending(self.place)
        single = tuple(name for name in self.base.groups.running if name in self.single)
        if not single or not self.release.beside:
            return
        said = f"docker stop {{{', '.join(single)} of the other release}}"
        yield Action(said=(said,), do=partial(self._stop_others, single))
        steps = self.steps_of(single)
        yield from command_actions(steps, steps.running())

    def _stop_others(self, services: Collection[str]) -> None:
        self.forget()
        others = (one for one in self.seen if one.state == "running" and one.release != self.release.id)
        ids = [one.id for one in others if (one.called or one.service) in services]
        if ids:
            grace = math.ceil(self.place.environment.command_timeout)
            self.place.host.run(Command(argv=("docker", "stop", *ids), timeout=grace)).require()

    def leaving(self, serving: Release | None, *, served: bool = True) -> Iterator[Action]:
        """Stops it once its last requests have ended (it never ``served``: at once), and removes what was left before.

        One with the names of the compose file is removed: its containers would come back with the Engine.
        """
        if served and serving is not None and serving.beside and self.place.environment.traffic is not None:
            seconds = f"{self.traffic.drain:g} s"
            yield Action(said=(f"# requests that are under way have {seconds}",), do=self._drain)
        names = tuple(map(self.name, self.release.services))
        words = ("stop", *names) if self.release.beside else ("rm", "--stop", "--force", *names)
        if self.path.is_file() or not self.release.beside:
            command = self.command(*words)
            yield Action(said=(str(command),), do=partial(self._run, command))
        yield Action(do=partial(self._clear, {self.release.id, *([serving.id] if serving else ())}))

    def removing(self) -> Iterator[Action]:
        """Removes its containers and its network."""
        command = self.command("rm", "--stop", "--force", *map(self.name, self.release.services))
        if self.path.is_file():
            yield Action(said=(str(command),), do=partial(self._run, command))
        yield Action(do=partial(self._clear, set()))

    def _run(self, command: Command) -> None:
        self.place.host.run(command).require()

    def _drain(self) -> None:
        with contextlib.suppress(GonogoError, OSError):  # what is under way may end or not: it is left in any case
            proxy = self.proxy(self.container(required=False) if self.traffic.service is not None else "")
            wait_until_left(proxy, endpoints(self.upstreams()), seconds=self.traffic.drain)

    def _clear(self, kept: Collection[str]) -> None:
        """Removes the containers and networks of other releases' turns."""
        self.forget()
        gone = {one.id: one.release for one in self.seen if one.called and one.release not in kept}
        if gone:
            self.place.host.run(Command(argv=("docker", "rm", "--force", *gone), timeout=_SECONDS)).require()
        project = self.place.environment.project
        for release in sorted(set(gone.values())):
            name = network_of(project, release.lower())
            self.place.host.run(Command(argv=("docker", "network", "rm", name), timeout=_SECONDS))


def _itself(at: str, _: str) -> str:
    """Where the page is asked, whatever name is in its address."""
    return at


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def require_turns(place: Place, model: Mapping[str, Any], services: Collection[str]) -> None:
    """Makes sure that a model can run twice on this machine, and that the proxy is told where requests go.

    Raises:
        RefusedError: it cannot, or is not; each reason says what to do.
    """
    environment, traffic = place.environment, place.environment.traffic
    if traffic is None:
        return
    known = {name: one for name, one in environment.service.items() if name in services}
    wrong = [
        *doubts(
            model,
            services,
            single={name for name, one in known.items() if one.single},
            stated={name for name, one in known.items() if "single" in one.model_fields_set},
            upstreams=traffic.upstreams,
            proxy=traffic.service,
        ),
        *doubts_in_front(place, model),
    ]
    if not wrong and traffic.service is not None and traffic.folder is not None:
        folder = (place.path / traffic.folder).resolve()
        if mount_of(model, traffic.service, folder) is None:
            adapter = adapter_of(traffic)
            wrong = [
                f"service {traffic.service}: found no mount of {folder}, expected that folder, in which git tracks "
                f'nothing but .gitkeep, among its volumes: "./{traffic.folder}:/etc/{traffic.kind}/upstreams:ro". '
                f"Its own configuration needs {adapter.wiring(f'/etc/{traffic.kind}/upstreams', traffic.upstreams)}"
            ]
    if wrong:
        raise RefusedError(f"strategy {environment.strategy}: {'; '.join(wrong)}.")
