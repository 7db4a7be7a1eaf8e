"""HTTP servers of tests: each listens while a block runs, and its thread is gone afterwards."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import HTTPServer
from typing import TypeVar

__all__ = ["listening"]

Server = TypeVar("Server", bound=HTTPServer)


@contextmanager
def listening(server: Server) -> Iterator[Server]:
    """A server that is bound already, while it answers."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
