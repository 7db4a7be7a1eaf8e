"""A command, run where the environment lives."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import gonogo
from gonogo.config import Environment, Project
from gonogo.config.hosts import ON_HOST, Address, address_of
from gonogo.errors import RefusedError, UsageError
from gonogo.host.terminal import SHOWN
from gonogo.inspection.probe_answers import script
from gonogo.remote.bring import BroughtCommit, bring, place_of
from gonogo.remote.connection import Connection, LostError
from gonogo.remote.follow import Follower
from gonogo.remote.images import bring_images
from gonogo.remote.vantage import Vantage
from gonogo.state import confirmation
from gonogo.state.lock import OPERATOR, operator
from gonogo.state.release import FORMAT
from gonogo.state.store import state_of
from gonogo.words import REPORTS_AT, Exit

__all__ = ["Asked", "attach", "confirm", "reached", "run_there"]

_HANDED_ON = (
    *("CI", "GITHUB_ACTIONS", "GITLAB_CI", "NO_COLOR", "TERM"),
    *("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID"),
)
"""Variables that decide how a run is shown, and where its job can be seen."""
_TIMES = 3
"""How often a host is reached for that lets go before anything was started there."""
_PAUSE = 2.0
_UNSURE = 5.0
"""Seconds in which a run begins whose start was not confirmed."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What somebody typed, for the host."""

    words: tuple[str, ...]
    """All of it, but for ``--ref``."""
    ref: str | None = None
    takes_ref: bool = False
    deploys: bool = False
    """What the public URL answers afterwards is of interest."""
    asks: bool = False
    """It may put a question."""
    stays: bool = False
    """It is to go on there when this deployer is gone."""
    images: Path | None = None
    """A file here that is to be there."""

    def argv(self, commit: str, images: str = "") -> list[str]:
        """The words there: a branch's name means nothing on the host, a commit does; so with the path of a file."""
        brought = ["--images", images] if images else []
        return [*self.words, *brought, *(["--ref", commit] if self.takes_ref else [])]


def reached(environment: Environment) -> Address:
    """Where an environment lives.

    Raises:
        UsageError: here.
    """
    address = address_of(environment.host)
    if address is None:
        raise UsageError(
            f'env.{environment.name}: found no host, expected one that ssh reaches: host = "ssh://deploy@example.com", '
            'path = "/opt/shop".'
        )
    return address


def run_there(project: Project, environment: Environment, asked: Asked, *, say: Callable[[str], None]) -> int:
    """Brings the commit, starts gonogo there, and shows it; returns its exit code.

    Raises:
        LostError: it was not reached, again and again; nothing was started there.
        RefusedError: the host refuses, or its gonogo is missing or keeps its memory in another way.
        UsageError: there is no such commit.
    """
    address = reached(environment)
    for left in reversed(range(_TIMES)):
        begun: list[str] = []
        try:
            with Connection(address, env=environment.name) as connection:
                return _run(connection, project, environment, asked, say=say, begun=begun)
        except LostError as error:
            if begun:
                raise
            if not left:
                raise LostError(f"{error} Nothing was started there; it was tried {_TIMES} times.") from error
            say(f"{error} Nothing was started there yet; connecting again ...")
            time.sleep(_PAUSE)
    raise AssertionError("unreachable")  # the last time either returns or raises


def _run(
    connection: Connection,
    project: Project,
    environment: Environment,
    asked: Asked,
    *,
    say: Callable[[str], None],
    begun: list[str],
) -> int:
    """``begun`` is given the run once it may have been started: what is lost before that can be tried again."""
    _judge(connection, environment, say)
    brought = bring(connection, project, environment, ref=asked.ref or "HEAD")
    if brought.behind:
        noun = "change stays" if brought.behind == 1 else "changes stay"
        say(f"{brought.behind} uncommitted {noun} here: {brought.commit[:7]} is what the host is given.")
    images = ""
    if asked.images is not None:
        place = place_of(project, environment)
        images = bring_images(connection, asked.images, run=brought.id, place=place, say=say)
    answers = asked.asks and sys.stdin.isatty() and sys.stderr.isatty()
    vantage = Vantage(environment)
    if asked.deploys:
        vantage.look_before()
    begun.append(brought.id)
    with Follower(connection, project, environment, vantage=vantage, say=say) as follower:
        try:
            words = asked.argv(brought.commit, images)
            _start(connection, project, environment, asked, brought, words=words, answers=answers)
        except LostError:
            time.sleep(_UNSURE)  # it may have begun all the same: whoever follows it will find out
        if asked.stays:
            say(f"It goes on on {connection.address}: `gonogo attach --env {environment.name}` shows it.")
            return int(Exit.GO)
        code = follower.to_the_end(brought.id, asks=answers)
    if follower.is_left and "--json" in asked.words:
        sys.stdout.write(json.dumps({"exit_code": code, "ending": "NOT KNOWN: it goes on", "run": brought.id}) + "\n")
    return code


def _start(
    connection: Connection,
    project: Project,
    environment: Environment,
    asked: Asked,
    brought: BroughtCommit,
    *,
    words: Sequence[str],
    answers: bool,
) -> None:
    connection.ask(
        "start",
        "started",
        script("keeper.py").encode(),
        id=brought.id,
        commit=brought.commit,
        prefix=brought.prefix,
        words=words,
        command=" ".join(("gonogo", *asked.words)),
        environ=_environ(project, answers=answers),
        who=operator(),
        asks=answers,
        guard=asked.deploys and environment.confirm is not None,
        **place_of(project, environment),
    )


def attach(project: Project, environment: Environment, *, say: Callable[[str], None]) -> int:
    """Shows a run that goes on there, or the end of one that nobody has seen to it; returns its exit code.

    Raises:
        RefusedError: there is neither.
    """
    with Connection(reached(environment), env=environment.name) as connection:
        found = connection.ask("runs", "runs", **place_of(project, environment)).facts["runs"]
        run = next((one for one in reversed(found) if one["goes_on"]), None) or next(reversed(found), None)
        if run is None:
            raise RefusedError(
                f"{connection.address}: found no run that goes on and none that ended unseen, expected one. "
                f"`gonogo status --env {environment.name}` tells what serves."
            )
        say(f"{run['command']}, started by {run['who']} ({run['id']})")
        with Follower(connection, project, environment, vantage=Vantage(environment), say=say) as follower:
            return follower.to_the_end(run["id"], asks=bool(run["asks"]) and sys.stdin.isatty())


def confirm(project: Project, environment: Environment) -> str:
    """Says that the release that waits for it may stay; returns the run's name.

    Raises:
        RefusedError: none waits.
    """
    if address_of(environment.host) is None:
        return confirmation.confirm(state_of(project, environment).root)
    with Connection(reached(environment), env=environment.name) as connection:
        run = connection.ask("confirm", "confirmed", **place_of(project, environment)).facts["run"]
        if run is None:
            raise RefusedError(
                f"{connection.address}: found no deployment that waits for a confirmation, expected one."
            )
        return str(run)


def _judge(connection: Connection, environment: Environment, say: Callable[[str], None]) -> None:
    """Whether the host's gonogo can be trusted with the environment's memory."""
    tool = connection.hello["tool"]
    prepare = f"`gonogo host prepare --env {environment.name}`"
    if tool is None:
        raise RefusedError(
            f"{connection.address}: found no gonogo, expected {gonogo.__version__}. {prepare} brings it."
        )
    if tool["format"] != FORMAT:
        raise RefusedError(
            f"{connection.address}: found gonogo {tool['version']}, which keeps releases in format {tool['format']}; "
            f"expected format {FORMAT}, that of {gonogo.__version__} here. {prepare} brings this one."
        )
    if tool["version"] != gonogo.__version__:
        say(f"The host has gonogo {tool['version']}, this is {gonogo.__version__}: {prepare} brings this one.")


def _environ(project: Project, *, answers: bool, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What the run there is told of who looks."""
    handed = {name: environ[name] for name in _HANDED_ON if name in environ}
    size = shutil.get_terminal_size()
    shown: dict[str, str] = {}
    if sys.stderr.isatty():
        shown = {SHOWN: "answer" if answers else "look", "COLUMNS": str(size.columns), "LINES": str(size.lines)}
    return {
        **handed,
        **shown,
        ON_HOST: "1",
        OPERATOR: operator(),
        REPORTS_AT: str(project.root / "reports"),
    }
