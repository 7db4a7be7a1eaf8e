"""How requests are led to a release: the proxy in front, and the one small file of it that gonogo writes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from gonogo.config.types import Argv, Duration, HostPort, Name

__all__ = ["PROXIES", "Canary", "Traffic"]

PROXIES: Mapping[str, str] = MappingProxyType(
    {
        "nginx": "gonogo.traffic.nginx:Nginx",
        "caddy": "gonogo.traffic.caddy:Caddy",
        "traefik": "gonogo.traffic.traefik:Traefik",
        "command": "gonogo.traffic.command:Own",
        "own": "gonogo.traffic.own:OwnCaddy",
    }
)
"""Kind of a proxy → module and class of its adapter; a new one is one row here."""

if TYPE_CHECKING:
    Proxy = str
else:
    Proxy = Literal[tuple(PROXIES)]

_TARGET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*:[1-9]\d{0,4}")


def _target(value: str) -> str:
    if not _TARGET.fullmatch(value) or int(value.rpartition(":")[2]) > 65535:  # noqa: PLR2004 (the highest port)
        raise ValueError('expected a service and the port that it listens on, such as "api:8000"')
    return value


def _growing(shares: tuple[int, ...]) -> tuple[int, ...]:
    if not shares or list(shares) != sorted({*shares}):
        raise ValueError(f"found {list(shares)}, expected shares in a hundred that grow, such as [10, 25, 50]")
    return shares


class Canary(BaseModel):
    """Which shares of the requests a new release gets before it gets all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    steps: Annotated[tuple[Annotated[int, Field(ge=1, le=99)], ...], AfterValidator(_growing)]
    """Of a hundred requests, one step after the other."""
    for_: Annotated[Duration, Field(alias="for", gt=0)] = 60.0
    """How long each step is watched."""
    slower: Annotated[float, Field(ge=1)] = 1.5
    """How many times as long as the other release's its answers may take, beyond 50 ms (W09)."""


class Traffic(BaseModel):
    """Who receives requests, and how that is told to the proxy."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Proxy
    upstreams: dict[Name, Annotated[str, AfterValidator(_target)]]
    """What the proxy's configuration calls it → the service behind, and the port that this listens on."""
    service: str | None = None
    """The proxy's own service; None: it runs on the host."""
    folder: str | None = None
    """The folder on the host, from ``path``, in which gonogo writes its file; the proxy sees it as a folder."""
    test: Argv | None = None
    """Replaces the command that tells whether the proxy takes its configuration."""
    reload: Argv | None = None
    """Replaces the command that makes it read that again."""
    show: Argv | None = None
    """Kind ``command``: prints where requests go."""
    listen: HostPort | None = None
    """Kind ``own``: where the proxy listens that gonogo runs; None: the upstream's port, on loopback."""
    drain: Duration = 10.0
    """How long requests that are under way have before what they are at is stopped."""

    @model_validator(mode="after")
    def _complete(self) -> Traffic:
        if not self.upstreams:
            raise ValueError('found no upstreams, expected at least one, such as { web = "api:8000" }')
        if self.kind == "command" and not (self.reload and self.show):
            raise ValueError('kind "command" needs reload (sends requests to {NAME}) and show (prints where they go)')
        if self.kind == "own":
            self._is_run_by_us()
        elif self.listen is not None:
            raise ValueError('listen is of kind "own" alone: another proxy knows by itself where it listens')
        elif self.kind != "command" and self.folder is None:
            raise ValueError(f'kind "{self.kind}" needs folder: where gonogo writes its file, seen by the proxy')
        if self.kind != "command" and self.show is not None:
            raise ValueError('show is of kind "command" alone')
        return self

    def _is_run_by_us(self) -> None:
        if len(self.upstreams) != 1:
            raise ValueError(
                f'upstreams: found {len(self.upstreams)}, expected one: kind "own" stands in front of one service'
            )
        given = [name for name in ("service", "folder", "test", "reload") if getattr(self, name) is not None]
        if given:
            raise ValueError(f'{given[0]}: found it with kind "own", whose proxy gonogo runs itself; leave it out')

    @property
    def listens(self) -> tuple[str, int]:
        """Host and port of the proxy that gonogo runs."""
        stated = urlsplit(f"//{self.listen or '127.0.0.1'}")
        behind = int(next(iter(self.upstreams.values())).rpartition(":")[2])
        return stated.hostname or "127.0.0.1", stated.port or behind
