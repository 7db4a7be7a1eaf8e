"""What stands in front learns where the new containers are: a proxy may have looked up addresses once."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cached_property
from typing import Any

from gonogo.host.runner import Command, Completed
from gonogo.inspection.machine.fronts import hosts, networks_of, question
from gonogo.runtimes.compose.files import services_of
from gonogo.runtimes.compose.model import roles
from gonogo.runtimes.compose.up import Steps
from gonogo.runtimes.compose.ways import begins_with, kind_of, upstreams_of

__all__ = ["Fronts"]

_SECONDS = 60.0
_LOADED_WITHIN = 5.0
_PAUSE = 0.1
_WORKER = "nginx: worker process"
_CLOSING = "is shutting down"
_ADDRESSES = "{{.Id}}{{range .NetworkSettings.Networks}} {{.IPAddress}}{{end}}"


class Fronts:
    """The services in front of a release that is started.

    nginx reads its configuration again as soon as the new containers run. Caddy looks names up for each connection.
    Any other that was not made anew is restarted in the end.
    """

    def __init__(self, steps: Steps) -> None:
        """Nothing is asked yet."""
        self._steps = steps
        self._before: dict[str, frozenset[str]] = {}
        self._led: dict[str, Collection[str]] = {}
        """Container of an nginx → the hosts that it sends requests to."""
        self._told: dict[str, str] = {}
        """Container of an nginx → the addresses that were there when it read its configuration last."""

    @cached_property
    def _model(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self._steps.model.read_text(encoding="utf-8"))
        return found

    def after(self, names: Sequence[str]) -> tuple[Command, ...]:
        """What has each nginx that sends requests to these services look them up, once their new containers run.

        A configuration that it refuses changes nothing; ``refresh`` finds that out.
        """
        return tuple(
            Command(argv=("docker", "exec", container, *self._test(front)[:-1], "-s", "reload"), timeout=_SECONDS)
            for front in self._steps.groups.fronts
            if self._kind(front) == "nginx"
            for container in sorted(self._steps.containers(front))
            if self._leads_to(front, container, names)
        )

    def _leads_to(self, front: str, container: str, names: Sequence[str]) -> bool:
        """Whether an nginx sends requests to one of them; one that hides where it sends them may."""
        known = self._led.setdefault(container, hosts(upstreams_of(self._model, front, container, self._steps.host)))
        others = {name for one in self._steps.groups.running if one not in names for name in self._names(one)}
        return not known or bool({*known} - others)

    def _names(self, service: str) -> Iterator[str]:
        """What a service is called in its networks."""
        definition = services_of(self._model).get(service, {})
        yield service
        yield str(definition.get("container_name") or "")
        yield str(definition.get("hostname") or "")
        for names in networks_of(services_of(self._model), service).values():
            yield from names

    def _test(self, front: str) -> tuple[str, ...]:
        words = begins_with(self._model, front, self._steps.host)
        return question(roles.image_name(self._model, front), words) or ()

    def refresh(self) -> None:
        """Has each nginx look up the containers that run now; one that does not is left to ``renew``."""
        for name in self._steps.groups.fronts:
            if self._kind(name) == "nginx":
                for container in self._steps.containers(name):
                    self._reload(name, container)

    def note(self) -> None:
        """Notes which containers there are."""
        self._before = {name: self._steps.containers(name) for name in self._steps.groups.fronts}

    def renew(self, run: Callable[[Sequence[Command]], None]) -> None:
        """Restarts those that are the same, and may know addresses of containers that are gone."""
        same = [name for name, found in self._before.items() if found and self._steps.containers(name) == found]
        run(self._steps.restart([name for name in same if not self._knows(name)]))

    def _knows(self, name: str) -> bool:
        kind = self._kind(name)
        if kind == "nginx":
            return all(self._reload(name, container) for container in self._steps.containers(name))
        return kind == "caddy"

    def _kind(self, name: str) -> str:
        return kind_of(self._model, name, self._steps.host)

    def _reload(self, name: str, container: str) -> bool:
        """Whether new workers of an nginx began with the addresses of now: its exit code does not tell."""
        now = self._addresses()
        if self._told.get(container) == now:
            return True
        test = self._test(name)
        former = self._workers(container)
        ready = bool(test and former) and self._run(("docker", "exec", container, *test)).ok
        if not (ready and self._run(("docker", "exec", container, *test[:-1], "-s", "reload")).ok):
            return False
        deadline = time.monotonic() + _LOADED_WITHIN
        while time.monotonic() < deadline:
            if self._workers(container) - former:
                self._told[container] = now
                return True
            time.sleep(_PAUSE)
        return False

    def _workers(self, container: str) -> frozenset[str]:
        """The processes of an nginx that take new requests."""
        listed = self._run(("docker", "top", container, "-eo", "pid,args")).output.splitlines()
        return frozenset(line.split()[0] for line in listed if _WORKER in line and _CLOSING not in line)

    def _addresses(self) -> str:
        running = self._steps.groups.running
        ids = sorted({one for name in running for one in self._steps.containers(name)})
        return self._run(("docker", "container", "inspect", "--format", _ADDRESSES, *ids)).output if ids else ""

    def _run(self, argv: Sequence[str]) -> Completed:
        return self._steps.host.run(Command(argv=tuple(argv), timeout=_SECONDS), output_limit=None)
