"""nginx: an ``upstream`` block for each name, in a folder that ``nginx.conf`` includes."""

from __future__ import annotations

from collections.abc import Iterable

from gonogo.config.traffic import Traffic
from gonogo.traffic.base import HEADER, Adapter, Upstreams

__all__ = ["Nginx"]


class Nginx(Adapter):
    """Looks names up once, when it reads its configuration: each switch is a reload."""

    file = "gonogo.conf"

    def __init__(self, traffic: Traffic) -> None:
        """As it was configured."""
        self._traffic = traffic

    def render(self, upstreams: Upstreams) -> str:
        """Blocks in the order given."""
        blocks = [HEADER]
        for name, backends in upstreams.items():
            servers = (
                f"    server {one.endpoint}{f' weight={one.weight}' if len(backends) > 1 else ''};" for one in backends
            )
            blocks.append("\n".join((f"upstream {name} {{", *servers, "}")))
        return "\n".join(blocks) + "\n"

    def test(self) -> tuple[str, ...]:
        """As a person would."""
        return self._traffic.test or ("nginx", "-t", "-q")

    def reload(self, upstreams: Upstreams) -> tuple[str, ...]:  # noqa: ARG002 (its file has them)
        """Tells the master; exit code 0 says that the signal was sent, and nothing else."""
        return self._traffic.reload or ("nginx", "-s", "reload")

    def show(self) -> tuple[str, ...]:
        """Nothing: its file says that."""
        return ()

    def closing(self) -> str:
        """What old workers call themselves while they answer their last requests."""
        return "nginx: worker process is shutting down"

    def under_way(self) -> tuple[str, ...]:
        """Nothing: its old workers are counted."""
        return ()

    def count(self, said: str, gone: Iterable[str]) -> int:  # noqa: ARG002 (it says nothing)
        """Nothing is said, nothing is counted."""
        return 0

    def wiring(self, inside: str, names: Iterable[str]) -> str:
        """The line of nginx.conf, and how a location uses it."""
        uses = ", ".join(f"`proxy_pass http://{name};`" for name in names)
        return f"`include {inside}/*.conf;` in the http block of nginx.conf, and {uses} where requests are passed on"
