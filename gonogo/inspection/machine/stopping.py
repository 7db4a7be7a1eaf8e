"""Whether a container ends when it is told to, and has the time that its application says it takes. Pure."""

from __future__ import annotations

import posixpath
import re
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

__all__ = ["ASKED", "PROCESSES", "Container", "Process", "ignores_its_end", "options_beyond", "processes", "read"]

ASKED = "{{.Name}}\t{{.State.Pid}}\t{{.Config.StopSignal}}\t{{.Config.StopTimeout}}\t{{.HostConfig.PidMode}}"
"""The format of ``docker inspect`` that ``read`` reads."""
PROCESSES = ("-eo", "pid,caught,blocked,wchan:40,args")
"""The options of ``docker top`` whose output ``processes`` reads."""
_GRACE = 10.0
"""What the Engine gives where nobody says anything else."""
_FIELDS = 5
_SHELLS = frozenset({"ash", "bash", "dash", "sh"})
_UNKNOWN = frozenset({"-", "0"})
_MASK = re.compile(r"[0-9a-fA-F]+")
_GRACEFUL = re.compile(r"(?<!\S)(--graceful-timeout|--timeout-graceful-shutdown)[ =](\d+)(?!\S)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """How a container is stopped."""

    name: str
    pid: int
    """Of its first process, by the Engine's machine."""
    signal: int
    grace: float
    """Seconds until it is killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One process of a container."""

    pid: int
    caught: int
    """The signals that it has a handler for, as a mask."""
    blocked: int
    waits: str
    """The kernel's function in which it sleeps."""
    argv: str


def read(text: str) -> Iterator[Container]:
    """Reads what ``docker inspect`` says; one that shares another's processes or has a rare signal is left out."""
    for line in text.splitlines():
        name, pid, told, grace, mode, *_ = [*line.split("\t"), *[""] * _FIELDS]
        number = _number(told or "SIGTERM")
        if pid.isdecimal() and int(pid) and number is not None and not mode:
            seconds = float(grace) if grace.isdecimal() else _GRACE
            yield Container(name=name.lstrip("/"), pid=int(pid), signal=number, grace=seconds)


def _number(name: str) -> int | None:
    if name.isdecimal():
        return int(name)
    known = getattr(signal, name if name.startswith("SIG") else f"SIG{name}", None)
    return int(known) if isinstance(known, signal.Signals) else None


def processes(text: str) -> Iterator[Process]:
    """Reads what ``docker top`` says; what is no process is left out."""
    for line in text.splitlines():
        words = line.split(None, _FIELDS - 1)
        if len(words) == _FIELDS and words[0].isdecimal() and all(map(_MASK.fullmatch, words[1:3])):
            yield Process(
                pid=int(words[0]), caught=int(words[1], 16), blocked=int(words[2], 16), waits=words[3], argv=words[4]
            )


def ignores_its_end(container: Container, found: Sequence[Process]) -> Process | None:
    """The first process of a container, where the signal that is to end it does nothing.

    The kernel keeps from a first process each signal that it has no handler for. One that takes signals out of a queue
    has none either, and is known by where it sleeps.
    """
    first = _deaf(container, found)
    if first is None:
        return None
    if first.waits in _UNKNOWN:
        return first if posixpath.basename(first.argv.split()[0]) in _SHELLS else None
    return None if "sig" in first.waits else first


def is_awake(container: Container, found: Sequence[Process]) -> bool:
    """Whether a first process without a handler was at work just then, so that nobody can say for what it sleeps."""
    first = _deaf(container, found)
    return first is not None and first.waits in _UNKNOWN


def _deaf(container: Container, found: Sequence[Process]) -> Process | None:
    """The first process, where it has no handler for the signal that is to end it."""
    first = next((one for one in found if one.pid == container.pid), None)
    return None if first is None or (first.caught | first.blocked) & 1 << (container.signal - 1) else first


def options_beyond(container: Container, found: Sequence[Process]) -> tuple[str, ...]:
    """The options by which its processes let requests end that take longer than the container has."""
    options = {match[0]: float(match[2]) for one in found for match in _GRACEFUL.finditer(one.argv)}
    return tuple(option for option, seconds in options.items() if seconds > container.grace)
