"""In which order a release takes the place of another; which strategies there are."""

from __future__ import annotations

from collections.abc import Mapping

from gonogo.run.strategies.base import Strategy
from gonogo.run.strategies.recreate import Recreate

__all__ = ["STRATEGIES"]

STRATEGIES: Mapping[str, Strategy] = {
    "recreate": Recreate(),
}
"""By their names in ``strategy``."""
