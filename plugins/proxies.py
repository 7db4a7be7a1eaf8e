"""Proxies of this machine's own, through which it sends requests."""

from __future__ import annotations

import urllib.request
from urllib.parse import urlsplit

from gonogo.inspection.answers.addresses import is_loopback

__all__ = ["proxy_of"]


def proxy_of(url: str) -> str:
    """The variable that sends requests for an address through a proxy of the deployer's; empty without one."""
    proxies, parts = urllib.request.getproxies_environment(), urlsplit(url)
    kind = next((kind for kind in (parts.scheme, "all") if proxies.get(kind)), None)
    if kind is None or is_loopback(url) or _passes_by(parts.hostname or "", proxies):
        return ""
    return f"{kind.upper()}_PROXY"


def _passes_by(host: str, proxies: dict[str, str]) -> bool:
    """Whether NO_PROXY names the host; the function is there and documented nowhere, so its type is not known."""
    return bool(urllib.request.proxy_bypass_environment(host, proxies))  # type: ignore[attr-defined]
