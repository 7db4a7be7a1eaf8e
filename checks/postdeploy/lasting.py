"""Whether instances last: watched until each has lived longer than it did before, and which of them only come round."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gonogo.checks.postdeploy.instances import RESTARTS, noted
from gonogo.config import Environment
from gonogo.errors import CommandError
from gonogo.gates.subject import Subject
from gonogo.host.runner import Command, Host
from gonogo.records.results import GateResult
from gonogo.runtimes.base import EARLY, Inspector, InstanceState
from gonogo.words import Role

__all__ = ["Observation", "Rounds", "is_up", "lasting", "lived", "said"]

_EVERY = 0.5
_MARGIN = 1.5
"""A little longer than it lived before: the Engine's pause before a restart grows each time."""
_RAN = 10.0
"""Seconds after which the Engine's restart policy, too, takes a container for one that had come up."""
_LIVES = '{{.Action}} {{.TimeNano}} {{index .Actor.Attributes "exitCode"}}'
"""When a container began and ended, and with which code, as ``docker events`` is asked."""


@dataclass(frozen=True, kw_only=True)
class Rounds:
    """Knows the jobs that are done in turns: they end well, and their restart policy starts them again."""

    inspector: Inspector
    environment: Environment
    runner: Host
    usual: frozenset[str] | None = None
    """The services whose instances were started again before this release; None where that does not count."""

    @classmethod
    def known(
        cls,
        inspector: Inspector,
        environment: Environment,
        runner: Host,
        *,
        subject: Subject,
        baseline: GateResult | None,
    ) -> Rounds:
        """Of a release that is deployed only what came round before it as well, or lives for ten seconds each time.

        A worker that ends at once, and well, looks the same.
        """
        before = frozenset(noted(baseline, "D03", RESTARTS)) if subject.role is Role.CANDIDATE else None
        return cls(inspector=inspector, environment=environment, runner=runner, usual=before)

    def have(self, one: InstanceState, *, since: str = "") -> bool:
        """Whether every end of it that the Engine remembers, since a moment or its making, had exit code 0.

        What publishes a port or has a health check is none: whoever asks it would not be answered meanwhile.
        """
        begin = since or one.created_at
        if not begin or one.status not in {"running", "restarting"} or not self.environment.has("a Docker Engine"):
            return False
        if one.health is not None or any(owner == one.service for owner, _, _ in self.inspector.published()):
            return False
        least = 0.0 if self.usual is None or one.service in self.usual else _RAN
        lives = list(self._lives(one.name, begin))
        return bool(lives) and all(code == "0" and seconds >= least for code, seconds in lives)

    def _lives(self, name: str, begin: str) -> Iterator[tuple[str, float]]:
        """With which code each life ended, and how long it was; endless where nobody remembers when it began."""
        argv = ("docker", "events", "--since", begin, "--until", f"{time.time():.3f}", "--filter", f"container={name}")
        which = ("--filter", "event=start", "--filter", "event=die", "--format", _LIVES)
        try:
            told = self.runner.run(Command(argv=(*argv, *which), timeout=20.0)).output.splitlines()
        except CommandError:
            return
        began = -math.inf
        for action, moment, *code in map(str.split, told):
            at = int(moment) / 1e9
            if action == "die":
                yield "".join(code), at - began
            began = at if action == "start" else -math.inf


@dataclass(kw_only=True)
class Observation:
    """Looks at instances until something ended, or all have lasted."""

    before: dict[str, InstanceState]
    """As they were when they were looked at last."""
    rounds: Rounds
    starting: float
    """Seconds from its making on for which an instance may be early for what it needs."""
    most: float
    """Seconds for which one that was started again is watched at the most."""
    moved: dict[str, str] = field(default_factory=dict)
    """What ended or was started again, one text each."""
    early: set[str] = field(default_factory=set)
    """What was started again while the release was starting, and lasted then."""
    came_round: set[str] = field(default_factory=set)
    """The jobs that did what they do."""

    def watch(self, *, until: float, window: float) -> float:
        """Looks until then; what is started again and may be early, until it has lasted. Returns when it ended.

        Args:
            until: by the monotonic clock.
            window: seconds that an early one has to last at least.
        """
        limit = max(time.monotonic() + self.most, until)
        again = (one for one in self.before.values() if one.restarts and not self.rounds.have(one))
        longer = until_outlived(again, most=self.most, starting=self.starting)
        until = max([until, *(time.monotonic() + seconds for seconds in longer)])
        while True:
            fresh = self._look()
            if fresh:
                seconds = [window, *until_outlived(fresh, most=self.most, starting=self.starting)]
                until = min(max(until, time.monotonic() + max(seconds)), limit)
            left = until - time.monotonic()
            if self.moved or left <= 0:
                break
            time.sleep(min(_EVERY, left))
        for name, one in self.before.items():
            if name in self.early and one.status == "restarting":
                self.moved[name] = said(one)
        return until

    def _look(self) -> list[InstanceState]:
        """Notes what moved; returns what is being started again, or was, and may be early."""
        fronts = {one.name: one for one in self.rounds.inspector.fronts()}
        now = {**{one.name: one for one in self.rounds.inspector.instances(health=False)}, **fronts}
        ended = {name for name, one in fronts.items() if is_up(one, may_end=True) and one.status != "running"}
        fresh = []
        for name, before in self.before.items():
            one = now.get(name)
            text = "" if name in ended else _moved(before, one)
            if not text:
                continue
            if one is not None and self._is_early(before, one):
                fresh.append(one)
                self.early.add(name)
                self.before[name] = one
            elif one is not None and self.rounds.have(one):
                self.came_round.add(name)
                self.before[name] = one
            else:
                self.moved[name] = text
        return fresh

    def _is_early(self, before: InstanceState, now: InstanceState) -> bool:
        """Whether it was started again while the release was starting, not too often, and was never healthy."""
        if before.health == "healthy" or now.status not in {"running", "restarting"} or not now.created_at:
            return False
        counted = now.restarts > before.restarts or before.status == "restarting"
        since = (_moment(now.started_at) - _moment(now.created_at)).total_seconds()
        return counted and now.restarts <= EARLY and since <= self.starting


def lasting(instances: Sequence[InstanceState]) -> dict[str, InstanceState]:
    """Those that are to go on, by their names."""
    running = (one for one in instances if one.status in {"running", "restarting"})
    return {one.name: one for one in running if not one.one_shot}


def until_outlived(instances: Iterable[InstanceState], *, most: float, starting: float) -> Iterator[float]:
    """For each that was started again: the seconds from now until it has lived longer than before, ``most`` at most.

    One that lived longer than a start takes is not waited for: nobody has the time to outlive it.
    """
    for one in instances:
        before = lived(one)
        if not before or before > starting:
            continue
        seconds = before * _MARGIN - (datetime.now(UTC) - _moment(one.started_at)).total_seconds()
        if seconds > 0:  # created long before its start (it waited for others): less than it seems may be enough
            yield min(seconds, most)


def lived(instance: InstanceState) -> float:
    """How long it lived on average before it was started again; the pauses between are counted in."""
    if not instance.restarts or not instance.created_at:
        return 0.0
    return (_moment(instance.started_at) - _moment(instance.created_at)).total_seconds() / instance.restarts


def is_up(instance: InstanceState, *, may_end: bool = False) -> bool:
    """Whether it runs, ended well, or is a one-shot that was only made or cleared away.

    The rollback makes its migration and does not run it; a container prune removes what ended. That each ran to
    a good end, the start made sure of.
    """
    may_end = may_end or instance.one_shot
    if (may_end and instance.status == "created") or (instance.one_shot and instance.status == "missing"):
        return True
    ended_well = may_end and instance.status == "exited" and instance.exit_code == 0
    return instance.status == "running" or ended_well


def said(instance: InstanceState) -> str:
    """Its name and how it is."""
    code = f" (exit code {instance.exit_code})" if instance.exit_code is not None else ""
    return f"{instance.name} {instance.status}{code}"


def _moment(text: str) -> datetime:
    """A moment of the Engine, which writes nanoseconds."""
    return datetime.fromisoformat(text)


def _moved(before: InstanceState, now: InstanceState | None) -> str:
    if now is None:
        return f"{before.name} gone"
    if now.status != "running":
        return said(now)
    if now.restarts > before.restarts:
        return f"{now.name} restarted {now.restarts - before.restarts} times"
    return f"{now.name} started again" if now.started_at != before.started_at else ""
