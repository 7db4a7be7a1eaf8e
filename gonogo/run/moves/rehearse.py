"""Run what is pending on a copy of the data, before anything is touched."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from urllib.parse import urlsplit

from gonogo.backups.former import Former
from gonogo.backups.manifest import Stored
from gonogo.backups.postgres import KIND as POSTGRES
from gonogo.backups.proof import Proving
from gonogo.backups.rehearsal import Rehearsed, Trial, rehearse
from gonogo.backups.written import ProvenDowngrade
from gonogo.config.backups import BackupRule
from gonogo.errors import GonogoError, InterruptedRunError, RefusedError, in_one_line
from gonogo.gates.ladder import Rung, taken_back
from gonogo.gates.pending_migrations import Standing
from gonogo.gates.subject import as_it_serves
from gonogo.inspection.answers.addresses import origin_of
from gonogo.inspection.answers.harmless import is_plain
from gonogo.inspection.code.contents import map_paths
from gonogo.migrations import layout_of, tool_of
from gonogo.run.work import Move, Work
from gonogo.runtimes.compose.engine import scratch_of
from gonogo.runtimes.compose.inside import ComposeArtifact
from gonogo.words import Tier

__all__ = ["Rehearse"]

_SHOWN = 3
_STARTS = 60.0
"""Seconds after which the release that serves is taken to miss what is not there."""
_PAGES = 12
"""Each takes a moment to be asked."""


class Rehearse(Move):
    """Migrates the proven backup of this run in a scratch server; a migration that the data refuse stops the run."""

    name = "rehearsal"

    def describe(self, work: Work) -> tuple[str, ...]:  # noqa: ARG002 (the same for every run)
        """What is done; what is pending is known later."""
        return ("(runs what is pending on the restored backup, from the release's own image, without a network)",)

    def do(self, work: Work) -> str:
        """Rehearses it; where that cannot be done, the record says why.

        Raises:
            RefusedError: the data refuse a migration.
        """
        pending = [one for one in work.standings if one.pending]
        if not pending:
            return "nothing is pending"
        made = work.shelf.load(work.release.backup) if work.release.backup is not None else None
        parts = [part for part in made.parts if part.kind == POSTGRES and part.image] if made is not None else []
        if made is None or made.proof is None or made.proof.problems or len(parts) != 1:
            return "not tried: no proven backup of one PostgreSQL in a container"
        try:
            trials = list(_trials(work, pending))
            hosts = sorted(_hosts(trials, parts[0]))
        except InterruptedRunError:
            raise
        except (GonogoError, OSError, StopIteration) as error:
            return f"not tried: {in_one_line(error)}"
        owner = scratch_of(work.place.environment.project, work.folder.name)
        rule = work.place.environment.backup or BackupRule()
        proving = Proving(shelf=work.shelf, host=work.host, owner=owner, timeout=rule.timeout)
        path = work.shelf.path(made.id) / parts[0].file
        former = _former(work, pending[0].service)
        asked = work.answer is not None and work.answer.is_rehearsed
        counted = asked and work.rung == Rung.FORWARD_ONLY and len(trials) == 1
        found = rehearse(proving, path, parts[0], trials, hosts=hosts, former=former, counted=counted)
        said = _said(work, found)
        return (
            f"{said}; {_proven_downgrade(work, found, parts[0].name, pending)}" if counted and found.came_back else said
        )


def _trials(work: Work, pending: list[Standing]) -> Iterator[Trial]:
    """What would run for each service, and what would take it back."""
    own = work.place.environment.commands.get("migrate")
    artifacts = work.runtime.inspector(work.place, work.release).artifacts()
    for one in pending:
        service, tool = work.place.environment.service[one.service], tool_of(one.tool)
        artifact = next(found for found in artifacts if found.service == one.service)
        if not isinstance(artifact, ComposeArtifact):
            raise RefusedError("the runtime keeps nobody from reaching what is real")
        layout = layout_of(work.place.project.source_root, tool, service.migrations_config, own or ())
        top = map_paths(["."], artifact.code).get(".", "")
        back = tool.downgrade_commands(layout.config, layout.upgrade, now=one.heads, to=one.current)
        yield Trial(
            service=one.service,
            artifact=artifact,
            folder="" if own else posixpath.normpath(posixpath.join(top, layout.folder)) if top else "",
            upgrade=own or tool.upgrade_command(layout.config),
            downgrade=() if any(tool.one_way(revision.source) for revision in one.pending) else back,
            keeps=tool.keeps,
        )


def _former(work: Work, name: str) -> Former | None:
    """The service of the release that serves, which is to live with the migrated data; None where it cannot be made."""
    serving = work.serving
    if serving is None or serving.runtime != work.place.environment.runtime:
        return None
    environment = as_it_serves(work.place.environment, serving)
    try:
        artifacts = work.runtime.inspector(work.place, serving).artifacts()
        artifact = next(one for one in artifacts if one.service == name)
        entry = work.runtime.facts(work.place, serving)["entry"][name]
    except (GonogoError, OSError, KeyError, StopIteration):
        return None
    if not (isinstance(artifact, ComposeArtifact) and entry):
        return None
    health = environment.health_of(name)
    paths = [health.live, *(one.request[4:] for one in environment.endpoint if one.request.startswith("GET /"))]
    rows = (row for row in serving.routes.get(name, ()) if row.get("shows") is not False)
    known = [row for row in rows if "GET" in (row.get("methods") or ()) or row.get("shows")]
    routes = {f"/{str(row['path']).lstrip('/')}" for row in known if is_plain(str(row["path"]))}
    paths += sorted(routes, key=lambda path: (path.count("/"), path))
    return Former(
        artifact=artifact,
        entry=tuple(entry),
        live=health.live,
        paths=tuple(dict.fromkeys(paths))[:_PAGES],
        origin=origin_of(environment.url),
        timeout=min(health.timeout, _STARTS),
    )


def _hosts(trials: list[Trial], part: Stored) -> Iterator[str]:
    """The names by which the services reach the database."""
    yield part.name.partition("/")[0]
    for trial in trials:
        for value in trial.artifact.variables.values():
            scheme = value.partition("://")[0]
            if scheme.startswith("postgres") and scheme != value and (host := urlsplit(value).hostname):
                yield host


def _said(work: Work, found: Rehearsed) -> str:
    """The rehearsal in one line; what the record needs beside it is noted.

    Raises:
        RefusedError: the data refuse a migration.
    """
    if found.failed:
        raise RefusedError(
            f"the pending migrations fail on a copy of the data: {found.failed}. Expected ones that the data allow; "
            "nothing was touched"
        )
    if found.unknown:
        return f"not known: {found.unknown}"
    locks = "; ".join(map(str, found.locks[:_SHOWN])) or "no table was locked for longer than 0.1 s"
    back = {
        None: "there is no way back",
        True: "taken back, the schema was as before",
        False: f"taken back, the schema was not as before: {'; '.join(found.left[:_SHOWN])}",
    }[found.came_back]
    if found.broke:
        _refuse(work, found)
    old = f"; the release that serves answers {found.pages} pages on it as before" if found.pages else ""
    old = f"; whether the release that serves lives with it is not known: {found.unasked}" if found.unasked else old
    back += old if not found.broke else f"; the release that serves breaks on it: {'; '.join(found.broke[:_SHOWN])}"
    work.notes.append(f"On a copy of the data the pending migrations took {found.seconds:.1f} s: {locks}; {back}.")
    return f"on a copy of the data: {found.seconds:.1f} s; {locks}; {back}"


def _proven_downgrade(work: Work, found: Rehearsed, database: str, pending: list[Standing]) -> str:
    """Whether a red release's migrations may be taken back by themselves, in words; the ladder says it then."""
    if found.loses or work.answer is None:
        return f"no downgrade by itself: {found.loses}"
    takes = tuple(revision.id for one in pending for revision in one.pending)
    work.proven_downgrade = ProvenDowngrade(database=database, takes=takes, drops=found.drops)
    work.journal.write("proven-downgrade", found=work.proven_downgrade.model_dump())
    answer = taken_back(work.answer, [*map(str, found.drops)])
    work.stand_on(answer.rung, str(answer))
    return "a downgrade loses nothing that was there before"


def _refuse(work: Work, found: Rehearsed) -> None:
    """The previous release cannot be started again on such data, whatever reading or the team says of them.

    Raises:
        RefusedError: in prod, where that is not allowed.
    """
    environment = work.place.environment
    said = f"on a migrated copy of the data the release that serves breaks: {'; '.join(found.broke[:_SHOWN])}"
    work.stand_on(Rung.FORWARD_ONLY, f"forward-only: {said}")
    if environment.tier is Tier.PROD and not environment.allow_forward_only:
        raise RefusedError(f"{work.ladder}. Expected migrations that it can live with", refuses="a forward-only change")
