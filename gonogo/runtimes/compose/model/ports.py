"""Which of the ports that are wanted somebody else holds."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from gonogo.runtimes.compose.model.roles import PublishedPort

__all__ = ["Conflict", "Listener", "PublishedPort", "conflicts", "overlap"]


@dataclass(frozen=True, slots=True)
class Listener:
    """One socket that listens on the host, and who holds it as far as is known."""

    host_ip: str
    port: int
    protocol: str = "tcp"
    pid: int | None = None
    process: str = ""


@dataclass(frozen=True, slots=True)
class Conflict:
    """One wanted port that is taken, and by whom."""

    service: str
    host_ip: str
    port: int
    protocol: str
    holder: str
    twice: bool = False
    """Another service of the same release asks for it: nobody on the machine is to blame."""

    def __str__(self) -> str:
        """Which port, for whom, and who holds it."""
        if self.twice:
            return f"{self.host_ip}:{self.port}/{self.protocol} is asked for by {self.holder} and by {self.service}"
        return f"{self.host_ip}:{self.port}/{self.protocol} for {self.service} is held by {self.holder}"


def conflicts(
    wanted: Sequence[PublishedPort],
    listeners: Iterable[Listener],
    own: Collection[PublishedPort] = (),
    *,
    own_pids: Collection[int] = (),
) -> tuple[Conflict, ...]:
    """Names the wanted ports that a stranger holds, or that two services want at once.

    Args:
        wanted: The ports that the release asks for.
        listeners: What listens on the host now.
        own: The ports that this application's running containers hold; they give them up when they are replaced.
        own_pids: Its own processes.
    """
    strangers = [item for item in listeners if item.pid not in own_pids and not any(_clash(item, port) for port in own)]
    taken = (
        Conflict(port.service, port.host_ip, port.port, port.protocol, _holder(item))
        for port in wanted
        for item in strangers
        if _clash(item, port)
    )
    twice = (
        Conflict(port.service, port.host_ip, port.port, port.protocol, other.service, twice=True)
        for index, port in enumerate(wanted)
        for other in wanted[:index]
        if _clash(port, other)
    )
    return tuple(dict.fromkeys((*twice, *taken)))


def _clash(one: Listener | PublishedPort, other: Listener | PublishedPort) -> bool:
    return (one.port, one.protocol) == (other.port, other.protocol) and overlap(one.host_ip, other.host_ip)


def overlap(one: str, other: str) -> bool:
    """Two addresses clash when they are the same or one of them is a wildcard; ``::`` covers IPv4 as well."""
    if one == other or {one, other} & {"", "::", "*"}:
        return True
    try:
        first, second = (ip_address(text.partition("%")[0]) for text in (one, other))
    except ValueError:
        return False
    return first == second or (first.version == second.version and (first.is_unspecified or second.is_unspecified))


def _holder(item: Listener) -> str:
    if item.process and item.pid:
        return f"{item.process} (pid {item.pid})"
    return item.process or (f"pid {item.pid}" if item.pid else "a process that cannot be named without more rights")
