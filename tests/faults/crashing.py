"""An application whose deployments are killed at a line of their journal, and what is left of it afterwards."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from gonogo.commands.status import status
from gonogo.records.status import EnvStatus
from gonogo.state.journal import read_journal
from gonogo.state.store import State
from tests.integration.deploy.conftest import GREEN, App, Ended
from tests.support.sites import eventually

__all__ = ["BROKEN", "SECOND", "Crashing"]

DRIVER = Path(__file__).with_name("driver.py")
SECOND = {**GREEN, "/second": (200, "second")}
BROKEN = {**GREEN, "/page": (500, "boom")}
_OPTIONS = 'attempts = 1\nkeep = 2\nmax_downtime = "1h"'


@dataclass
class Crashing:
    """A first release that serves, a second one that is deployed again and again, and the table of what happened."""

    folder: Path
    table: list[str] = field(default_factory=list)
    first_deploy: bool = True
    tables: str = ""
    options: str = ""

    def __post_init__(self) -> None:
        """Deploy the first release."""
        self.folder.mkdir()
        self.app = App(self.folder)
        self.app.configure(options=f"{_OPTIONS}\n{self.options.format(port=self.app.port)}", tables=self.tables)
        text = (self.app.root / "gonogo.toml").read_text().replace('stable_for = "200ms"', 'stable_for = "100ms"')
        (self.app.root / "gonogo.toml").write_text(text)
        self.prepare()
        self.app.commit("configure")
        self.state = State(self.app.state)
        self.mark = self.folder / "mark"
        self.first = ""
        self.replay: Path | None = None
        if self.first_deploy:
            ended, record = self.app.deploy()
            assert ended.code == 0, ended
            self.first = str(record["release"])

    def prepare(self) -> None:
        """What else the first release has."""

    def learn(self, pages: dict[str, tuple[int, str]], *, code: int) -> list[dict[str, Any]]:
        """Commit a second release, deploy it to its end, and return the lines of the journal."""
        self.app.pages(pages)
        ended, record = self.app.deploy()
        assert ended.code == code, ended
        self.replay = self.state.run_folder(str(record["run"]))
        lines = read_journal(self.replay / "journal.jsonl")
        if code == 0:
            self.go_back()
        return lines

    def go_back(self) -> None:
        """Put the first release back, after one that went GO."""
        ended = self.app.gonogo("rollback", "--env", "test", "--to", self.first)
        assert ended.code == 0, ended

    def crash(self, at: int, edge: str, *arguments: str, real: str = "") -> None:
        """Run a command that kills itself there."""
        ended = self.drive(at, edge, *arguments, real=real)
        assert ended.code == -signal.SIGKILL, f"line {at}: {ended}"

    def drive(self, at: int | str, edge: str, *arguments: str, real: str = "") -> Ended:
        """Run a command to which something happens at a line of its journal."""
        self.mark.unlink(missing_ok=True)
        environment = {**os.environ, "GONOGO_REAL": real, "GONOGO_MARK": str(self.mark)}
        if self.replay is not None:
            environment["GONOGO_REPLAY"] = str(self.replay)
        command = [sys.executable, "-P", str(DRIVER), str(at), edge, *arguments, "--env", "test"]
        done = subprocess.run(
            command, cwd=self.app.root, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def deploy_until(self, at: int, edge: str, lines: list[dict[str, Any]]) -> None:
        """Deploy the second release and die."""
        self.crash(at, edge, "deploy", "--force", "--reason", "a test", real=lines[at]["step"])

    def rollback_lines(self) -> list[dict[str, Any]]:
        """The journal of the newest rollback."""
        return read_journal(max(self.app.state.glob("runs/*-rollback/journal.jsonl")))

    def kill_at(self, step: str) -> None:
        """Deploy for real and kill the wrapper from outside when a step begins."""
        known = set(self.state.runs())
        process = self.app.start("deploy", "--env", "test")
        eventually(lambda: self._began(step, known), within=60)
        process.kill()
        process.communicate()
        assert self.status().unfinished is not None

    def _began(self, step: str, known: set[str]) -> bool:
        """Whether a new run's journal says so."""
        folders = [self.state.run_folder(run) for run in self.state.runs() if run not in known]
        lines = [line for folder in folders for line in read_journal(folder / "journal.jsonl")]
        return any((line["step"], line["event"]) == (step, "step-began") for line in lines)

    def status(self) -> EnvStatus:
        """What ``gonogo status`` says."""
        return status(self.app.root, "test")[0]

    def run(self, *arguments: str) -> tuple[int, dict[str, Any], str]:
        """A whole command: exit code, record, everything that it said."""
        ended = self.app.gonogo(*arguments, "--env", "test", "--json")
        return ended.code, json.loads(ended.out) if ended.out.strip() else {}, ended.err

    def serving(self) -> str | None:
        """The release that answers."""
        answer = self.app.ask()
        return str(answer[1]["release"]) if answer else None

    def assert_clean(self) -> None:
        """Nothing is left of a run that was killed: no lock, no open journal, no process but the one that serves."""
        assert not self.state.lock.exists()
        assert self.state.cut_off() == []
        assert self.state.cut_off(touched=False) == []
        deadline = time.monotonic() + 10
        while len(found := self.processes()) != 1 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(found) == 1, found
        assert self.app.git("worktree", "list").count("\n") == 0
        kept = {path.parent.name for path in self.app.state.glob("releases/*/release.json")}
        assert {path.name for path in self.app.state.glob("releases/*")} == kept
        assert not (self.app.state / "reserve").exists()

    def processes(self) -> list[str]:
        """Every process that runs in the folder or names it."""
        found = []
        for process in psutil.process_iter(["cmdline", "cwd", "status"]):
            facts = process.info
            words = " ".join(facts["cmdline"] or ())
            ours = str(self.folder) in words or (facts["cwd"] or "").startswith(str(self.folder))
            if ours and facts["status"] != psutil.STATUS_ZOMBIE:
                found.append(f"{process.pid}: {words}")
        return found

    def note(self, line: dict[str, Any], *words: object) -> None:
        """One row of the table."""
        where = f"{line['step'] or '(run)'}: {line['event']}"
        self.table.append(f"{where:<32} {'  '.join(map(str, words))}")
