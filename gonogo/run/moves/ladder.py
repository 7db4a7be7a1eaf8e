"""Decide what a rollback would do to the data, and refuse a change that cannot be taken back."""

from __future__ import annotations

from gonogo.errors import RefusedError
from gonogo.gates.ladder import Rung, foresee
from gonogo.gates.pending_migrations import ask_ladder, forward_only, standings
from gonogo.run.work import Move, Work
from gonogo.words import Tier

__all__ = ["AskLadder"]


class AskLadder(Move):
    """What is pending in the databases, and whether the release before could live with it; touches nothing."""

    name = "ladder"

    def describe(self, work: Work) -> tuple[str, ...]:  # noqa: ARG002 (a move is asked about a run)
        """It runs questions alone."""
        return ()

    def do(self, work: Work) -> str:
        """Notes the rung, for the rollback and for the record.

        Raises:
            RefusedError: the change is forward-only, and the environment does not allow it or releases share requests.
        """
        asked = ask_ladder(work, found=[*standings(work, built=True)])
        answer = foresee(asked.answer, work.baseline())
        work.notes += asked.notes
        work.standings = asked.standings
        ahead = {name for one in asked.standings if one.accepted for name in one.unknown}
        if ahead:
            work.release = work.release.model_copy(update={"accepted": tuple(sorted(ahead))})
            work.state.save(work.release)
            work.notes.append(
                f"The schema is ahead of this commit ({', '.join(sorted(ahead))}), as the rollback left it."
            )
        work.answer = answer
        work.stand_on(answer.rung, str(answer))
        environment = work.place.environment
        if answer.rung is Rung.FORWARD_ONLY and environment.tier is Tier.PROD and not environment.allow_forward_only:
            raise forward_only(answer)
        if answer.rung is Rung.FORWARD_ONLY and environment.canary is not None and work.serving is not None:
            raise RefusedError(
                f"canary: {answer}; the release that serves would go on answering on a schema that it may not know. "
                f"Expected migrations that it can live with: split the change, or take env.{environment.name}.canary "
                "away for this release."
            )
        return work.ladder
