"""In which order a release takes the place of another; ``gonogo.config.strategies`` has one row for each."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from gonogo.config.strategies import STRATEGIES

if TYPE_CHECKING:
    from gonogo.run.strategies.base import Strategy

__all__ = ["strategy_of"]


def strategy_of(name: str) -> Strategy:
    """The strategy of that name, imported when it is needed."""
    module, _, attribute = STRATEGIES[name].partition(":")
    strategy: Strategy = getattr(importlib.import_module(module), attribute)()
    return strategy
