"""Take migrations back by themselves: only what a rehearsal took back whole, and only where nothing would be lost."""

from __future__ import annotations

from gonogo.backups.found import named
from gonogo.backups.postgres import Postgres
from gonogo.backups.written import moment_of, written_since
from gonogo.errors import CommandError, GonogoError, RefusedError, in_one_line
from gonogo.gates.ladder import Rung
from gonogo.run.moves.downgrade import Downgrade, ways_back
from gonogo.run.work import Move, Work
from gonogo.runtimes.place import maker
from gonogo.state.release import Release

__all__ = ["TakeBack", "mark", "prepared"]


def mark(work: Work) -> None:
    """Notes the moment after the migrations, from which on every write counts; without it there is no way back."""
    back = work.proven_downgrade
    if work.rung != Rung.DOWNGRADE or back is None:
        return
    try:
        moment = moment_of(_live(work, back.database), work.host, back.drops)
    except (GonogoError, OSError, ValueError) as error:
        work.forbid_downgrade(f"its database did not say where it stands ({in_one_line(error)})")
        return
    work.proven_downgrade = back.model_copy(update={"moment": moment})
    work.journal.write("proven-downgrade", found=work.proven_downgrade.model_dump())


def prepared(work: Work, target: Release) -> TakeBack | None:
    """The move; None where no database is ahead of the target any more.

    Raises:
        GonogoError: it would not be what was rehearsed, something would be lost, or that cannot be found out.
    """
    back = work.proven_downgrade
    if back is None:
        raise RefusedError("what the rehearsal found is not known any more")
    found = ways_back(work, work.place, work.release, target)
    if found is None:
        return None
    if not work.progress.is_migrated or back.moment is None:
        raise RefusedError("the migrations did not run to their end")
    others = sorted({one.id for way in found.ways for one in way.beyond} - {*back.takes})
    if others:
        raise RefusedError(f"the database has {', '.join(others)}, which no rehearsal has taken back")
    _require_unwritten(work)
    return TakeBack(found)


def _require_unwritten(work: Work) -> None:
    """Refuses to lose anything.

    Raises:
        GonogoError: something was written to what goes, or the database does not say.
    """
    back = work.proven_downgrade
    if back is None or back.moment is None:
        raise RefusedError("what was written is not known")
    written = written_since(_live(work, back.database), work.host, back.drops, back.moment)
    if written:
        raise RefusedError(f"a downgrade would lose what was written since: {'; '.join(written)}")


def _live(work: Work, name: str) -> Postgres:
    """The database that was rehearsed.

    Raises:
        GonogoError: it is not there any more.
    """
    live = named(work.place, work.runtime, work.release, name)
    if not isinstance(live, Postgres):
        raise CommandError(f"{name}: found {live.kind}, expected PostgreSQL.")
    return live


class TakeBack(Move):
    """Stops the red release, so that nothing is written any more, and runs its downgrades."""

    name = Downgrade.name
    touches = True
    migrates = True
    downgrades = True

    def __init__(self, back: Downgrade) -> None:
        """What is to be run."""
        self._back = back

    def describe(self, work: Work) -> tuple[str, ...]:
        """What would run, as a person would type it."""
        return (f"(stops {work.release.id})", *self._back.describe(work))

    def do(self, work: Work) -> str:
        """Stops it where it was started, looks once more, and takes each database back.

        Raises:
            GonogoError: something was written at the last moment, a downgrade failed, or a database does not stand
                where it was to.
        """
        if work.progress.has_replaced:
            runtime, place = maker(work.runtime, work.place, work.release)
            runtime.wait(place)
            runtime.retire(place, work.release)
        _require_unwritten(work)
        return self._back.do(work)
