"""What people see while a real deployment goes on: in a terminal, and where nobody reads what is said."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pyte
import pytest

from gonogo.state.interrupted import survivors
from gonogo.state.journal import read_journal
from tests.integration.deploy.conftest import GREEN, App
from tests.support.canary import found_in

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

SECRET = "Zq8fT2vLx0RmW4yK"
ALL = bool(os.environ.get("GONOGO_ALL_CRASHES"))
STEPS = """
[[env.test.step]]
name = "burst"
after = "start"
undo = "true"
run = ["{python}", "-c", '''
import time
print("".join(f"line {number}\\n" for number in range(100_000)), end="", flush=True)
time.sleep(0.5)
''']

[[env.test.step]]
name = "wait"
after = "start"
undo = "true"
run = ["{python}", "-c", '''
import os, time
print("ready to be stopped, with", os.environ["PTY_TOKEN"], flush=True)
time.sleep(600)
''']
"""


class Terminal:
    """A real pseudo-terminal with a gonogo in it, and an emulated screen that shows what is written there."""

    def __init__(self, app: App, *arguments: str, columns: int = 500, rows: int = 40) -> None:
        """Start it in the foreground of the terminal."""
        self.screen = pyte.Screen(columns, rows)
        self.seen = ""
        self.writes: list[float] = []
        self._stream = pyte.ByteStream(self.screen)
        hidden = ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "COLUMNS", "LINES", "NO_COLOR")
        environ = {name: value for name, value in os.environ.items() if name not in hidden}
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            os.chdir(app.root)
            argv = [sys.executable, "-P", "-m", "gonogo", *arguments]
            os.execve(argv[0], argv, {**environ, "TERM": "xterm", "PTY_TOKEN": SECRET})  # noqa: S606 (the terminal's own process)
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def press(self, key: bytes) -> None:
        """A person presses a key."""
        os.write(self._terminal, key)

    def until(self, condition: Callable[[], bool], *, within: float = 60) -> None:
        """Look on until something is seen."""
        deadline = time.monotonic() + within
        while not condition():
            assert time.monotonic() < deadline, self.text()
            assert self._look(), self.text()

    def end(self) -> int:
        """Look on to the end; returns the exit code."""
        while self._look():
            pass
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        self.pid = 0
        return code

    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()

    def _look(self) -> bool:
        """Read one piece; pieces without a pause between them are one write that the kernel took apart."""
        try:
            data = os.read(self._terminal, 65536)
        except OSError:  # as Linux says that the other side is closed
            return False
        if data != b"^C" and (not self.writes or time.monotonic() - self.writes[-1] > 0.02):
            self.writes.append(time.monotonic())
        self.seen += data.decode(errors="replace")
        self._stream.feed(data)
        return bool(data)


@contextmanager
def in_terminal(app: App, *arguments: str) -> Iterator[Terminal]:
    """A gonogo in a terminal; one that is left over is ended."""
    terminal = Terminal(app, *arguments)
    try:
        yield terminal
    finally:
        if terminal.pid:
            os.kill(terminal.pid, signal.SIGTERM)
            terminal.end()


def test_terminal_shows_what_goes_on_and_keeps_the_lines(app: App) -> None:
    """The last line of a command, how far a gate is, at most ten writes a second; Ctrl-C leaves lines and a cursor.

    A command that says 100,000 lines is heard, not repeated: the journal has its end. A secret is not shown.
    """
    app.configure(tables=STEPS.replace("{python}", sys.executable))
    app.commit("steps")
    begin = time.monotonic()
    with in_terminal(app, "deploy", "--env", "test") as terminal:
        terminal.until(lambda: re.search(r"predeploy +\d+ of \d+ checks +\d+ s", terminal.text()) is not None)
        terminal.until(lambda: "line 99999" in terminal.text())
        terminal.until(lambda: "ready to be stopped, with [redacted]" in terminal.text())
        terminal.press(b"\x03")
        code = terminal.end()
    took = time.monotonic() - begin
    lines = read_journal(next(app.state.glob("runs/*/journal.jsonl")))
    burst = next(line for line in lines if line["step"] == "burst" and line["event"] == "command-ended")

    assert code == 2
    words = [line.split()[0] if line else "" for line in terminal.text().splitlines()]
    assert [word for word in words if word != "note"] == [  # a busy machine has one
        *("gonogo", "checkout", "predeploy", "build", "build", "ladder", "migrate", "start", "burst", "wait"),
        *("undo", "undo", "stop", "", "STOPPED:", "why", "", "data", "reports"),
    ]
    assert not terminal.screen.cursor.hidden
    assert "\x1b[?25l" not in terminal.seen
    assert len(terminal.writes) <= took / 0.1 + 1
    assert burst["output"].endswith("line 99998\nline 99999\n")
    assert len(burst["output"]) <= 4000
    assert terminal.seen.count("line ") < 50
    assert found_in(terminal.seen, SECRET) == []


@contextmanager
def unread(*, closed: bool) -> Iterator[tuple[int, Callable[[], bytes]]]:
    """A pipe that takes nothing more, and what empties it; or one whose reader is gone."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    while not closed:
        try:
            os.write(writer, b"\n" * 4096)
        except BlockingIOError:
            break
    os.set_blocking(writer, True)
    if closed:
        os.close(reader)

    def empty() -> bytes:
        os.close(writer)
        with os.fdopen(reader, "rb") as rest:
            return rest.read()

    yield writer, empty
    if closed:
        os.close(writer)


@pytest.mark.thorough
@pytest.mark.parametrize("closed", [True, False] if ALL else [False], ids=lambda closed: "closed" if closed else "full")
def test_stderr_that_takes_nothing_stops_no_way_back(app: App, closed: bool) -> None:  # noqa: FBT001
    """A red release is taken back, and the record is written, before anybody reads a word; its verdict is the same."""
    app.configure(options="attempts = 1")
    app.pages({**GREEN, "/page": (500, "boom")})
    document = app.root.with_name("out.json")
    with unread(closed=closed) as (writer, empty), document.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "gonogo", "deploy", "--env", "test", "--json"],
            cwd=app.root,
            stdout=out,
            stderr=writer,
        )
        deadline = time.monotonic() + 60
        while not (found := list(app.state.glob("runs/*/result.json"))) and time.monotonic() < deadline:
            time.sleep(0.05)
        ended = json.loads(found[0].read_text())
        stopped = app.ask() is None
        said = b"" if closed else empty()
        process.wait(timeout=60)

    assert process.returncode == ended["exit_code"] == json.loads(document.read_bytes())["exit_code"] == 1
    assert ended["ended"]["kind"] == "stopped"
    assert stopped
    assert survivors(found[0].parent) == []
    assert closed or said.decode().strip().splitlines()[0].startswith("gonogo  tiny ")
    assert closed or "\nSTOPPED" in said.decode() or "\nNO-GO" in said.decode()
