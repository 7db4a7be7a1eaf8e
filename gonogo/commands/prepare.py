"""Everything a run needs before its first step: the commit, its configuration, the state, the surroundings."""

from __future__ import annotations

import getpass
import os
import re
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gonogo import git
from gonogo.backups.shelf import shelf_of
from gonogo.config import Environment, Project, find_project, load_project, parse_project
from gonogo.errors import CommandError, ConfigError, UsageError
from gonogo.host.runner import Host, this_machine
from gonogo.run.notify import Notices
from gonogo.run.screen import Screen
from gonogo.run.work import Options, Work
from gonogo.runtimes import runtime_of
from gonogo.runtimes.base import Place
from gonogo.runtimes.place import host_path, make_place, read_variables
from gonogo.runtimes.secret_values import pinned_values, redactor_for
from gonogo.secrets.known import Redactor
from gonogo.state.journal import Journal
from gonogo.state.lock import OPERATOR
from gonogo.state.release import Release, release_id
from gonogo.state.store import State, state_of
from gonogo.words import CONFIG_NAME

__all__ = ["Commit", "Git", "Where", "make_work", "new_release", "where", "who"]


@dataclass(frozen=True, kw_only=True)
class Commit:
    """One commit, as git says it."""

    id: str
    summary: str


class Git:
    """Questions to the repository around a folder."""

    def __init__(self, folder: Path) -> None:
        """``folder`` lies anywhere inside the repository."""
        self._folder = folder
        self._host = this_machine(timeout=60.0)

    def _ask(self, *arguments: str) -> str:
        return self._host.run(git.ask(self._folder, *arguments), output_limit=None).require().output

    def prefix(self) -> str:
        """Where the folder stands inside the repository, ``""`` or with a slash at its end.

        Raises:
            UsageError: git is not here, or the folder is in no git repository, or in one without files (bare).
        """
        if shutil.which("git") is None:
            raise UsageError("git: found no such program on PATH, expected git 2 or newer. Install it, or mend PATH.")
        try:
            inside, _, prefix = self._ask("rev-parse", "--is-inside-work-tree", "--show-prefix").partition("\n")
        except CommandError as error:
            if "dubious ownership" in str(error):
                top = re.search(r"safe\.directory (\S+)", str(error))
                raise UsageError(
                    f"{self._folder}: found a git repository of another user, expected one that git trusts here: "
                    f"git config --global --add safe.directory {top[1] if top else self._folder}"
                ) from error
            raise UsageError(
                f"{self._folder}: found no git repository, expected one: a release is a commit. "
                f"`git init`, commit your application, then try again. ({str(error).splitlines()[-1].strip()})"
            ) from error
        if inside != "true":
            raise UsageError(
                f"{self._folder}: found a repository without a working tree (bare), expected a checkout. "
                "Clone it, and deploy from the clone."
            )
        return prefix.removesuffix("\n")

    def commit(self, ref: str) -> Commit:
        """The commit that a branch, tag or id names.

        Raises:
            UsageError: there is no such commit.
        """
        try:
            commit = self._ask("rev-parse", "--verify", "--end-of-options", f"{ref}^{{commit}}").strip()
            return Commit(id=commit, summary=self._ask("log", "-1", "--format=%s", commit).strip())
        except CommandError as error:
            if ref == "HEAD":
                raise UsageError(
                    f"{self._folder}: found a repository without a commit, expected one: a release is a commit. "
                    '`git add -A && git commit -m "First release"`, then try again.'
                ) from error
            raise UsageError(
                f'--ref: found "{ref}", which names no commit here; expected a branch, a tag or a commit. '
                "`git log --oneline` shows what there is."
            ) from error

    def between(self, old: str, new: str) -> list[Commit]:
        """The commits that ``new`` has and ``old`` has not, the newest first.

        Raises:
            CommandError: the repository does not have them (any more).
        """
        said = self._ask("log", "--format=%H %s", "--end-of-options", f"{old}..{new}")
        lines = (line.partition(" ") for line in said.splitlines() if line)
        return [Commit(id=name, summary=subject) for name, _, subject in lines]

    def file_at(self, commit: Commit, path: str) -> str:
        """A file's text at a commit.

        Raises:
            ConfigError: the commit does not have it.
        """
        try:
            return self._ask("cat-file", "blob", f"{commit.id}:{path}")
        except CommandError as error:
            raise ConfigError(
                (
                    f"{path}: found no such file in commit {commit.id[:7]}, expected it to be committed. "
                    f"`git add {path}`, commit, and try again.",
                )
            ) from error


@dataclass(frozen=True, kw_only=True)
class Where:
    """A project on this machine, one of its environments, and the environment's memory."""

    project: Project
    environment: Environment
    state: State
    path: Path
    redactor: Redactor = field(repr=False)
    """Takes the environment's secrets out of everything that is written and shown."""

    def place(self, project: Project, environment: Environment, *, host: Host | None = None) -> Place:
        """Where a runtime works, with the configuration of some release."""
        host = host or this_machine(redact=self.redactor.text, timeout=environment.command_timeout)
        return make_place(project, environment, state=self.state.root, path=self.path, host=host)


def where(folder: Path, env: str | None) -> Where:
    """Finds the project around a folder and one of its environments, as they stand on the desk."""
    project = load_project(find_project(folder))
    return located(project, project.environment(env))


def located(project: Project, environment: Environment) -> Where:
    """Adds state and host path to a configuration."""
    path = host_path(project, environment)
    redactor = redactor_for(environment, read_variables(path, environment))
    state = state_of(project, environment)
    return Where(project=project, environment=environment, state=state, path=path, redactor=redactor)


def at_commit(folder: Path, env: str | None, ref: str) -> tuple[Where, Commit]:
    """The project as a commit has it: what is deployed is judged by its own configuration.

    Raises:
        ConfigError: the commit has no valid gonogo.toml.
        UsageError: no repository, no such commit, no such environment.
    """
    root = find_project(folder)
    repository = Git(root)
    prefix = repository.prefix()
    commit = repository.commit(ref)
    text = repository.file_at(commit, f"{prefix}{CONFIG_NAME}")
    project = parse_project(text, root=root, name=f"{CONFIG_NAME} (at {commit.id[:7]})")
    return located(project, project.environment(env)), commit


def new_release(at: Where, commit: Commit, *, now: datetime | None = None) -> Release:
    """A release that is still to be made; its folder does not exist."""
    prefix = Git(at.project.root).prefix()
    name = _free_id(at.state, commit, now or datetime.now(UTC))
    folder = at.state.release_folder(name)
    return Release(
        id=name,
        commit=commit.id,
        summary=at.redactor.text(commit.summary),
        env=at.environment.name,
        runtime=at.environment.runtime,
        created=datetime.now(UTC),
        folder=folder,
        root=folder / "source" / prefix,
        app=at.project.app.root,
    )


def _free_id(state: State, commit: Commit, now: datetime) -> str:
    """The id of this second, or of the next one that no release and no run has taken."""
    while True:
        name = release_id(commit.id, now=now)
        if not state.release_folder(name).exists() and not state.run_folder(name).exists():
            return name
        now += timedelta(seconds=1)


def make_work(at: Where, release: Release, *, run: str, options: Options, screen: Screen | None = None) -> Work:
    """The surroundings of a run; the configuration that applies is the release's own."""
    pinned = at.project.model_copy(update={"root": release.root})
    serving = at.state.current()
    for known in (release, serving):
        at.redactor.learn(pinned_values(known, at.environment) if known is not None else ())
    folder = at.state.run_folder(run)
    journal = Journal(folder / "journal.jsonl", redact=at.redactor.text)
    screen = screen or Screen()
    timeout = at.environment.command_timeout
    host = this_machine(redact=at.redactor.text, observer=journal, watcher=screen, timeout=timeout)
    place = at.place(pinned, at.environment, host=host)
    return Work(
        place=place,
        runtime=runtime_of(at.environment.runtime),
        state=at.state,
        shelf=shelf_of(at.project, at.environment, at.state),
        journal=journal,
        release=release,
        serving=serving,
        redactor=at.redactor,
        folder=folder,
        reports=at.project.root / "reports" / at.environment.name / run,
        checkout=at.project.root,
        options=options,
        notices=Notices(at.environment.notify, place.variables, redact=at.redactor.text),
        screen=screen,
    )


def who() -> str:
    """The operator's name as the system knows it; of a deployer elsewhere, with the machine."""
    if elsewhere := os.environ.get(OPERATOR):
        return elsewhere
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
