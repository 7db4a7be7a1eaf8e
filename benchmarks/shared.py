"""What the benchmarks share: a repository that nobody's git settings touch, a free port, and a stopwatch."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

_IDENTITY = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_AUTHOR_NAME": "bench",
    "GIT_AUTHOR_EMAIL": "bench@example.com",
    "GIT_COMMITTER_NAME": "bench",
    "GIT_COMMITTER_EMAIL": "bench@example.com",
}

ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
"""What a gate does: no plugin that happens to be installed."""


def git(root: Path, *arguments: str) -> None:
    """Run git quietly."""
    subprocess.run(["git", *arguments], cwd=root, env={**os.environ, **_IDENTITY}, check=True, capture_output=True)


def commit(root: Path, message: str) -> None:
    """Commit everything that is there, and a commit of nothing too."""
    git(root, "add", "-A")
    git(root, "commit", "-qm", message, "--allow-empty")


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def seconds(run: Callable[[], object]) -> float:
    """How long a call takes."""
    begin = time.monotonic()
    run()
    return time.monotonic() - begin


def processor(argv: list[str], folder: Path, environ: Mapping[str, str]) -> float:
    """Seconds of processor time that a command takes; it must succeed."""
    before = os.times()
    done = subprocess.run(argv, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    after = os.times()
    if done.returncode != 0:
        raise SystemExit(done.stdout[-2000:] + done.stderr[-2000:])
    return after.children_user + after.children_system - before.children_user - before.children_system
