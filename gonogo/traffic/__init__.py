"""Who receives requests; ``gonogo.config.traffic`` has one row for each kind of proxy."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from gonogo.config.traffic import PROXIES, Traffic

if TYPE_CHECKING:
    from gonogo.traffic.base import Adapter

__all__ = ["adapter_of"]


def adapter_of(traffic: Traffic) -> Adapter:
    """The adapter of a configured proxy, imported when it is needed."""
    module, _, attribute = PROXIES[traffic.kind].partition(":")
    adapter: Adapter = getattr(importlib.import_module(module), attribute)(traffic)
    return adapter
