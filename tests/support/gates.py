"""Real gates on throwaway repositories, for the tests of checks and of the plugin.

Use it through the fixtures of ``tests/conftest.py``; import it for annotations only (TYPE_CHECKING)::

    def test_it_is_red(repository, gate):
        root = repository({"gonogo.toml": repository.minimal, "app/main.py": "x = 1"})
        run = gate(root, "-m", "predeploy", "-k", "required")
        assert run.check("P05").found == "..."
"""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gonogo.gates.process import gate_argv, gate_environment
from gonogo.gates.subject import Subject
from gonogo.records.results import CheckResult, GateResult, read_gate
from gonogo.state.release import Release, release_id
from gonogo.state.store import State
from gonogo.words import Outcome, Role
from tests.support.warm import is_gate, run_forked

__all__ = ["IDENTITY", "MINIMAL", "PROCESS", "Gates", "Repository", "Run", "no_daemon", "path_without"]

MINIMAL = """\
[app]
name = "shop"

[env.test]
tier = "dev"
project = "shop-test"
"""
"""The shortest gonogo.toml: one environment, runtime compose."""

PROCESS = """\
[app]
name = "shop"

[service.web]
command = ["{python}", "-m", "http.server", "{port}"]

[env.test]
tier = "dev"
runtime = "process"
project = "shop-test"
"""
"""The shortest gonogo.toml of the runtime process; nothing in it needs Docker."""

_TIMEOUT = 110.0
IDENTITY = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.com",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.com",
}
"""Whose commits are those of tests; no configuration of this machine has a part in them."""


def no_daemon(folder: Path) -> dict[str, str]:
    """An environment in which no daemon can answer, but the client is there."""
    folder.mkdir(parents=True, exist_ok=True)
    return {"DOCKER_HOST": f"unix://{folder}/none.sock", "DOCKER_CONTEXT": ""}


def path_without(folder: Path, *missing: str) -> dict[str, str]:
    """A PATH on which every program but these is found."""
    folder.mkdir(parents=True, exist_ok=True)
    for place in os.environ["PATH"].split(os.pathsep):
        for program in Path(place).glob("*"):
            link = folder / program.name
            if program.name not in missing and not link.is_symlink():
                link.symlink_to(program.resolve())
    return {"PATH": str(folder)}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Run:
    """How one pytest process ended."""

    code: int
    out: str
    err: str
    result: GateResult | None

    def only(self) -> CheckResult:
        """The one result of a run that asked one check."""
        assert len(self.checks) == 1, f"{self.outcomes()}\n{self.out}\n{self.err}"
        return self.checks[0]

    def check(self, code: str) -> CheckResult:
        """The result of the one check with this code (``P05``, ``D09[GET /]``), or with this end of its id."""
        found = [check for check in self.checks if check.code == code or check.id.endswith(code)]
        assert len(found) == 1, (
            f"{len(found)} results for {code} in {[c.id for c in self.checks]}\n{self.out}\n{self.err}"
        )
        return found[0]

    @property
    def checks(self) -> tuple[CheckResult, ...]:
        """All results; the run must have written its results file."""
        assert self.result is not None, f"no results file; exit code {self.code}\n{self.out}\n{self.err}"
        return self.result.checks

    def of_team(self) -> Run:
        """The same with the results of the team's own checks alone."""
        assert self.result is not None, f"no results file; exit code {self.code}\n{self.out}\n{self.err}"
        own = tuple(check for check in self.result.checks if not check.id.startswith("gonogo/"))
        return dataclasses.replace(self, result=self.result.model_copy(update={"checks": own}))

    def outcomes(self) -> dict[str, Outcome]:
        """Code (or id) → outcome."""
        return {check.code or check.id: check.outcome for check in self.checks}


class Repository:
    """Makes git repositories below one folder."""

    minimal = MINIMAL
    process = PROCESS

    def __init__(self, folder: Path) -> None:
        """Each repository gets a folder of its own in ``folder``."""
        self._folder = folder

    def __call__(self, files: Mapping[str, str | bytes], *, commit: str | None = "first", name: str = "app") -> Path:
        """A repository that holds these files, committed (``commit=None``: a plain folder, no git)."""
        root = self._folder / name
        self.write(root, files)
        if commit is not None:
            self.git(root, "init", "--quiet", "--initial-branch=main")
            self.commit(root, commit)
        return root

    @staticmethod
    def write(root: Path, files: Mapping[str, str | bytes]) -> None:
        """Write files below a folder."""
        for path, content in files.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)

    def commit(self, root: Path, message: str = "next") -> str:
        """Commit everything that is there; returns the commit's full id."""
        self.git(root, "add", "--all")
        self.git(root, "commit", "--quiet", "--allow-empty", f"--message={message}")
        return self.git(root, "rev-parse", "HEAD").strip()

    def checked_out(
        self, root: Path, state: State, commit: str, *, runtime: str, now: datetime | None = None
    ) -> Release:
        """A release of this commit for ``test``, with a worktree of its own; nothing of it is pinned or built yet."""
        created = now or datetime.now(UTC)
        folder = state.release_folder(release_id(commit, now=created))
        source = folder / "source"
        self.git(root, "worktree", "add", "--quiet", "--detach", str(source), commit)
        return Release(
            id=folder.name, commit=commit, env="test", runtime=runtime, created=created, folder=folder, root=source
        )

    @staticmethod
    def git(root: Path, *arguments: str) -> str:
        """What git says; it must succeed."""
        done = subprocess.run(
            ("git", *arguments), cwd=root, env={**os.environ, **IDENTITY}, check=True, capture_output=True, text=True
        )
        return done.stdout


class Gates:
    """Starts gates as the wrapper does; their state and results stay below one folder."""

    no_daemon = staticmethod(no_daemon)
    path_without = staticmethod(path_without)

    def __init__(self, folder: Path) -> None:
        """``folder`` becomes the home of state, subjects and results."""
        self.folder = folder
        self.state_home = folder / "state"
        """XDG_STATE_HOME: the state of project ``shop``, environment ``test`` is in ``gonogo/shop/test``."""
        self._count = 0

    def __call__(
        self,
        root: Path,
        *arguments: str,
        subject: Subject | None = None,
        env: str = "test",
        app: str = ".",
        environ: Mapping[str, str] | None = None,
    ) -> Run:
        """Run one gate in ``root``; with ``subject`` as a deploy asks it, without as a bare run does."""
        results = self._file("results")
        asked = [*arguments, f"--gonogo-env={env}", f"--gonogo-results={results}"]
        if subject is not None:
            path = self._file("subject")
            path.write_text(subject.model_dump_json(), encoding="utf-8")
            asked.append(f"--gonogo-subject={path}")
        argv = gate_argv(root, app=app, arguments=asked)
        return self._run(argv, root, gate_environment(self._environ(environ)), results)

    def subject(self, root: Path, env: str = "test", **facts: Any) -> Subject:
        """A deploy's subject on a checkout; ``facts`` are fields of ``Subject``."""
        given: dict[str, Any] = {
            "role": Role.CANDIDATE,
            "root": root,
            "path": root,
            "state": self.state_home / "gonogo" / "shop" / env,
            "checkout": root,
            "run": self.folder / "run",
            **facts,
        }
        given["run"].mkdir(parents=True, exist_ok=True)
        return Subject(env=env, **given)

    def bare(self, folder: Path, *arguments: str, environ: Mapping[str, str] | None = None) -> Run:
        """What a person types: ``python -m pytest …`` in a folder, with nothing prepared."""
        results = self._file("results")
        argv = (sys.executable, "-m", "pytest", *arguments)
        extra = (f"--gonogo-results={results}",) if "-m" in arguments else ()
        return self._run((*argv, *extra), folder, self._environ(environ), results)

    def _environ(self, more: Mapping[str, str] | None) -> dict[str, str]:
        outer = ("PYTEST_", "GONOGO_", "COV_", "XDG_STATE_HOME", "COLUMNS", "CI", "GITHUB_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(outer)}
        return {**kept, **IDENTITY, "COLUMNS": "160", "XDG_STATE_HOME": str(self.state_home), **(more or {})}

    def _file(self, kind: str) -> Path:
        self._count += 1
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / f"{kind}-{self._count}.json"

    @staticmethod
    def _run(argv: tuple[str, ...], folder: Path, environ: Mapping[str, str], results: Path) -> Run:
        if is_gate(argv):
            done = run_forked(argv, cwd=folder, env=environ, timeout=_TIMEOUT)
        else:
            done = subprocess.run(
                argv, cwd=folder, env=environ, check=False, capture_output=True, text=True, timeout=_TIMEOUT
            )
        return Run(code=done.returncode, out=done.stdout, err=done.stderr, result=read_gate(results))
