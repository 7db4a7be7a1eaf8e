"""Whether a running container may write to places, asked without writing anything."""

from __future__ import annotations

from collections.abc import Collection

from gonogo.host.runner import Command, Host

__all__ = ["writable_in"]

_ASK = 'for one in "$@"; do if [ -w "$one" ]; then echo "1 $one"; elif [ -e "$one" ]; then echo "0 $one"; fi; done'


def writable_in(container: str, places: Collection[str], host: Host) -> dict[str, bool] | None:
    """Places → whether the container's user may write there; None where it has no shell to be asked with.

    Raises:
        CommandError: docker cannot be run.
    """
    argv = ("docker", "exec", container, "sh", "-c", _ASK, "sh", *places)
    done = host.run(Command(argv=argv, timeout=30.0), output_limit=None)
    if not done.ok:
        return None
    rows = (line.partition(" ") for line in done.output.splitlines())
    return {place: said == "1" for said, _, place in rows if place in places}
