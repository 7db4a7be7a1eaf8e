"""Recipes: plain lists of gates and moves. Reading a recipe is reading the runbook."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from gonogo.config import Environment, TeamStep
from gonogo.errors import UsageError
from gonogo.run.gate_step import Gate
from gonogo.run.moves.build import Build
from gonogo.run.moves.checkout import Checkout
from gonogo.run.moves.logs import SaveLogs
from gonogo.run.moves.migrate import Migrate
from gonogo.run.moves.start import Restore, Start, Stop
from gonogo.run.moves.team import TeamMove, Undo
from gonogo.run.work import Move
from gonogo.state.progress import Progress
from gonogo.state.release import Release
from gonogo.words import Role, Stage

__all__ = ["VERIFY", "AskLadder", "Recipe", "Step", "deploy_recipe", "remaining", "rollback_recipe"]


VERIFY = Gate("verify", Stage.POSTDEPLOY, Role.ROLLBACK)
"""Asks the release that is back."""


_OURS = frozenset(
    {"baseline", "ladder", "verify", "checkout", "logs", "build", "migrate", "start", "restore", "restart", "stop"}
    | {stage.gate for stage in Stage}
)
"""Names of gates and moves in any recipe."""


class AskLadder:
    """The place in a recipe where the ladder is computed and a forward-only change may be refused."""

    name = "ladder"


Step = Gate | Move | AskLadder


@dataclass(frozen=True)
class Recipe:
    """Steps in order; the first touch is the first move that touches."""

    steps: tuple[Step, ...]

    @property
    def first_touch(self) -> int | None:
        """Index of the first step that changes what serves, or None."""
        for index, step in enumerate(self.steps):
            if getattr(step, "touches", False):
                return index
        return None


def deploy_recipe(environment: Environment, *, first: bool) -> Recipe:
    """The strategy ``recreate``.

    Raises:
        UsageError: a team step names a move that the recipe does not have, or a migration would never run.
    """
    _migration_runs(environment)
    baseline: tuple[Step, ...] = () if first else (Gate("baseline", Stage.POSTDEPLOY, Role.BASELINE),)
    logs: tuple[Step, ...] = () if first else (SaveLogs(),)
    steps: tuple[Step, ...] = (
        Checkout(),
        *baseline,
        Gate(Stage.PREDEPLOY.gate, Stage.PREDEPLOY, Role.CANDIDATE),
        *logs,
        Build(),
        Gate(Stage.BUILD.gate, Stage.BUILD, Role.CANDIDATE),
        AskLadder(),
        Migrate(),
        Start(),
        Gate(Stage.POSTDEPLOY.gate, Stage.POSTDEPLOY, Role.CANDIDATE),
    )
    return Recipe(_with_team_steps(steps, environment))


def rollback_recipe(
    release: Release, *, to: Release | None, undo: Sequence[TeamStep], started: bool
) -> tuple[Step, ...]:
    """The way back, from what has begun: the team's undos, the previous release, its own gate.

    Args:
        release: the release that went red.
        to: the release to go back to; None when there is none.
        undo: the team's steps that have begun, the newest first.
        started: whether instances were replaced (or may have been).
    """
    undos: tuple[Step, ...] = tuple(Undo(step) for step in undo)
    if to is None:
        return (*undos, Stop())
    restore: tuple[Step, ...] = (Restore(to, release, red=True),) if started else ()
    return (*undos, *restore, VERIFY)


def remaining(recipe: Recipe, progress: Progress) -> tuple[Step, ...] | None:
    """What is left to do of a recipe that was cut off; gates after the last move are asked again.

    Returns:
        None when it cannot be completed: the start was not reached, or a move was cut off half way.
    """
    begun = progress.names
    done = [at for at, step in enumerate(recipe.steps) if step.name in begun and progress.has_ended(step.name)]
    if not progress.is_replaced or progress.half_done:
        return None
    return recipe.steps[max(done) + 1 :]


def _migration_runs(environment: Environment) -> None:
    """Refused here and not where the file is read: a kept release that was deployed so must still start again."""
    if "migrate" in environment.commands and all(one.migrations == "none" for one in environment.service.values()):
        raise UsageError(
            f"gonogo.toml: env.{environment.name}.commands.migrate: found no service with migrations, expected one "
            "whose command it replaces; it would never run. Another tool's migrations belong into the entry point or a "
            "one-shot service."
        )


def _with_team_steps(steps: tuple[Step, ...], environment: Environment) -> tuple[Step, ...]:
    moves = ["checkout", "logs", "build", "migrate", "start"]
    _names_are_free(environment)
    for team in environment.step:
        anchor = team.before or team.after
        if anchor not in moves:
            raise UsageError(
                f'env.{environment.name}.step "{team.name}": found "{anchor}", '
                f"expected one of the moves {', '.join(moves)}."
            )
    woven: list[Step] = []
    for step in steps:
        woven += [TeamMove(team) for team in environment.step if team.before == step.name]
        woven.append(step)
        woven += [TeamMove(team) for team in environment.step if team.after == step.name]
    return tuple(woven)


def _names_are_free(environment: Environment) -> None:
    """A step that is called as a move, or as another step, would be taken for it by the journal and by recovery."""
    taken = Counter(team.name for team in environment.step)
    for team in environment.step:
        own = team.name in _OURS
        if own or taken[team.name] > 1:
            found = "a name of gonogo's own" if own else f"{taken[team.name]} steps of this name"
            raise UsageError(
                f'gonogo.toml: env.{environment.name}.step "{team.name}": found {found}, expected a name that no other '
                f'step of a run has. Call it by what it does, such as "warm-up"; taken are {", ".join(sorted(_OURS))}.'
            )
