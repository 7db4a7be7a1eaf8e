"""Somebody who reads the guestbook all the time, and notices when nobody answers."""

from __future__ import annotations

import contextlib
import http.client
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

__all__ = ["Visitor", "visiting"]

_EVERY = 0.05
_PATIENCE = 30.0


@dataclass
class Visitor:
    """What was answered so far."""

    answered: int = 0
    lost: list[str] = field(default_factory=list)
    """What was wrong with each of the other requests."""


@contextlib.contextmanager
def visiting(url: str) -> Iterator[Visitor]:
    """Inside, the front page is asked for all the time, each time over a new connection."""
    seen, stop = Visitor(), threading.Event()
    thread = threading.Thread(target=_visit, args=(urlsplit(url).netloc, seen, stop), name="visitor", daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join(_PATIENCE)


def _visit(address: str, seen: Visitor, stop: threading.Event) -> None:
    while not stop.wait(_EVERY):
        connection = http.client.HTTPConnection(address, timeout=_PATIENCE)
        with contextlib.closing(connection):
            try:
                connection.request("GET", "/", headers={"Connection": "close"})
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException) as error:
                seen.lost.append(repr(error))
                continue
        if answer.status == http.HTTPStatus.OK:
            seen.answered += 1
        else:
            seen.lost.append(f"GET / {answer.status}")
