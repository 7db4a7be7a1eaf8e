"""In a rollback: the migrations of a red release are taken back where nothing is lost, and else it serves on."""

from __future__ import annotations

from collections.abc import Callable

from gonogo.errors import explain
from gonogo.gates.ladder import Rung
from gonogo.run.moves.migrate import have_moved
from gonogo.run.moves.proven_downgrade import prepared
from gonogo.run.moves.start import Restore
from gonogo.run.steps import StepRunner
from gonogo.run.work import Work
from gonogo.state.release import Release

__all__ = ["schema_first"]


def schema_first(work: Work, steps: StepRunner, begin: Callable[[], None]) -> tuple[bool, str]:
    """Of a forward-only change: whether the schema is back, and else how far its migrations are where the run holds.

    ``begin`` says that the run goes back, before anything does.
    """
    if work.rung != Rung.DOWNGRADE and not work.progress.has_replaced:
        return False, ""
    moved = have_moved(work)
    if moved is False:
        work.notes.append("The migrations are forward-only, and no database moved: it was turned back.")
        return False, ""
    begun = "have begun" if moved else "may have begun: the databases could not be asked"
    if work.rung == Rung.DOWNGRADE and work.serving is not None:
        begin()
        kept = _take_back(work, steps, work.serving)
        if not kept:
            return True, ""
        begun = f"{begun}; they were not taken back: {kept}"
    holds = work.progress.has_replaced or work.progress.has_downgraded
    return False, begun if holds else ""


def _take_back(work: Work, steps: StepRunner, target: Release) -> str:
    """Takes them back to where the target knows them; why not, with the red release started again."""
    try:
        move = prepared(work, target)
        if move is not None:
            steps.move(move)
    except Exception as error:  # noqa: BLE001 (whatever it was, nothing older is started on such a schema)
        _start_again(work, steps)
        return explain(error)
    gone = work.proven_downgrade.takes if work.proven_downgrade is not None else ()
    work.notes.append(
        f"The migrations were taken back ({', '.join(gone)}): nothing had been written to what they made."
    )
    return ""


def _start_again(work: Work, steps: StepRunner) -> None:
    """Starts the red release where it was stopped for that, in this run or in one that was cut off."""
    if not (work.progress.has_downgraded and work.progress.has_replaced):
        return
    try:
        steps.move(Restore(work.release, work.release))
    except Exception as error:  # noqa: BLE001 (a person is needed in any case)
        work.notes.append(f"{work.release.id} was stopped for its downgrade and did not start again: {explain(error)}")
