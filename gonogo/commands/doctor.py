"""``gonogo doctor``: everything that an environment needs on this machine, each with how to get it.

What the predeploy checks judge is asked of them; here stands what must be there before they can be asked at all, and
what they do not look at.
"""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from gonogo import git
from gonogo.commands.bare_gate import ask_beside
from gonogo.commands.prepare import Git, Where, where
from gonogo.errors import CommandError, GonogoError
from gonogo.host.runner import Command, this_machine
from gonogo.inspection.answers.addresses import is_loopback
from gonogo.records.findings import follows
from gonogo.records.needs import Needed
from gonogo.records.results import CheckResult, GateResult
from gonogo.runtimes.place import wanted_env_file
from gonogo.words import CONFIG_NAME, Outcome, Stage

__all__ = ["doctor"]

_RESOLVE_SECONDS = 10.0
_CANCELS = re.compile(r"^\s*cancel-in-progress:\s*true\s*(#.*)?$", re.MULTILINE)
_WORKFLOWS = (".github/workflows/*.yml", ".github/workflows/*.yaml")


def doctor(folder: Path, env: str | None) -> tuple[str, tuple[Needed, ...]]:
    """The environment's name, and all that it needs: what is there and what is not.

    Raises:
        UsageError: wrong usage or configuration.
    """
    at = where(folder, env)
    parts: tuple[Callable[[Where], Iterator[Needed]], ...] = (_repository, _files, _extras, _names, _workflows)
    own = [needed for part in parts for needed in part(at)]
    return at.environment.name, (*own, *_checked(ask_beside(at, Stage.PREDEPLOY)))


def _repository(at: Where) -> Iterator[Needed]:
    """A release is a commit, and its gonogo.toml is the commit's."""
    git = Git(at.project.root)
    try:
        prefix = git.prefix()
        commit = git.commit("HEAD")
        git.file_at(commit, f"{prefix}{CONFIG_NAME}")
        yield Needed(what="commit", found=f"{commit.id[:7]} {commit.summary}")
    except GonogoError as error:
        yield Needed(what="commit", found="", get=str(error))
        return
    if not _is_ignored(at.project.root / "reports" / "probe"):
        yield Needed(
            what="reports/ ignored by git",
            get='echo "reports/" >> .gitignore, and commit it: each run leaves its pages there',
            needed=False,
        )


def _is_ignored(path: Path) -> bool:
    command = git.ask(path.parents[1], "check-ignore", "--quiet", str(path), timeout=20.0)
    try:
        return this_machine().run(command).ok
    except CommandError:
        return True  # no git: said already


def _files(at: Where) -> Iterator[Needed]:
    """The env file, and a state folder that can be written."""
    wanted = wanted_env_file(at.path, at.environment)
    if wanted is not None and at.environment.env_file is not None:
        get = f"put it there ({wanted}), readable by {_user()} alone: chmod 600"
        said = "a folder" if wanted.is_dir() else str(wanted) if os.access(wanted, os.R_OK) else ""
        yield Needed(what="env file", found="" if wanted.is_dir() else said, get=get + _folder(wanted))
    state = at.state.root
    there = next(folder for folder in (state, *state.parents) if folder.exists())
    writable = there.is_dir() and os.access(there, os.W_OK | os.X_OK)
    get = f"sudo install -d -o {_user()} {state}, or set state = … under [env.{at.environment.name}]"
    yield Needed(what="state folder", found=str(state) if writable else "", get=get)


def _folder(wanted: Path) -> str:
    return "; found a folder of that name: docker makes one where a mounted file is missing" if wanted.is_dir() else ""


def _user() -> str:
    return os.environ.get("USER") or "this user"


def _extras(at: Where) -> Iterator[Needed]:
    """What only some configurations need of gonogo's own extras."""
    if at.environment.page:
        yield _extra("playwright", "browser", "loads the pages of [[env.….page]]")
    if at.environment.notify:
        yield _extra("apprise", "notify", "tells the channels of notify")


def _extra(module: str, extra: str, why: str) -> Needed:
    found = f"{module} in {sys.prefix}" if importlib.util.find_spec(module) else ""
    return Needed(what=f"extra {extra}", found=found, get=f'pip install "gonogo[{extra}]": it {why}')


def _names(at: Where) -> Iterator[Needed]:
    """The public address has a name that is known here."""
    urls = dict.fromkeys(url for url in (at.environment.url, *(s.url for s in at.environment.service.values())) if url)
    for url in map(at.environment.reached, urls):
        host = urlsplit(url).hostname or ""
        if not is_loopback(url):
            get = f"make {host} known here (DNS, /etc/hosts), or set a url that this machine reaches"
            yield Needed(what=f"name {host}", found=_resolved(host), get=get)


def _resolved(host: str) -> str:
    """Its addresses; asked in a process of its own, since the system's resolver knows no bound."""
    script = "import socket,sys; print(*sorted({a[4][0] for a in socket.getaddrinfo(sys.argv[1], None)}))"
    command = Command(argv=(sys.executable, "-I", "-c", script, host), timeout=_RESOLVE_SECONDS)
    done = this_machine().run(command)
    return done.output.strip() if done.ok else ""


def _workflows(at: Where) -> Iterator[Needed]:
    """A deployment that is cancelled by the next push is a deployment that goes back half-way."""
    for path in sorted(path for pattern in _WORKFLOWS for path in at.project.root.glob(pattern)):
        if _cancels(path):
            yield Needed(
                what=f"{path.relative_to(at.project.root)} lets deployments end",
                get="under concurrency: cancel-in-progress: false, so that a newer push waits for a running deployment",
                needed=False,
            )


def _cancels(path: Path) -> bool:
    """Whether a workflow that deploys with gonogo is cancelled by the next run of it."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return "gonogo" in text and "deploy" in text and _CANCELS.search(text) is not None


def _checked(gate: GateResult) -> Iterator[Needed]:
    """What the predeploy checks say of the checkout, each cause once."""
    if gate.problem:
        yield Needed(what="predeploy checks", get=gate.problem)
    behind = follows(gate.checks)
    for check in gate.checks:
        if check.outcome is not Outcome.SKIPPED and check.id not in behind:
            yield _of_check(check)


def _of_check(check: CheckResult) -> Needed:
    name = f"{check.code or check.id}: {check.proves.removesuffix('.')}"
    if check.outcome is Outcome.PASSED:
        return Needed(what=name, found="yes")
    return Needed(what=name, get=f"{check.found}\n{check.remedy}".strip(), needed=check.blocks)
