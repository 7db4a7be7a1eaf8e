"""Wait until whoever deploys says, from where they stand, that the release may stay."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from gonogo.errors import RefusedError
from gonogo.run.work import Move, Work
from gonogo.state.confirmation import is_confirmed, waits, waits_no_more

__all__ = ["Confirm"]

_LOOK = 0.2


class Confirm(Move):
    """The last word is somebody's who came over a new connection; without it the release goes back."""

    name = "confirm"

    def describe(self, work: Work) -> tuple[str, ...]:
        """What says the word."""
        environment = work.place.environment
        return (f"gonogo confirm --env {environment.name}  # within {environment.confirm or 0:g} s, or it goes back",)

    def do(self, work: Work) -> str:
        """Waits, and looks once more after the deadline.

        Raises:
            RefusedError: nobody confirmed it.
        """
        root, run = work.state.root, work.folder.name
        seconds = work.place.environment.confirm or 0.0
        until = datetime.now(UTC) + timedelta(seconds=seconds)
        begin = time.monotonic()
        waits(root, run, until=f"{until:%H:%M:%S} UTC")
        try:
            while not is_confirmed(root, run):
                if time.monotonic() - begin > seconds:
                    raise RefusedError(
                        f"not confirmed: nobody said `gonogo confirm` within {seconds:g} s, "
                        "so the host went back by itself"
                    )
                time.sleep(_LOOK)
        finally:
            waits_no_more(root)
        return f"confirmed after {time.monotonic() - begin:.0f} s"
