"""``gonogo adopt``: make what somebody started by hand the release that a rollback goes back to."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel

from gonogo.commands.prepare import Commit, Git, Where, at_commit, new_release
from gonogo.config import load_project
from gonogo.config.runtimes import with_capability
from gonogo.errors import CommandError, GonogoError, RefusedError, UsageError, explain
from gonogo.gates.pending_migrations import heads_of
from gonogo.host.runner import Host
from gonogo.inspection.code.origins import commit_of
from gonogo.runtimes import runtime_of, sources
from gonogo.runtimes.base import Place, RuntimeUnreachableError
from gonogo.runtimes.compose.history import trees_of
from gonogo.state.lock import hold
from gonogo.state.release import Release
from gonogo.words import CONFIG_NAME

if TYPE_CHECKING:
    from gonogo.runtimes.compose.adopt import ByHand

__all__ = ["Adopted", "adopt", "foreseen", "take_over"]


class Adopted(BaseModel):
    """What was adopted, for the terminal and for ``--json``."""

    env: str
    release: str
    commit: str
    assumed: bool
    images: dict[str, str]
    said: tuple[str, ...]


def adopt(folder: Path, env: str | None) -> Adopted:
    """Takes over the application that runs in an environment's project; nothing that serves is touched.

    Raises:
        UsageError: wrong usage or configuration, or a runtime that has nothing to adopt.
        RefusedError: a release serves already, or nothing runs that was started by hand.
        LockedError: another run holds the environment.
    """
    at, commit = at_commit(folder, env, "HEAD")
    name = at.environment.name
    if not at.environment.has("adoption"):
        able = " or ".join(with_capability("adoption"))
        raise UsageError(
            f'env.{name}.runtime: found "{at.environment.runtime}", expected {able}: only containers can be adopted. '
            f"End by hand what runs, then `gonogo deploy --env {name}`."
        )
    at.state.create()
    with hold(at.state.lock, project=at.project.app.name, env=name, why="adopt"):
        current = at.state.current()
        if current is not None:
            raise RefusedError(
                f"{at.state.root}: found {current.id}, which serves, expected no release yet. "
                f"`gonogo status --env {name}` shows it; it needs no adoption."
            )
        release = take_over(at, commit)
    if release is None:
        raise RefusedError(
            f"project {at.environment.project}: found no running container of a deployed service that was started by "
            f"hand, expected at least one. `docker compose ls` shows the projects; env.{name}.project names one."
        )
    return Adopted(
        env=name,
        release=release.id,
        commit=release.commit,
        assumed=release.assumed,
        images=release.images,
        said=release.said,
    )


def foreseen(at: Where) -> tuple[str, ...]:
    """The services that a first deploy would adopt; nothing is changed."""
    if not at.environment.has("adoption") or at.state.current() is not None:
        return ()
    found = _found(at.place(at.project, at.environment))
    return tuple(found.images) if found is not None else ()


def take_over(at: Where, candidate: Commit) -> Release | None:
    """Records what runs by hand as the serving release; None where nothing does, or the Engine does not answer.

    Args:
        at: the environment, as the candidate configures it.
        candidate: the commit whose configuration judges the adopted release where its own has none.

    Raises:
        GonogoError: it runs, and could not be adopted; nothing is left of the attempt.
    """
    if not at.environment.has("adoption"):
        return None
    found = _found(at.place(at.project, at.environment))
    return _record(at, candidate, found) if found is not None else None


def _found(place: Place) -> ByHand | None:
    from gonogo.runtimes.compose.adopt import by_hand  # noqa: PLC0415 (only where the runtime is compose)
    from gonogo.runtimes.compose.inspector import ComposeInspector  # noqa: PLC0415 (likewise)

    inspector = ComposeInspector(place, None)
    with tempfile.TemporaryDirectory(prefix="gonogo-model-") as folder:
        try:
            return by_hand(place, inspector, scratch=Path(folder) / "model.json")
        except RuntimeUnreachableError:
            return None  # the run itself says so, when it pins the release


def _record(at: Where, candidate: Commit, found: ByHand) -> Release:
    from gonogo.runtimes.compose.adopt import pin_by_hand  # noqa: PLC0415 (likewise)

    commit, assumed, said = _commit(at, found)
    release = new_release(at, commit, now=datetime.now(UTC) - timedelta(seconds=1)).model_copy(
        update={"adopted": True, "assumed": assumed, "started": _moment(found.started)}
    )
    place = at.place(at.project.model_copy(update={"root": release.root}), at.environment)
    release.folder.mkdir(parents=True, mode=0o700)
    try:
        more = _worktree(at, release, candidate, place.host)
        release = pin_by_hand(place, release, found)
        doubts = tuple(f"Its rollback is not sure: {one}." for one in release.unsure)
        said_all = (said, *found.said, *more, *doubts)
        release = release.model_copy(update={"said": said_all, "foreign": bool(more), "heads": _heads(place, release)})
        at.state.save(release)
        at.state.set_current(release.id)
    except (GonogoError, OSError) as error:
        tagged = release.model_copy(
            update={
                "tags": {
                    name: f"{place.environment.project}-{name}".lower() + f":{release.id}" for name in found.images
                }
            }
        )
        desk = at.place(at.project, at.environment)
        for command in runtime_of(release.runtime).remove(desk, tagged):
            desk.host.run(command)
        raise RefusedError(
            f"project {place.environment.project}: found an application that was started by hand, and it could not be "
            f"adopted ({explain(error)}). Mend that; or deploy without a release to go back to: "
            f'`gonogo deploy --env {at.environment.name} --force --reason "..."`.'
        ) from error
    return release


def _heads(place: Place, release: Release) -> tuple[str, ...]:
    """The migration heads of its commit's own files; none where that is a guess."""
    return () if release.assumed else heads_of(place.environment, place.project)


def _commit(at: Where, found: ByHand) -> tuple[Commit, bool, str]:
    """The commit that the images name or hold, if this repository has it; otherwise the checkout's, a guess."""
    from gonogo.runtimes.compose.adopt import revision_of  # noqa: PLC0415 (likewise)

    git, revision = Git(at.project.root), revision_of(found)
    if revision is not None:
        try:
            named = git.commit(revision)
        except UsageError:
            pass  # of another repository, or never fetched
        else:
            return named, False, f"Its commit is {named.id[:7]}, as its images say."
    held = _held_commit(at, found)
    if held is not None:
        named = git.commit(held)
        return named, False, f"Its commit is {named.id[:7]}: the files in its images are that commit's."
    head = git.commit("HEAD")
    return head, True, f"What it was built from is not known; {head.id[:7]}, the checkout's commit, was assumed."


def _held_commit(at: Where, found: ByHand) -> str | None:
    """The commit whose files the images hold, byte for byte; None where no recent one has them."""
    from gonogo.runtimes.compose.adopt import held_by  # noqa: PLC0415 (likewise)
    from gonogo.runtimes.compose.inspector import ComposeInspector  # noqa: PLC0415 (likewise)

    place = at.place(at.project, at.environment)
    try:
        held = held_by(ComposeInspector(place, None), found)
        return commit_of(trees_of(at.project.source_root), held) if held else None
    except GonogoError:
        return None  # then it stays open


def _worktree(at: Where, release: Release, candidate: Commit, host: Host) -> tuple[str, ...]:
    """The adopted commit's own files, with the candidate's configuration and checks where it has none for this."""
    sources.make(at.project.root, release, host)
    try:
        own = load_project(release.root)
        if own.environments[at.environment.name].project == at.environment.project:
            return ()
    except (GonogoError, OSError, KeyError):
        pass  # older than gonogo, or than this environment
    release.root.mkdir(parents=True, exist_ok=True)
    for path in (CONFIG_NAME, str(Path(at.project.app.root) / "checks")):
        done = sources.add_from(release, candidate.id, path, host)
        if path == CONFIG_NAME and not done.ok:
            raise CommandError(f"{done.command}: {done.errors.strip()}")
    sources.keep(release)
    return (
        f"Its commit has no {CONFIG_NAME} for env.{at.environment.name}: "
        f"the configuration and checks of {candidate.id[:7]} judge it.",
    )


def _moment(text: str) -> datetime:
    """The Engine's time, without its nanoseconds."""
    return datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
