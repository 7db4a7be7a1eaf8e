"""Requests that are sent to another machine than the one that their name leads to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

__all__ = ["Directed", "directed"]


class Directed(httpx.HTTPTransport):
    """Connects elsewhere, and asks for the name: in the header ``Host``, and in the certificate."""

    def __init__(self, reached: Callable[[str], str], **given: Any) -> None:
        """Sends requests to where ``reached`` says that a URL is."""
        super().__init__(**given)
        self._reached = reached

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Sends one; its answer belongs to the request as it was made."""
        sent = httpx.Request(
            request.method,
            self._reached(str(request.url)),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": request.url.host},
        )
        return super().handle_request(sent)


def directed(url: str, reached: Callable[[str], str], **given: Any) -> Directed | None:
    """What sends a client's requests to a URL; None where its name says where that is.

    Args:
        url: what is asked.
        reached: where requests to a URL are sent.
        given: what the transport is to know (``verify``, ``limits``).
    """
    return Directed(reached, **given) if reached(url) != url else None
