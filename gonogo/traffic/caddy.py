"""Caddy: a snippet for each name, in a folder that the Caddyfile imports."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable

from gonogo.config.traffic import Traffic
from gonogo.traffic.base import HEADER, Adapter, Upstreams

__all__ = ["Caddy"]

_CADDYFILE = "/etc/caddy/Caddyfile"
_UNDER_WAY = "http://127.0.0.1:2019/reverse_proxy/upstreams"


class Caddy(Adapter):
    """Every change is a reload of all, which closes WebSockets at once unless ``stream_close_delay`` says otherwise."""

    file = "gonogo.caddy"

    def __init__(self, traffic: Traffic) -> None:
        """As it was configured."""
        self._traffic = traffic

    def render(self, upstreams: Upstreams) -> str:
        """Snippets that stand inside of ``reverse_proxy``."""
        blocks = [HEADER]
        for name, backends in upstreams.items():
            lines = [f"\tto {' '.join(one.endpoint for one in backends)}"]
            if len(backends) > 1:
                least = math.gcd(*(one.weight for one in backends))  # it serves as many in a row
                shares = (str(one.weight // least) for one in backends)
                lines.append(f"\tlb_policy weighted_round_robin {' '.join(shares)}")
            lines.append(f"\tstream_close_delay {max(round(self._traffic.drain), 1)}s")
            blocks.append("\n".join((f"({name}) {{", *lines, "}")))
        return "\n".join(blocks) + "\n"

    def test(self) -> tuple[str, ...]:
        """Loads it without serving it."""
        return self._traffic.test or ("caddy", "validate", "--config", _CADDYFILE)

    def reload(self, upstreams: Upstreams) -> tuple[str, ...]:  # noqa: ARG002 (its file has them)
        """The command that ends when the new configuration serves, or says why it does not."""
        return self._traffic.reload or ("caddy", "reload", "--config", _CADDYFILE)

    def show(self) -> tuple[str, ...]:
        """Nothing: its file says that."""
        return ()

    def closing(self) -> str:
        """Nothing: it is one process."""
        return ""

    def under_way(self) -> tuple[str, ...]:
        """Asks its admin API."""
        return ("wget", "-q", "-O", "-", _UNDER_WAY)

    def count(self, said: str, gone: Iterable[str]) -> int:
        """By its list of upstreams."""
        left = set(gone)
        return sum(one["num_requests"] for one in json.loads(said) if one["address"] in left)

    def wiring(self, inside: str, names: Iterable[str]) -> str:
        """The lines of the Caddyfile."""
        uses = ", ".join(f"`reverse_proxy {{ import {name} }}`" for name in names)
        return f"`import {inside}/*.caddy` at the top of the Caddyfile, and {uses} where requests are passed on"
