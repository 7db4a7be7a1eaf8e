"""A commit, brought to the host by git's own transport."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gonogo import git
from gonogo.config import Environment, Project
from gonogo.errors import UsageError
from gonogo.host.runner import this_machine
from gonogo.remote.connection import Connection
from gonogo.remote.ssh import for_git

__all__ = ["BroughtCommit", "bring", "place_of"]

_SECONDS = 1800.0
_PASSWORD = re.compile(r"(?<=//)[^/@]*@")


@dataclass(frozen=True, kw_only=True)
class BroughtCommit:
    """A commit that the host has."""

    id: str
    """Of the run that is started with it."""
    commit: str
    prefix: str
    """Where gonogo.toml stands in it."""
    behind: int
    """Uncommitted changes that stay here."""


def place_of(project: Project, environment: Environment) -> dict[str, Any]:
    """Which environment's memory is meant, for the agent."""
    return {"app": project.app.name, "env": environment.name, "state": environment.state}


def bring(connection: Connection, project: Project, environment: Environment, *, ref: str) -> BroughtCommit:
    """Pushes the commit, and the branches and tags that a check may ask about.

    Raises:
        UsageError: there is no such commit here, or no git there.
    """
    if not connection.hello["git"]:
        raise UsageError(f"{connection.address}: found no git, expected one. There: `apt-get install git`.")
    here = _Here(project)
    commit = here.commit(ref)
    name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{commit[:7]}-{secrets.token_hex(2)}"
    origin = _PASSWORD.sub("", here.said("config", "--default", "", "remote.origin.url"))
    place = place_of(project, environment)
    there = connection.ask("repository", "repository", origin=origin, commit=commit, **place).facts
    refs = here.refspecs(commit, environment, there["refs"])
    if refs or not there["known"]:
        words = ("push", "--quiet", "--force", "--no-verify", "--recurse-submodules=no", f"gonogo:{there['folder']}")
        environ = {**os.environ, **for_git(connection.address, connection.socket)}
        brings = (*words, f"{commit}:refs/gonogo/{name}", *refs)
        push = git.ask(project.root, *brings, timeout=_SECONDS, environ=environ)
        pushed = this_machine().run(push)
        if not pushed.ok:
            connection.ask("runs", "runs", **place)  # says so where it is the connection that was lost
        pushed.require("the commit did not reach the host, where nothing was started")
    return BroughtCommit(id=name, commit=commit, prefix=here.said("rev-parse", "--show-prefix"), behind=here.behind())


class _Here:
    """The checkout of the deployer."""

    def __init__(self, project: Project) -> None:
        self._root = project.root

    def said(self, *words: str) -> str:
        return this_machine().run(git.ask(self._root, *words), output_limit=None).require().output.strip()

    def commit(self, ref: str) -> str:
        done = this_machine().run(
            git.ask(self._root, "rev-parse", "--verify", "--end-of-options", f"{ref}^{{commit}}"), output_limit=None
        )
        if not done.ok:
            raise UsageError(
                f'--ref: found "{ref}", which names no commit here; expected a branch, a tag or a commit. '
                "`git log --oneline` shows what there is."
            )
        return done.output.strip()

    def refspecs(self, commit: str, environment: Environment, there: Mapping[str, str]) -> list[str]:
        """Branches that hold the commit, where a check asks for them, and tags of it; nothing there is stale."""
        words = ("for-each-ref", "--format=%(refname) %(objectname)")
        here = dict(line.split() for line in self.said(*words).splitlines())
        wanted = self.said(*words, f"--points-at={commit}", "refs/tags").splitlines()
        if environment.branches:
            kind = "refs/remotes" if self.said("remote") else "refs/heads"
            wanted += self.said(*words, f"--contains={commit}", kind).splitlines()
        names = {line.split()[0] for line in wanted}
        moved = {ref for ref, at in there.items() if here.get(ref, at) != at}
        gone = [ref for ref in there if ref not in here and not ref.startswith("refs/tags/")]
        pushed = sorted(ref for ref in names | moved if not ref.endswith("/HEAD") and there.get(ref) != here[ref])
        return [*(f"+{ref}:{ref}" for ref in pushed), *(f":{ref}" for ref in gone)]

    def behind(self) -> int:
        return len(self.said("status", "--porcelain", "--untracked-files=normal").splitlines())
