"""The Docker Engine's disk is full while a release is deployed: the exit code is true, and the old release serves.

``GONOGO_ALL_CRASHES=1`` fills it in more places, and the state's and temporary files' disk with it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from .crashing import Crashing
from .own_engine import OwnEngine
from .stack import Ended

__all__: list[str] = []

ALL = bool(os.environ.get("GONOGO_ALL_CRASHES"))
pytestmark = [
    pytest.mark.xdist_group("engine-restarts"),
    pytest.mark.timeout(1800 if ALL else 300),
    pytest.mark.thorough,
]
every = pytest.mark.skipif(not ALL, reason="GONOGO_ALL_CRASHES=1 fills it in more places")

_BIG = "RUN head -c 200000000 /dev/urandom > /srv/big\n"
_WRITES = """\
def do_GET(self, answer=Page.do_GET):
    if self.path == "/page":
        try:
            with open("/@FOLDER@/written", "ab", buffering=0) as stream:
                for _ in range(64):
                    assert stream.write(bytes(1 << 20)) == 1 << 20
        except (OSError, AssertionError):
            PAGES["/page"] = 500
    answer(self)


Page.do_GET = do_GET
if __name__ == "__main__":
"""
"""Writes 64 MiB more when its page is asked for, and answers 500 where they do not fit."""


@dataclass(frozen=True)
class Full:
    """Deployments on an engine without room."""

    crashing: Crashing
    own: OwnEngine
    shared: bool
    """Whether the state and temporary files stand on the same disk."""

    def commit(self, changes: Mapping[str, tuple[str, str]]) -> None:
        """Another commit: the first release with these changes."""
        app = self.crashing.app
        app.git("checkout", "-q", "-B", "main", app.release(self.crashing.first)["commit"])
        for name, (old, new) in changes.items():
            app.replace(name, old, new)
        app.commit("another")

    def deploy(self, *, real: str = "postdeploy") -> tuple[Ended, dict[str, Any]]:
        """Deploy HEAD, without force."""
        done = self.crashing.drive("never", "after", "deploy", "--json", real=real)
        ended = Ended(done.returncode, done.stdout, done.stderr)
        return ended, json.loads(ended.out)


@pytest.fixture(params=["the Engine's disk", pytest.param("one disk for all", marks=every)])
def full(
    apart: tuple[Crashing, OwnEngine], request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Full]:
    """An engine whose disk may be full, and an application on it with one good release, which each test leaves serving.

    The state and temporary files are elsewhere, or, as on a small server, on the same disk.
    """
    crashing, own = apart
    if not own.data.is_mount():
        pytest.skip("a file system of its own can be mounted by root alone")
    if request.param == "the Engine's disk":
        yield Full(crashing, own, shared=False)
        return
    with moved(crashing.app.state, own.data / "state"):
        (own.data / "temporary").mkdir(exist_ok=True)
        monkeypatch.setenv("TMPDIR", str(own.data / "temporary"))
        yield Full(crashing, own, shared=True)


@contextmanager
def moved(place: Path, to: Path) -> Iterator[None]:
    """A folder has its old path, and stands on another file system."""
    shutil.copytree(place, to, symlinks=True)
    subprocess.run(["mount", "--bind", str(to), str(place)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True)
        shutil.rmtree(place)
        shutil.move(to, place)


def test_layer_that_does_not_fit_changes_nothing(full: Full) -> None:
    """Exit 1; the message says that a disk is full and what to do, and nothing of the build is left."""
    full.commit({"Dockerfile": ("COPY app ./\n", f"COPY app ./\n{_BIG}")})
    with full.own.room(60):
        ended, record = full.deploy()

    assert ended.code == 1, ended
    assert record["ending"] == (
        f"NO-GO before the first touch: nothing that serves was changed; {full.crashing.first[-7:]} still serves"
    )
    assert record["reason"].startswith(
        "found a full disk, expected room. Free some (df -h; docker system df), then try again. `docker compose "
    )
    assert full.crashing.app.release(record["release"])["bad"] is None
    assert full.crashing.left(serving=full.crashing.first) == []


@pytest.mark.parametrize("folder", ["tmp", pytest.param("data", marks=every)])
def test_release_that_fills_the_disk_is_turned_back(full: Full, folder: str) -> None:
    """Exit 1, proven: its container goes first, since none can be made beside it; the release is not called bad."""
    crashing = full.crashing
    full.commit({"app/server.py": ('if __name__ == "__main__":\n', _WRITES.replace("@FOLDER@", folder))})
    with full.own.room(40):
        red, record = full.deploy()
        left = crashing.left(serving=crashing.first)

    assert red.code == 1, red
    assert record["ending"].startswith(f"REVERTED to {crashing.first[-7:]}")
    assert record["verified"]["exitstatus"] == 0
    assert left == []
    assert crashing.app.release(record["release"])["bad"] is None
    if full.shared:  # the gate's own results had no room, and what was kept for the rollback is room for the Engine too
        return
    assert any("is not called bad: the disk of the Docker Engine" in note for note in record["notes"])
    assert (
        f"The disk was full, so that what {record['release'][-7:]} ran was removed first, to make room: "
        f"{crashing.app.project}-web-1."
    ) in record["notes"]


@every
def test_release_that_filled_the_disk_is_deployed_again(full: Full) -> None:
    """With room the same commit goes GO, and nobody has to force it."""
    crashing = full.crashing
    full.commit({"app/server.py": ('if __name__ == "__main__":\n', _WRITES.replace("@FOLDER@", "tmp"))})
    with full.own.room(40):
        red, _ = full.deploy()
    again, record = full.deploy()
    back, _ = crashing.run("rollback", "--to", crashing.first)

    assert (red.code, again.code, back.code) == (1, 0, 0), (red, again, back)
    assert record["ending"].startswith("GO")
    assert crashing.left(serving=crashing.first) == []
