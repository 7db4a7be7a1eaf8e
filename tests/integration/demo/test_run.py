"""``gonogo demo`` as a person runs it: to its end, and stopped on its way."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

import psutil
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.integration, pytest.mark.timeout(480)]

COMMAND = (sys.executable, "-m", "gonogo", "demo")
ENOUGH = 420


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A folder for temporary files that nobody may enter; pytest's own are closed."""
    folder = Path(tempfile.mkdtemp(prefix="gonogo-demo-test-"))
    folder.chmod(0o711)
    yield folder
    for process in left_over(folder):
        process.kill()
    shutil.rmtree(folder)


def left_over(temporary: Path) -> list[psutil.Process]:
    """The processes that know the folder: its name is in their environment, arguments or working folder."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            known = (*process.environ().values(), *process.cmdline(), process.cwd())
            if process.pid != os.getpid() and any(str(temporary) in word for word in known):
                found.append(process)
    return found


def start(temporary: Path, folder: Path, *options: str) -> subprocess.Popen[str]:
    """The demo, called from a folder."""
    return subprocess.Popen(
        (*COMMAND, *options),
        cwd=folder,
        env={**os.environ, "TMPDIR": str(temporary)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def read_until(stream: IO[str], words: str) -> str:
    """What was said up to the line with these words."""
    said = ""
    for line in stream:
        said += line
        if words in line:
            return said
    pytest.fail(f"the demo never said {words!r}:\n{said}")


@pytest.mark.thorough
def test_three_deployments_and_one_that_never_gets_its_turn(temporary: Path, tmp_path: Path) -> None:
    """GO, GO and NO-GO; version 2 serves the notes, no request was lost; reports are left, and nothing else."""
    process = start(temporary, tmp_path)
    said, _ = process.communicate(timeout=ENOUGH)

    assert process.returncode == 0, said
    assert [line.split()[0] for line in said.splitlines() if re.match(r"(GO|NO-GO|REVERTED)\b", line)][:3] == [
        "GO",
        "GO",
        "NO-GO",
    ], said
    assert "GET /notes    200, the same 4 notes as before" in said
    assert re.search(r"GET / {9}[1-9]\d* requests of a visitor meanwhile, none of them lost", said), said
    assert left_over(temporary) == []
    assert list(temporary.iterdir()) == []
    runs = sorted((tmp_path / "reports" / "demo").iterdir())
    gates = ("postdeploy.html", "postdeploy.html", "beside.html")
    assert [(run / gate).is_file() for run, gate in zip(runs, gates, strict=True)] == [True, True, True]
    assert all(f"    {run}/index.html\n" in said for run in runs)


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        ("Set up", signal.SIGINT),
        pytest.param("$ gonogo deploy --env demo --ref v1", signal.SIGTERM, marks=pytest.mark.thorough),
        pytest.param("predeploy ", signal.SIGHUP, marks=pytest.mark.thorough),
        pytest.param("migrate ", signal.SIGTERM, marks=pytest.mark.thorough),
        pytest.param("start-beside ", signal.SIGINT, marks=pytest.mark.thorough),
        pytest.param("$ gonogo deploy --env demo --ref v2", signal.SIGINT, marks=pytest.mark.thorough),
    ],
)
def test_a_signal_stops_everything(moment: str, number: signal.Signals, temporary: Path, tmp_path: Path) -> None:
    """At whatever moment it arrives: exit 2, no process is left and no temporary file."""
    process = start(temporary, tmp_path)
    assert process.stdout is not None
    said = read_until(process.stdout, moment)
    process.send_signal(number)
    rest, _ = process.communicate(timeout=ENOUGH)

    assert process.returncode == 2, said + rest
    assert rest.splitlines()[-1] == f"interrupted by {number.name}: what the demo started is stopped"
    assert left_over(temporary) == []
    assert list(temporary.iterdir()) == []


@pytest.mark.thorough
def test_keep_leaves_the_folder_and_no_process(temporary: Path, tmp_path: Path) -> None:
    """With --keep the repository, the database and the logs stay, and their place is said."""
    process = start(temporary, tmp_path, "--keep")
    assert process.stdout is not None
    read_until(process.stdout, "Version 1")
    process.terminate()
    rest, _ = process.communicate(timeout=ENOUGH)

    (home,) = temporary.iterdir()
    assert f"Kept as asked: {home}" in rest.splitlines()
    assert {"guestbook", "postgres"} <= {path.name for path in home.iterdir()}
    assert left_over(temporary) == []


def test_without_git_it_says_so_before_anything_starts(temporary: Path, tmp_path: Path) -> None:
    """Exit 4 and one line."""
    environ = {**os.environ, "TMPDIR": str(temporary), "PATH": "/nowhere"}

    done = subprocess.run(COMMAND, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False, timeout=60)

    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == "gonogo demo: found no program git, expected one on the PATH. Install git.\n"
    assert list(temporary.iterdir()) == []
