"""Which ending a run has: decided here and nowhere else, from what was found out on the way."""

from __future__ import annotations

from collections.abc import Sequence

from gonogo.gates.judgement import Consequence
from gonogo.records.ending import Ending, Kind
from gonogo.records.results import GateResult
from gonogo.run.course import Course
from gonogo.run.work import Work
from gonogo.state.release import Release
from gonogo.words import Exit

__all__ = [
    "early",
    "held",
    "lost",
    "not_passed",
    "of_first",
    "of_target",
    "proven",
    "rehearsed",
    "unrecorded",
    "wanted",
]

_BY_CODE = {Exit.USAGE: Kind.MISUSED, Exit.LOCKED: Kind.LOCKED, Exit.INTERRUPTED: Kind.INTERRUPTED}


def early(error: BaseException, *, serves: Release | None) -> Ending:
    """Something went wrong before the first touch; ``serves``: what serves on, None where nobody can tell."""
    kind = _BY_CODE.get(getattr(error, "exit_code", Exit.NO_GO), Kind.NO_GO)
    return Ending(kind=kind, serves=serves.id if serves else None)


def rehearsed(*, serves: Release | None) -> Ending:
    """Everything before the first touch went well."""
    return Ending(kind=Kind.REHEARSED, serves=serves.id if serves else None)


def not_passed(gate: GateResult, *, serves: Release | None) -> Ending:
    """A gate before the first touch was not passed."""
    red = gate.problem or gate.blocking
    return Ending(kind=Kind.NO_GO if red else Kind.NOTHING_CHECKED, serves=serves.id if serves else None)


def proven(work: Work, action: Consequence) -> Ending:
    """The new release stays: its gates are GO, or what is red must not turn it back."""
    if action is Consequence.GO:
        return Ending(kind=Kind.GO, serves=work.release.id)
    return held(work, replaced=work.progress.has_replaced)


def held(work: Work, *, replaced: bool, forward_only: bool = False) -> Ending:
    """A person decides; what served before serves on where nothing was replaced."""
    old = work.serving.id if work.serving is not None else None
    return Ending(
        kind=Kind.HELD if replaced else Kind.HELD_BEFORE,
        serves=work.release.id if replaced else old,
        started=work.progress.is_replaced,
        forward_only=forward_only,
    )


def of_target(
    course: Course,
    target: Release,
    *,
    failed: Sequence[str] = (),
    half_done: Sequence[str] = (),
    interrupted: bool = False,
) -> Ending:
    """The run went back to a release; ``failed`` are steps on the way there, ``half_done`` is what stays of others."""
    is_proven = not failed and not half_done and course.verified is not None and course.verified.is_green
    kind = Kind.NEVER_STOPPED if course.back_after is None else Kind.REVERTED
    if course.is_up is False or not is_proven:
        kind = Kind.NOT_BACK if course.is_up is False else Kind.UNPROVEN
    return Ending(
        kind=kind,
        serves=None if kind is Kind.NOT_BACK else target.id,
        interrupted=interrupted,
        back_to=target.id,
        back_after=course.back_after,
        failed=tuple(failed),
        half_done=tuple(half_done),
    )


def wanted(ending: Ending) -> Ending:
    """The release that is back is what was asked for."""
    back = ending.kind in {Kind.REVERTED, Kind.NEVER_STOPPED}
    return ending.model_copy(update={"kind": Kind.GO, "interrupted": False}) if back else ending


def of_first(*, stopped: bool, failed: Sequence[str], stored: bool, interrupted: bool) -> Ending:
    """There was no release to go back to."""
    if not stopped:
        return Ending(kind=Kind.NOT_STOPPED, failed=tuple(failed))
    if failed or stored:
        return Ending(kind=Kind.LEFT, failed=tuple(failed))
    return Ending(kind=Kind.STOPPED, interrupted=interrupted)


def lost(*, touched: bool, served: Release | None) -> Ending:
    """A mistake of ours ended the run."""
    return Ending(kind=Kind.LOST) if touched else Ending(kind=Kind.BROKEN, serves=served.id if served else None)


def unrecorded(ending: Ending) -> Ending:
    """The state could not be told how the run ended: somebody has to know."""
    return ending if ending.needs_human else ending.model_copy(update={"kind": Kind.UNRECORDED})
