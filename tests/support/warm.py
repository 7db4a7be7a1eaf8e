"""Gates for tests without the start of an interpreter each: forked, as those of a run are."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from gonogo.gates.process import imports_of_gates
from gonogo.host.forkserver import ForkServer

__all__ = ["is_gate", "run_forked"]

_HEAD = (sys.executable, "-P", "-m")


def is_gate(argv: Sequence[str]) -> bool:
    """Whether a command is what ``gonogo.gates.process`` makes."""
    return tuple(argv[: len(_HEAD) + 1]) == (*_HEAD, "pytest")


def run_forked(
    argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[str]:
    """What ``subprocess.run`` would return, also its ``TimeoutExpired``."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = _server().fork(argv[len(_HEAD) :], cwd=str(cwd), env=env, out=out, err=err)
        assert child is not None, "a gate could not be forked"
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
def _server() -> ForkServer:
    """The one of this process; a worker of xdist has its own."""
    return ForkServer(imports_of_gates())
