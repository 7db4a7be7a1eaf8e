"""Whether who asks a site without TLS is led to where it has TLS. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urljoin, urlsplit

__all__ = ["PLAIN", "TLS", "leads_on", "plain_page"]

TLS, PLAIN = 443, 80
"""Where browsers ask with and without it."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def plain_page(url: str, reached: str, published: Iterable[tuple[str, str, int]]) -> str | None:
    """The front page as browsers ask for it without TLS; None where whoever has TLS does not answer there as well.

    Args:
        url: where visitors go.
        reached: where such a request is sent.
        published: service, address and port of what this release publishes.
    """
    asked, sent = urlsplit(url), urlsplit(reached)
    if asked.scheme != "https" or (asked.port or TLS) != TLS or not asked.hostname:
        return None
    ports = {(service, port) for service, _, port in published}
    both = [service for service, port in ports if port == (sent.port or TLS) and (service, PLAIN) in ports]
    name = f"[{asked.hostname}]" if ":" in asked.hostname else asked.hostname
    return f"http://{name}/" if both else None


def leads_on(page: str, status: int, location: str) -> str | None:
    """Where an answer without TLS leads to, without it; nothing where it is the end, an empty text where all is well.

    Whoever is led to TLS, or gets no page, is well.
    """
    if status in _REDIRECTS and location:
        to = urljoin(page, location)
        return to if urlsplit(to).scheme == "http" else ""
    return None if 200 <= status < 300 else ""  # noqa: PLR2004 (a page)
