"""``kill -9`` of the wrapper at every line of its journal, where releases of processes take turns."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gonogo.runtimes.front import SLOT
from gonogo.runtimes.process.instances import Instances
from tests.faults.crashing import BROKEN, SECOND, Crashing
from tests.faults.test_crashes import chosen, touched

__all__: list[str] = []

pytestmark = [
    pytest.mark.integration,
    pytest.mark.thorough,
    pytest.mark.timeout(3600 if os.environ.get("GONOGO_ALL_CRASHES") else 600),
]

TURNS = """\
strategy = "bluegreen"
traffic = {{ kind = "own", upstreams = {{ web = "web:{port}" }}, drain = "500ms" }}
"""


class Turning(Crashing):
    """Its first release stands behind a front of gonogo's, which is of no release."""

    def processes(self) -> list[str]:
        """Every process but the front."""
        front = Instances(self.state.root).read(SLOT)
        return [one for one in super().processes() if front is None or not one.startswith(f"{front.pid}: ")]

    def note(self, line: dict[str, Any], *words: object) -> None:
        """One row of the table, shown at once."""
        super().note(line, *words)
        print(self.table[-1], flush=True)  # noqa: T201 (pytest -s shows it)


class Visitor:
    """Asks all the time, each time over a new connection."""

    def __init__(self, port: int) -> None:
        """Begins."""
        self._url, self._stop = f"http://127.0.0.1:{port}/page", threading.Event()
        self.asked, self._row, self.longest = 0, 0, 0
        """How often; of failures without an answer between them the most."""
        self.said = ""
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self._thread.start()

    def _ask(self) -> None:
        while not self._stop.wait(0.05):
            try:
                found = httpx.get(self._url, timeout=10, trust_env=False)
                said = "" if found.status_code == httpx.codes.OK else f"{found.status_code} {found.text}"
            except httpx.HTTPError as error:
                said = repr(error)
            self.asked += 1
            self._row = self._row + 1 if said else 0
            self.longest, self.said = max(self.longest, self._row), said or self.said

    def end(self) -> None:
        """Stops asking."""
        self._stop.set()
        self._thread.join(timeout=20)


@pytest.fixture
def turning(tmp_path: Path) -> Iterator[Turning]:
    """An application with one good release."""
    made = Turning(tmp_path / "turning", options=TURNS)
    yield made
    made.app.close()


def ended(turning: Turning, lines: list[dict[str, Any]], number: int, edge: str, command: str) -> tuple[int, str]:
    """Dies at a line, and ends the run by a command; its exit code, and what is wrong then, in words."""
    visitor = Visitor(turning.app.port)
    turning.deploy_until(number, edge, lines)
    found = turning.status()
    code, record, said = turning.run(command)
    visitor.end()
    serving = turning.serving()
    wrong = [] if found.unfinished is not None else ["status knows of no run that was cut off"]
    if visitor.longest > 1:  # Caddy cuts a connection at a reload now and then, never two in a row
        wrong.append(f"{visitor.longest} requests failed one after the other: {visitor.said}")
    if serving is None or serving != (turning.state.root / "current").read_text().strip():
        wrong.append(f"{serving} serves")
    if (record.get("verified") or {"exitstatus": None})["exitstatus"] != 0 and not record.get("ending", "").startswith(
        "GO"
    ):
        wrong.append(f"not proven: {said[-300:]}")
    try:
        turning.assert_clean()
    except AssertionError as error:
        wrong.append(f"left: {error}")
    turning.note(lines[number], edge, command, code, record.get("ending"), f"asked {visitor.asked}", *wrong)
    if serving != turning.first:
        turning.go_back()
    return code, "; ".join(wrong)


def at(lines: list[dict[str, Any]], step: str) -> int:
    """Number of the line that says that a step ended."""
    return next(n for n, line in enumerate(lines) if (line["step"], line["event"]) == (step, "step-ended"))


def walked(turning: Turning, lines: list[dict[str, Any]], first: int, *, completed: float) -> list[str]:
    """Dies just before each line and after it; what is wrong, in words. Once ``completed`` is written, resume goes on."""
    wrong = []
    for number in chosen(range(first, len(lines))):
        for edge in ("before", "after")[: 1 if number == len(lines) - 1 else 2]:
            command = "resume" if (number + len(edge)) % 2 else "rollback"
            goes_back = number <= completed if edge == "before" else number < completed
            code, said = ended(turning, lines, number, edge, command)
            if said or code != (1 if command == "resume" and goes_back else 0):
                line = f"line {number} ({lines[number]['step']}: {lines[number]['event']})"
                wrong.append(f"{edge} {line} {command} {code}: {said}")
    return wrong


def test_a_turn_that_goes_go_ends_proven(turning: Turning) -> None:
    """From the first touch on: the public address goes on answering; after the switch a resume completes the turn."""
    lines = turning.learn(SECOND, code=0)

    assert walked(turning, lines, touched(lines) + 1, completed=at(lines, "switch")) == []


def test_a_turn_that_is_taken_back_ends_proven(turning: Turning) -> None:
    """From the red gate on, of a release that is red past the front: the other one never stops answering."""
    lines = turning.learn(BROKEN, code=1)

    assert walked(turning, lines, at(lines, "beside") + 1, completed=math.inf) == []
