"""How a run ended: one value with its data, decided once; state, exit code, words and pages follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from gonogo.words import Exit, Impact

__all__ = ["Ending", "Kind", "of_older"]


class Kind(StrEnum):
    """Every way in which a run can end."""

    GO = "go"
    REHEARSED = "rehearsed"
    """All was well up to the first touch, and that was all that was asked for."""
    NO_GO = "no-go"
    """Stopped before the first touch, as are the five that follow."""
    INTERRUPTED = "interrupted"
    NOTHING_CHECKED = "nothing checked"
    MISUSED = "misused"
    LOCKED = "locked"
    BROKEN = "broken"
    """By a mistake of gonogo's own."""
    HELD = "held"
    """The new release was left, for a person to decide."""
    HELD_BEFORE = "held before the start"
    """The same, and what served before serves on: nothing was replaced."""
    NEVER_STOPPED = "never stopped"
    """Turned back before its start: the release before ran on all the time, and is proven."""
    REVERTED = "reverted"
    """The release before was started again, and is proven."""
    STOPPED = "stopped"
    """A first deploy that left nothing behind."""
    LEFT = "left"
    """A first deploy that was stopped, and left something."""
    NOT_STOPPED = "not stopped"
    """A first deploy that could not be stopped."""
    NOT_BACK = "not back"
    """The release to go back to did not start."""
    UNPROVEN = "unproven"
    """The release gone back to runs, and something says that it is not well, or nothing says that it is."""
    LOST = "lost"
    """A mistake of gonogo's own, after the first touch."""
    UNRECORDED = "unrecorded"
    """All was well, and the state does not say so."""

    @property
    def word(self) -> str:
        """What the headline begins with."""
        return _FACTS[self].word

    @property
    def exit_code(self) -> Exit:
        """What the command ends with, unless it was interrupted."""
        return _FACTS[self].code

    @property
    def touched(self) -> bool:
        """Whether the run changed, or began to change, what serves."""
        return _FACTS[self].touched


class _Facts(NamedTuple):
    word: str
    code: Exit
    touched: bool = True


_PERSON = "NEEDS A HUMAN"
_FACTS: Mapping[Kind, _Facts] = {
    Kind.GO: _Facts("GO", Exit.GO),
    Kind.REHEARSED: _Facts("REHEARSED", Exit.GO, touched=False),
    Kind.NO_GO: _Facts("NO-GO", Exit.NO_GO, touched=False),
    Kind.INTERRUPTED: _Facts("INTERRUPTED", Exit.INTERRUPTED, touched=False),
    Kind.NOTHING_CHECKED: _Facts("NO-GO", Exit.NOTHING_CHECKED, touched=False),
    Kind.MISUSED: _Facts("NOT STARTED", Exit.USAGE, touched=False),
    Kind.LOCKED: _Facts("NOT STARTED", Exit.LOCKED, touched=False),
    Kind.BROKEN: _Facts("INTERNAL ERROR", Exit.INTERNAL, touched=False),
    Kind.HELD: _Facts("HELD", Exit.NEEDS_HUMAN),
    Kind.HELD_BEFORE: _Facts("HELD", Exit.NEEDS_HUMAN),
    Kind.NEVER_STOPPED: _Facts("NO-GO", Exit.NO_GO),
    Kind.REVERTED: _Facts("REVERTED", Exit.NO_GO),
    Kind.STOPPED: _Facts("STOPPED", Exit.NO_GO),
    Kind.LEFT: _Facts(_PERSON, Exit.NEEDS_HUMAN),
    Kind.NOT_STOPPED: _Facts(_PERSON, Exit.NEEDS_HUMAN),
    Kind.NOT_BACK: _Facts(_PERSON, Exit.NEEDS_HUMAN),
    Kind.UNPROVEN: _Facts(_PERSON, Exit.NEEDS_HUMAN),
    Kind.LOST: _Facts(_PERSON, Exit.NEEDS_HUMAN),
    Kind.UNRECORDED: _Facts(_PERSON, Exit.NEEDS_HUMAN),
}


class Ending(BaseModel):
    """How a run ended, and what everybody who tells of it has to know."""

    model_config = ConfigDict(frozen=True)

    kind: Kind
    serves: str | None = None
    """The release that serves when all is over, as ``current`` names it; None where none does, or nobody knows."""
    interrupted: bool = False
    """It was turned back or stopped because somebody asked for it."""
    back_to: str | None = None
    """The release that the run went back to, or tried to."""
    back_after: float | None = None
    """Seconds from the red verdict until that release was healthy again; None when it was not started."""
    started: bool = True
    """Of a release that is held: whether its start went well to its end."""
    forward_only: bool = False
    """It is held because its migrations cannot be taken back."""
    failed: tuple[str, ...] = ()
    """The steps of the rollback that failed."""
    half_done: tuple[str, ...] = ()
    """What a migration that failed left behind."""
    impact: Impact | None = None
    """What it meant for whoever uses the environment; None where nobody noticed anything."""

    @property
    def exit_code(self) -> Exit:
        """What the command ends with."""
        code = self.kind.exit_code
        return Exit.INTERRUPTED if self.interrupted and code is Exit.NO_GO else code

    @property
    def needs_human(self) -> bool:
        """Whether a person has to decide or to mend something."""
        return self.exit_code is Exit.NEEDS_HUMAN

    @property
    def is_held(self) -> bool:
        """Whether the new release was not turned back, although it is not proven."""
        return self.kind in {Kind.HELD, Kind.HELD_BEFORE}


def of_older(record: Mapping[str, Any]) -> Ending:
    """What the record of an older gonogo says by flags."""
    code = Exit(record.get("exit_code", Exit.INTERNAL))
    back, after, serves = (record.get(name) for name in ("went_back_to", "back_after", "serving_after"))
    kind = _kind_of(record, code)
    broke = {str(step["name"]) for step in record.get("steps", ()) if not step["ok"]}
    return Ending(
        kind=kind,
        serves=None if record.get("unsure") or record.get("stopped") else serves,
        interrupted=code is Exit.INTERRUPTED and kind.touched,
        back_to=back,
        back_after=after,
        started="start" not in broke,
        failed=tuple(name for name in broke if name.startswith("undo ")),
    )


def _kind_of(record: Mapping[str, Any], code: Exit) -> Kind:
    back, after, held = (record.get(name) for name in ("went_back_to", "back_after", "held"))
    untouched = {kind.exit_code: kind for kind in Kind if not kind.touched and kind is not Kind.REHEARSED}
    calm = code in {Exit.NO_GO, Exit.INTERRUPTED}
    ended = {str(step["name"]): bool(step["ok"]) for step in record.get("steps", ())}
    by_hand = back is None and record.get("kind") in {"rollback", "restart"}
    not_back = by_hand or not (ended.get("restore", True) and ended.get("restart", True))
    told = (
        (code is Exit.GO, Kind.GO),
        (record.get("first_touch") is None and code in untouched, untouched.get(code, Kind.BROKEN)),
        (held and record.get("serving_after") in {None, record.get("release")}, Kind.HELD),
        (held, Kind.HELD_BEFORE),
        (calm and back is None, Kind.STOPPED),
        (calm and after is None, Kind.NEVER_STOPPED),
        (calm, Kind.REVERTED),
        (code is not Exit.NEEDS_HUMAN, Kind.LOST),
        (record.get("stopped"), Kind.LEFT),
        (not_back, Kind.NOT_BACK),
        (back is not None, Kind.UNPROVEN),
    )
    return next((kind for is_so, kind in told if is_so), Kind.LOST)
