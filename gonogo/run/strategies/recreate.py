"""The strategy ``recreate``: the old instances are replaced by the new ones, and nobody is served in between."""

from __future__ import annotations

from gonogo.run.gate_step import Gate
from gonogo.run.moves.backup import BackUp, ProveBackup
from gonogo.run.moves.build import Build
from gonogo.run.moves.checkout import Checkout
from gonogo.run.moves.ladder import AskLadder
from gonogo.run.moves.logs import SaveLogs
from gonogo.run.moves.migrate import Migrate
from gonogo.run.moves.rehearse import Rehearse
from gonogo.run.moves.start import Restore, Start, Stop
from gonogo.run.strategies.base import VERIFY, Step
from gonogo.state.release import Release
from gonogo.words import Role, Stage

__all__ = ["Recreate"]


class Recreate:
    """Migrates, start in place of what serves, judges; back: start the release before in place of the red one."""

    def steps(self, *, first: bool) -> tuple[Step, ...]:
        """A deployment, without the team's steps; ``first``: nothing serves yet."""
        baseline: tuple[Step, ...] = () if first else (Gate("baseline", Stage.POSTDEPLOY, Role.BASELINE),)
        logs: tuple[Step, ...] = () if first else (SaveLogs(),)
        build = Build()
        return (
            Checkout(),
            *baseline,
            Gate(Stage.PREDEPLOY.gate, Stage.PREDEPLOY, Role.CANDIDATE),
            *logs,
            build,
            Gate(Stage.BUILD.gate, Stage.BUILD, Role.CANDIDATE, remade_by=build),
            AskLadder(),
            BackUp(),
            ProveBackup(),
            Rehearse(),
            Migrate(),
            Start(),
            Gate(Stage.POSTDEPLOY.gate, Stage.POSTDEPLOY, Role.CANDIDATE),
            Gate(Stage.WATCH.gate, Stage.WATCH, Role.CANDIDATE),
        )

    def rollback(self, release: Release, *, to: Release | None, replaced: bool) -> tuple[Step, ...]:
        """The rollback from a release that went red; a first deploy is stopped."""
        if to is None:
            return (Stop(),)
        restore: tuple[Step, ...] = (Restore(to, release, red=True),) if replaced else ()
        return (*restore, VERIFY)
