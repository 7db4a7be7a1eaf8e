"""Which strategies there are; gonogo.toml may name only these, so that a new one is one row here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["BESIDE", "STRATEGIES"]

STRATEGIES: Mapping[str, str] = MappingProxyType(
    {
        "recreate": "gonogo.run.strategies.recreate:Recreate",
        "bluegreen": "gonogo.run.strategies.bluegreen:Bluegreen",
    }
)
"""Module and class of each, imported where a recipe is made."""
BESIDE = frozenset({"bluegreen"})
"""Those under which a release is started beside the one that serves."""
