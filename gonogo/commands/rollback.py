"""``gonogo rollback``: go back to a kept release, judged by the gate that it was pinned with."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from gonogo.commands.finish import finish
from gonogo.commands.prepare import Where, make_work, where
from gonogo.commands.recover import (
    close_all,
    cut_off,
    end_all_survivors,
    opened,
    pinned,
    recorded,
    recover,
    run_name,
    serves,
)
from gonogo.commands.status import rollback_target, stopped_short
from gonogo.commands.with_data import DataAsked, chosen_backup, new_stamp, put_aside, swaps_of, told
from gonogo.errors import GonogoError, RefusedError, UsageError, explain
from gonogo.host.runner import this_machine
from gonogo.host.signals import Signals
from gonogo.records.run_results import RunResult
from gonogo.run.moves.data import RestoreAside, SwapData, WithData
from gonogo.run.moves.downgrade import Downgrade, losses, ways_back
from gonogo.run.moves.team import Undo, left_done
from gonogo.run.pipeline import Pipeline
from gonogo.run.screen import Screen
from gonogo.run.work import Options, Work
from gonogo.runtimes import sources
from gonogo.runtimes.base import RuntimeUnreachableError
from gonogo.runtimes.kept import lost_parts
from gonogo.state.interrupted import CutOff
from gonogo.state.lock import hold
from gonogo.state.release import Release
from gonogo.words import Exit

__all__ = ["Agree", "choose_target", "require_whole", "rollback", "start_kept"]


Agree = Callable[[str], bool]
"""Puts a question to the operator."""


def rollback(
    folder: Path,
    env: str | None,
    *,
    to: str | None,
    force: bool,
    screen: Screen,
    downgrade: Agree | None = None,
    data: DataAsked | None = None,
) -> RunResult:
    """Starts a kept release again and proves it; returns how it ended.

    ``downgrade``: its migrations are taken back before, ``data``: a backup of its data is put back; the operator agrees
    to what is lost.

    Raises:
        UsageError: wrong usage or configuration, or the operator does not agree.
        RefusedError: there is no release to go back to, or it is a bad one.
        LockedError: another run holds the environment.
    """
    at = where(folder, env)
    at.state.create()
    with (
        Signals(screen.say) as signals,
        hold(at.state.lock, project=at.project.app.name, env=at.environment.name, why="rollback"),
    ):
        cut = cut_off(at.state)
        if to is None and cut is not None and cut.kind == "deploy" and at.state.load(cut.release) is not None:
            if downgrade is not None or data is not None:
                raise RefusedError(
                    f"{at.state.root}: found that the run {cut.run} was cut off, expected one that ended. "
                    f"Settle it first: gonogo rollback --env {at.environment.name}"
                )
            return recover(at, cut, kind="rollback", screen=screen, signals=signals)
        return start_kept(at, cut, to=to, force=force, screen=screen, signals=signals, downgrade=downgrade, data=data)


def start_kept(  # noqa: PLR0913 (what a rollback has)
    at: Where,
    cut: CutOff | None,
    *,
    to: str | None,
    force: bool,
    screen: Screen,
    signals: Signals,
    downgrade: Agree | None = None,
    data: DataAsked | None = None,
) -> RunResult:
    """Starts a kept release and proves it: the named one, that of a rollback that was cut off, or the last good.

    One that was cut off while it put data back goes on with that.

    Raises:
        UsageError: the operator does not agree to what a downgrade loses.
        RefusedError: there is no release to go back to, it is a bad one, what it is started from is gone, or its
            database cannot be brought back.
    """
    if cut is not None and downgrade is None and cut.progress.is_half_downgraded:
        raise RefusedError(
            f"{at.state.root}: found that the run {cut.run} was cut off inside its downgrade, expected a database that "
            f"is not half-way. Go on with it: gonogo rollback --env {at.environment.name} --downgrade"
        )
    if to is None and cut is not None and cut.kind in {"rollback", "restart"}:
        returns = cut.returning is not None and cut.serving is not None
        to, force = (cut.serving if returns else cut.release), True
        if cut.restores and not returns:
            data = DataAsked(backup=cut.restores, sure=True, stamp=cut.stamp)
    target = choose_target(at, to=to, after_crash=cut is not None, force=force)
    if cut is None:  # nothing was touched yet, and it stays so
        require_whole(target, env=at.environment.name)
    outgoing = _outgoing(at, cut) or target
    for one in (target, outgoing):
        sources.catch_up(one, at.project.root)
    work = make_work(pinned(at, target), target, run=run_name(at.state, "rollback"), options=Options(), screen=screen)
    facts = _with_data(work, target, data)
    back = _agreed(at, work, outgoing, downgrade) if downgrade is not None else None
    work.journal.write("run-began", kind="rollback", release=target.id, outgoing=outgoing.id, **facts)
    runs = end_all_survivors(work)
    moves = _data_moves(work, outgoing, data, facts, screen)
    opened(work, kind="rollback")
    started, begin = datetime.now(UTC), time.monotonic()
    pipeline = Pipeline(work, signals=signals)
    undo = [Undo(step, of) for step, of in left_done(at.state, outgoing, target)]
    for name in (move.step.name for move in undo if move.step.undo is None):
        screen.say(f'The step "{name}" has no undo: what it did stays.')
    with signals.rollback():
        last = _last(at, target, outgoing, is_sure=cut is None and outgoing == at.state.current())
        ending = pipeline.go_back(target, outgoing, last=last, undo=undo, data=back or moves)
        ending = recorded(pipeline.course, ending, lambda: serves(work, ending))
        work.notes += put_aside(work, moves.swap.swaps) if moves is not None else ()
        seconds = time.monotonic() - begin
        result = finish(work, pipeline.course, ending, kind="rollback", started=started, seconds=seconds)
        if ending.kind.touched:
            close_all(work, runs)
        return result


def _agreed(at: Where, work: Work, outgoing: Release, agree: Agree) -> Downgrade | None:
    """The downgrade that the operator agrees to; None where no database is ahead of the release."""
    theirs = pinned(at, outgoing)
    own = theirs.project.model_copy(update={"root": outgoing.root})
    place = replace(work.place, project=own, environment=theirs.environment)
    back = ways_back(work, place, outgoing, work.release)
    if back is None:
        work.notes.append(f"No database is ahead of {work.release.short}: nothing was downgraded.")
        return None
    said = [f"{way.service}: takes back {', '.join(one.id for one in way.beyond)}" for way in back.ways]
    lost = losses(work, place, outgoing, {way.service: way.beyond for way in back.ways})
    drops = "; ".join(map(str, lost)) or "nothing that its downgrades name; what their SQL does is not known"
    if not agree(f"{'; '.join(said)}. It drops {drops}. Go on?"):
        raise UsageError(
            f"--downgrade: found no consent, expected yes, or --yes. It drops {drops}; nothing was touched"
        )
    work.notes.append(f"The downgrade dropped {drops}.")
    return back


def _with_data(work: Work, target: Release, data: DataAsked | None) -> dict[str, str]:
    """What the journal must say of the data that are put back, so that a crash is gone on from."""
    if data is None:
        return {}
    chosen = chosen_backup(work.shelf, target, data, env=work.place.environment.name)
    return {"restores": chosen.id, "stamp": data.stamp or new_stamp()}


def _data_moves(
    work: Work, outgoing: Release, data: DataAsked | None, facts: Mapping[str, str], screen: Screen
) -> WithData | None:
    """Both moves, once the operator agreed; nothing where the data stay."""
    chosen = work.shelf.load(facts["restores"]) if facts else None
    if data is None or chosen is None:
        return None
    try:
        swaps = swaps_of(work, chosen, outgoing, stamp=facts["stamp"])
        lines = told(work, chosen, swaps, data)
    except (GonogoError, OSError) as error:
        work.journal.write("run-ended", how="refused", exit=int(Exit.NO_GO), reason=explain(error))
        raise
    for line in lines:
        screen.say(line)
    work.notes += lines
    return WithData(aside=RestoreAside(swaps), swap=SwapData(swaps, outgoing))


def choose_target(at: Where, *, to: str | None, after_crash: bool = False, force: bool = False) -> Release:
    """The release that is named, or what served before the serving one; after a crash or a hold, the last good one.

    Raises:
        RefusedError: it is not kept, was turned back before, never went GO, or there is none.
    """
    kept, current = at.state.releases(), at.state.current()
    if to is not None:
        found = [release for release in kept if to in {release.id, release.commit} or release.commit.startswith(to)]
        if not found:
            raise RefusedError(f'--to: found "{to}", expected one of the kept releases {_ids(kept)}.')
        known = [release for release in found if release.is_good or (release == current and not release.bad)]
        return _usable((known or found)[0], known=bool(known), force=force)
    if current is not None and after_crash and current.is_good:
        return current
    earlier = rollback_target(at.state, current)
    if earlier is None:
        raise RefusedError(
            f"{at.state.root}: found no earlier release that went GO, expected one to go back to (kept: {_ids(kept)})."
        )
    return earlier


def _usable(release: Release, *, known: bool, force: bool) -> Release:
    """The release, unless its checks turned it back or never let it go (a commit may have several releases)."""
    if not known and not force:
        why = f"was turned back ({release.bad})" if release.bad is not None else "never went GO"
        raise RefusedError(
            f"--to {release.id}: found a release that {why}, expected a good one. Add --force to start it all the same."
        )
    return release


def require_whole(release: Release, *, env: str) -> None:
    """Refuses to touch anything for a release of which a part is gone.

    Raises:
        RefusedError: naming what is gone.
    """
    try:
        lost = lost_parts(release, this_machine())
    except RuntimeUnreachableError:  # an Engine that only restarts is waited for by what asks it next
        return
    if lost:
        raise RefusedError(
            f"{release.id}: found that {', '.join(lost)} is gone; expected all that it is started from. "
            f"Nothing was touched; deploy its commit again: gonogo deploy --env {env} --ref {release.commit:.12}"
        )


def _ids(kept: list[Release]) -> str:
    return ", ".join(release.id for release in kept) or "none"


def _last(at: Where, target: Release, outgoing: Release, *, is_sure: bool) -> Release | None:
    """What starts again where the target is not proven: what serves; after a crash only what went GO.

    None where that is the target itself.
    """
    current = at.state.current()
    known = [one for one in (outgoing, current) if one is not None and (is_sure or one.is_good)]
    return next((one for one in known if one.id != target.id), None)


def _outgoing(at: Where, cut: CutOff | None) -> Release | None:
    """What may serve now: the release of a run that was cut off, else the recorded one."""
    name = None
    if cut is not None:
        on_its_way = cut.kind in {"rollback", "restart"} and cut.returning is None
        name = cut.serving if on_its_way else cut.release
    else:
        name = stopped_short(at.state, at.state.current())
    found = at.state.load(name) if name is not None else None
    return found or at.state.current()
