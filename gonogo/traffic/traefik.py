"""Traefik: services of its file provider, in a folder that it watches."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from gonogo.config.traffic import Traffic
from gonogo.traffic.base import HEADER, Adapter, Backend, Upstreams

__all__ = ["Traefik"]


class Traefik(Adapter):
    """Sees a changed file by itself, and takes it or keeps what it had: only its answers tell."""

    file = "gonogo.yml"

    def __init__(self, traffic: Traffic) -> None:
        """As it was configured."""
        self._traffic = traffic

    def render(self, upstreams: Upstreams) -> str:
        """Services as JSON, which is YAML too."""
        services: dict[str, Any] = {}
        for name, backends in upstreams.items():
            if len(backends) == 1:
                services[name] = _balancer(backends)
                continue
            parts = {f"{name}-{number}": _balancer((one,)) for number, one in enumerate(backends, start=1)}
            shares = [{"name": part, "weight": one.weight} for part, one in zip(parts, backends, strict=True)]
            services |= {**parts, name: {"weighted": {"services": shares}}}
        return f"{HEADER}\n{json.dumps({'http': {'services': services}}, indent=2)}\n"

    def test(self) -> tuple[str, ...]:
        """Nothing of its own: it has no such command."""
        return self._traffic.test or ()

    def reload(self, upstreams: Upstreams) -> tuple[str, ...]:  # noqa: ARG002 (its file has them)
        """Nothing of its own: it watches the folder."""
        return self._traffic.reload or ()

    def show(self) -> tuple[str, ...]:
        """Nothing: its file says that."""
        return ()

    def closing(self) -> str:
        """Nothing: it is one process."""
        return ""

    def under_way(self) -> tuple[str, ...]:
        """Nothing: its metrics may be switched off."""
        return ()

    def count(self, said: str, gone: Iterable[str]) -> int:  # noqa: ARG002 (it says nothing)
        """Nothing is said, nothing is counted."""
        return 0

    def wiring(self, inside: str, names: Iterable[str]) -> str:
        """Its options, and the routers' services."""
        uses = ", ".join(f"`service: {name}@file`" for name in names)
        return (
            f"`--providers.file.directory={inside} --providers.file.watch=true "
            f"--providers.providersThrottleDuration=100ms` among its options, and {uses} in the routers"
        )


def _balancer(backends: Sequence[Backend]) -> dict[str, Any]:
    return {"loadBalancer": {"servers": [{"url": f"http://{one.endpoint}"} for one in backends]}}
