"""What an address says of itself."""

from __future__ import annotations

import ipaddress
from http import HTTPStatus
from urllib.parse import urlsplit

__all__ = ["asks_for_a_name", "is_loopback", "origin_of", "passed_on"]

_UNNAMED = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.MISDIRECTED_REQUEST, HTTPStatus.FORBIDDEN})
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


def origin_of(url: str | None) -> str:
    """Scheme and name of a URL; that of this machine where there is none."""
    parts = urlsplit(url or "")
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else "http://localhost"


def passed_on(url: str | None) -> dict[str, str]:
    """What a proxy that ends TLS tells of a request for a URL; nothing where it ends none.

    An application that answers over TLS only leads away who asks it without.
    """
    return {"X-Forwarded-Proto": "https"} if urlsplit(url or "").scheme == "https" else {}


def asks_for_a_name(url: str, status: int | None = None) -> str:
    """What to write where an application may have refused the name of this machine; empty for any other answer.

    Without a status it closed the connection.
    """
    if not (status is None or status in _UNNAMED) or not is_loopback(url):
        return ""
    return ' (does it answer to its own name only? then write in gonogo.toml: url = that, connect_to = "127.0.0.1")'
