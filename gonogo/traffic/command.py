"""Any other proxy: a command of the team's sends requests, another one says where they go."""

from __future__ import annotations

from collections.abc import Iterable

from gonogo.config.traffic import Traffic
from gonogo.traffic.base import ALL, Adapter, Upstreams

__all__ = ["Own"]


class Own(Adapter):
    """Writes nothing; ``{NAME}`` in its command is an upstream's endpoint, ``{weight}`` its share in a hundred."""

    file = ""

    def __init__(self, traffic: Traffic) -> None:
        """As it was configured."""
        self._traffic = traffic

    def render(self, upstreams: Upstreams) -> str:  # noqa: ARG002 (it has no file)
        """Nothing."""
        return ""

    def test(self) -> tuple[str, ...]:
        """As it was configured."""
        return self._traffic.test or ()

    def reload(self, upstreams: Upstreams) -> tuple[str, ...]:
        """The command with the endpoint of whoever comes last filled in, and its share."""
        words = list(self._traffic.reload or ())
        for name, backends in upstreams.items():
            share = backends[-1].weight if len(backends) > 1 else ALL
            words = [word.replace(f"{{{name}}}", backends[-1].endpoint) for word in words]
            words = [word.replace("{weight}", str(share)) for word in words]
        return tuple(words)

    def show(self) -> tuple[str, ...]:
        """As it was configured."""
        return self._traffic.show or ()

    def closing(self) -> str:
        """Nothing is known of its processes."""
        return ""

    def under_way(self) -> tuple[str, ...]:
        """Nothing is known of its requests."""
        return ()

    def count(self, said: str, gone: Iterable[str]) -> int:  # noqa: ARG002 (it says nothing)
        """Nothing is said, nothing is counted."""
        return 0

    def wiring(self, inside: str, names: Iterable[str]) -> str:  # noqa: ARG002 (it has no folder)
        """Its two commands."""
        uses = ", ".join(f"{{{name}}}" for name in names)
        return f"`traffic.reload` that sends requests to {uses}, and `traffic.show` that prints where they go"
