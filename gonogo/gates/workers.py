"""How many processes ask the checks of a gate."""

from __future__ import annotations

import os

from gonogo.config import Environment
from gonogo.words import Stage

__all__ = ["worker_options"]

_REQUESTS = 100
"""From so many requests on a worker gains more than it costs to start (a second)."""
_MOST = 8
_OF_A_PAGE = 5
"""Requests that a page in a browser counts as."""


def worker_options(environment: Environment, stage: str) -> tuple[str, ...]:
    """What pytest-xdist is told for a gate that sends requests; nothing where one process asks them all.

    ``auto`` takes a worker for each hundred configured requests, and no more than there are cores.
    """
    if stage != Stage.POSTDEPLOY:
        return ()
    found = environment.workers
    if isinstance(found, str):  # "auto"
        requests = sum(one.repeat for one in environment.endpoint) + _OF_A_PAGE * len(environment.page)
        found = min(requests // _REQUESTS, os.cpu_count() or 1, _MOST)
    return ("-n", str(found)) if found > 1 else ()
