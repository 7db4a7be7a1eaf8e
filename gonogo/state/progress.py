"""What a run has begun so far: kept while it goes on, and rebuilt from its journal after a crash."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Begun", "Progress"]

_BY_NAME = {
    "replaces": frozenset({"start", "restore", "restart"}),
    "migrates": frozenset({"migrate"}),
    "downgrades": frozenset({"downgrade"}),
}
"""What an older gonogo's journal says by names alone."""
_UNDO = "undo "


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A move that began, and what it is."""

    step: str
    replaces: bool = False
    """It puts another release's instances in the place of those that serve."""
    migrates: bool = False
    """It may change the schema of a database."""
    downgrades: bool = False
    """It takes a schema back to where an earlier release knows it."""


class Progress:
    """The moves that have begun, in order, and which of them went well to their end."""

    def __init__(self, begun: Iterable[Begun] = (), ended: Iterable[str] = ()) -> None:
        """Nothing has begun, unless it is said."""
        self._begun = list(begun)
        self._ended = set(ended)

    @classmethod
    def of(cls, lines: Iterable[Mapping[str, Any]]) -> Progress:
        """What journals say, the oldest line first; that something was taken back is no move to be gone on from."""
        progress = cls()
        for line in lines:
            name = str(line.get("step"))
            if line.get("event") == "step-began" and line.get("kind") == "move" and not name.startswith(_UNDO):
                facts = {fact: bool(line.get(fact, name in names)) for fact, names in _BY_NAME.items()}
                progress.begin(Begun(step=name, **facts))
            elif line.get("event") == "step-ended" and line.get("ok"):
                progress.end(name)
        return progress

    def __eq__(self, other: object) -> bool:
        """Whether the same has happened."""
        return isinstance(other, Progress) and (self._begun, self._ended) == (other._begun, other._ended)

    __hash__ = None  # type: ignore[assignment]

    def begin(self, move: Begun) -> None:
        """A move begins."""
        self._begun.append(move)

    def end(self, step: str) -> None:
        """A step went well to its end."""
        self._ended.add(step)

    @property
    def names(self) -> tuple[str, ...]:
        """The moves that began, in order."""
        return tuple(move.step for move in self._begun)

    @property
    def has_replaced(self) -> bool:
        """Whether instances were replaced, or may have been."""
        return any(move.replaces for move in self._begun)

    @property
    def has_migrated(self) -> bool:
        """Whether a migration was run, or may have been."""
        return any(move.migrates for move in self._begun)

    @property
    def is_migrated(self) -> bool:
        """Whether the migrations went well to their end."""
        return any(move.migrates and not move.downgrades and move.step in self._ended for move in self._begun)

    @property
    def has_downgraded(self) -> bool:
        """Whether a schema was taken back, or may have been."""
        return any(move.downgrades for move in self._begun)

    @property
    def is_half_downgraded(self) -> bool:
        """Whether taking a schema back began and did not end well."""
        return any(move.downgrades and move.step not in self._ended for move in self._begun)

    @property
    def is_replaced(self) -> bool:
        """Whether the move that replaces them went well to its end."""
        return any(move.replaces and move.step in self._ended for move in self._begun)

    @property
    def half_done(self) -> tuple[str, ...]:
        """The moves that began and did not end well."""
        return tuple(name for name in self.names if name not in self._ended)

    def has_ended(self, step: str) -> bool:
        """Whether a step went well to its end."""
        return step in self._ended

    def was_taken_back(self, step: str) -> bool:
        """Whether the undo of a step went well to its end."""
        return f"{_UNDO}{step}" in self._ended
