"""In which order the services of a release are replaced, as commands."""

from __future__ import annotations

import math
import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gonogo.config import Environment
from gonogo.host.runner import Command, Host
from gonogo.runtimes.base import Place
from gonogo.runtimes.compose.cli import project_command
from gonogo.runtimes.compose.files import services_of
from gonogo.runtimes.compose.model import roles
from gonogo.runtimes.compose.render import project_folder
from gonogo.state.release import Release

__all__ = ["LABEL", "Groups", "Steps", "groups_of", "vanished", "wait_seconds"]

LABEL = "com.docker.compose"
"""What the labels begin with by which Compose knows its containers."""
_MARGIN = 120.0
_SECONDS = 60.0
_AT_A_TIME = 4
"""So many Composes run at a time: each takes 70 MiB."""
_UP = ("up", "--detach", "--no-build")


@dataclass(frozen=True, kw_only=True)
class Groups:
    """The services of a model, by what happens to them when a release starts."""

    backing: tuple[str, ...]
    """Left alone; started where they are missing."""
    awaited: tuple[str, ...]
    """Those of them that are meant to run, so that one can wait for them."""
    stores: tuple[str, ...]
    """Deployed since they are built here, but others need what they store: they run before anything migrates."""
    early: tuple[str, ...]
    """Deployed, run to their end before the others start."""
    running: tuple[str, ...]
    """Deployed, and running."""
    late: tuple[str, ...]
    """Deployed, run to their end once the others run."""
    fronts: tuple[str, ...]
    """In front of the deployed ones; they must see the new addresses."""
    passing: tuple[str, ...]
    """In front as well, but they end by themselves."""
    left_out: tuple[str, ...] = ()
    """Deployed one-shots that this start must not run: they are made, and stay as they are."""
    waves: tuple[tuple[tuple[str, ...], ...], ...] = ()
    """The running ones in the order in which they are replaced: those of a wave at a time, each with those that it
    shares a namespace or volumes with; a wave waits for nobody but those before it."""
    unwatched: frozenset[str] = frozenset()
    """Their health check is switched off, which Compose's ``up --wait`` takes for a failure (docker/compose#13522)."""


def groups_of(model: Mapping[str, Any], services: Collection[str], *, left_out: Collection[str] = ()) -> Groups:
    """Sorts the services of a model; ``left_out`` are one-shots that must not run this time."""
    ending = set(roles.one_shots(model))
    definitions = services_of(model)
    backing = roles.backing(model, services)
    fronts = roles.fronts(model, services)
    running = tuple(name for name in services if name not in ending)
    ended = tuple(name for name in services if name in ending and name not in left_out)
    late = tuple(name for name in ended if _needs(definitions, name) & set(running))
    needed = {other for name in services for other in _needs(definitions, name)}
    return Groups(
        backing=backing,
        awaited=tuple(
            name for name in backing if name not in ending and _is_lasting(definitions[name], name in needed)
        ),
        stores=tuple(name for name in running if name in needed and roles.stores_data(model, name)),
        early=tuple(name for name in ended if name not in late),
        running=running,
        late=late,
        fronts=tuple(name for name in fronts if name not in ending),
        passing=tuple(name for name in fronts if name in ending),
        left_out=tuple(name for name in services if name in ending and name in left_out),
        waves=tuple(_waves(definitions, running)),
        unwatched=frozenset(name for name, one in definitions.items() if _is_unwatched(one.get("healthcheck") or {})),
    )


def _is_lasting(definition: Mapping[str, Any], is_needed: bool) -> bool:  # noqa: FBT001 (a fact, not an option)
    return is_needed or "healthcheck" in definition or definition.get("restart", "no") != "no"


def _is_unwatched(check: Mapping[str, Any]) -> bool:
    return bool(check.get("disable")) or check.get("test") in ("NONE", ["NONE"])


def _needs(definitions: Mapping[str, Mapping[str, Any]], name: str) -> set[str]:
    found: set[str] = set()
    work = [name]
    while work:
        for other in definitions.get(work.pop(), {}).get("depends_on") or {}:
            if other not in found:
                found.add(other)
                work.append(other)
    return found


def _waves(
    definitions: Mapping[str, Mapping[str, Any]], running: Sequence[str]
) -> Iterator[tuple[tuple[str, ...], ...]]:
    """Who can be replaced at a time, in order; services that share something of a container are replaced together.

    In a wave those come first that somebody asks: nobody waits for a worker.
    """
    together: dict[str, list[str]] = {}
    for name in running:
        together.setdefault(_shares_with(definitions, name), []).append(name)
    left = [tuple(names) for names in together.values()]
    while left:
        waiting = {name for names in left for name in names}
        free = [one for one in left if not any(_needs(definitions, name) & (waiting - {*one}) for name in one)]
        free.sort(key=lambda names: not any(_is_asked(definitions.get(name) or {}) for name in names))
        wave = free or [tuple(name for one in left for name in one)]
        yield tuple(wave)
        left = [one for one in left if free and one not in free]


def _is_asked(definition: Mapping[str, Any]) -> bool:
    return any(definition.get(key) for key in ("ports", "expose", "healthcheck"))


def _shares_with(definitions: Mapping[str, Mapping[str, Any]], name: str) -> str:
    """The service whose container another one's is bound to, or itself."""
    one = definitions.get(name) or {}
    modes = [str(one.get(key) or "") for key in ("network_mode", "ipc", "pid")]
    bound = [mode.removeprefix("service:") for mode in modes if mode.startswith("service:")]
    bound += [str(other).partition(":")[0] for other in one.get("volumes_from") or ()]
    for other in bound:
        if other in definitions and other != name:
            return _shares_with(definitions, other)
    return name


def wait_seconds(environment: Environment, services: Sequence[str]) -> int:
    """How long services may take to become healthy, in whole seconds as Compose wants them."""
    return math.ceil(
        max((environment.health_of(name).timeout for name in services), default=environment.health.timeout)
    )


def vanished(model: Mapping[str, Any], old: Mapping[str, Any], outgoing: Release) -> tuple[str, ...]:
    """Services of the outgoing release that this one has not; what held data is left alone."""
    kept = set(roles.backing(old, outgoing.services))
    return tuple(name for name in services_of(old) if name not in services_of(model) and name not in kept)


@dataclass(frozen=True, kw_only=True)
class Steps:
    """The commands that start one model."""

    place: Place
    model: Path
    groups: Groups
    secrets: Mapping[str, str]
    """Variables that the model's own ``secrets:`` take from the environment."""
    again: frozenset[str] = frozenset()
    """Services whose containers are made anew although nothing of them changed."""
    called: Mapping[str, str] = field(default_factory=dict)
    """Where a release stands beside others: what its services are called → their names in the compose file."""

    def filters(self, *more: str) -> tuple[str, ...]:
        """Options of ``docker ps`` that leave the project's containers, with further labels if need be."""
        labels = (f"{LABEL}.project={self.place.environment.project}", f"{LABEL}.oneoff=False", *more)
        return tuple(word for label in labels for word in ("--filter", f"label={label}"))

    def containers(self, service: str) -> frozenset[str]:
        """The ids of a service's containers."""
        filters = self.filters(f"{LABEL}.service={service}")
        argv = ("docker", "ps", "--all", "--quiet", "--no-trunc", *filters)
        return frozenset(self.host.run(Command(argv=argv, timeout=_SECONDS)).require().output.split())

    def own(self, service: str) -> str:
        """A service's name in the compose file."""
        return self.called.get(service, service)

    @property
    def host(self) -> Host:
        """Where they run."""
        return self.place.host

    def command(self, *words: str, wait: int = 0) -> Command:
        """One command of the project, with this model."""
        timeout = max(self.place.environment.command_timeout, wait + _MARGIN)
        folder = project_folder(self.place, self.place.path)
        made = project_command(
            self.model, *words, project=self.place.environment.project, folder=folder, timeout=timeout
        )
        return Command(argv=made.argv, env={**made.env, **self.secrets}, timeout=timeout)

    def up(self, services: Sequence[str], *options: str) -> Command:
        """Brings services up."""
        return self.command(*_UP, *options, *services)

    def up_and_wait(self, services: Sequence[str], *options: str) -> tuple[Command, ...]:
        """Brings services up and waits for the health of those that have a health check, or until they run."""
        watched = [name for name in services if name not in self.groups.unwatched]
        started: tuple[Command, ...] = ()
        if len(watched) < len(services):
            started = (self.up(services, *options),)
            options = ("--no-recreate", "--pull", "never", "--no-deps")
        seconds = wait_seconds(self.place.environment, [*map(self.own, services)])
        words = (*_UP, *options, "--wait", "--wait-timeout", str(seconds), *watched)
        return (*started, self.command(*words, wait=seconds)) if watched else started

    def backing(self) -> tuple[Command, ...]:
        """Starts what stands behind the release, where it is missing; never replace it."""
        stores = self.groups.stores
        built = self.up_and_wait(stores, "--no-recreate", "--pull", "never", "--no-deps") if stores else ()
        return (*self._behind(), *built)

    def _behind(self) -> tuple[Command, ...]:
        if not self.groups.backing:
            return ()
        started = self.up(self.groups.backing, "--no-recreate", "--pull", "missing")
        if not self.groups.awaited:
            return (started,)
        return (started, *self.up_and_wait(self.groups.awaited, "--no-recreate", "--pull", "never", "--no-deps"))

    def one_shots(self, services: Sequence[str]) -> tuple[Command, ...]:
        """Runs services that end by themselves, one after the other, anew."""
        return tuple(self.up((name,), "--force-recreate", "--pull", "never", "--no-deps") for name in services)

    def left_out(self) -> tuple[Command, ...]:
        """Makes the one-shots that must not run, so that nothing of the outgoing release is left in their place."""
        if not self.groups.left_out:
            return ()
        words = ("up", "--no-start", "--no-build", "--force-recreate", "--pull", "never", "--no-deps")
        return (self.command(*words, *self.groups.left_out),)

    def running(self) -> tuple[Command, ...]:
        """Replaces the deployed services and waits for their health."""
        if not self.groups.running:
            return ()
        anew = tuple(name for name in self.groups.running if name in self.again)
        others = tuple(name for name in self.groups.running if name not in self.again)
        first = self.up_and_wait(anew, "--pull", "never", "--no-deps", "--force-recreate") if anew else ()
        return (*first, *(self.up_and_wait(others, "--pull", "never", "--no-deps") if others else ()))

    def made(self) -> tuple[Command, ...]:
        """Makes the networks, the volumes and the containers that are yet missing; none is replaced.

        Services that come up at a time would otherwise make the same network twice.
        """
        if all(len(wave) == 1 for wave in self.groups.waves):
            return ()
        words = ("up", "--no-start", "--no-build", "--no-recreate", "--pull", "never", "--no-deps")
        return (self.command(*words, *self.groups.running),)

    def replaced(self, wave: Sequence[Sequence[str]]) -> tuple[Command, ...]:
        """Replaces services side by side, a command each: a new container is made, then the old one ends.

        One ``up`` of them all would start none of them before the slowest of the old ones has ended.
        """
        return tuple(
            self.up(names, "--pull", "never", "--no-deps", *(("--force-recreate",) if self.again & {*names} else ()))
            for names in wave
        )

    @staticmethod
    def side_by_side(commands: Sequence[Command], then: Sequence[Sequence[Command]] = ()) -> Command:
        """One command that runs several, a few at a time and in order, and fails where one of them does.

        ``then`` follows each of them, and may fail.
        """
        follows = [*then, *[()] * (len(commands) - len(then))]
        if len(commands) == 1 and not follows[0]:
            return commands[0]
        lines = []
        for one, after in zip(commands, follows, strict=True):
            last = " && ".join(shlex.join(two.argv) for two in after) or ":"
            lines.append(f"{shlex.join(one.argv)} && {{ {last} || :; }}")
        script = f"printf '%s\\0' {shlex.join(lines)} | xargs -0 -n 1 -P {_AT_A_TIME} sh -c 'eval \"$0\"'"
        return Command(argv=("sh", "-c", script), env=commands[0].env, timeout=commands[0].timeout)

    def fronts(self) -> tuple[Command, ...]:
        """Brings up what stands in front; it is recreated only where its definition changed."""
        if not self.groups.fronts:
            return ()
        return self.up_and_wait(self.groups.fronts, "--pull", "missing", "--no-deps")

    def passing(self) -> tuple[Command, ...]:
        """Starts what stands in front and ends by itself."""
        if not self.groups.passing:
            return ()
        return (self.up(self.groups.passing, "--pull", "missing", "--no-deps"),)

    def restart(self, services: Sequence[str]) -> tuple[Command, ...]:
        """Restarts fronts that were not recreated: a proxy may have looked up addresses once, when it started."""
        if not services:
            return ()
        again = self.up_and_wait(services, "--no-recreate", "--pull", "never", "--no-deps")
        return (self.command("restart", *services), *again)
