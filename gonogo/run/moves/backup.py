"""Keep what the databases hold, before anything is touched."""

from __future__ import annotations

from gonogo.backups.folders import Folder
from gonogo.backups.manifest import Backup, Proof
from gonogo.backups.outlook import Outlook, look_ahead
from gonogo.backups.proof import Proving, prove
from gonogo.backups.shelf import Shelf, needed_by
from gonogo.backups.take import Taking, copy_away, own_command, take
from gonogo.backups.wanted import is_asked
from gonogo.config.backups import BackupRule
from gonogo.errors import GonogoError, InterruptedRunError, RefusedError, explain, in_one_line
from gonogo.host.disk import MIB
from gonogo.run.work import Move, Work
from gonogo.runtimes.compose.engine import scratch_of

__all__ = ["LARGEST_UNPROVEN", "BackUp", "ProveBackup", "backup_line", "let_go", "proven", "said_of_proof", "taking_of"]

LARGEST_UNPROVEN = 2048 * MIB
"""Bytes of databases up to which a backup is restored although nobody asked for one."""


class BackUp(Move):
    """Dumps every database of what serves; asked for, a failure stops the run, and nothing was touched."""

    name = "backup"

    def describe(self, work: Work) -> tuple[str, ...]:
        """The dumps, where they go and how big they will be."""
        ahead = self._ahead(work)
        if ahead.none:
            return (f"(none: {ahead.none})",)
        folder = ahead.shelf.path("{backup}")
        if ahead.rule.command is not None:
            return (str(own_command(ahead.rule, work.place.path, into=folder)),)
        lines = [
            line
            for one in ahead.found.sources
            for line in one.describe(folder / f"{one.name.replace('/', '-')}{one.ending}")
        ]
        return (*lines, f"({ahead.expected})", *(f"({left})" for left in ahead.found.left))

    def do(self, work: Work) -> str:
        """Takes it; where nobody asked for one and none can be taken, the record says why.

        Raises:
            GonogoError: it was asked for, and failed.
        """
        try:
            return self._do(work)
        except InterruptedRunError:
            raise
        except (GonogoError, OSError) as error:
            if is_asked(work.place.environment):
                raise
            return _none(work, in_one_line(error))

    def _do(self, work: Work) -> str:
        ahead = self._ahead(work)
        work.notes += ahead.shelf.sweep(work.host)
        if ahead.none:
            has_data = bool(ahead.found.sources or ahead.found.left)
            return _none(work, ahead.none) if work.serving is not None and has_data else f"none: {ahead.none}"
        taking = taking_of(work, ahead)
        made = take(taking, ahead.found)
        work.release = work.release.model_copy(update={"backup": made.id})
        work.state.save(work.release)
        work.notes += [f"Not in the backup: {left}." for left in ahead.found.left]
        return "; ".join(filter(None, [backup_line(made), copy_away(taking, made), *let_go(work, ahead.shelf)]))

    def _ahead(self, work: Work) -> Outlook:
        return look_ahead(work.place, work.runtime, work.serving, work.shelf)


class ProveBackup(Move):
    """Restores the backup of this run into a scratch server, and compares it with what was kept."""

    name = "proof"

    def describe(self, work: Work) -> tuple[str, ...]:  # noqa: ARG002 (the same for every backup)
        """What is done; the commands are many."""
        return ("(restores the backup into a scratch server of the same image, without a network)",)

    def do(self, work: Work) -> str:
        """Proves it; where nobody asked for backups, what is wrong is told in the record.

        Raises:
            RefusedError: it cannot be put back as it was kept, or nobody could find out.
        """
        made = work.shelf.load(work.release.backup) if work.release.backup is not None else None
        if made is None or not made.parts:
            return "nothing to restore" if made is None else "a backup of the team's own command is not restored"
        asked = is_asked(work.place.environment)
        if not asked and sum(part.facts.size for part in made.parts) > LARGEST_UNPROVEN:
            work.notes.append(
                f"The backup {made.id} was not proven by a restore: it is large, and nobody asked for one."
            )
            return "not tried; see the notes"
        proof = proven(work, made)
        if not proof.problems:
            return said_of_proof(proof)
        found = f"the backup {made.id} is not proven: {'; '.join(proof.problems)}"
        if asked:
            raise RefusedError(found, refuses="a backup that cannot be put back")
        work.notes.append(f"{found}. Nobody asked for one; [env.{work.place.environment.name}.backup] does.")
        return "not proven; see the notes"


def proven(work: Work, made: Backup) -> Proof:
    """What putting a backup back shows; it is noted in its manifest."""
    environment = work.place.environment
    owner = scratch_of(environment.project, work.folder.name)
    timeout = (environment.backup or BackupRule()).timeout
    proof = prove(Proving(shelf=work.shelf, host=work.host, owner=owner, timeout=timeout), made)
    work.shelf.note_proof(made, proof)
    return proof


def said_of_proof(proof: Proof) -> str:
    """A proof in one line."""
    names = ", ".join(f"{part.name} {part.how}" for part in proof.parts)
    return f"{names}: all as it was kept; it takes {proof.seconds:.1f} s"


def taking_of(work: Work, ahead: Outlook) -> Taking:
    """What a backup of this run is of."""
    place = work.place
    return Taking(
        shelf=ahead.shelf,
        host=work.host,
        rule=ahead.rule,
        app=place.project.app.name,
        env=place.environment.name,
        folder=place.path,
        serving=work.serving,
        ahead_of=None if work.release is work.serving else work.release,
        redact=work.redactor.text,
    )


def backup_line(made: Backup) -> str:
    """A backup in one line."""
    if not made.parts:
        return f"{made.id} by the team's command"
    size = f"{made.bytes / MIB:.1f} MiB"
    rows = sum(part.facts.rows for part in made.parts if part.kind != Folder.kind)
    return f"{made.id}: {', '.join(part.name for part in made.parts)}, {rows} rows, {size}"


def let_go(work: Work, shelf: Shelf) -> tuple[str, ...]:
    """Retention; that it cannot be done harms no deployment."""
    rule = work.place.environment.backup
    keep, keep_for = (rule.keep, rule.keep_for) if rule is not None else (5, None)
    try:
        gone = shelf.let_go(keep=keep, keep_for=keep_for, needed=needed_by(work.state))
    except (GonogoError, OSError) as error:
        work.notes.append(f"Old backups were not let go: {explain(error)}")
        return ()
    return (f"{len(gone)} older let go",) if gone else ()


def _none(work: Work, why: str) -> str:
    name = work.place.environment.name
    work.notes.append(
        f"No backup was taken: {why}. Nobody asked for one; [env.{name}.backup] says which is wanted, or off = true."
    )
    return "none was taken; see the notes"
