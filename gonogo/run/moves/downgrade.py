"""Take a database back to where an earlier release knows it, with the code of the one that served."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gonogo.errors import CommandError, GonogoError, RefusedError
from gonogo.gates.pending_migrations import migrated
from gonogo.host.runner import Command
from gonogo.migrations import Layout, Part, Revision, layout_of, tool_of
from gonogo.migrations.question import Said, ask
from gonogo.run.moves.locked import limits, run_migration
from gonogo.run.moves.standing import said_in, value_of
from gonogo.run.work import Move, Work
from gonogo.runtimes.base import Place
from gonogo.runtimes.place import maker
from gonogo.runtimes.protocols import NONE
from gonogo.state.release import Release

__all__ = ["Downgrade", "Loss", "choice", "losses", "ways_back"]


@dataclass(frozen=True, kw_only=True)
class _Way:
    """How the database of one service comes back."""

    service: str
    folder: str
    commands: tuple[tuple[str, ...], ...]
    now: tuple[str, ...]
    to: tuple[str, ...]
    beyond: tuple[Revision, ...]
    """What is taken back."""


@dataclass(frozen=True, kw_only=True)
class Loss:
    """What is gone with a downgrade, and how much of it there is."""

    service: str
    what: Part
    rows: int | None
    """Rows of the table, or those in which the column has a value; None where that is not known."""

    def __str__(self) -> str:
        """For people."""
        unit = "with a value" if self.what.column else "in it"
        return f"{self.what} ({'rows not counted' if self.rows is None else f'{self.rows} rows {unit}'})"


class Downgrade(Move):
    """Runs the downgrades of the release that served, in its own artifact; nothing is replaced yet."""

    name = "downgrade"
    touches = True
    migrates = True
    downgrades = True

    def __init__(self, ways: tuple[_Way, ...], place: Place, outgoing: Release) -> None:
        """``place`` has the outgoing release's own configuration."""
        self.ways = ways
        self._place = place
        self._outgoing = outgoing

    def describe(self, work: Work) -> tuple[str, ...]:
        """What would run, as a person would type it."""
        return tuple(str(self._command(work, way, words, NONE)) for way in self.ways for words in way.commands)

    def left_behind(self, work: Work) -> str:
        """What to do where it failed."""
        return (
            f"{self._outgoing.short} was not replaced. Its database may be half-way: mend what is in the way, then "
            f"`gonogo rollback --env {work.place.environment.name} --downgrade` again, or bring it to the head again."
        )

    def do(self, work: Work) -> str:
        """Takes each database back, and asks it whether it is.

        Raises:
            CommandError: a downgrade failed, or a database does not stand where it was to.
        """
        for way in self.ways:
            for words in way.commands:
                given = limits(work, way.service)
                command, plain = self._command(work, way, words, given), self._command(work, way, words, NONE)
                run_migration(work, way.service, command, plain).require()
            left = self._left(work, way)
            if left is None or left:
                found = "no answer" if left is None else f"{', '.join(left)} still there"
                raise CommandError(
                    f"the database of {way.service}: found {found} after its downgrade, "
                    f"expected {', '.join(way.to) or 'no revision'}"
                )
        return "; ".join(
            f"{way.service}: its database went back from {', '.join(way.now)} to {', '.join(way.to) or 'no revision'}"
            for way in self.ways
        )

    def _left(self, work: Work, way: _Way) -> tuple[str, ...] | None:
        """What should have been taken back and was not; None where that is not said."""
        said = said_in(work, self._place, self._outgoing, _root(self._place, self._outgoing), way.service, beyond=[])
        if said is None or said.beyond is None:
            return None
        ran = {one.id for one in said.beyond}
        return tuple(one.id for one in way.beyond if one.id in ran)

    def _command(self, work: Work, way: _Way, words: tuple[str, ...], variables: Mapping[str, str]) -> Command:
        return work.runtime.in_service(
            self._place, self._outgoing, way.service, words, folder=way.folder, variables=variables
        )


def ways_back(work: Work, place: Place, outgoing: Release, target: Release) -> Downgrade | None:
    """How each database comes back to where ``target`` knows it; None where none is beyond that.

    Args:
        work: the run, which is about the target.
        place: the surroundings with the outgoing release's own configuration.
        outgoing: the release that serves, whose code takes its migrations back.
        target: the release to go back to.

    Raises:
        RefusedError: a database or a release cannot be asked, or a migration has no way back; nothing was touched.
    """
    if outgoing.runtime != target.runtime:
        raise RefusedError(
            f"{outgoing.id}: found the runtime {outgoing.runtime}, expected {target.runtime} as of {target.id}: "
            "between runtimes nothing is downgraded"
        )
    ways = tuple(_ways(work, place, outgoing, target))
    return Downgrade(ways, place, outgoing) if ways else None


def _ways(work: Work, place: Place, outgoing: Release, target: Release) -> Iterator[_Way]:
    root = _root(place, outgoing)
    for name, service in migrated(place.environment).items():
        there = _said_by(work, target, name)
        said = said_in(work, place, outgoing, root, name, beyond=list(there.known))
        if said is None or said.beyond is None or said.current is None:
            raise RefusedError(
                f"the database of {name}: found no answer, expected where it stands. Nothing was touched"
            )
        if said.unknown:
            raise RefusedError(
                f"the database of {name}: found {', '.join(said.unknown)}, which {outgoing.id} does not know either"
            )
        if not said.beyond:
            continue
        tool = tool_of(service.migrations)
        wrong = [f"{one.id}: {why}" for one in said.beyond if (why := tool.one_way(one.source))]
        if wrong:
            raise RefusedError(
                f"{'; '.join(wrong)}. Expected a downgrade for each of {', '.join(one.id for one in said.beyond)}. "
                "Nothing was touched; without --downgrade the release goes back and the schema stays"
            )
        layout: Layout = layout_of(root, tool, service.migrations_config, place.environment.commands.get("migrate", ()))
        commands = tool.downgrade_commands(layout.config, layout.upgrade, now=said.current, to=there.heads)
        if not commands:
            raise RefusedError(
                f"the database of {name}: found {', '.join(said.current)}, expected one revision to go back from, and "
                f"one to go to ({', '.join(there.heads)}); with several only its team knows"
            )
        yield _Way(
            service=name,
            folder=layout.folder,
            commands=commands,
            now=said.current,
            to=there.heads,
            beyond=said.beyond,
        )


def _said_by(work: Work, target: Release, name: str) -> Said:
    """What the target's own artifact knows.

    Raises:
        RefusedError: it does not say.
    """
    service = work.place.environment.service.get(name)
    if service is None or service.migrations == "none":
        raise RefusedError(f"{target.id}: found no migrations of {name}, expected those that its database goes back to")
    runtime, place = maker(work.runtime, work.place, target)
    try:
        artifact = next(one for one in runtime.inspector(place, target).artifacts() if one.service == name)
        own = work.place.environment.commands.get("migrate", ())
        said = ask(artifact, work.place.project.source_root, service, tool_of(service.migrations), own)
    except (GonogoError, OSError, StopIteration) as error:
        raise RefusedError(f"{target.id}: found no answer ({error}), expected the migrations that it knows") from error
    if said.error is not None:
        raise RefusedError(f"{target.id}: found {said.error}, expected the migrations that it knows")
    return said


def losses(work: Work, place: Place, outgoing: Release, beyond: Mapping[str, tuple[Revision, ...]]) -> list[Loss]:
    """What is gone once these revisions of services were taken back, as far as reading shows it, with its rows."""
    found = []
    for name, revisions in beyond.items():
        tool = tool_of(place.environment.service[name].migrations)
        dropped = dict.fromkeys(one for revision in revisions for one in tool.drops(revision))
        tables = {one.table for one in dropped if not one.column}
        for what in dropped:
            if what.column and what.table in tables:
                continue
            rows = value_of(work, place, outgoing, name, _count(what))
            found.append(Loss(service=name, what=what, rows=rows if isinstance(rows, int) else None))
    return found


def choice(work: Work) -> str:
    """What ``gonogo rollback --downgrade`` would do after this deployment, or why it could not."""
    pending = {one.service: one.pending for one in work.standings if one.pending}
    tools = {one.service: tool_of(one.tool) for one in work.standings}
    wrong = [
        f"{one.id}: {why}" for name in pending for one in pending[name] if (why := tools[name].one_way(one.source))
    ]
    if wrong or not pending:
        return f"no downgrade is known: {'; '.join(wrong) or 'what is pending was not asked'}."
    ids = ", ".join(one.id for found in pending.values() for one in found)
    lost = "; ".join(map(str, losses(work, work.place, work.release, pending)))
    command = f"`gonogo rollback --env {work.place.environment.name} --downgrade`"
    return f"{command}: takes {ids} back, and drops {lost or 'nothing that its downgrades name'}; it asks first."


def _count(what: Part) -> str:
    """The query that counts what would be lost; names in the quotes of the standard."""
    table = ".".join(f'"{part}"' for part in what.table.split("."))
    return f'select count("{what.column}") from {table}' if what.column else f"select count(*) from {table}"  # noqa: S608 (names of the team's own migrations)


def _root(place: Place, release: Release) -> Path:
    return release.source_root(place.project.app.root)
