"""gonogo.display.live: what a terminal shows, by a terminal that is emulated."""

from __future__ import annotations

import itertools
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyte
import pytest

from gonogo.display import paced, shown
from gonogo.display.live import Live
from gonogo.display.shown import Shown
from gonogo.display.style import Style
from gonogo.display.view import View
from gonogo.host.runner import Command
from tests.unit.display.test_view import Clock, begun
from tests.unit.records.samples import a_step


class Terminal:
    """A terminal of some size, and what was painted on it."""

    def __init__(self, columns: int, lines: int = 12) -> None:
        """Nothing is on it."""
        self.screen = pyte.HistoryScreen(columns, lines, history=500)
        self._stream = pyte.Stream(self.screen)
        self.written: list[str] = []

    def write(self, text: str) -> None:
        """Paint."""
        if text:
            self.written.append(text)
            self._stream.feed(text.replace("\n", "\r\n"))  # as the terminal driver does

    def lines(self) -> list[str]:
        """What stands there, with what scrolled away."""
        above = ["".join(row[at].data for at in range(self.screen.columns)) for row in self.screen.history.top]
        found = [line.rstrip() for line in (*above, *self.screen.display)]
        while found and not found[-1]:
            found.pop()
        return found


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """Sixty columns, by ``COLUMNS``."""
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("LINES", "12")
    return Terminal(60)


def paint(terminal: Terminal, style: Live, view: View, lines: Sequence[str] = (), *, last: bool = False) -> None:
    """One round."""
    terminal.write(style.paint(lines, view, last=last))


def test_finished_lines_stay_and_what_goes_on_is_painted_below(terminal: Terminal, tmp_path: Path) -> None:
    """Nothing of the view is left at the end; long lines are cut to the columns, wide characters count twice."""
    clock = Clock()
    view, style = View(clock), Live()
    view.open(begun({"build": 42.0}))
    paint(terminal, style, view, ["gonogo  shop"])
    view.begin("build", "move")
    command = Command(argv=("docker", "compose", "build", "--pull"))
    with (tmp_path / "said").open("w+b", buffering=0) as said, view.follow(command, said, said):
        said.write("漢字".encode() * 40 + b"\n")
        paint(terminal, style, view)
        paint(terminal, style, view)
        clock.now += 7
        paint(terminal, style, view)
    during = terminal.lines()
    view.end()
    paint(terminal, style, view, ["build   done", "", *(f"line {number}" for number in range(20))])
    paint(terminal, style, view, ["GO"], last=True)

    assert during == [
        "gonogo  shop",
        "build        docker compose build --p… 7 s of about 42 s",
        "             " + "漢字" * 10 + "漢…",
        "all          7 s",
    ]
    assert terminal.lines() == ["gonogo  shop", "build   done", "", *(f"line {number}" for number in range(20)), "GO"]
    assert terminal.screen.cursor.y == 10
    assert len(terminal.written) == 5
    assert "\x1b[?25l" not in "".join(terminal.written)


def test_nothing_new_is_not_painted_again(terminal: Terminal) -> None:
    """A step that takes its time costs one write a second."""
    clock = Clock()
    view, style = View(clock), Live()
    view.open(begun())
    view.begin("build", "move")
    for _ in range(100):
        paint(terminal, style, view)
        clock.now += 0.1

    assert len(terminal.written) == 11


@pytest.mark.parametrize("colours", [True, False])
def test_colours_are_left_out_where_nobody_wants_them(
    terminal: Terminal,
    monkeypatch: pytest.MonkeyPatch,
    colours: bool,  # noqa: FBT001
) -> None:
    """``NO_COLOR`` leaves moves of the cursor, and no colour."""
    if not colours:
        monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.delenv("CI", raising=False)
    view, style = View(Clock()), Live()
    view.open(begun())
    view.begin("build", "move")
    paint(terminal, style, view)
    paint(terminal, style, view, style.end(a_step("build", ok=False)))

    assert "".join(terminal.lines()[:2]).endswith("FAILED")
    assert bool(re.search(r"\x1b\[[0-9;]*m", "".join(terminal.written))) is colours


class Broken(Live):
    """A view with a mistake."""

    def paint(self, lines: Sequence[str], view: View, *, last: bool) -> str:
        """Fail."""
        raise RuntimeError(lines, view, last)


class Stuck(Style):
    """A terminal that takes nothing for a while."""

    def __init__(self, free: threading.Event) -> None:
        """It takes something when this is set."""
        self.free = free

    def paint(self, lines: Sequence[str], view: View, *, last: bool) -> str:
        """Wait."""
        self.free.wait(30)
        return super().paint(lines, view, last=last)


def run(style: Style, monkeypatch: pytest.MonkeyPatch, inside: Any = None) -> str:
    """A run of two steps on a screen; what was written."""
    written: list[str] = []
    monkeypatch.setattr(shown, "write", written.append)
    with Shown(style) as screen:
        screen.open(begun())
        for name in ("build", "start"):
            screen.begin(name, kind="move")
            screen.end(a_step(name))
        if inside is not None:
            inside(screen)
        screen.close(["GO"])
    return "".join(written)


def test_view_that_fails_costs_the_view(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every line is there all the same."""
    assert run(Broken(), monkeypatch) == run(Style(), monkeypatch)


def test_terminal_that_takes_nothing_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps and messages go on meanwhile; at the end everything is shown."""
    free = threading.Event()
    monkeypatch.setattr(Style, "header", lambda *_: ["header"])
    begin = time.monotonic()
    took = []

    def inside(screen: Shown) -> None:
        for number in range(1000):
            screen.say(f"line {number}")
        took.append(time.monotonic() - begin)
        free.set()

    said = run(Stuck(free), monkeypatch, inside)

    assert took[0] < 5
    assert said.splitlines()[3:-2] == [f"line {number}" for number in range(1000)]


def test_impatient_person_changes_no_ending(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while the ending waits for its terminal ends the waiting; the run has ended, and its exit code stands."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    free = threading.Event()
    monkeypatch.setattr(shown, "write", lambda _: None)
    screen = Shown(Stuck(free))
    screen.open(begun())
    begin = time.monotonic()
    threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    screen.close(["GO"])
    took = time.monotonic() - begin
    signal.signal(signal.SIGINT, before)
    free.set()
    screen.close()

    assert 0.3 <= took < 10


def test_rounds_are_a_tenth_of_a_second_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """However much happens meanwhile: what came in between is written together."""

    def inside(screen: Shown) -> None:
        until = time.monotonic() + 0.55
        while time.monotonic() < until:
            screen.say("x")

    written: list[tuple[float, int]] = []
    monkeypatch.setattr(paced, "_put", lambda text: written.append((time.monotonic(), text.count("x\n"))))
    with Shown(Style()) as screen:
        screen.open(begun())
        inside(screen)

    assert 2 <= len(written) <= 8
    assert min(after - before for (before, _), (after, _) in itertools.pairwise(written)) >= paced.EVERY
    assert sum(count for _, count in written) > 8
