"""gonogo.probe: what the outside sees while a server comes and goes."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gonogo.inspection.downtime import figures
from gonogo.probe import AGENT, DowntimeProbe
from tests.support.loopback import listening


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers 200 and remembers who asked."""

    agents: set[str] = set()  # noqa: RUF012 (http.server makes one instance a request)
    status = 200
    open = threading.Event()
    came = 0

    def do_GET(self) -> None:
        """Answer."""
        Handler.agents.add(self.headers["User-Agent"])
        Handler.came += 1
        Handler.open.wait(10)
        self.send_response(Handler.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture
def server() -> Iterator[http.server.ThreadingHTTPServer]:
    """A real server on a free loopback port."""
    Handler.status, Handler.came = 200, 0
    Handler.open.set()
    with listening(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as made:
        yield made


def wait_for(path: Path, lines: int) -> list[str]:
    """The probe's lines once there are that many (bounded)."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = path.read_text().splitlines() if path.exists() else []
        if len(found) >= lines:
            return found
        time.sleep(0.02)
    raise AssertionError(f"fewer than {lines} lines after 20 s")


def test_probe_names_itself_and_notes_every_answer(server: http.server.ThreadingHTTPServer, tmp_path: Path) -> None:
    """Each line says when, whether it was good, the status and the seconds."""
    path = tmp_path / "probe.jsonl"
    with DowntimeProbe(f"http://127.0.0.1:{server.server_port}/healthz", path) as probe:
        wait_for(path, 3)
        probe.mark("settled")

    lines = [json.loads(line) for line in path.read_text().splitlines()]
    answers = [line for line in lines if "mark" not in line]
    assert {(line["ok"], line["status"]) for line in answers} == {(True, 200)}
    assert Handler.agents == {AGENT}
    assert any(line.get("mark") == "settled" for line in lines)


def test_errors_of_the_server_and_refused_connections_are_failures(
    server: http.server.ThreadingHTTPServer, tmp_path: Path
) -> None:
    """A 5xx and nobody at the port count; a 404 is an answer."""
    path = tmp_path / "probe.jsonl"
    with DowntimeProbe(f"http://127.0.0.1:{server.server_port}/healthz", path):
        Handler.status = 404
        wait_for(path, 2)
        Handler.status = 503
        seen = len(wait_for(path, 3))
        wait_for(path, seen + 2)
    found = figures(path.read_text().splitlines())
    server.shutdown()
    server.server_close()
    refused = tmp_path / "refused.jsonl"
    with DowntimeProbe(f"http://127.0.0.1:{server.server_port}/healthz", refused):
        wait_for(refused, 2)
    down = figures(refused.read_text().splitlines())

    assert 0 < found.failed < found.requests
    assert down.failed == down.requests > 0


def test_an_application_that_hangs_is_not_flooded(server: http.server.ThreadingHTTPServer, tmp_path: Path) -> None:
    """Two requests at most are unanswered: seen, ten a second kept an application with two workers from recovering."""
    path = tmp_path / "probe.jsonl"
    Handler.open.clear()
    with DowntimeProbe(f"http://127.0.0.1:{server.server_port}/healthz", path):
        first = json.loads(wait_for(path, 1)[0])
        came = Handler.came
        Handler.open.set()

    assert (first["ok"], first["status"]) == (False, None)
    assert came <= 3


def test_release_that_moves_is_not_down_while_the_former_address_answers(
    server: http.server.ThreadingHTTPServer, tmp_path: Path
) -> None:
    """Nobody is at the new address yet: the answer is the old one's."""
    path = tmp_path / "probe.jsonl"
    old, new = f"http://127.0.0.1:{server.server_port}/healthz", "http://127.0.0.1:1/healthz"
    with DowntimeProbe(new, path, former=old):
        answers = [json.loads(line) for line in wait_for(path, 2)]

    assert {(line["ok"], line["status"]) for line in answers} == {(True, 200)}


def test_environment_without_url_is_not_probed(tmp_path: Path) -> None:
    """Nothing is asked, nothing is written."""
    with DowntimeProbe(None, tmp_path / "probe.jsonl") as probe:
        probe.mark("settled")

    assert not (tmp_path / "probe.jsonl").exists()
