"""One application on one machine: deployed by a tool, and started plainly beside it to see what a fault does."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil

from gonogo.config import Environment, parse_project
from gonogo.demo.ports import free_port
from gonogo.demo.postgres import postgres
from gonogo.words import Exit
from tests.support.edits import Edit
from tests.support.gates import IDENTITY

from .case import STAGES, Case, CaseError
from .plainly import Plain, clean, containers, processes

__all__ = ["App", "Bench", "Result", "TrialError"]


_ANSWERS = 20.0
"""Seconds that a start is given which nobody waited for."""


class TrialError(Exception):
    """The good release does not go: nothing can be tried any more."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """How one case went."""

    case: Case
    seconds: float
    code: int
    stage: str
    """Where it was noticed; nothing where it was not."""
    named: tuple[str, ...] = ()
    """The checks that it was red for."""
    serves: str
    """The release that answers afterwards: the case's name, what it was deployed over, or nothing."""
    over: str = "good"
    """What it was deployed over."""
    said: str = ""
    has_way_back: bool = True
    """The release before could be deployed over it; false once that failed."""
    by_code_alone: bool = False
    """Another tool deployed, which says nothing but whether it worked."""

    @property
    def restored(self) -> bool:
        """What serves afterwards is what should."""
        return self.serves == (self.case.name if self.code == 0 or self.case.held else self.over)

    @property
    def caught(self) -> bool:
        """It did not go, was noticed in time, and the reason was named."""
        if self.by_code_alone:
            return self.code > 0
        in_time = self.stage in STAGES[: STAGES.index(self.case.stage) + 1]
        by_step = not self.named and self.stage in {"build", "migrate", "start"}
        named = by_step or not self.case.codes or any(one in self.case.codes for one in self.named)
        return self.code != 0 and in_time and named

    @property
    def well(self) -> bool:
        """As it should be; a person is called only for what going back does not mend."""
        needless = self.code == Exit.NEEDS_HUMAN and not (self.case.held or self.case.one_way or self.by_code_alone)
        goes_well = self.caught and not needless if self.case.is_fault else self.code == 0
        return self.restored and self.has_way_back and goes_well


@dataclass(frozen=True, kw_only=True)
class App:
    """A good release, and how it is deployed."""

    name: str
    folder: Path
    env: str
    settings: str
    """The environment's own file; as in gonogo.toml, ``@PORT@`` and the like are filled in.

    ``@DATABASE@`` is one in a PostgreSQL of this machine, started for it.
    """
    mark: tuple[str, str]
    """A tracked file that says ``release: good``, and the page that shows it."""
    toml: str = ""
    """What gonogo.toml says beside what stands in the folder."""
    edits: tuple[Edit, ...] = ()
    """What is done to the folder's files first."""


class Bench:
    """A repository with a good release that serves; cases are deployed over it one after the other."""

    def __init__(self, app: App, folder: Path, *, tool: str | None = None) -> None:
        """Write the good release; nothing is deployed yet.

        ``tool`` is a shell command that deploys what is checked out where it runs; None: gonogo. That somebody sees the
        faults is asked with gonogo alone: they are the same ones.
        """
        self.app = app
        self._tool = tool
        self._folder = folder
        self.root = folder / "app"
        self.state = folder / "state"
        self._plain = folder / "plain"
        self._data = folder / "data"
        self._plain.mkdir(parents=True)
        self._data.mkdir()
        shutil.copytree(app.folder, self.root, ignore=shutil.ignore_patterns("__pycache__"))
        for edit in app.edits:
            edit.apply(self.root)
        self._ports = {"@PORT@": str(free_port()), "@OTHER@": str(free_port())}
        self.project = f"corpus-{secrets.token_hex(4)}"
        words = {"@STATE@": str(self.state), "@PYTHON@": sys.executable, "@RANDOM@": secrets.token_hex(20)}
        words |= {"@DATA@": str(self._data), "@PROJECT@": self.project, **self._ports}
        self._open = contextlib.ExitStack()
        if "@DATABASE@" in app.settings:
            home = self._open.enter_context(tempfile.TemporaryDirectory())
            self._server = self._open.enter_context(postgres(Path(home)))
            words["@DATABASE@"] = self._database = self._server.create("served")
        toml = self.root / "gonogo.toml"
        toml.write_text(toml.read_text(encoding="utf-8") + app.toml, encoding="utf-8")
        (self.root / ".env").write_text(app.settings, encoding="utf-8")
        _fill(toml, words)
        _fill(self.root / ".env", words)
        (self.root / ".env").chmod(0o600)
        self._git("init", "--quiet", "--initial-branch", "main")
        self.good = self._commit("good")
        self._over = "good"
        self._settings = (self.root / ".env").read_text()

    def begin(self) -> None:
        """Deploy the good release, and start it plainly beside itself.

        Raises:
            TrialError: it does not go.
        """
        code, record = self._deploy()
        if code != 0:
            raise TrialError(f"{self.app.name}: the good release ended {code}: {_said(record)}")
        if self._tool is None:
            self._sound = self._start("good")
            self._open.callback(self._sound.close)

    def close(self) -> None:
        """End what serves, and what was started beside it."""
        self._open.close()
        for kind in ("container", "volume", "network"):
            listed = self._docker(
                kind,
                "ls",
                "--quiet",
                f"--filter=label=com.docker.compose.project={self.project}",
                *(("--all",) if kind == "container" else ()),
            )
            for one in listed.split():
                self._docker(kind, "rm", "--force", one)
        for image in self._docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}").split():
            if image.startswith(self.project):
                self._docker("image", "rm", "--force", image)
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if Path(process.cwd()).is_relative_to(self._folder):
                    process.kill()

    def try_out(self, case: Case) -> Result:
        """Deploy a fault over the good release, a harmless one over that or another harmless one, and judge the end.

        Raises:
            CaseError: the change changes nothing, or nobody outside sees the fault, or one sees it without it.
            TrialError: there is no way back from what the case before left.
        """
        if case.is_fault or not self._over:
            self.go_back()
        try:
            self._change(case)
            if self._tool is None and case.seen is not None:
                self._validate(case)
            began = time.monotonic()
            code, record = self._deploy()
            seconds = time.monotonic() - began
            result = Result(
                case=case,
                seconds=seconds,
                code=code,
                stage=_noticed(code, record),
                named=tuple(map(_name, record.get("causes", ()))),
                serves=self._serves(),
                over=self._over,
                said=_said(record),
                by_code_alone=self._tool is not None,
            )
        finally:
            self._undo()
        stays = case.is_fault and code not in {0, 6} and result.restored
        self._over = case.name if code == 0 and not case.is_fault else self._over if stays else ""
        return result

    def _change(self, case: Case) -> None:
        before = self._fingerprint()
        try:
            for edit in case.edits:
                edit.apply(self.root)
        except (OSError, ValueError) as error:
            raise CaseError(f"{case.name}: {error}") from None
        if self._fingerprint() == before:
            raise CaseError(f"{case.name}: its edits change nothing")
        self._mark(case.name)
        self._commit(case.name)

    def _mark(self, name: str) -> None:
        """What the commit calls itself, where its edits left the place."""
        path = self.root / self.app.mark[0]
        if path.exists():
            path.write_text(
                path.read_text(encoding="utf-8").replace("release: good", f"release: {name}"), encoding="utf-8"
            )

    def _undo(self) -> None:
        self._git("checkout", "--quiet", "--force", "-B", "main", self.good)
        self._git("clean", "-qfd")
        (self.root / ".env").write_text(self._settings)
        (self.root / ".env").chmod(0o600)

    def go_back(self) -> None:
        """The good release once more, as a commit of its own, where another serves.

        Raises:
            TrialError: it does not go.
        """
        if self._over == "good":
            return
        self._git("commit", "--quiet", "--allow-empty", "--message", "good again")
        code, record = self._deploy()
        if code != 0:
            raise TrialError(f"the way back ended {code}: {_said(record)}")
        self.good, self._over = self._git("rev-parse", "HEAD"), "good"

    def _validate(self, case: Case) -> None:
        assert case.seen is not None
        if case.seen(self._sound):
            raise CaseError(f"{case.name}: what should show the fault is true of the good release as well")
        world = self._start(case.name, runs=case.runs)
        try:
            if not case.seen(world):
                raise CaseError(f"{case.name}: nobody outside sees the fault, so it is a harmless release")
        finally:
            world.close()

    def _start(self, name: str, *, runs: bool = True) -> Plain:
        """A copy of the work tree with data of its own, at ports of its own."""
        place = self._plain / name
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        shutil.copytree(self._data, place / "data")
        tree = place / "tree"
        shutil.copytree(self.root, tree, ignore=shutil.ignore_patterns("reports"))
        words = {port: str(free_port()) for port in self._ports.values()}
        words[str(self._data)] = str(place / "data")
        if "@DATABASE@" in self.app.settings:
            words[self._database] = self._server.create(name)
        for file in (tree / "gonogo.toml", tree / ".env"):
            _fill(file, words)
        environment = self._environment(tree)
        if not runs:
            return Plain(tree, str(environment.url))
        return (containers if environment.has("images") else processes)(tree, environment, self._plain)

    def _environment(self, tree: Path) -> Environment:
        return parse_project((tree / "gonogo.toml").read_text(), root=tree, name="gonogo.toml").environments[
            self.app.env
        ]

    def _serves(self) -> str:
        """The name of the release that answers at the environment's own address; nothing where none does in time."""
        deadline = time.monotonic() + _ANSWERS
        while True:
            try:
                address = f"http://127.0.0.1:{self._ports['@PORT@']}{self.app.mark[1]}"
                answer = httpx.get(address, timeout=5, trust_env=False)
            except httpx.HTTPError:
                if time.monotonic() > deadline:
                    return ""
                time.sleep(0.5)
            else:
                return " ".join(re.findall(r"release: ([\w-]+)", answer.text))

    def _fingerprint(self) -> str:
        """Changes with any file, its rights, and the environment's own."""
        listed = sorted(path for path in self.root.rglob("*") if path.is_file() and ".git" not in path.parts)
        return json.dumps([(str(one), one.stat().st_mode, one.read_bytes().hex()) for one in listed])

    def _deploy(self) -> tuple[int, dict[str, Any]]:
        """Exit code and record; another tool has none."""
        if self._tool is not None:
            folders = (str(Path(__file__).parent / "tools"), str(Path(sys.executable).parent), os.environ["PATH"])
            own = {
                "PATH": os.pathsep.join(folders),
                "COMPOSE_PROJECT_NAME": self.project,
                "CORPUS_STATE": str(self.state),
            }
            with (self._folder / "tool.log").open("ab") as log:
                command = ["sh", "-c", self._tool]
                done = subprocess.run(
                    command, cwd=self.root, env={**clean(), **own}, stdout=log, stderr=log, timeout=600, check=False
                )
            return done.returncode, {}
        asked = subprocess.run(
            [sys.executable, "-P", "-m", "gonogo", "deploy", "--env", self.app.env, "--json"],
            cwd=self.root,
            env=clean(),
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        record = json.loads(asked.stdout) if asked.stdout.strip() else {"ending": asked.stderr.strip()}
        return asked.returncode, record

    def _docker(self, *arguments: str) -> str:
        """What the Engine's client says; nothing where there is none, or nothing of ours."""
        if not self._environment(self.root).has("a Docker Engine"):
            return ""
        command = ["docker", *arguments]
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=120).stdout

    def _commit(self, message: str) -> str:
        self._git("add", "--all")
        self._git("commit", "--quiet", "--allow-empty", "--message", message)
        return self._git("rev-parse", "HEAD")

    def _git(self, *arguments: str) -> str:
        command = ["git", *arguments]
        done = subprocess.run(
            command, cwd=self.root, env={**os.environ, **IDENTITY}, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()


def _noticed(code: int, record: Mapping[str, Any]) -> str:
    """The stage at which a run stopped being good; one that was refused before all steps counts as the first."""
    if code == 0:
        return ""
    if not record:
        return "?"
    red = next((step["name"] for step in record.get("steps", ()) if not step["ok"]), STAGES[0])
    known = {"checkout": "predeploy", "prepare": "build", "ladder": "build", "build gate": "build", "logs": "build"}
    known |= {"backup": "build", "proof": "build", "rehearsal": "build"}
    return known.get(red, red)


def _name(cause: Mapping[str, Any]) -> str:
    """A check's code, or the name of one that has none."""
    return str(cause["code"] or cause["id"].rpartition("::")[2]).partition("[")[0]


def _said(record: Mapping[str, Any]) -> str:
    """How a run ended, and what each red check found."""
    causes = (f"{cause['code']}: {cause['found']}" for cause in record.get("causes", ()))
    return "\n    ".join([f"{record.get('ending', '')} {record.get('reason', '')}", *causes])


def _fill(path: Path, words: Mapping[str, str]) -> None:
    text = path.read_text(encoding="utf-8")
    for old, new in words.items():
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
