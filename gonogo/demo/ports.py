"""Free ports on loopback."""

from __future__ import annotations

import random
import socket

from gonogo.errors import GonogoError

__all__ = ["free_port"]

_RANGE = range(20000, 32768)
"""Below the ports that systems give to outgoing connections: one of those could take the port while it is free."""
_TRIES = 200


def free_port() -> int:
    """A loopback port that nobody listens on now; two callers seldom get the same one.

    Raises:
        GonogoError: none was found.
    """
    for port in random.sample(_RANGE, _TRIES):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise GonogoError(
        f"127.0.0.1: found no free port among {_TRIES} between {_RANGE.start} and {_RANGE.stop - 1}, expected one. "
        "`ss -tln` shows who listens."
    )
