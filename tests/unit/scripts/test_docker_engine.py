"""scripts/docker-engine: what it says and does beside a daemon that answers, one that dies, and none."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

__all__: list[str] = []

SCRIPT = Path(__file__).parents[3] / "scripts" / "docker-engine"
TOOLS = ("bash", "cat", "chmod", "cut", "id", "mkdir", "rm", "setsid", "sleep", "tail", "timeout")

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="starting dockerd needs root")


def program(folder: Path, name: str, body: str) -> None:
    """Put a shell program called NAME on the PATH that is FOLDER."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A PATH of its own: the tools that the script calls, and no Docker."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found, f"{tool} is missing on this machine"
        (folder / tool).symlink_to(found)
    return folder


def engine(path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The script, with PATH as its only PATH and a state folder of its own."""
    environment = {"PATH": str(path), "GONOGO_ENGINE_STATE": str(path.parent / "state"), "HOME": str(path.parent)}
    return subprocess.run([SCRIPT, *words], env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_an_unknown_word_is_wrong_usage(path: Path) -> None:
    """Anything but install, start and stop exits 4 and names the three."""
    done = engine(path, "restart")

    assert (done.returncode, done.stderr) == (
        4,
        "docker-engine: found 'restart', expected one of: install, start, stop\n",
    )


def test_a_daemon_that_answers_is_left_alone(path: Path) -> None:
    """Beside a foreign daemon, start starts nothing and stop stops nothing."""
    program(path, "docker", "echo 27.0")
    program(path, "dockerd", f"touch {path.parent}/started")

    started, stopped = engine(path, "start"), engine(path, "stop")

    assert (started.returncode, started.stderr) == (
        0,
        "docker-engine: a daemon answers already (engine 27.0): it is not ours, stop will leave it alone\n",
    )
    assert (stopped.returncode, stopped.stderr) == (
        0,
        "docker-engine: nothing to stop: no dockerd was started by this script\n",
    )
    assert not (path.parent / "started").exists()


@needs_root
def test_a_daemon_that_dies_shows_the_end_of_its_log(path: Path) -> None:
    """When dockerd exits at once, start fails without waiting out its time and prints what dockerd said."""
    program(path, "docker", "exit 1")
    program(path, "dockerd", "echo failed to mount overlay; exit 1")

    done = engine(path, "start")

    assert done.returncode == 1
    assert done.stderr == (
        f"docker-engine: dockerd ended before it answered; the end of {path.parent}/state/dockerd.log:\n"
        "failed to mount overlay\n"
    )


@needs_root
def test_stop_ends_the_daemon_that_start_started(path: Path) -> None:
    """Start remembers pid and start time; stop ends that process and waits for its end."""
    ready = path.parent / "ready"
    program(path, "docker", f"[ -e {ready} ] && echo 27.0")
    program(path, "dockerd", f"echo $$ >$2; : >{ready}; while :; do sleep 0.1; done")

    started = engine(path, "start")
    pid = int((path.parent / "state" / "dockerd.pid").read_text())
    again = engine(path, "start")
    stopped = engine(path, "stop")

    assert started.stderr == (
        f"docker-engine: started engine 27.0, pid {pid}, log {path.parent}/state/dockerd.log\n"
    ), started.stderr
    assert again.stderr == "docker-engine: runs already (engine 27.0), started by this script\n"
    assert stopped.stderr == f"docker-engine: stopped dockerd, pid {pid}\n"
    assert not Path(f"/proc/{pid}").exists()


@needs_root
def test_stop_spares_a_process_that_took_over_the_pid(path: Path) -> None:
    """A pid file whose process has another start time belongs to somebody else: nothing is stopped."""
    state = path.parent / "state"
    state.mkdir()
    (state / "dockerd.pid").write_text(str(os.getpid()))
    (state / "dockerd.born").write_text("1\n")

    done = engine(path, "stop")

    assert (done.returncode, done.stderr) == (
        0,
        "docker-engine: nothing to stop: no dockerd was started by this script\n",
    )
