"""How instances of a release run; one row a runtime."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gonogo.runtimes.base import Runtime

__all__ = ["RUNTIMES", "runtime_of"]

RUNTIMES = {
    "compose": "gonogo.runtimes.compose.runtime:ComposeRuntime",
    "process": "gonogo.runtimes.process.runtime:ProcessRuntime",
}


def runtime_of(name: str) -> Runtime:
    """The runtime of that name, imported when it is needed."""
    module, _, attribute = RUNTIMES[name].partition(":")
    runtime: Runtime = getattr(importlib.import_module(module), attribute)()
    return runtime
