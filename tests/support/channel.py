"""A channel of apprise's kind ``json`` on loopback, which takes messages or refuses them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from tests.support.loopback import listening

__all__ = ["Channel"]


class Channel(HTTPServer):
    """Takes messages, or refuses them."""

    def __init__(self) -> None:
        """Listen on a free port."""
        super().__init__(("127.0.0.1", 0), _Taker)
        self.taken: list[dict[str, Any]] = []
        self.status = 200

    @property
    def url(self) -> str:
        """Its address, as apprise writes it."""
        return f"json://127.0.0.1:{self.server_port}/hook"

    @classmethod
    @contextmanager
    def listening(cls) -> Iterator[Channel]:
        """A channel, while it listens."""
        with listening(cls()) as server:
            yield server


class _Taker(BaseHTTPRequestHandler):
    server: Channel

    def do_POST(self) -> None:
        """A message."""
        self.server.taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""
