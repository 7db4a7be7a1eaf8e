"""Go back with the data: a backup is restored beside what is live, then both swap their names."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from gonogo.backups.putback import Swapping
from gonogo.errors import GonogoError
from gonogo.run.work import Move, Work
from gonogo.runtimes.place import maker
from gonogo.state.release import Release

__all__ = ["RestoreAside", "SwapData", "WithData"]


class RestoreAside(Move):
    """Restores every database of a backup under a name of its own, and compares it; nothing live is touched."""

    name = "restore data"

    def __init__(self, swaps: Sequence[Swapping]) -> None:
        """What is to be swapped later."""
        self._swaps = swaps

    def describe(self, work: Work) -> tuple[str, ...]:  # noqa: ARG002 (a move is asked about a run)
        """Where the backup goes."""
        return tuple(f"(restores {one.path} as {one.new})" for one in self._swaps)

    def do(self, work: Work) -> str:
        """Restores; what a run that was cut off has swapped already is left as it is.

        Raises:
            GonogoError: a backup is not what was kept, or could not be restored; what was restored is gone again.
        """
        return "; ".join(
            f"{one.part.name} was swapped before" if one.is_done(work.host) else one.restore(work.host)
            for one in self._swaps
        )


class SwapData(Move):
    """Stops what serves, so that nothing is written any more, and gives the restored databases the live names."""

    name = "swap data"
    touches = True
    migrates = True

    def __init__(self, swaps: Sequence[Swapping], outgoing: Release) -> None:
        """``outgoing`` is what serves until now."""
        self.swaps = swaps
        self._outgoing = outgoing

    def describe(self, work: Work) -> tuple[str, ...]:  # noqa: ARG002 (as above)
        """Both renames."""
        names = ((one.database, one.old, one.new) for one in self.swaps)
        renames = tuple(f"({live} becomes {old}, and {new} becomes {live})" for live, old, new in names)
        return (f"(stops {self._outgoing.id})", *renames)

    def do(self, work: Work) -> str:
        """Swaps all of them, or none.

        Raises:
            GonogoError: a database could not be renamed; all have the names that they had.
        """
        runtime, place = maker(work.runtime, work.place, self._outgoing)
        runtime.wait(place)
        runtime.retire(place, self._outgoing)
        done: list[Swapping] = []
        said = []
        for one in self.swaps:
            if one.is_done(work.host):
                continue
            try:
                said.append(one.swap(work.host))
            except BaseException:
                for other in reversed(done):
                    with contextlib.suppress(GonogoError):
                        other.back(work.host)
                raise
            done.append(one)
        return "; ".join(said) or "swapped before"


@dataclass(frozen=True, kw_only=True)
class WithData:
    """Both moves."""

    aside: RestoreAside
    """Before anything is touched."""
    swap: SwapData
    """After it."""
