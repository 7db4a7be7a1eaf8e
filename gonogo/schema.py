"""The database's schema in a deployment: where the migrations are, what is pending, and the ladder's answer."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection, Mapping
from pathlib import Path

from gonogo import git, sources
from gonogo.config import Environment, Project, Service
from gonogo.errors import CommandError, GonogoError, RefusedError, in_one_line
from gonogo.host import LocalHost
from gonogo.inspection.contents import manifest_of, map_paths
from gonogo.inspection.selfmigration import self_migrating
from gonogo.ladder import Answer, decide
from gonogo.migrations import Graph, layout_of, tool_of
from gonogo.moves.base import Work
from gonogo.release import Release

__all__ = ["ask_ladder", "graph_of", "graphs", "heads_of"]

_MIGRATION_FILE = re.compile(r"(^|/)(migrations|alembic|versions)/.*\.(py|sql)$")


def graph_of(root: Path, service: Service) -> Graph:
    """The revisions that a service's source has; ``root`` is the application's folder."""
    tool = tool_of(service.migrations)
    files: dict[str, str] = {}
    for folder in layout_of(root, tool, service.migrations_config).versions:
        for path in sorted((root / folder).glob("*.py")):
            files[path.relative_to(root).as_posix()] = path.read_text(encoding="utf-8", errors="replace")
    return tool.graph(files)


def graphs(environment: Environment, project: Project) -> Mapping[str, Graph]:
    """Service → its revisions; services that share a migrations config are asked once, under the first one's name."""
    found: dict[str, Graph] = {}
    seen: set[str] = set()
    for name, service in environment.service.items():
        if service.migrations == "none" or service.migrations_config in seen:
            continue
        seen.add(service.migrations_config)
        found[name] = graph_of(project.source_root, service)
    return found


def heads_of(environment: Environment, project: Project) -> tuple[str, ...]:
    """The heads of all migrations in a source tree."""
    return tuple(sorted({head for graph in graphs(environment, project).values() for head in graph.heads()}))


def ask_ladder(work: Work) -> Answer:
    """What a rollback of this deployment would do to the data.

    The database's revision is asked through the serving release; where it cannot say, everything that its source did
    not have counts as pending.

    Raises:
        RefusedError: the database stands at a revision that this commit does not have.
    """
    environment = work.place.environment
    pending: list[str] = []
    shown: dict[str, str] = {}
    stated: list[str] = []
    for name, graph in graphs(environment, work.place.project).items():
        service = environment.service[name]
        tool = tool_of(service.migrations)
        current = _current(work, name)
        _require_known(current, graph)
        for revision in graph.pending(current):
            pending.append(revision)
            shown[revision] = tool.not_shown(graph.revisions[revision].source)
        stated += service.compatible_migrations
    serving = work.serving
    back = serving.left_out(work.release) if serving is not None else ()
    if serving is not None and not pending:
        pending = _unread(work, serving)
        shown = dict.fromkeys(pending, "it runs with the release, by a tool that is not configured")
    return decide(
        first=serving is None,
        pending=pending,
        shown=shown,
        stated=stated,
        migrates_itself=_migrates_itself(work, serving, aside=back) if pending and serving is not None else None,
        unasked=_is_unread(environment),
    )


def _is_unread(environment: Environment) -> bool:
    """Whether no migration tool is configured, so that nobody can be asked what is pending."""
    return all(service.migrations == "none" for service in environment.service.values())


def _require_known(current: tuple[str, ...], graph: Graph) -> None:
    """Refuse a commit that does not have the revision at which the database stands.

    Raises:
        RefusedError: naming the revision; an upgrade would fail after the first touch.
    """
    unknown = [revision for revision in current if revision not in graph.revisions]
    if unknown:
        raise RefusedError(
            f"the database: found revision {', '.join(unknown)}, expected one that this commit has "
            f"(its heads: {', '.join(graph.heads()) or 'none'}). Deploy a commit that contains the migration, "
            "or merge it into this branch."
        )


def _current(work: Work, service: str) -> tuple[str, ...]:
    """The database's revision now."""
    serving = work.serving
    if serving is None:
        return ()
    configured = work.place.environment.service[service]
    tool = tool_of(configured.migrations)
    if service not in serving.services:
        return serving.accepted or serving.heads
    layout = layout_of(serving.root / work.place.project.app.root, tool, configured.migrations_config)
    argv = tool.current_command(layout.config)
    try:
        asked = work.runtime.in_instance(work.place, serving, service, argv, folder=layout.folder)
        said = work.host.run(asked).require()
    except CommandError as error:
        known = serving.accepted or serving.heads
        taken = ", ".join(known) or "none"
        work.notes.append(f"The database's revision is taken for {taken}; asking it failed: {in_one_line(error)}")
        return known
    return tool.parse_current(said.output)


def _migrates_itself(work: Work, release: Release, *, aside: Collection[str] = ()) -> str | None:
    """The entry command of a release that runs migrations when it starts, if one does; some services aside."""
    facts = work.runtime.facts(work.place, release, work.host)
    for service, words in facts["entry"].items():
        found = self_migrating(words, facts["scripts"])
        if found is not None and service not in aside:
            return f"{found.found}, in {found.where}"
    return None


def _runs_migrations(work: Work) -> bool:
    """Whether the release, or a step of the team's own, migrates the database."""
    steps = work.place.environment.step
    return any(self_migrating(step.run) for step in steps) or _migrates_itself(work, work.release) is not None


def _unread(work: Work, serving: Release) -> list[str]:
    """Migration files that changed, of a release that migrates with a tool gonogo was not told of."""
    if not _is_unread(work.place.environment) or not _runs_migrations(work):
        return []
    changed = _changed(work.release, serving)
    found = [path for path in changed if _MIGRATION_FILE.search(path) and not path.endswith("/__init__.py")]
    return sorted(set(found) - _held(work, serving, found)) if serving.assumed else found


def _changed(release: Release, serving: Release) -> list[str]:
    """The files of the commit that the serving one has not, or not so; all, where nobody knows what that was."""
    here, before = sources.kept(release), sources.kept(serving)
    if here is not None and (before is not None or serving.assumed):
        old = {} if before is None or serving.assumed else before
        names = (path for path in {*here, *old} if path not in here or path not in old)
        return sorted({*names, *(path for path in {*here} & {*old} if not here[path].same_content(old[path]))})
    words = ("ls-files",) if serving.assumed else ("diff", "--name-only", serving.commit, release.commit)
    return LocalHost().run(git.ask(release.worktree, *words), output_limit=None).require().output.splitlines()


def _held(work: Work, serving: Release, paths: Collection[str]) -> set[str]:
    """Of these files of the repository those that what serves holds as the new release has them.

    Nobody knows the commit of what was started by hand, but its images can be looked at; else none is held.
    """
    top, held = work.release.worktree, set[str]()
    below = work.release.source_root(work.place.project.app.root).relative_to(top)
    wanted = {path: digest for path, digest in manifest_of(top, paths).items() if Path(path).is_relative_to(below)}
    names = {Path(path).relative_to(below).as_posix(): path for path in wanted}
    with contextlib.suppress(GonogoError):
        for artifact in work.runtime.inspector(work.place, serving, work.host).artifacts():
            if held == set(wanted):
                break
            files = artifact.files(artifact.code.values())
            places = map_paths(names, artifact.code).items()
            same = (name for name, at in places if at in files and files[at].same_content(wanted[names[name]]))
            held |= {names[name] for name in same}
    return held
