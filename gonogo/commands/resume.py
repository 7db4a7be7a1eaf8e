"""``gonogo resume``: complete a run that was cut off where that is safe, go back otherwise."""

from __future__ import annotations

from pathlib import Path

from gonogo.commands.prepare import where
from gonogo.commands.recover import cut_off, recover
from gonogo.commands.rollback import start_kept
from gonogo.errors import RefusedError
from gonogo.host.signals import Signals
from gonogo.records.run_results import RunResult
from gonogo.run.screen import Screen
from gonogo.state.lock import hold

__all__ = ["NothingToResumeError", "resume"]


class NothingToResumeError(RefusedError):
    """No run was cut off after its first touch."""


def resume(folder: Path, env: str | None, *, screen: Screen) -> RunResult:
    """Settles what survived, sees how far the run came, and brings it to an end that is proven.

    Raises:
        UsageError: wrong usage or configuration.
        NothingToResumeError: no run was cut off after its first touch.
        LockedError: another run holds the environment.
    """
    at = where(folder, env)
    at.state.create()
    with (
        Signals(screen.say) as signals,
        hold(at.state.lock, project=at.project.app.name, env=at.environment.name, why="resume"),
    ):
        cut = cut_off(at.state)
        if cut is None:
            raise NothingToResumeError(
                f"{at.state.root}: found no run that was cut off after its first touch, expected one to resume. "
                f"Nothing that serves is half-way; `gonogo deploy --env {at.environment.name}` deploys."
            )
        if cut.kind in {"rollback", "restart"} or at.state.load(cut.release) is None:
            return start_kept(at, cut, to=None, force=False, screen=screen, signals=signals)
        return recover(at, cut, kind="resume", screen=screen, signals=signals)
