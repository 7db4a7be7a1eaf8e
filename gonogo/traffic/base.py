"""What an adapter of a proxy is: data about its file and its commands. None of them does input or output."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

__all__ = ["ALL", "HEADER", "Backend", "Upstreams", "alone", "endpoints", "shared"]

HEADER = "# Written by gonogo at each deployment: change nothing here."


ALL = 100
"""Of a hundred requests."""


@dataclass(frozen=True, slots=True)
class Backend:
    """Where an instance answers, and its share of the requests."""

    endpoint: str
    """``host:port``."""
    weight: int = 1


Upstreams = Mapping[str, Sequence[Backend]]
"""What the proxy's configuration calls it → who is behind."""


class Adapter(Protocol):
    """One kind of proxy; its commands run where the proxy does."""

    file: str
    """The name of what it writes; empty where it writes nothing."""

    def render(self, upstreams: Upstreams) -> str:
        """The text of its file."""

    def looked_up(self, upstreams: Upstreams) -> Mapping[str, str]:  # noqa: ARG002 (an adapter may)
        """Small files beside its own that the proxy reads at each request, by name; nothing where it reads none.

        Where only they change, nothing has to be tested or reloaded.
        """
        return {}

    def test(self) -> tuple[str, ...]:
        """The command that refuses a configuration which the proxy would not take; nothing where it has none."""

    def reload(self, upstreams: Upstreams) -> tuple[str, ...]:
        """The command that makes it read its configuration; nothing where it sees changes by itself."""

    def show(self) -> tuple[str, ...]:
        """The command that prints where requests go; nothing where its file says that."""

    def closing(self) -> str:
        """In the titles of its processes, what those have that only end their last requests; empty where none has."""

    def under_way(self) -> tuple[str, ...]:
        """The command that prints how many requests each endpoint has; nothing where it does not say."""

    def count(self, said: str, gone: Iterable[str]) -> int:
        """How many requests that names for endpoints that are left."""

    def wiring(self, inside: str, names: Iterable[str]) -> str:
        """What its own configuration must say, for people."""


def alone(targets: Mapping[str, str]) -> Upstreams:
    """Every request of an upstream goes to one endpoint."""
    return {name: (Backend(endpoint),) for name, endpoint in targets.items()}


def shared(stays: Upstreams, comes: Upstreams, percent: int) -> Upstreams:
    """So many of a hundred requests go to ``comes``, the last one of each upstream, and the others to ``stays``."""
    return {
        name: (
            *(Backend(one.endpoint, ALL - percent) for one in stays[name]),
            *(Backend(one.endpoint, percent) for one in backends),
        )
        for name, backends in comes.items()
    }


def endpoints(upstreams: Upstreams) -> tuple[str, ...]:
    """All of them, each once."""
    return tuple(dict.fromkeys(one.endpoint for backends in upstreams.values() for one in backends))
