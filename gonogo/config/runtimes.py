"""Which runtimes there are, and what each of them has; whoever asks for that never asks for a name.

The table stands below everything else, since gonogo.toml may name only what is in it: a new runtime is one row here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

__all__ = ["RUNTIMES", "Capability", "Kind", "has", "with_capability"]

Capability = Literal["compose files", "images", "a Docker Engine", "commands", "adoption", "beside"]
"""What a runtime may have.

``compose files``: its services and their env file are described by the files under ``compose``.
``images``: what the build makes are images, each with a Python of its own.
``a Docker Engine``: it runs the instances.
``commands``: each service is started by the ``command`` that gonogo.toml states.
``adoption``: what was started by hand can be taken over as the serving release.
``beside``: a release can be started beside the one that serves, and requests are sent to either.
"""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One row."""

    implementation: str
    """Module and class, imported where a release is built, started or looked at."""
    capabilities: frozenset[Capability]


RUNTIMES: Mapping[str, Kind] = MappingProxyType(
    {
        "compose": Kind(
            implementation="gonogo.runtimes.compose.runtime:ComposeRuntime",
            capabilities=frozenset({"compose files", "images", "a Docker Engine", "adoption", "beside"}),
        ),
        "process": Kind(
            implementation="gonogo.runtimes.process.runtime:ProcessRuntime",
            capabilities=frozenset({"commands", "beside"}),
        ),
    }
)


def has(runtime: str, capability: Capability) -> bool:
    """Whether a runtime has it; one that is not known has nothing."""
    return runtime in RUNTIMES and capability in RUNTIMES[runtime].capabilities


def with_capability(capability: Capability) -> tuple[str, ...]:
    """The runtimes that have it."""
    return tuple(name for name in RUNTIMES if has(name, capability))
