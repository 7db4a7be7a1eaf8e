"""Recipes: a strategy's gates and moves, with the team's own steps where they were configured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gonogo.backups.wanted import is_asked, is_proven, is_wanted
from gonogo.config import Environment, TeamStep
from gonogo.config.strategies import STRATEGIES
from gonogo.config.traffic import Canary
from gonogo.errors import UsageError
from gonogo.run.direct_gate import DirectGate, ShareGate
from gonogo.run.gate_step import Gate
from gonogo.run.moves.backup import BackUp, ProveBackup
from gonogo.run.moves.confirm import Confirm
from gonogo.run.moves.ladder import AskLadder
from gonogo.run.moves.rehearse import Rehearse
from gonogo.run.moves.start import Restart, Restore, Stop
from gonogo.run.moves.team import TeamMove, Undo
from gonogo.run.moves.turns import Share, Switch
from gonogo.run.strategies import strategy_of
from gonogo.run.strategies.base import VERIFY, Step, Strategy
from gonogo.state.progress import Progress
from gonogo.state.release import Release
from gonogo.words import Stage

__all__ = ["Recipe", "deploy_recipe"]


@dataclass(frozen=True)
class Recipe:
    """Steps in order, and the rollback; the first touch is the first move that touches."""

    strategy: Strategy
    steps: tuple[Step, ...]

    @property
    def first_touch(self) -> int | None:
        """Index of the first step that changes what serves, or None."""
        touching = (at for at, step in enumerate(self.steps) if not isinstance(step, Gate) and step.touches)
        return next(touching, None)

    def remaining(self, progress: Progress) -> tuple[Step, ...] | None:
        """What is left to do after it was cut off; gates after the last move are asked again.

        Returns:
            None when it cannot be completed: the start was not reached, or a move was cut off half way.
        """
        kept = {step.name for step in self.steps if not isinstance(step, Gate) and step.repeatable}
        over = {name for name in progress.names if progress.has_ended(name)} - kept  # what serves is judged before them
        done = [at for at, step in enumerate(self.steps) if step.name in over]
        if not progress.is_replaced or not kept.issuperset(progress.half_done):
            return None
        return self.steps[max(done) + 1 :]

    def rollback(
        self, release: Release, *, to: Release | None, undo: Sequence[TeamStep], replaced: bool
    ) -> tuple[Step, ...]:
        """The rollback, from what has begun: the team's undos, then the strategy's steps.

        Args:
            release: the release that went red.
            to: the release to go back to; None when there is none.
            undo: the team's steps that have begun, the newest first.
            replaced: whether instances were replaced (or may have been).
        """
        return (*map(Undo, undo), *self.strategy.rollback(release, to=to, replaced=replaced))


def deploy_recipe(environment: Environment, *, first: bool) -> Recipe:
    """What the environment's strategy does, with the team's steps.

    Raises:
        UsageError: a team step names a move that the recipe does not have, or a migration would never run.
    """
    strategy = strategy_of(environment.strategy)
    _migration_runs(environment)
    _names_are_free(environment)
    return Recipe(strategy, _with_team_steps(strategy, environment, first=first))


def _migration_runs(environment: Environment) -> None:
    """Refused here and not where the file is read: a kept release that was deployed so must still start again."""
    if "migrate" in environment.commands and all(one.migrations == "none" for one in environment.service.values()):
        raise UsageError(
            f"gonogo.toml: env.{environment.name}.commands.migrate: found no service with migrations, expected one "
            "whose command it replaces; it would never run. Another tool's migrations belong into the entry point or a "
            "one-shot service."
        )


def _with_team_steps(strategy: Strategy, environment: Environment, *, first: bool) -> tuple[Step, ...]:
    moves = [
        step.name
        for step in strategy.steps(first=False)
        if not isinstance(step, Gate | AskLadder | BackUp | ProveBackup | Rehearse)
    ]
    for team in environment.step:
        anchor = team.before or team.after
        if anchor not in moves:
            raise UsageError(
                f'env.{environment.name}.step "{team.name}": found "{anchor}", '
                f"expected one of the moves {', '.join(moves)}."
            )
    woven: list[Step] = []
    for step in _steps(strategy, environment, first=first):
        woven += [TeamMove(team) for team in environment.step if team.before == step.name]
        woven.append(step)
        woven += [TeamMove(team) for team in environment.step if team.after == step.name]
    return tuple(woven)


def _steps(strategy: Strategy, environment: Environment, *, first: bool) -> tuple[Step, ...]:
    """The strategy's steps; before a first deployment a backup is taken only where one is asked for.

    A watch is asked where it takes time.
    """
    backs_up = is_wanted(environment) and (is_asked(environment) or not first)
    left = (() if backs_up else (BackUp,)) + (() if backs_up and is_proven(environment) else (ProveBackup, Rehearse))
    watches = environment.watched_for > 0
    told_apart = environment.traffic is None or len(environment.traffic.upstreams) == 1

    def is_wanted_here(step: Step) -> bool:
        if isinstance(step, DirectGate) and not told_apart:  # nobody knows which of several a page is of
            return False
        return watches or step.stage is not Stage.WATCH if isinstance(step, Gate) else not isinstance(step, left)

    steps = [*filter(is_wanted_here, strategy.steps(first=first))]
    if environment.canary is not None and not first:
        at = next(at for at, step in enumerate(steps) if isinstance(step, Switch))
        steps[at:at] = _shares(environment.canary)
    if environment.confirm is not None and not first:
        last = max(at for at, step in enumerate(steps) if isinstance(step, Gate))
        steps.insert(last + 1, Confirm())
    return tuple(steps)


def _shares(canary: Canary) -> Iterator[Step]:
    """Share after share, each of which is watched."""
    for percent in canary.steps:
        yield Share(percent)
        yield ShareGate(percent, canary.for_)


def _names_are_free(environment: Environment) -> None:
    """A step that is called as a move, or as another step, would be taken for it by the journal and by recovery."""
    ours, taken = _ours(), Counter(team.name for team in environment.step)
    ours |= {step.name for step in _shares(environment.canary)} if environment.canary is not None else set()
    ours -= frozenset() if is_wanted(environment) else {BackUp.name, ProveBackup.name, Rehearse.name}
    for team in environment.step:
        own = team.name in ours
        if own or taken[team.name] > 1:
            found = "a name of gonogo's own" if own else f"{taken[team.name]} steps of this name"
            raise UsageError(
                f'gonogo.toml: env.{environment.name}.step "{team.name}": found {found}, expected a name that no other '
                f'step of a run has. Call it by what it does, such as "warm-up"; taken are {", ".join(sorted(ours))}.'
            )


def _ours() -> frozenset[str]:
    """Names of gates and moves in any recipe."""
    steps = {step.name for name in STRATEGIES for step in strategy_of(name).steps(first=False)}
    back = {VERIFY.name, Restore.name, Restart.name, Stop.name, Confirm.name, "leave"}
    return frozenset(steps | back | {stage.gate for stage in Stage})
