"""What the Engine says of the memory of containers, and the kernel of that of processes. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["ASKED", "SHARES", "USED", "Memory", "is_close", "own", "read", "shares", "used"]

ASKED = "{{.Name}} {{.State.OOMKilled}} {{.HostConfig.Memory}}"
"""The format of ``docker inspect`` that ``read`` reads."""
SHARES = "{{.Name}} {{.MemPerc}}"
"""The format of ``docker stats`` that ``shares`` reads."""
USED = "{{.Name}} {{.MemUsage}}"
"""The format of ``docker stats`` that ``used`` reads."""
_CLOSE = 90.0
_USED = re.compile(r"(\S+) (\d+(?:\.\d+)?)([KMGT]?)i?B /")
_OWN = re.compile(r"^(?:RssAnon|VmSwap):\s*(\d+) kB$", re.MULTILINE)
_UNITS = {"": 0, "K": 10, "M": 20, "G": 30, "T": 40}
_SHARE = re.compile(r"(\S+) (\d+(?:\.\d+)?)%")


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """One container."""

    name: str
    killed: bool
    """The kernel killed a process in it for want of memory since it was started, the main one or another."""
    limit: int
    """Bytes; 0 without a limit of its own."""


def read(text: str) -> Iterator[Memory]:
    """Reads what ``docker inspect`` says; a line that is none is left out."""
    for line in text.splitlines():
        name, killed, limit, *_ = [*line.split(), "", "", ""]
        if killed in {"true", "false"} and limit.isdecimal():
            yield Memory(name=name.lstrip("/"), killed=killed == "true", limit=int(limit))


def shares(text: str) -> dict[str, float]:
    """Container → how many per cent of its limit it uses, caches that can be dropped aside."""
    return {match[1].lstrip("/"): float(match[2]) for match in _SHARE.finditer(text)}


def used(text: str) -> dict[str, int]:
    """Container → how many bytes it uses, caches that can be dropped aside."""
    found = _USED.finditer(text)
    return {match[1].lstrip("/"): int(float(match[2]) * (1 << _UNITS[match[3]])) for match in found}


def own(status: str) -> int:
    """Bytes that a process uses by its ``/proc/PID/status``, files that can be read again aside."""
    return sum(int(size) << 10 for size in _OWN.findall(status))


def is_close(share: float) -> bool:
    """Whether so many per cent leave no room for a busy hour."""
    return share >= _CLOSE
