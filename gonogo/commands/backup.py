"""``gonogo backup`` and ``gonogo backups``: keep what the databases hold now, and list what is kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gonogo.backups.folders import Folder
from gonogo.backups.manifest import Backup
from gonogo.backups.outlook import look_ahead
from gonogo.backups.shelf import Shelf, needed_by, shelf_of
from gonogo.backups.take import copy_away, take
from gonogo.backups.wanted import is_proven
from gonogo.commands.prepare import Where, located, make_work, where
from gonogo.commands.recover import clear_untouched, run_name
from gonogo.config import find_project, load_project
from gonogo.config.backups import BackupRule
from gonogo.errors import RefusedError, explain
from gonogo.host.signals import Signals
from gonogo.records.kept_backups import BackupLine
from gonogo.run.moves.backup import let_go, proven, said_of_proof, taking_of
from gonogo.run.work import Options, Work
from gonogo.state.lock import hold
from gonogo.words import Exit

__all__ = ["backup", "backups", "line_of"]


def backup(folder: Path, env: str | None, *, say: Callable[[str], None]) -> BackupLine:
    """Takes a backup of what serves, whatever the environment says of backups before a deployment.

    Raises:
        RefusedError: nothing serves, nothing is found to be backed up, or there is no room.
        CommandError: it failed; nothing half is left.
        LockedError: another run holds the environment.
    """
    at = _asking(where(folder, env))
    serving = at.state.current()
    if serving is None:
        name = at.environment.name
        raise RefusedError(
            f"{at.state.root}: found no release that serves, expected one whose data are kept. "
            f"Deploy one, or take over what runs: `gonogo adopt --env {name}`."
        )
    at.state.create()
    with (
        Signals(say) as signals,
        hold(at.state.lock, project=at.project.app.name, env=at.environment.name, why="backup"),
    ):
        work = make_work(at, serving, run=run_name(at.state, "backup"), options=Options())
        work.journal.write("run-began", kind="backup", release=serving.id, serving=serving.id)
        clear_untouched(work)
        try:
            with signals.interruptible():
                made, left = _taken(work, say)
        except BaseException as error:
            work.journal.write("run-ended", how="backup", exit=int(Exit.NO_GO), reason=explain(error))
            raise
        work.journal.write("run-ended", how="backup", exit=int(Exit.GO))
    return line_of(at, work.shelf, made).model_copy(update={"left": left})


def _asking(at: Where) -> Where:
    """Whoever types the command asks for it."""
    rule = (at.environment.backup or BackupRule()).model_copy(update={"off": False})
    environment = at.environment.model_copy(update={"backup": rule})
    return located(at.project, environment)


def _taken(work: Work, say: Callable[[str], None]) -> tuple[Backup, tuple[str, ...]]:
    work.journal.enter("backup", kind="move", touches=False)
    for note in work.shelf.sweep(work.host):
        say(note)
    ahead = look_ahead(work.place, work.runtime, work.serving, work.shelf)
    say(f"backup  {ahead.found.said or 'by the command of the environment'}")
    say(f"  {ahead.expected}" if ahead.expected is not None else "  its size is not known")
    taking = taking_of(work, ahead)
    made = take(taking, ahead.found)
    copied = copy_away(taking, made)
    if is_proven(work.place.environment) and made.parts:
        proof = proven(work, made)
        if proof.problems:
            raise RefusedError(f"the backup {made.id} is not proven: {'; '.join(proof.problems)}")
        say(f"  {said_of_proof(proof)}")
        made = made.model_copy(update={"proof": proof})
    for text in (copied, *let_go(work, ahead.shelf), *work.notes):
        say(text) if text else None
    work.journal.leave(ok=True)
    return made, ahead.found.left


def backups(folder: Path, env: str | None) -> tuple[BackupLine, ...]:
    """The backups of every environment, or of one, the newest first.

    Raises:
        UsageError: there is no such environment.
    """
    project = load_project(find_project(folder))
    names = [project.environment(env).name] if env else list(project.environments)
    found = []
    for name in names:
        at = located(project, project.environments[name])
        shelf = shelf_of(at.project, at.environment, at.state)
        found += [line_of(at, shelf, one) for one in shelf.all()]
    return tuple(found)


def line_of(at: Where, shelf: Shelf, one: Backup) -> BackupLine:
    """One backup as it is shown."""
    folder = shelf.path(one.id)
    return BackupLine(
        id=one.id,
        env=one.env,
        made=one.made,
        release=one.release,
        commit=one.commit,
        databases=tuple(part.name for part in one.parts),
        rows=sum(part.facts.rows for part in one.parts if part.kind != Folder.kind),
        bytes=one.bytes,
        seconds=one.seconds,
        folder=str(folder),
        needed_by=needed_by(at.state).get(one.id),
        lacks=tuple(_lacks(folder, one)),
        proven=one.proof.at if one.proof is not None and not one.proof.problems else None,
        restore_seconds=one.proof.seconds if one.proof is not None and not one.proof.problems else None,
        unproven=one.proof.problems if one.proof is not None else (),
    )


def _lacks(folder: Path, one: Backup) -> list[str]:
    """Files that are not as the manifest says, by their size alone."""
    found = []
    for part in one.parts:
        path = folder / part.file
        size = path.stat().st_size if path.is_file() else None
        if size != part.bytes:
            seen = "no file" if size is None else f"{size} bytes"
            found.append(f"{path}: found {seen}, expected {part.bytes} bytes")
    return found
