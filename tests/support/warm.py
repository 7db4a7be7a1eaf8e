"""Gates and short commands for tests without the start of an interpreter each: forked, as the gates of a run are."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import gonogo.commands
from gonogo.gates.process import imports_of_gates
from gonogo.host.forkserver import ForkServer

__all__ = ["is_gate", "run_command", "run_forked"]

_HEAD = (sys.executable, "-P", "-m")


def is_gate(argv: Sequence[str]) -> bool:
    """Whether a command is what ``gonogo.gates.process`` makes."""
    return tuple(argv[: len(_HEAD) + 1]) == (*_HEAD, "pytest")


def run_command(*words: str, cwd: Path, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """What ``gonogo WORDS`` ends with, for somebody without a terminal."""
    return run_forked((*_HEAD, "gonogo", *words), cwd=cwd, env=os.environ, timeout=timeout)


def run_forked(
    argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[str]:
    """What ``subprocess.run`` would return, also its ``TimeoutExpired``."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = _server(argv[len(_HEAD)]).fork(argv[len(_HEAD) :], cwd=str(cwd), env=env, out=out, err=err)
        assert child is not None, f"{argv[len(_HEAD)]} could not be forked"
        child.go()
        try:
            code = child.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            raise
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read().decode("utf-8", errors="replace"))
        return subprocess.CompletedProcess(argv, code, *texts)


@cache
def _server(module: str) -> ForkServer:
    """The one of this process for a program; a worker of xdist has its own."""
    commands = sorted(path.stem for path in Path(gonogo.commands.__path__[0]).glob("[!_]*.py"))
    ours = ("gonogo.cli", *(f"gonogo.commands.{name}" for name in commands))
    return ForkServer(ours if module == "gonogo" else imports_of_gates())
