"""Waits for health; Compose's ``up --wait`` gives up at the first ``unhealthy``, which one may be for a while."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from gonogo.errors import CommandError
from gonogo.host.runner import Command, Completed, Host
from gonogo.runtimes.base import EARLY

__all__ = ["LOOK", "Look", "looks", "run_until_healthy", "wait_until_healthy"]

LOOK = "{{.Name}}\t{{.State.Status}}\t{{with .State.Health}}{{.Status}}{{end}}\t{{.RestartCount}}"
"""What ``docker container inspect --format`` is asked for."""
_BOUND = "--wait-timeout"
_ANEW = "--force-recreate"
_EVERY = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One container at one moment."""

    name: str
    status: str
    health: str
    """Empty without a health check."""
    restarts: int

    @property
    def is_late(self) -> bool:
        """Whether it runs, or starts again, and is not healthy yet."""
        return self.status == "restarting" or (self.status == "running" and self.health in {"starting", "unhealthy"})

    def __str__(self) -> str:
        """As people say it."""
        return self.health if self.status == "running" and self.health else self.status


def looks(output: str) -> dict[str, Look]:
    """Reads the answer to ``LOOK``, one line a container."""
    rows = (line.split("\t") for line in output.splitlines() if line.count("\t") == 3)  # noqa: PLR2004 (four fields)
    return {
        name: Look(name=name, status=status, health=health, restarts=int(count)) for name, status, health, count in rows
    }


def run_until_healthy(host: Host, command: Command, look: Callable[[], dict[str, Look]]) -> Completed:
    """Runs an ``up --wait``; where only health keeps it from succeeding, goes on waiting until its time is over.

    ``look`` says how the containers are that it brings up. One that ended, or is started again and again, is a failure
    at once.
    """
    before = look()
    deadline = time.monotonic() + _seconds(command.argv)
    done = host.run(command)
    while not done.ok and not done.timed_out and _comes(look, before, deadline):
        rest = max(int(deadline - time.monotonic()), 1)
        done = host.run(replace(command, argv=_within(command.argv, rest)))
    return done


def wait_until_healthy(look: Callable[[], dict[str, Look]], seconds: float) -> None:
    """Waits until the containers of an ``up`` are healthy; those without a health check have to run.

    Raises:
        CommandError: one ended, is started again and again, or is not healthy in time.
    """
    before = now = look()
    deadline = time.monotonic() + seconds
    while any(one.is_late for one in now.values()) and time.monotonic() < deadline:
        if _is_lost(now.values(), before):
            break
        time.sleep(_EVERY)
        now = look()
    wrong = [f"{name.lstrip('/')} {one}" for name, one in now.items() if one.is_late or _is_lost([one], before)]
    if wrong:
        raise CommandError(f"the start: found {', '.join(wrong)}, expected running and healthy within {seconds:g} s")


def _comes(look: Callable[[], dict[str, Look]], before: dict[str, Look], deadline: float) -> bool:
    """Waits for containers that are late; False where none is, one is lost, or the time is over."""
    now = look()
    if not any(one.is_late for one in now.values()):
        return False
    while time.monotonic() < deadline:
        if _is_lost(now.values(), before):
            return False
        if not any(one.is_late for one in now.values()):
            return True
        time.sleep(_EVERY)
        now = look()
    return False


def _is_lost(now: Collection[Look], before: dict[str, Look]) -> bool:
    """Whether one ended for good, or was started again too often; one that was only made waits for another."""
    return any(
        one.status in {"exited", "dead", "removing", "paused"}
        or one.restarts - (before[one.name].restarts if one.name in before else 0) > EARLY
        for one in now
    )


def _seconds(argv: Sequence[str]) -> float:
    return float(argv[argv.index(_BOUND) + 1]) if _BOUND in argv else 0.0


def _within(argv: tuple[str, ...], seconds: int) -> tuple[str, ...]:
    """The command once more, for what is left of its time; what was made anew already is not made anew again."""
    at = argv.index(_BOUND) + 1
    return tuple(word for word in (*argv[:at], str(seconds), *argv[at + 1 :]) if word != _ANEW)
