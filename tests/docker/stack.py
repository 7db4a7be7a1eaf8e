"""A repository of its own, deployed under Compose by the real command line, and removed by exact names."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import httpx
from docker.errors import ImageNotFound
from docker.models.containers import Container

from gonogo.demo.ports import free_port
from gonogo.runtimes.compose.engine import SCRATCH_LABEL
from tests.support.gates import IDENTITY

__all__ = ["Ended", "Stack", "stack", "tags"]

_SECONDS = 240


def tags(engine: docker.DockerClient) -> list[str]:
    """The tags of all images; each image asked by itself may be gone by then, by another test."""
    return [tag for image in engine.api.images() for tag in image["RepoTags"] or ()]


@dataclass(frozen=True)
class Ended:
    """How a command ended; its representation is all of it, for a failed assertion."""

    code: int
    out: str
    err: str

    def __repr__(self) -> str:
        """Everything that was printed."""
        return f"exit {self.code}\n{self.out[-6000:]}\n{self.err}"

    @property
    def document(self) -> Any:
        """What ``--json`` printed."""
        return json.loads(self.out)


class Stack:
    """One application in a throwaway repository, one Compose project, one state folder."""

    def __init__(self, folder: Path, engine: docker.DockerClient, name: str) -> None:
        """Nothing is written or started yet."""
        self.root = folder / "repository"
        self.state = folder / "state"
        self.project = f"gonogo{name}-{secrets.token_hex(4)}"
        self.port = free_port()
        self._engine = engine

    def create(self, files: Mapping[str, str] | Path) -> None:
        """Make the repository, of files or of the tracked files of a folder; nothing is committed."""
        if isinstance(files, Path):
            listed = subprocess.run(["git", "ls-files", "-z"], cwd=files, check=True, capture_output=True, text=True)
            for name in filter(None, listed.stdout.split("\0")):
                (self.root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(files / name, self.root / name)
        else:
            self.root.mkdir(parents=True)
            self.write(files)
        self.git("init", "--quiet", "--initial-branch", "main")

    def git(self, *arguments: str) -> str:
        """Ask git."""
        environ = {**os.environ, **IDENTITY}
        command = ["git", *arguments]
        done = subprocess.run(command, cwd=self.root, env=environ, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def write(self, files: Mapping[str, str]) -> None:
        """Write files; nothing is committed."""
        for name, text in files.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text, encoding="utf-8")

    def replace(self, name: str, old: str, new: str, *, times: int = 1) -> None:
        """Change one place of one file, or as many as are said."""
        text = (self.root / name).read_text(encoding="utf-8")
        assert text.count(old) == times, f"{name}: found {text.count(old)} times {old!r}"
        (self.root / name).write_text(text.replace(old, new), encoding="utf-8")

    def commit(self, message: str) -> str:
        """Commit everything; returns the commit's short id."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD")[:7]

    def start(self, *arguments: str, environ: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Start the command line and go on; ``environ`` is added to its variables."""
        return subprocess.Popen(
            self.place(sys.executable, "-P", "-m", "gonogo", *arguments),
            cwd=self.root,
            env={**self.environ(), **(environ or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def place(self, *argv: str) -> list[str]:
        """A command where this application's ports answer: on this machine."""
        return list(argv)

    def environ(self) -> dict[str, str]:
        """What commands are given: nothing of the tests that run here."""
        outer = ("PYTEST_", "GONOGO_", "COV_", "COLUMNS")
        return {name: value for name, value in os.environ.items() if not name.startswith(outer)}

    def finish(self, process: subprocess.Popen[str]) -> Ended:
        """Wait for a started command; one that has no end is killed with what it started."""
        try:
            out, err = process.communicate(timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
        return Ended(process.returncode, out, err)

    def gonogo(self, *arguments: str) -> Ended:
        """Run the command line to its end."""
        return self.finish(self.start(*arguments))

    def deploy(self, *arguments: str) -> Ended:
        """Deploy HEAD."""
        return self.gonogo("deploy", "--env", "staging", "--json", *arguments)

    def wait_for(self, *words: str, seconds: float = 90) -> None:
        """Wait until the newest journal has a line with all these words (bounded)."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            newest = max(self.state.glob("runs/*/journal.jsonl"), default=None)
            lines = newest.read_text(encoding="utf-8").splitlines() if newest else []
            if any(all(word in line for word in words) for line in lines):
                return
            time.sleep(0.05)
        raise AssertionError(f"no journal line has {words} after {seconds:g} s")

    def containers(self) -> dict[str, Container]:
        """Service → its one container, whatever its state."""
        listed = self._engine.containers.list(all=True, filters=self._mine())
        found = [one for one in listed if SCRATCH_LABEL not in one.labels]  # it has its image's labels
        named = {container.labels["com.docker.compose.service"]: container for container in found}
        assert len(named) == len(found), f"several containers of one service: {[one.name for one in found]}"
        return named

    def lives(self) -> dict[str, tuple[str, str]]:
        """Service → its container's id and when that was started: equal before and after is untouched."""
        return {
            service: (str(container.id), container.attrs["State"]["StartedAt"])
            for service, container in self.containers().items()
        }

    def images(self) -> dict[str, str]:
        """Service → the id of the image that its container runs."""
        return {service: container.attrs["Image"] for service, container in self.containers().items()}

    def client(self, **options: Any) -> httpx.Client:
        """A client of the public URL."""
        return httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=10, trust_env=False, **options)

    def release(self, name: str) -> dict[str, Any]:
        """What the state folder says of a release."""
        found: dict[str, Any] = json.loads((self.state / "releases" / name / "release.json").read_text())
        return found

    def _mine(self) -> dict[str, str | list[str] | bool]:
        return {"label": f"com.docker.compose.project={self.project}"}

    def remove(self) -> None:
        """Remove the project's containers, volumes, networks and images, and no others."""
        for container in self._engine.containers.list(all=True, filters=self._mine()):
            container.remove(force=True, v=True)
        for volume in self._engine.volumes.list(filters=self._mine()):
            volume.remove(force=True)
        for network in self._engine.networks.list(filters=self._mine()):
            network.remove()
        for tag in tags(self._engine):
            if tag.startswith((f"{self.project}-", f"{self.project}:")):
                self._remove_image(tag)

    def _remove_image(self, tag: str) -> None:
        try:
            self._engine.images.remove(tag, force=True)
        except ImageNotFound:
            return


@contextmanager
def stack(folder: Path, engine: docker.DockerClient, name: str) -> Iterator[Stack]:
    """A stack that is removed at the end, whatever happened."""
    made = Stack(folder, engine, name)
    try:
        yield made
    finally:
        made.remove()
