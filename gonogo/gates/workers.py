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
    configured = environment.workers
    found = configured if isinstance(configured, int) else _for_requests(environment)
    return ("-n", str(found)) if found > 1 else ()


def _for_requests(environment: Environment) -> int:
    requests = sum(one.repeat for one in environment.endpoint) + _OF_A_PAGE * len(environment.page)
    return min(requests // _REQUESTS, os.cpu_count() or 1, _MOST)
