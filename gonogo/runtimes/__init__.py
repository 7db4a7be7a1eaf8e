"""How instances of a release run; ``gonogo.config.runtimes`` has one row for each runtime."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from gonogo.config.runtimes import RUNTIMES

if TYPE_CHECKING:
    from gonogo.runtimes.protocols import Runtime

__all__ = ["runtime_of"]


def runtime_of(name: str) -> Runtime:
    """The runtime of that name, imported when it is needed."""
    module, _, attribute = RUNTIMES[name].implementation.partition(":")
    runtime: Runtime = getattr(importlib.import_module(module), attribute)()
    return runtime
