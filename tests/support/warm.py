"""Gates for tests without the start of an interpreter each: a process that has imported what every gate imports forks.

Most of a small gate's processor time is imports, the same in each of some thousand gates. Each gate is a process of its
own all the same: forked from one in which no pytest session ever ran, with the arguments, folder, variables and output
files of the gate, which then ends as ``python -m pytest`` does.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import pkgutil
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["Warm", "is_gate", "warm"]

_HEAD = (sys.executable, "-P", "-m", "pytest")
_LATE = {"gonogo.plugins.plugin", "gonogo.plugins.html", "gonogo.plugins.transport"}
"""What pytest imports itself (it rewrites the asserts of plugins that it is given), and what only some gates import."""


def is_gate(argv: Sequence[str]) -> bool:
    """Whether a command is what ``gonogo.gate`` makes."""
    return tuple(argv[: len(_HEAD)]) == _HEAD


class Warm:
    """The process that forks gates, one after the other."""

    def __init__(self) -> None:
        """Start it; it ends with the process that started it."""
        environ = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-P", __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ, cwd="/"
        )
        atexit.register(self._process.kill)

    def run(
        self, argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], timeout: float
    ) -> subprocess.CompletedProcess[str]:
        """What ``subprocess.run`` would return, also its ``TimeoutExpired``."""
        with tempfile.TemporaryDirectory(prefix="warm-") as aside:
            out, err = Path(aside) / "out", Path(aside) / "err"
            order = {"arguments": [*argv[len(_HEAD) :]], "cwd": str(cwd), "env": dict(env), "timeout": timeout}
            answer = self._ask({**order, "out": str(out), "err": str(err)})
            said = [path.read_text(encoding="utf-8", errors="replace") for path in (out, err)]
        if answer["code"] is None:
            raise subprocess.TimeoutExpired(argv, timeout, *said)
        return subprocess.CompletedProcess(argv, answer["code"], *said)

    def _ask(self, order: Mapping[str, Any]) -> dict[str, Any]:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps(order).encode() + b"\n")
        stdin.flush()
        answer: dict[str, Any] = json.loads(stdout.readline())
        return answer


@cache
def warm() -> Warm:
    """The one of this process; a worker of xdist has its own."""
    return Warm()


# --- in the process that forks ----------------------------------------------------------------------------------


def _import_all() -> None:
    importlib.import_module("pytest")
    config = importlib.import_module("_pytest.config")
    names = [f"_pytest.{name}" for name in config.default_plugins]
    names += ["jinja2", "psutil", "gonogo.config", "gonogo.plugins.gate"]
    for room in ("gonogo.plugins", "gonogo.inspection", "gonogo.frameworks", "gonogo.migrations", "gonogo.runtimes"):
        package = importlib.import_module(room)
        names += [found.name for found in pkgutil.iter_modules(package.__path__, f"{room}.")]
    for name in names:
        if name not in _LATE and not name.endswith("_probe"):
            importlib.import_module(name)
    gc.freeze()  # pytest collects garbage at its end, and need not look through what was there before it


def _gate(order: Mapping[str, Any]) -> None:
    """Become the gate's process, up to the call of pytest."""
    os.setsid()
    for number, path in ((1, order["out"]), (2, order["err"])):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(descriptor, number)
        os.close(descriptor)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    random.seed()
    sys.argv = [str(Path(importlib.import_module("pytest").__file__ or "").with_name("__main__.py"))]
    sys.argv += order["arguments"]


def _serve() -> int:
    """Fork a gate for each line of standard input; in a gate's process, its exit code."""
    _import_all()
    orders, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    for line in orders:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            orders.close()
            answers.close()
            _gate(order)
            return int(importlib.import_module("pytest").main(order["arguments"]))
        answers.write(json.dumps({"code": _code(child, order["timeout"])}).encode() + b"\n")
        answers.flush()
    return 0


def _code(child: int, seconds: float) -> int | None:
    """A gate's exit code as ``subprocess`` has it; None where it had to be killed."""

    def ring(_signal: int, _frame: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    except TimeoutError:
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


if __name__ == "__main__":
    sys.exit(_serve())
