"""Whether a command plans work for others, so that two of it plan it twice. Pure."""

from __future__ import annotations

from collections.abc import Collection

__all__ = ["plans_work"]

_PLANS = {"beat", "--beat", "-B"}


def plans_work(words: Collection[str]) -> bool:
    """``celery beat`` and ``rqscheduler``, by the words of what starts them."""
    names = {word.rpartition("/")[2] for word in words}
    return "rqscheduler" in names or ("celery" in names and bool(_PLANS & names))
