"""The database's schema in a deployment: where the migrations are, what is pending, and the ladder's answer."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gonogo import git
from gonogo.backups.wanted import is_proven
from gonogo.config import Environment, Project, Service
from gonogo.config.strategies import BESIDE
from gonogo.errors import GonogoError, OutOfTimeError, RefusedError, in_one_line
from gonogo.gates.asking_serving import Question, ask_serving, migrated, said_by_serving
from gonogo.gates.ladder import Answer, decide, foresee, qualify
from gonogo.host.runner import this_machine
from gonogo.inspection.code.contents import manifest_of, map_paths
from gonogo.inspection.code.selfmigration import self_migrating
from gonogo.migrations import Graph, Revision, layout_of, tool_of
from gonogo.migrations.question import Said, ask
from gonogo.migrations.stated import compatible_because
from gonogo.records.results import read_gate
from gonogo.runtimes import sources
from gonogo.runtimes.place import maker
from gonogo.state.release import Release
from gonogo.words import Tier

__all__ = [
    "Ladder",
    "Question",
    "Standing",
    "ask_ladder",
    "ask_serving",
    "forward_only",
    "graph_of",
    "graphs",
    "heads_of",
    "migrated",
    "refuse_unknown",
    "standings",
    "starts_migrating",
    "unknown_revision",
]

_MIGRATION_FILE = re.compile(r"(^|/)(migrations|alembic|versions)/.*\.(py|sql)$")


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where the database of one service stands, and what the release that comes would run on it."""

    service: str
    tool: str
    current: tuple[str, ...]
    since: tuple[str, ...] = ()
    """What is asked about is what comes after these: all that was run, where the tool keeps account of each."""
    guessed: str = ""
    """Why ``current`` is what is recorded: the database could not be asked."""
    heads: tuple[str, ...] = ()
    pending: tuple[Revision, ...] = ()
    unknown: tuple[str, ...] = ()
    """What the database has and the release lacks."""
    doubt: str = ""
    """Why what is pending may be something else: the files were only read."""
    accepted: bool = False
    """What is unknown stayed after a rollback, and the commit has nothing that the release that is back had not."""
    late: bool = False
    """The database was only not asked because the answer did not come in time."""


def graph_of(root: Path, service: Service, own: Sequence[str] = ()) -> Graph:
    """The revisions that a service's source has; ``root`` is the application's folder."""
    tool = tool_of(service.migrations)
    layout = layout_of(root, tool, service.migrations_config, own)
    files: dict[str, str] = {}
    for folder in layout.versions:
        found = (root / folder).rglob(tool.files) if layout.recursive else (root / folder).glob(tool.files)
        for path in sorted(found):
            with contextlib.suppress(OSError, ValueError):
                files[path.relative_to(root).as_posix()] = path.read_text(encoding="utf-8", errors="replace")
    kept = {path: text for path, text in files.items() if layout.holds(path)}
    graph = tool.graph(kept)
    doubts = (*graph.doubts, *([layout.unsure] if layout.unsure else ()))
    return Graph(revisions=graph.revisions, problems=graph.problems, doubts=doubts)


def graphs(environment: Environment, project: Project) -> Mapping[str, Graph]:
    """Service → its revisions, as reading shows them."""
    own = environment.commands.get("migrate", ())
    return {name: graph_of(project.source_root, service, own) for name, service in migrated(environment).items()}


def heads_of(environment: Environment, project: Project) -> tuple[str, ...]:
    """The heads of all migrations in a source tree, as far as reading shows them."""
    return tuple(sorted({head for graph in graphs(environment, project).values() for head in graph.heads()}))


def standings(question: Question, *, built: bool, in_time: bool = False) -> Iterator[Standing]:
    """Each service's database, and what is pending; once it is built, the release itself is asked what that is.

    Raises:
        OutOfTimeError: a database did not say in time where it stands; without ``in_time`` that is guessed then.
    """
    for name, service in migrated(question.place.environment).items():
        yield _standing(question, name, service, built=built, in_time=in_time)


def _standing(question: Question, name: str, service: Service, *, built: bool, in_time: bool) -> Standing:
    late = False
    try:
        said, guessed = said_by_serving(question, name, service)
    except OutOfTimeError as error:
        if in_time:
            raise
        said, guessed, late = None, in_one_line(error), True
    known = question.serving.accepted or question.serving.heads if question.serving is not None else ()
    current = known if said is None else said.current or ()
    graph = graph_of(
        question.place.project.source_root, service, question.place.environment.commands.get("migrate", ())
    )
    since = (said.applied if said is not None else None) or current
    of = Standing(service=name, tool=service.migrations, current=current, since=since, guessed=guessed, late=late)
    asked = _ask_artifact(question, name, service, since) if built else None
    if asked is not None and asked.pending is not None:
        of = replace(of, heads=asked.heads, pending=asked.pending, unknown=asked.unknown)
        return _accepted(of, question.serving, graph)
    pending = tuple(graph.revisions[one] for one in graph.pending(current))
    unknown = tuple(one for one in current if one not in graph.revisions)
    doubt = "; ".join(graph.doubts)
    of = replace(of, heads=graph.heads(), pending=pending, unknown=() if doubt else unknown, doubt=doubt)
    return _accepted(of, question.serving, graph)


def _accepted(found: Standing, serving: Release | None, graph: Graph) -> Standing:
    """The same; where a rollback left the schema ahead and the commit brings no migration, nothing is pending."""
    if serving is None or not found.unknown or not set(found.unknown) <= set(serving.accepted):
        return found
    brings = set(found.heads) - {*serving.heads, *graph.ancestors(serving.heads)}
    return found if brings else replace(found, pending=(), accepted=True)


def _ask_artifact(question: Question, name: str, service: Service, since: Sequence[str]) -> Said | None:
    """What the tool says in the release's artifact is pending from there; None where it cannot be asked."""
    own = question.place.environment.commands.get("migrate", ())
    try:
        artifacts = question.runtime.inspector(question.place, question.release).artifacts()
        artifact = next(one for one in artifacts if one.service == name)
        said = ask(
            artifact, question.place.project.source_root, service, tool_of(service.migrations), own, since=list(since)
        )
    except (GonogoError, OSError, StopIteration):
        return None
    return said if said.error is None else None


def refuse_unknown(standing: Standing) -> str:
    """Why the release cannot be brought to a database: it lacks a revision that the tool will not do without."""
    if not standing.unknown or standing.accepted or not tool_of(standing.tool).refuses_unknown:
        return ""
    return (
        f"the database of {standing.service}: found revision {', '.join(standing.unknown)}, expected one that "
        f"this commit has (its heads: {', '.join(standing.heads) or 'none'})"
    )


@dataclass(frozen=True, kw_only=True)
class Ladder:
    """The ladder's answer, and what it is made from."""

    answer: Answer
    notes: tuple[str, ...]
    """How it is known, where that was not by asking."""
    standings: tuple[Standing, ...]


def ask_ladder(question: Question, *, found: Sequence[Standing]) -> Ladder:
    """What a rollback of this deployment would do to the data.

    The database's revision is asked through the serving release; where it cannot say, everything that its source did
    not have counts as pending.

    Raises:
        RefusedError: the database stands at a revision that this commit does not have.
    """
    environment, serving = question.place.environment, question.serving
    pending: list[str] = []
    shown: dict[str, str] = {}
    notes: list[str] = []
    doubts: list[str] = []
    for one in found:
        if why := refuse_unknown(one):
            raise unknown_revision(why)
        tool = tool_of(one.tool)
        pending += [revision.id for revision in one.pending]
        shown |= {revision.id: tool.not_shown(revision.source, revision.idle) for revision in one.pending}
        if one.guessed:
            taken = ", ".join(one.current) or "none"
            notes.append(f"The database's revision is taken for {taken}; asking it failed: {one.guessed}")
        doubts += [one.doubt] if one.doubt else []
    stated = _stated(environment, found)
    back = serving.left_out(question.release) if serving is not None else ()
    if serving is not None and not pending:
        pending = _unread(question, serving)
        shown = dict.fromkeys(pending, "it runs with the release, by a tool that is not configured")
    answer = decide(
        first=serving is None,
        pending=pending,
        shown=shown,
        stated=stated,
        migrates_itself=_migrates_itself(question, serving, aside=back) if pending and serving is not None else None,
        unasked=_is_unread(environment),
        doubt="; ".join(doubts),
    )
    read = [(tool_of(each.tool), one) for each in found for one in each.pending if one.id not in stated]
    answer = qualify(answer, [text for tool, one in read for text in tool.caveats(one.source)])
    pinned = read_gate(serving.gate) if serving is not None else None
    answer = replace(answer, is_rehearsed=_is_rehearsed(environment))
    return Ladder(answer=foresee(answer, pinned), notes=tuple(notes), standings=tuple(found))


def _stated(environment: Environment, found: Sequence[Standing]) -> dict[str, str]:
    """The revisions that the release before can live with, and why where that stands in the migration's own file.

    Any service may state one: several share a history, of which one service alone is asked.
    """
    configured = [revision for service in environment.service.values() for revision in service.compatible_migrations]
    said = {one.id: compatible_because(one.source) for each in found for one in each.pending}
    return dict.fromkeys(configured, "") | {revision: why for revision, why in said.items() if why}


def forward_only(answer: Answer) -> RefusedError:
    """The refusal of a change that could not be taken back."""
    return RefusedError(
        f"{answer}. Expected migrations that the release now serving can live with",
        refuses="a forward-only change",
    )


def unknown_revision(found: str) -> RefusedError:
    """The refusal of a commit whose upgrade would fail after the first touch."""
    return RefusedError(
        found,
        refuses="an unknown revision",
    )


def _is_rehearsed(environment: Environment) -> bool:
    """Whether a forward-only change comes as far as a rehearsal that decides; never of one that runs beside another."""
    comes = environment.tier is not Tier.PROD or environment.allow_forward_only
    alone = environment.strategy not in BESIDE
    return comes and alone and is_proven(environment) and environment.has("a Docker Engine")


def _is_unread(environment: Environment) -> bool:
    """Whether no migration tool is configured, so that nobody can be asked what is pending."""
    return all(service.migrations == "none" for service in environment.service.values())


def _migrates_itself(question: Question, release: Release, *, aside: Collection[str] = ()) -> str | None:
    """The entry command of a release that runs migrations when it starts, if one does; some services aside."""
    runtime, place = maker(question.runtime, question.place, release)
    facts = runtime.facts(place, release)
    for service, words in facts["entry"].items():
        found = self_migrating(words, facts["scripts"])
        if found is not None and service not in aside:
            return f"{found.found}, in {found.where}"
    return None


def starts_migrating(question: Question) -> str | None:
    """The entry command of the release that comes, where it runs migrations when it starts."""
    return _migrates_itself(question, question.release)


def _runs_migrations(question: Question) -> bool:
    """Whether the release, or a step of the team's own, migrates the database."""
    steps = question.place.environment.step
    return any(self_migrating(step.run) for step in steps) or starts_migrating(question) is not None


def _unread(question: Question, serving: Release) -> list[str]:
    """Migration files that changed, of a release that migrates with a tool gonogo was not told of."""
    if not _is_unread(question.place.environment) or not _runs_migrations(question):
        return []
    changed = _changed(question.release, serving)
    found = [path for path in changed if _MIGRATION_FILE.search(path) and not path.endswith("/__init__.py")]
    return sorted(set(found) - _held(question, serving, found)) if serving.assumed else found


def _changed(release: Release, serving: Release) -> list[str]:
    """The files of the commit that the serving one has not, or not so; all, where nobody knows what that was."""
    here, before = sources.kept(release), sources.kept(serving)
    if here is not None and (before is not None or serving.assumed):
        old = {} if before is None or serving.assumed else before
        names = (path for path in {*here, *old} if path not in here or path not in old)
        return sorted({*names, *(path for path in {*here} & {*old} if not here[path].same_content(old[path]))})
    words = ("ls-files",) if serving.assumed else ("diff", "--name-only", serving.commit, release.commit)
    return this_machine().run(git.ask(release.worktree, *words), output_limit=None).require().output.splitlines()


def _held(question: Question, serving: Release, paths: Collection[str]) -> set[str]:
    """Of these files of the repository those that what serves holds as the new release has them.

    Nobody knows the commit of what was started by hand, but its images can be looked at; else none is held.
    """
    top, held = question.release.worktree, set[str]()
    below = question.release.source_root(question.place.project.app.root).relative_to(top)
    wanted = {path: digest for path, digest in manifest_of(top, paths).items() if Path(path).is_relative_to(below)}
    names = {Path(path).relative_to(below).as_posix(): path for path in wanted}
    with contextlib.suppress(GonogoError):
        runtime, place = maker(question.runtime, question.place, serving)
        for artifact in runtime.inspector(place, serving).artifacts():
            if held == set(wanted):
                break
            files = artifact.files(artifact.code.values())
            places = map_paths(names, artifact.code).items()
            same = (name for name, at in places if at in files and files[at].same_content(wanted[names[name]]))
            held |= {names[name] for name in same}
    return held
