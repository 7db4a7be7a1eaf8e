"""How much memory containers use, as the Engine counts it."""

from __future__ import annotations

from collections.abc import Sequence

from gonogo.errors import CommandError
from gonogo.host.runner import Command, Host
from gonogo.inspection.machine.memory import USED, used

__all__ = ["weights"]

_SECONDS = 20.0


def weights(names: Sequence[str], host: Host) -> dict[str, int]:
    """Container → bytes; nothing where the Engine does not tell."""
    argv = ("docker", "stats", "--no-stream", "--format", USED, *names)
    try:
        done = host.run(Command(argv=argv, timeout=_SECONDS), output_limit=None)
    except CommandError:
        return {}
    return used(done.output)
