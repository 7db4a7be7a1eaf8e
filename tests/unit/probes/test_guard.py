"""Who takes over where a run on a host is killed."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from gonogo.inspection.probe_answers import script
from gonogo.probes import agent
from tests.unit.runtimes.compose.test_cli import program

SECONDS = 30.0
STANDS_IN = """\
import sys
open(sys.argv[1] + "/guarded", "a").write(sys.argv[2])
"""
RUN = """\
import os, sys
print(" ".join(sys.argv[1:]), flush=True)
"""


def wait_for(path: Path) -> str:
    """What a file says once it is there (bounded)."""
    deadline = time.monotonic() + SECONDS
    while not path.exists() or not path.read_text():
        assert time.monotonic() < deadline, path
        time.sleep(0.02)
    return path.read_text()


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # it outlives who started it
@pytest.mark.parametrize("code", [0, 1])
def test_systemd_starts_it_where_that_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """In a unit of its own, apart from the run's group; where it does not answer, in a session of its own."""
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "keeper.py").write_text(STANDS_IN)
    program(tmp_path, "systemd-run", f'echo "$@" > {tmp_path}/asked', f"exit {code}")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    agent.start_guard(folder)

    words = [
        "--quiet",
        "--collect",
        "--unit=gonogo-run",
        sys.executable,
        str(folder / "keeper.py"),
        str(folder),
        "guard",
    ]
    assert wait_for(tmp_path / "asked").split() == words
    if code:
        assert wait_for(folder / "guarded") == "guard"
    else:
        assert not (folder / "guarded").exists()


def guarded(folder: Path, *, noted: bool) -> dict[str, Any]:
    """How it is noted that a run ended whose lock was let go of, with or without a note of its own."""
    package = folder / "packages"
    (package / "gonogo").mkdir(parents=True)
    (package / "gonogo/__main__.py").write_text(RUN)
    for name in ("work", "out", "err", "alive"):
        (folder / name).mkdir() if name == "work" else (folder / name).touch()
    run = {
        "words": ["deploy", "--env", "prod", "--json", "--reason", "x"],
        "environ": {},
        "prefix": "",
        "asks": False,
        "guard": True,
        "python": sys.executable,
        "repository": str(folder / "none.git"),
        "around": {"PYTHONPATH": str(package)},
    }
    (folder / "run.json").write_text(json.dumps(run))
    (folder / "keeper.py").write_text(script("keeper.py"))
    with (folder / "alive").open("r+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        guard = subprocess.Popen([sys.executable, str(folder / "keeper.py"), str(folder), "guard"])
        deadline = time.monotonic() + SECONDS
        while not agent.is_held(folder / "guard"):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        assert agent.goes_on(folder)
        if noted:
            (folder / "status.json").write_text('{"code": 1, "signal": 0}')
    assert guard.wait(SECONDS) == 0
    return dict(json.loads((folder / "status.json").read_text()))


def test_a_run_that_noted_its_end_needs_nobody(tmp_path: Path) -> None:
    """Whatever its end was."""
    assert guarded(tmp_path, noted=True) == {"code": 1, "signal": 0}
    assert (tmp_path / "out").read_text() == ""


def test_a_run_that_noted_nothing_is_resumed(tmp_path: Path) -> None:
    """In its checkout, for its environment, shown as it was asked for; the exit code is that of the resumption."""
    assert guarded(tmp_path, noted=False) == {"code": 0, "signal": 0}
    assert (tmp_path / "out").read_text() == "resume --env prod --json\n"
    assert "The run was killed." in (tmp_path / "err").read_text()
    assert not (tmp_path / "work").exists()
