"""The strategy ``bluegreen``: a release is started beside the one that serves, and everybody is sent to it at once."""

from __future__ import annotations

from gonogo.run.direct_gate import DirectGate
from gonogo.run.gate_step import Gate
from gonogo.run.moves.backup import BackUp, ProveBackup
from gonogo.run.moves.build import Build
from gonogo.run.moves.checkout import Checkout
from gonogo.run.moves.ladder import AskLadder
from gonogo.run.moves.logs import SaveLogs
from gonogo.run.moves.migrate import Migrate
from gonogo.run.moves.rehearse import Rehearse
from gonogo.run.moves.start import Restore, Stop
from gonogo.run.moves.turns import Leave, StartBeside, Switch
from gonogo.run.strategies.base import VERIFY, Step
from gonogo.state.release import Release
from gonogo.words import Role, Stage

__all__ = ["Bluegreen"]


class Bluegreen:
    """Migrates, starts beside what serves, judges, switches, judges again; back: switches back, which is at once."""

    def steps(self, *, first: bool) -> tuple[Step, ...]:
        """A deployment, without the team's steps; ``first``: nothing serves yet."""
        before: tuple[Step, ...] = () if first else (Gate("baseline", Stage.POSTDEPLOY, Role.BASELINE),)
        logs: tuple[Step, ...] = () if first else (SaveLogs(),)
        beside: tuple[Step, ...] = () if first else (DirectGate(),)
        build = Build()
        return (
            Checkout(),
            *before,
            Gate(Stage.PREDEPLOY.gate, Stage.PREDEPLOY, Role.CANDIDATE),
            *logs,
            build,
            Gate(Stage.BUILD.gate, Stage.BUILD, Role.CANDIDATE, remade_by=build),
            AskLadder(),
            BackUp(),
            ProveBackup(),
            Rehearse(),
            Migrate(),
            StartBeside(),
            *beside,
            Switch(),
            Gate(Stage.POSTDEPLOY.gate, Stage.POSTDEPLOY, Role.CANDIDATE),
            Gate(Stage.WATCH.gate, Stage.WATCH, Role.CANDIDATE),
            *(() if first else (Leave("retire", red=False, keeps=True),)),
        )

    def rollback(self, release: Release, *, to: Release | None, replaced: bool) -> tuple[Step, ...]:
        """The rollback from a release that went red; a first deploy is stopped."""
        if to is None:
            return (Stop(),)
        back: tuple[Step, ...] = (Restore(to, release, red=True),) if replaced else ()
        return (*back, VERIFY, Leave("leave", red=True, served=replaced))
