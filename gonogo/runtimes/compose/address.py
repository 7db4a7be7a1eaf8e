"""Which Docker Engine is meant: the one that the docker command talks to, for whoever does not ask through that."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gonogo.errors import CommandError
from gonogo.host.runner import Command, this_machine
from gonogo.runtimes.base import RuntimeUnreachableError

__all__ = ["Address", "address", "is_far"]

_LOCAL = "unix:///var/run/docker.sock"
_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where it is reached, and how it is known."""

    host: str
    tls: Path | None = None
    """The folder of the certificates that a context keeps; nothing is encrypted without."""
    verified: bool = True
    """Whether its own certificate must be one of that authority's."""


def address(environ: Mapping[str, str] = os.environ) -> Address | None:
    """As the docker command finds it: ``DOCKER_HOST`` (None: the SDK reads that as well), else the context in use.

    Raises:
        RuntimeUnreachableError: the docker command does not know that context.
    """
    if environ.get("DOCKER_HOST"):
        return None
    named, config = environ.get("DOCKER_CONTEXT", ""), environ.get("DOCKER_CONFIG") or "~/.docker"
    if not named and not _is_chosen(Path(config).expanduser() / "config.json"):
        return Address(host=_LOCAL)
    return _of_context(named, config)


def is_far(host: str) -> bool:
    """Whether it is behind ``ssh``: files that are mounted are not there, and the SDK does not reach it."""
    return host.startswith("ssh://")


def _is_chosen(config: Path) -> bool:
    try:
        return "currentContext" in config.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


@functools.cache
def _of_context(named: str, config: str) -> Address:  # noqa: ARG001 (what the answer depends on)
    """Asked once; what a context says changes with ``docker context use`` only, and a run is not moved by that."""
    try:
        asked = this_machine().run(Command(argv=("docker", "context", "inspect"), timeout=_SECONDS)).require()
    except CommandError as error:
        raise RuntimeUnreachableError(f"Docker: {error}") from error
    found: dict[str, Any] = next(iter(json.loads(asked.output)), {})
    endpoint = found.get("Endpoints", {}).get("docker", {})
    folder = Path(found.get("Storage", {}).get("TLSPath", "")) / "docker"
    held = (found.get("TLSMaterial") or {}).get("docker") or ()
    return Address(
        host=str(endpoint.get("Host") or _LOCAL),
        tls=folder if held else None,
        verified=not endpoint.get("SkipTLSVerify"),
    )
