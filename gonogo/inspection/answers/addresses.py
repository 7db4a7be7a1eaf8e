"""What an address says of itself."""

from __future__ import annotations

import ipaddress
from http import HTTPStatus
from urllib.parse import urlsplit

__all__ = ["UNNAMED", "asks_for_a_name", "is_loopback"]

UNNAMED = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.MISDIRECTED_REQUEST, HTTPStatus.FORBIDDEN})
"""What is answered to a name that is nobody's here."""


def is_loopback(url: str) -> bool:
    """Whether a URL names this machine; such requests never go through a proxy of the environment's variables."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def asks_for_a_name(url: str, status: int | None = None) -> str:
    """What to write where an application may have refused the name of this machine; empty for any other answer.

    Without a status it closed the connection.
    """
    if not (status is None or status in UNNAMED) or not is_loopback(url):
        return ""
    return ' (does it answer to its own name only? then write in gonogo.toml: url = that, connect_to = "127.0.0.1")'
