"""A real registry on loopback, to which images are pushed as CI does."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from gonogo.demo.ports import free_port

__all__ = ["REVISION", "Registry", "docker", "registry_in"]

REVISION = "org.opencontainers.image.revision"
CONFIG = """\
version: 0.1
log: {level: error}
storage:
  filesystem: {rootdirectory: @FOLDER@}
  delete: {enabled: true}
http: {addr: "127.0.0.1:@PORT@"}
"""
LOCKED = 'auth: {silly: {realm: "http://127.0.0.1:@PORT@/v2/", service: locked}}\n'
"""Whoever brings no word of a login is refused."""
_SECONDS = 20


def docker(*words: str) -> str:
    """What the docker command says; it must go well."""
    done = subprocess.run(["docker", *words], check=False, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


class Registry:
    """One registry process; its images go with its folder."""

    def __init__(self, folder: Path, *, locked: bool = False) -> None:
        """Nothing is started yet."""
        self.port = free_port()
        self.folder = folder
        text = CONFIG + (LOCKED if locked else "")
        folder.mkdir(parents=True)
        (folder / "config.yml").write_text(
            text.replace("@FOLDER@", str(folder / "images")).replace("@PORT@", str(self.port)), encoding="utf-8"
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def host(self) -> str:
        """What images begin with."""
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        with (self.folder / "log").open("ab") as log:
            argv = [_program(), "serve", str(self.folder / "config.yml")]
            self._process = subprocess.Popen(argv, stdout=log, stderr=log, env={"PATH": os.environ["PATH"]})
        deadline = time.monotonic() + _SECONDS
        while time.monotonic() < deadline:
            try:
                httpx.get(f"http://{self.host}/v2/", trust_env=False)
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError(f"{self.host}: {(self.folder / 'log').read_text()}")

    def stop(self) -> None:
        """Ends it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(_SECONDS)
            self._process = None

    def push(self, name: str, context: Path, *options: str) -> str:
        """Builds an image as CI would, pushes it, and forgets it here; returns its digest."""
        reference = f"{self.host}/{name}"
        docker("build", "--quiet", "--tag", reference, *options, str(context))
        said = docker("push", reference)
        docker("image", "rm", "--no-prune", reference)
        return next(word for word in said.split() if word.startswith("sha256:") and len(word) > 70)


def _program() -> str:
    found = next(filter(None, map(shutil.which, ("docker-registry", "registry"))), None)
    if found is None and os.environ.get("GONOGO_REQUIRE_REGISTRY") == "1":
        pytest.fail("no docker-registry on PATH; GONOGO_REQUIRE_REGISTRY=1 asks for one", pytrace=False)
    if found is None:
        pytest.skip("no docker-registry on PATH (Debian: docker-registry)")
    return found


@contextmanager
def registry_in(folder: Path, *, locked: bool = False) -> Iterator[Registry]:
    """A registry that answers, and is ended at the end."""
    made = Registry(folder, locked=locked)
    made.start()
    try:
        yield made
    finally:
        made.stop()
