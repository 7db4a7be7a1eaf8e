"""gonogo.host.forkserver: a command that is forked is, to everybody, one that was started."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from gonogo.host.forkserver import ForkServer
from gonogo.host.identity import carrying
from gonogo.host.runner import Command, Completed, LocalHost
from gonogo.host.tree import MARK

SAYS = """\
import json, os, sys
print(json.dumps({
    "argv": sys.argv, "env": dict(os.environ), "cwd": os.getcwd(), "name": __name__, "path": sys.path,
    "session": os.getsid(0), "pid": os.getpid(), "read": sys.stdin.read(), "slow": "slow" in sys.modules,
    "parent": os.getppid(),
}))
print("to the other stream", file=sys.stderr)
sys.exit(int(sys.argv[1]))
"""
DIES = """\
import os, signal, sys
from pathlib import Path
from gonogo.host.runner import Command, LocalHost

class Observer:
    def began(self, command, pid, started):
        Path("known").write_text(f"{pid} {command.mark}")
        if sys.argv[1] == "before":
            os.kill(os.getpid(), signal.SIGKILL)

    def ended(self, completed):
        pass

LocalHost(observer=Observer()).run(Command(argv=(sys.executable, "-P", "-m", "waits"), imports=("json",)))
"""
WAITS = """\
import pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
pathlib.Path("began").write_text(str(child.pid))
time.sleep(60)
"""


class Notes:
    """An observer."""

    def __init__(self, then: Callable[[], None] = lambda: None) -> None:
        """``then`` is done when it is told of a child."""
        self.pids: list[int] = []
        self.then = then

    def began(self, command: Command, pid: int, started: float) -> None:
        """The child waits."""
        assert psutil.Process(pid).create_time() == started
        assert command.mark
        self.pids.append(pid)
        self.then()

    def ended(self, completed: Completed) -> None:
        """The child is gone."""


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of modules that every Python finds."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "says.py").write_text(SAYS)
    (tmp_path / "waits.py").write_text(WAITS)
    (tmp_path / "sleeps.py").write_text("import time\ntime.sleep(60)\n")
    (tmp_path / "slow.py").write_text(
        "import pathlib\npathlib.Path(__file__).with_name('imported').open('a').write('.')\n"
    )
    return tmp_path


def soon(happened: Callable[[], bool]) -> bool:
    """Whether something is so within ten seconds."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if happened():
            return True
        time.sleep(0.01)
    return False


def says(*words: str, imports: tuple[str, ...] = ("slow",)) -> Command:
    """A command that says what is around it and ends with its first word."""
    return Command(argv=(sys.executable, "-P", "-m", "says", *words), imports=imports)


def test_it_meets_what_a_started_command_meets(modules: Path) -> None:
    """Arguments, environment, folder, path, streams, a session of its own and the exit code are the same."""
    folder = modules / "elsewhere"
    folder.mkdir()
    host = LocalHost(observer=Notes())
    command = replace(says("7", "a b", "ü"), cwd=str(folder), env={"GIVEN": "x\ny"})

    forked, started = host.run(command), host.run(replace(command, imports=()))
    one, other = json.loads(forked.output), json.loads(started.output)

    assert (forked.code, forked.errors) == (started.code, started.errors) == (7, "to the other stream\n")
    assert one["pid"] == one["session"] == forked.pid
    assert (one["slow"], other["slow"]) == (True, False)
    for found in (one, other):
        for own in ("pid", "session", "slow", "parent"):
            del found[own]
        found["argv"][0] = Path(found["argv"][0]).name
        del found["env"][MARK]
    assert one == other
    assert one["env"]["GIVEN"] == "x\ny"


def test_its_modules_are_imported_once(modules: Path) -> None:
    """Three commands are forked from one process that has them."""
    host = LocalHost()

    parents = {json.loads(host.run(says("0")).output)["parent"] for _ in range(3)}

    assert (modules / "imported").read_text() == "."
    assert len(parents) == 1


def test_a_module_that_cannot_be_imported_is_left_to_the_command(modules: Path) -> None:
    """It may need it, or not; what is wrong with it is said there."""
    (modules / "broken.py").write_text("raise SystemError\n")

    done = LocalHost().run(says("0", imports=("broken", "missing", "slow")))

    assert done.ok
    assert json.loads(done.output)["slow"] is True


def test_a_signal_is_its_code(modules: Path) -> None:
    """As that of a command that was started."""
    (modules / "killed.py").write_text("import os\nos.kill(os.getpid(), 11)\n")

    assert LocalHost().run(Command(argv=(sys.executable, "-P", "-m", "killed"), imports=("json",))).code == -11


def test_what_it_raises_is_on_its_own_stream(modules: Path) -> None:
    """With the code that Python gives."""
    (modules / "raises.py").write_text("raise LookupError('nothing there')\n")

    done = LocalHost().run(Command(argv=(sys.executable, "-P", "-m", "raises"), imports=("json",)))

    assert done.code == 1
    assert "LookupError: nothing there" in done.errors


def test_it_begins_when_it_is_on_record(modules: Path) -> None:
    """Until the observer has written its pid, nothing of it runs; where that fails it never does."""

    def full() -> None:
        raise OSError(28, "No space left on device")

    host = LocalHost(observer=(notes := Notes(full)))

    with pytest.raises(OSError, match="No space"):
        host.run(Command(argv=(sys.executable, "-P", "-m", "waits"), cwd=str(modules), imports=("json",)))

    assert soon(lambda: not psutil.pid_exists(notes.pids[0]))
    assert not (modules / "began").exists()
    notes.then = lambda: None
    assert host.run(says("0")).ok


def test_at_its_bound_it_ends_with_all_that_it_started(modules: Path) -> None:
    """Also what has left its session; the next command is forked from a server that was started again."""
    host = LocalHost(observer=Notes())
    before = json.loads(host.run(says("0")).output)["parent"]
    waits = Command(
        argv=(sys.executable, "-P", "-m", "waits"), cwd=str(modules), imports=("json",), timeout=1.5, firm=True
    )

    done = host.run(waits)

    assert done.timed_out
    assert not psutil.pid_exists(int((modules / "began").read_text()))
    after = host.run(says("0"))
    assert after.ok
    assert json.loads(after.output)["parent"] not in {before, os.getpid()}


@pytest.mark.usefixtures("modules")
def test_without_its_server_it_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python that cannot be a server is no reason to ask nothing."""
    monkeypatch.setattr("gonogo.host.forkserver.__name__", "no.such.module")

    done = LocalHost(observer=Notes()).run(says("0"))

    assert done.ok
    assert json.loads(done.output)["parent"] == os.getpid()


def test_a_server_that_is_killed_takes_its_command_along(modules: Path) -> None:
    """What it had forked would otherwise go on without anybody who knows of its end."""
    host = LocalHost(observer=(notes := Notes()))

    def killed() -> None:
        server = psutil.Process(notes.pids[0]).parent()
        assert server is not None
        server.kill()

    notes.then = killed
    done = host.run(
        Command(argv=(sys.executable, "-P", "-m", "sleeps"), cwd=str(modules), imports=("json",), timeout=30)
    )

    assert done.code == -signal.SIGKILL
    assert not done.timed_out
    assert soon(lambda: not psutil.pid_exists(notes.pids[0]))


@pytest.mark.parametrize("when", ["before", "during"])
def test_nothing_forgotten_is_left_of_a_run_that_was_killed(modules: Path, when: str) -> None:
    """The server sees that nobody can ask it; a command that had begun is known by its mark, with its children."""
    (modules / "dies.py").write_text(DIES)
    run = subprocess.Popen([sys.executable, "-m", "dies", when], cwd=modules)
    with ended(run):
        assert soon((modules / "known").exists)
        assert when == "before" or soon((modules / "began").exists)
        run.kill()
        run.wait()
        pid, mark = (modules / "known").read_text().split()
        if when == "before":
            assert soon(lambda: not carrying({MARK: mark}))
            assert not (modules / "began").exists()
        else:
            found = {process.pid for process in carrying({MARK: mark})}
            assert {int(pid), int((modules / "began").read_text())} <= found
            for process in carrying({MARK: mark}):
                process.kill()
            assert soon(lambda: not carrying({MARK: mark}))


def test_the_server_ends_with_whoever_has_it(modules: Path) -> None:
    """Nothing has to be closed for that."""
    server = ForkServer(("slow",))
    with (modules / "out").open("w+b") as out:
        child = server.fork(["says", "0"], cwd=None, env=dict(os.environ), out=out, err=out)
        assert child is not None
        child.go()
        assert child.wait(10) == 0
        assert child.wait() == 0
    mark = server.mark
    (process,) = carrying({MARK: mark})

    del server

    assert soon(lambda: not psutil.pid_exists(process.pid))


@contextlib.contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Whatever happens, it is gone afterwards."""
    try:
        yield
    finally:
        process.kill()
        process.wait()
