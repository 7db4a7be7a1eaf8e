"""What a strategy is: in which order a release takes the place of another, and how that is taken back."""

from __future__ import annotations

from typing import Protocol

from gonogo.run.gate_step import Gate
from gonogo.run.work import Move
from gonogo.state.release import Release
from gonogo.words import Role, Stage

__all__ = ["VERIFY", "Step", "Strategy"]

Step = Gate | Move
"""What a recipe is made of."""

VERIFY = Gate("verify", Stage.POSTDEPLOY, Role.ROLLBACK)
"""Asks the release that is back."""


class Strategy(Protocol):
    """Two plain lists of gates and moves; reading them is reading the runbook."""

    def steps(self, *, first: bool) -> tuple[Step, ...]:
        """A deployment, without the team's steps; ``first``: nothing serves yet."""

    def rollback(self, release: Release, *, to: Release | None, replaced: bool) -> tuple[Step, ...]:
        """The rollback from a release that went red; the team's undos come before it.

        Args:
            release: the release that went red.
            to: the release to go back to; None when there is none.
            replaced: whether instances were replaced (or may have been).
        """
