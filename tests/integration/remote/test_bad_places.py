"""Folders on a host that take nothing."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gonogo.inspection.probe_answers import script
from tests.support.sshd import Server

from .conftest import GREEN, Far

pytestmark = pytest.mark.thorough

Mount = Callable[[Path, str], None]
RUN = "import sys; sys.exit(5)"


@pytest.fixture
def mount() -> Iterator[Mount]:
    """Puts a file system in memory over a folder."""
    made: list[Path] = []

    def over(folder: Path, options: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        argv = ["mount", "-t", "tmpfs", "-o", options, "gonogo-test", str(folder)]
        if os.geteuid() or subprocess.run(argv, check=False, capture_output=True).returncode:
            pytest.skip("nothing may be mounted here")
        made.append(folder)

    yield over
    for folder in made:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _fill(file: io.FileIO) -> None:
    while True:
        file.write(bytes(4096))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("ro", "found no right to use it (Read-only file system), expected one."),
        ("size=16k", "o space left"),
    ],
)
def test_a_state_folder_that_takes_nothing_is_one_message(
    tmp_path: Path, server: Server, mount: Mount, options: str, said: str
) -> None:
    """Nothing is started there; what is wrong is said once, with its place."""
    far = Far(tmp_path, server)
    far.configure()
    far.pages(GREEN)
    mount(far.state, options)
    ended = far.gonogo("deploy", "--env", "test")
    far.close()

    assert ended.code == 1, ended
    assert said in ended.err
    assert str(far.state) in ended.err
    assert "Traceback" not in ended.err


def test_a_full_disk_does_not_hide_how_a_run_ended(tmp_path: Path, mount: Mount) -> None:
    """What was set aside for that is given back: the exit code is noted."""
    folder = tmp_path / "full"
    mount(folder, "size=512k")
    package = tmp_path / "packages/gonogo"
    package.mkdir(parents=True)
    (package / "__main__.py").write_text(RUN)
    (folder / "work").mkdir()
    run = {
        "words": [],
        "environ": {"PYTHONPATH": str(package.parent)},
        "prefix": "",
        "asks": False,
        "guard": False,
        "python": sys.executable,
        "repository": str(tmp_path / "none.git"),
    }
    (folder / "run.json").write_text(json.dumps(run))
    (folder / "keeper.py").write_text(script("keeper.py"))
    (folder / "room").write_bytes(bytes(64 * 1024))
    for name in ("out", "err"):
        (folder / name).touch()
    with (folder / "alive").open("w") as held, (folder / "fill").open("wb", buffering=0) as fill:
        with pytest.raises(OSError, match="No space left"):
            _fill(fill)
        argv = [sys.executable, str(folder / "keeper.py"), str(folder), "keep", str(held.fileno())]
        subprocess.run(argv, check=True, pass_fds=[held.fileno()], timeout=60, capture_output=True)

    assert json.loads((folder / "status.json").read_text()) == {"code": 5, "signal": 0}
