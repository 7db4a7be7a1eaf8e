"""What a rollback would do to the data, decided before the first touch and stated in the record. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from gonogo.inspection.answers.served import SCHEMA_PARTS
from gonogo.records.results import GateResult

__all__ = ["Answer", "Rung", "decide", "foresee", "qualify", "taken_back"]


class Rung(IntEnum):
    """The ladder; a restore is never offered by itself."""

    FIRST = 0
    RELEASE_ONLY = 1
    SCHEMA_STAYS = 2
    DOWNGRADE = 3
    """What a rehearsal makes of the one that follows."""
    FORWARD_ONLY = 4


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The rung, and why."""

    rung: Rung
    pending: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    unasked: bool = False
    """No migration tool is configured: what is pending was asked of nobody."""
    doubt: str = ""
    """Why what is pending is not known yet."""
    wants_head: tuple[str, ...] = ()
    """Parts of the serving release's readiness that are about the schema: they may not accept one that is ahead."""
    drops: tuple[str, ...] = ()
    """Where the downgrades lose what is written after the migrations."""
    is_rehearsed: bool = False
    """Whether a rehearsal comes that may find out more."""

    def __str__(self) -> str:
        """One sentence for plan and record."""
        pending = ", ".join(self.pending)
        match self.rung:
            case Rung.FIRST:
                return "first release: there is nothing to go back to; a red gate stops what was started"
            case Rung.RELEASE_ONLY if self.doubt:
                return f"what is pending is not known yet ({self.doubt}): the release itself is asked once it is built"
            case Rung.RELEASE_ONLY if self.unasked:
                return (
                    "no migration tool is configured, so none was asked: "
                    "a rollback starts the previous release, the data stay as they are"
                )
            case Rung.RELEASE_ONLY:
                return "no migration is pending: a rollback starts the previous release, the data are not touched"
            case Rung.SCHEMA_STAYS:
                why = "; ".join(self.reasons)
                said = f"pending {pending} ({why}): a rollback starts the previous release, the schema stays ahead"
                return f"{said}{self._not_ready()}"
            case _:
                return self._forward(pending, "; ".join(self.reasons))

    def _forward(self, pending: str, why: str) -> str:
        """Of what the previous release cannot live with."""
        if self.rung is Rung.FORWARD_ONLY:
            later = "; whether a downgrade loses nothing is decided by the rehearsal" if self.is_rehearsed else ""
            return f"forward-only: pending {pending}: {why}{later}"
        written = f" where nothing was written to {', '.join(self.drops)} by then" if self.drops else ""
        return (
            f"pending {pending} ({why}): as a copy of the data showed, a rollback takes them back{written} "
            "and starts the previous release; else it holds"
        )

    def _not_ready(self) -> str:
        """What the rollback may end with, where readiness speaks of the schema."""
        if not self.wants_head:
            return ""
        return (
            f"; its readiness has {', '.join(self.wants_head)}: where that answers 503 on a schema that is ahead, "
            "it is back and not ready, and the run ends with exit 6"
        )


def foresee(answer: Answer, gate: GateResult | None) -> Answer:
    """The answer, with what the serving release's readiness was seen to say of the schema."""
    found = [
        name
        for check in (gate.checks if gate is not None else ())
        for piece in check.evidence
        if piece.title == SCHEMA_PARTS and isinstance(piece.value, dict)
        for names in piece.value.values()
        for name in names
    ]
    return replace(answer, wants_head=tuple(dict.fromkeys(found))) if found else answer


def taken_back(answer: Answer, drops: Sequence[str]) -> Answer:
    """The answer, once a rehearsal took the migrations back and everything was as before."""
    return replace(answer, rung=Rung.DOWNGRADE, drops=tuple(drops)) if answer.rung is Rung.FORWARD_ONLY else answer


def qualify(answer: Answer, caveats: Sequence[str]) -> Answer:
    """The answer, with what the previous release may not do any more on a schema that stays."""
    return replace(answer, reasons=(*answer.reasons, *caveats)) if answer.rung is Rung.SCHEMA_STAYS else answer


def decide(
    *,
    first: bool,
    pending: Sequence[str],
    shown: Mapping[str, str],
    stated: Mapping[str, str],
    migrates_itself: str | None = None,
    unasked: bool = False,
    doubt: str = "",
) -> Answer:
    """Which rung a deployment stands on.

    Args:
        first: no release serves yet.
        pending: revisions that will run, oldest first.
        shown: revision → why reading it shows that the previous release cannot live with it (empty text: it can).
        stated: revisions that the team states the previous release can live with → why, where its own file says that.
        migrates_itself: the entry command of the *previous* release that runs migrations when it starts: it may
            refuse a revision that it does not know, so reading the migration is not enough.
        unasked: no migration tool is configured, so that nothing pending means only that nothing was found.
        doubt: why there may be more than was found.
    """
    if first:
        return Answer(rung=Rung.FIRST, pending=tuple(pending))
    if not pending:
        return Answer(rung=Rung.RELEASE_ONLY, unasked=unasked, doubt=doubt)
    open_ones = [revision for revision in pending if revision not in stated]
    reasons = [
        f"{revision}: {shown.get(revision, 'its file was not found')}"
        for revision in open_ones
        if shown.get(revision, "?")
    ]
    if open_ones and migrates_itself:
        reasons.append(
            f"the previous release migrates when it starts ({migrates_itself}) "
            "and may refuse a revision it does not know"
        )
    if reasons:
        return Answer(rung=Rung.FORWARD_ONLY, pending=tuple(pending), reasons=tuple(reasons))
    said = [] if not open_ones else ["reading them shows that they only add"]
    said += [f"{one}: stated in its file, because {stated[one]}" for one in pending if stated.get(one)]
    said += ["stated by the team"] if any(stated.get(one) == "" for one in pending) else []
    return Answer(rung=Rung.SCHEMA_STAYS, pending=tuple(pending), reasons=tuple(said))
