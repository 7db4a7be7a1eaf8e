"""Names that this machine's resolver denies."""

from __future__ import annotations

import socket
import time
from collections.abc import Collection
from threading import Thread

__all__ = ["nobodys"]

_SECONDS = 5.0
"""For all names together: a DNS that is away says nothing about them."""


def nobodys(hosts: Collection[str]) -> set[str]:
    """The names that this machine's resolver denies; one without an answer in time is not among them."""
    denied: set[str] = set()

    def ask(host: str) -> None:
        try:
            socket.getaddrinfo(host, None)
        except socket.gaierror as problem:
            if problem.errno in {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}:
                denied.add(host)
        except UnicodeError:
            return

    asking = [Thread(target=ask, args=(host,), daemon=True) for host in hosts]
    for one in asking:
        one.start()
    until = time.monotonic() + _SECONDS
    for one in asking:
        one.join(max(0.0, until - time.monotonic()))
    return set(denied)
