"""A commit, brought to the host by git's own transport."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gonogo import git
from gonogo.config import Environment, Project
from gonogo.errors import UsageError
from gonogo.host.runner import this_machine
from gonogo.remote.connection import Connection
from gonogo.remote.ssh import for_git

__all__ = ["Brought", "bring", "place_of"]

_SECONDS = 1800.0
_PASSWORD = re.compile(r"(?<=//)[^/@]*@")


@dataclass(frozen=True, kw_only=True)
class Brought:
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


def bring(connection: Connection, project: Project, environment: Environment, *, ref: str) -> Brought:
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
    there = connection.ask("repository", "repository", origin=origin, **place_of(project, environment))
    words = ("push", "--quiet", "--force", "--no-verify", "--recurse-submodules=no", f"gonogo:{there.facts['folder']}")
    refs = (f"{commit}:refs/gonogo/{name}", *(f"+{ref}:{ref}" for ref in here.refs(commit)))
    environ = {**os.environ, **for_git(connection.address, connection.socket)}
    push = git.ask(project.root, *words, *refs, timeout=_SECONDS, environ=environ)
    this_machine().run(push).require("bringing the commit to the host")
    return Brought(id=name, commit=commit, prefix=here.said("rev-parse", "--show-prefix"), behind=here.behind())


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

    def refs(self, commit: str) -> Iterator[str]:
        """Branches that hold the commit, as their remote has them where there is one, and tags of it."""
        kind = "refs/remotes" if self.said("remote") else "refs/heads"
        held = self.said("for-each-ref", f"--contains={commit}", "--format=%(refname)", kind)
        yield from (ref for ref in held.splitlines() if not ref.endswith("/HEAD"))
        yield from self.said("for-each-ref", f"--points-at={commit}", "--format=%(refname)", "refs/tags").splitlines()

    def behind(self) -> int:
        return len(self.said("status", "--porcelain", "--untracked-files=normal").splitlines())
