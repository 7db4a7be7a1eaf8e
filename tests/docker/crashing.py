"""A small application under Compose whose runs are killed at a line of their journal, and what is left of it."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker
import psutil
from docker.models.containers import Container

from gonogo.commands.status import status
from gonogo.records.status import EnvStatus
from gonogo.runtimes.compose.engine import SCRATCH_LABEL
from gonogo.state.journal import read_journal
from gonogo.state.store import State

from . import small
from .stack import Ended, Stack, tags

__all__ = ["Crashing", "Line", "command_of"]

Line = dict[str, Any]

_DRIVER = Path(__file__).with_name("driver.py")
_SECONDS = 15


class Crashing:
    """A release that serves, and others that are deployed again and again; ``pytest -s`` shows the table."""

    def __init__(self, app: Stack, engine: docker.DockerClient) -> None:
        """Deploy the files as they stand; its gates' answers are kept for the deployments that are killed."""
        self.app = app
        self.state = State(app.state)
        self._engine = engine
        app.commit("one")
        ended = app.deploy()
        assert ended.code == 0, ended
        self.first = str(ended.document["release"])
        self.replay = self._answers(self.first)

    def _answers(self, run: str) -> Path:
        """What the gates said; the release that serves says in a baseline what it said in its own gate."""
        folder = self.app.root.parent / "answers"
        folder.mkdir()
        for name, known in (("predeploy",) * 2, ("build gate",) * 2, ("baseline", "postdeploy")):
            shutil.copy(self.state.run_folder(run) / f"{known}.json", folder / f"{name}.json")
        return folder

    def lines(self, run: str) -> list[Line]:
        """The journal of a run."""
        return read_journal(self.state.run_folder(run) / "journal.jsonl")

    def crash(self, at: str, edge: str, *arguments: str, pause: float = 0.0, real: str = "") -> None:
        """Run a command that kills itself there; the gate ``real`` is asked in earnest."""
        done = self.drive(at, edge, *arguments, pause=pause, real=real)
        assert done.returncode == -signal.SIGKILL, f"{at} {edge}: {done}"

    def drive(
        self, at: str, edge: str, *arguments: str, pause: float = 0.0, real: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a command under the driver; where ``at`` names no line that comes, to its end."""
        process = self.begin(at, edge, *arguments, pause=pause, real=real)
        out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def kill_when(self, ready: Callable[[], object], *arguments: str, real: str) -> None:
        """Run a command, and kill it with everything that it started as soon as something is so (bounded)."""
        process = self.begin("never", "after", *arguments, pause=0.0, real=real)
        deadline = time.monotonic() + 60
        while not ready():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        for one in family:
            one.kill()
        process.communicate(timeout=30)

    def begin(self, at: str, edge: str, *arguments: str, pause: float = 0.0, real: str = "") -> subprocess.Popen[str]:
        """Start a command under the driver and go on."""
        environ = {
            **self.app.environ(),
            "GONOGO_REAL": real or at.partition("/")[0],
            "GONOGO_PAUSE": str(pause),
            "GONOGO_REPLAY": str(self.replay),
        }
        argv = self.app.place(sys.executable, "-P", str(_DRIVER), at, edge, *arguments, "--env", "staging")
        return subprocess.Popen(
            argv, cwd=self.app.root, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def deploy_until(self, at: str, edge: str, *, pause: float = 0.0, real: str = "") -> None:
        """Deploy HEAD and die."""
        self.crash(at, edge, "deploy", "--force", "--reason", "a test", pause=pause, real=real)

    def status(self) -> EnvStatus:
        """What ``gonogo status`` says."""
        return status(self.app.root, "staging")[0]

    def run(self, *arguments: str) -> tuple[Ended, dict[str, Any]]:
        """A whole command and its record."""
        ended = self.app.gonogo(*arguments, "--env", "staging", "--json")
        return ended, json.loads(ended.out) if ended.out.strip() else {}

    def left(self, *, serving: str | None) -> list[str]:
        """Everything that is not as it should be when a release serves and nothing goes on."""
        return [*self._runtime(serving), *self._memory(serving), *self._git()]

    def _runtime(self, serving: str | None) -> list[str]:
        wrong = []
        answer = small.serving(self.app)
        if answer != serving:
            wrong.append(f"answers: {answer}, expected {serving}")
        wanted = {"web": self.app.release(serving)["images"]["web"]} if serving else {}
        seen = [(one.name, one.status, one.attrs["Image"]) for one in self.containers()]
        expected = [(f"{self.app.project}-{name}-1", "running", image) for name, image in wanted.items()]
        if seen != expected:
            wrong.append(f"containers: {seen}, expected {expected}")
        networks = [one.name for one in self._engine.networks.list(names=[self.app.project])]
        if networks != ([f"{self.app.project}_default"] if serving else []):
            wrong.append(f"networks: {networks}")
        deadline = time.monotonic() + _SECONDS
        while (found := self.processes()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return [*wrong, *(f"process: {one}" for one in found)]

    def _memory(self, serving: str | None) -> list[str]:
        wrong = [f"run: {run}" for run in (*self.state.cut_off(), *self.state.cut_off(touched=False))]
        wrong += [f"file: {name}" for name in ("lock", "reserve") if (self.app.state / name).exists()]
        current = self.state.current()
        if (current.id if current else None) != serving:
            wrong.append(f"current: {current.id if current else None}, expected {serving}")
        return wrong

    def _git(self) -> list[str]:
        """Folders and tags are those of the releases that are kept; the checkout has no worktrees."""
        worktrees = self.app.git("worktree", "list", "--porcelain").split("\n\n")
        kept = {path.parent for path in self.app.state.glob("releases/*/release.json")}
        wrong = []
        wrong += [f"worktree: {one}" for one in worktrees[1:]]
        folders = set(self.app.state.glob("releases/*"))
        if folders != kept:
            wrong.append(f"folders: {sorted(path.name for path in folders - kept)}")
        mine = {tag for tag in tags(self._engine) if tag.startswith(self.app.project)}
        extra = mine - {f"{self.app.project}-web:{folder.name}" for folder in kept}
        if extra:
            wrong.append(f"tags: {sorted(extra)}")
        return wrong

    def processes(self) -> list[str]:
        """Every process of this machine, outside containers, that names the folder, the project, or runs there."""
        found = []
        for process in psutil.process_iter(["cmdline", "cwd", "status"]):
            facts = process.info
            words = " ".join(facts["cmdline"] or ())
            ours = str(self.app.root.parent) in words or self.app.project in words
            ours = ours or (facts["cwd"] or "").startswith(str(self.app.root.parent))
            if ours and facts["status"] != psutil.STATUS_ZOMBIE:
                found.append(f"{process.pid}: {words}")
        return found

    def containers(self) -> list[Container]:
        """Every container, whatever its state, that has to do with this application: scratch containers as well."""
        found = self._engine.containers.list(all=True, ignore_removed=True)
        return [one for one in found if self.app.project in json.dumps(one.attrs)]

    def scratch(self) -> list[str]:
        """Scratch containers of this application's gates."""
        return [one.name or "" for one in self.containers() if SCRATCH_LABEL in one.labels]

    def row(self, line: Line, edge: str, *words: object) -> None:
        """One row about one line of a journal."""
        self.note(f"{line['step'] or '(run)'}: {line['event']} {command_of(line)} {edge}", *words)

    def note(self, where: str, *words: object) -> None:
        """One row of the table."""
        print(f"{where:<48} {'  '.join(map(str, words))}", flush=True)  # noqa: T201 (pytest -s shows it)


def command_of(line: Line) -> str:
    """What a line's command does, in few words."""
    words = str(line.get("argv", "")).split()
    if "-m" in words and "pytest" in words:
        return "pytest"
    known = ("build", "up", "run", "exec", "ps", "inspect", "logs", "config", "version", "init", "reset", "stop")
    return next((word for word in words if word in known), "")
