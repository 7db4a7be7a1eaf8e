"""gonogo.run.downtime_probe: what the outside sees while a server comes and goes."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gonogo.gates.budget import Budget
from gonogo.inspection.answers.downtime import figures
from gonogo.run.downtime_probe import AGENT, DowntimeProbe, Moving, Target
from tests.support.loopback import listening


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers 200 and remembers who asked."""

    agents: set[str] = set()  # noqa: RUF012 (http.server makes one instance a request)
    status = 200
    headers_sent: dict[str, str] = {}  # noqa: RUF012 (likewise)
    open = threading.Event()
    came = 0

    def do_GET(self) -> None:
        """Answer."""
        Handler.agents.add(self.headers["User-Agent"])
        Handler.came += 1
        Handler.open.wait(10)
        self.send_response(Handler.status)
        for name, value in Handler.headers_sent.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture
def server() -> Iterator[http.server.ThreadingHTTPServer]:
    """A real server on a free loopback port."""
    Handler.status, Handler.came, Handler.headers_sent = 200, 0, {}
    Handler.open.set()
    with listening(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as made:
        yield made


def live(server: http.server.ThreadingHTTPServer) -> Target:
    """Its health page."""
    return Target(url=f"http://127.0.0.1:{server.server_port}/healthz")


@pytest.fixture
def moving() -> Iterator[Moving]:
    """A release is being replaced."""
    made = Moving()
    with made.here():
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


def test_probe_names_itself_and_notes_every_answer(
    server: http.server.ThreadingHTTPServer, tmp_path: Path, moving: Moving
) -> None:
    """Each line says when, whether it was good, the status and the seconds."""
    path = tmp_path / "probe.jsonl"
    with DowntimeProbe(live(server), path, moving=moving) as probe:
        wait_for(path, 3)
        probe.mark("settled")

    lines = [json.loads(line) for line in path.read_text().splitlines()]
    answers = [line for line in lines if "mark" not in line]
    assert {(line["ok"], line["status"]) for line in answers} == {(True, 200)}
    assert Handler.agents == {AGENT}
    assert any(line.get("mark") == "settled" for line in lines)


def test_a_move_that_takes_no_time_is_watched_too(server: http.server.ThreadingHTTPServer, tmp_path: Path) -> None:
    """Seen: a release that was started at once was held, since the probe had asked nobody before the moves were done."""
    path = tmp_path / "probe.jsonl"
    with DowntimeProbe(live(server), path) as probe:
        probe.mark("settled")
        wait_for(path, 2)
        found = figures(path.read_text().splitlines())

    assert (found.requests, found.failed) == (1, 0)


def test_up_is_what_the_liveness_status_says(
    server: http.server.ThreadingHTTPServer, tmp_path: Path, moving: Moving
) -> None:
    """A 400, a 404, a 503 and nobody at the port are failures, each counted by itself; 429 is an answer of the living."""
    path = tmp_path / "probe.jsonl"
    with DowntimeProbe(live(server), path, moving=moving):
        for status in (404, 400, 503, 200):
            Handler.status = status
            seen = len(wait_for(path, 1))
            wait_for(path, seen + 2)
        Handler.status = 429
        seen = len(wait_for(path, 1))
        wait_for(path, seen + 1)
    found = figures(path.read_text().splitlines())
    server.shutdown()
    server.server_close()
    refused = tmp_path / "refused.jsonl"
    with DowntimeProbe(live(server), refused, moving=moving):
        wait_for(refused, 2)
    down = figures(refused.read_text().splitlines())

    assert set(found.others) == {"400", "404", "503"}
    assert found.failed == sum(found.others.values()) < found.requests
    assert found.limited >= 1
    assert down.failed == down.requests == down.others["no answer"] > 0


def test_another_liveness_status_is_up(server: http.server.ThreadingHTTPServer, tmp_path: Path) -> None:
    """Of an application that says 204 while it lives, 204 is well and 200 is not."""
    path = tmp_path / "probe.jsonl"
    Handler.status = 204
    with DowntimeProbe(Target(url=live(server).url, alive=(204,)), path) as probe:
        wait_for(path, 1)
        probe.mark("settled")

    assert figures(path.read_text().splitlines()).failed == 0


def test_ten_a_second_only_around_the_move(server: http.server.ThreadingHTTPServer, tmp_path: Path) -> None:
    """Once a second while nothing moves; in a move twenty answers at once, then once a second until it changes."""
    path, moving = tmp_path / "probe.jsonl", Moving()
    with DowntimeProbe(live(server), path, moving=moving):
        time.sleep(2.5)
        calm = Handler.came
        with moving.here():
            wait_for(path, calm + 19)
            burst = Handler.came
            time.sleep(2.5)
            after = Handler.came - burst
            Handler.status = 503
            wait_for(path, Handler.came + 10)

    assert calm <= 3
    assert after <= 5


def test_a_limit_is_kept_to(server: http.server.ThreadingHTTPServer, tmp_path: Path, moving: Moving) -> None:
    """Who answers 429 with the seconds to wait is not asked again within them, whoever of the run met it."""
    path, budget = tmp_path / "probe.jsonl", Budget(tmp_path / "asked.json")
    Handler.status, Handler.headers_sent = 429, {"Retry-After": "60"}
    with DowntimeProbe(live(server), path, budget=budget, moving=moving):
        wait_for(path, 1)
        met = Handler.came
        time.sleep(2.5)

    assert Handler.came == met
    assert 50 < Budget(tmp_path / "asked.json").pause(live(server).url) <= 60


def test_checks_come_first(server: http.server.ThreadingHTTPServer, tmp_path: Path) -> None:
    """While a check asks every half a second, the probe leaves the address alone."""
    path, budget = tmp_path / "probe.jsonl", Budget(tmp_path / "asked.json")
    with DowntimeProbe(live(server), path, budget=budget):
        wait_for(path, 1)
        for _ in range(6):
            Budget(tmp_path / "asked.json").note(live(server).url + "/other", 200, {})
            time.sleep(0.5)

    assert Handler.came <= 2


def test_an_application_that_hangs_is_not_flooded(
    server: http.server.ThreadingHTTPServer, tmp_path: Path, moving: Moving
) -> None:
    """Four requests at most are unanswered: seen, ten a second kept an application with two workers from recovering."""
    path = tmp_path / "probe.jsonl"
    Handler.open.clear()
    with DowntimeProbe(live(server), path, moving=moving):
        time.sleep(5)
        came = Handler.came
        Handler.open.set()
        lines = [json.loads(line) for line in wait_for(path, came)]

    assert 2 <= came <= 4
    assert all(line["ok"] for line in lines), "nobody hung up"
    assert max(line["seconds"] for line in lines) > 4


def test_who_waited_in_vain_is_remembered(
    server: http.server.ThreadingHTTPServer, tmp_path: Path, moving: Moving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the probe hung up, so that what the application logs of it is known; an answer is none."""
    monkeypatch.setattr("gonogo.run.downtime_probe._TIMEOUT", 0.3)
    budget, path = Budget(tmp_path / "budget.json"), tmp_path / "probe.jsonl"
    with DowntimeProbe(live(server), path, moving=moving, budget=budget):
        wait_for(path, 1)
        answered = budget.hang_ups
        Handler.open.clear()
        begin = time.time()
        wait_for(path, Handler.came + 1)
        Handler.open.set()

    assert answered == ()
    assert budget.hang_ups
    assert all(begin <= at <= time.time() for at in budget.hang_ups)


def test_the_last_word_is_how_it_is_in_the_end(server: http.server.ThreadingHTTPServer, tmp_path: Path) -> None:
    """What came up between two requests, a second apart, is not left as one that does not answer."""
    path = tmp_path / "probe.jsonl"
    Handler.status = 503
    with DowntimeProbe(live(server), path):
        wait_for(path, 1)
        Handler.status = 200

    assert json.loads(path.read_text().splitlines()[-1])["ok"]


def test_release_that_moves_is_not_down_while_the_former_address_answers(
    server: http.server.ThreadingHTTPServer, tmp_path: Path
) -> None:
    """Nobody is at the new address yet: the answer is the old one's."""
    path = tmp_path / "probe.jsonl"
    with DowntimeProbe(Target(url="http://127.0.0.1:1/healthz"), path, former=live(server)):
        answers = [json.loads(line) for line in wait_for(path, 2)]

    assert {(line["ok"], line["status"]) for line in answers} == {(True, 200)}


def test_environment_without_url_is_not_probed(tmp_path: Path) -> None:
    """Nothing is asked, nothing is written."""
    with DowntimeProbe(None, tmp_path / "probe.jsonl") as probe:
        probe.mark("settled")

    assert not (tmp_path / "probe.jsonl").exists()


@pytest.mark.parametrize(("stays", "failed"), [(False, 0), (True, 2)], ids=["a limit", "down"])
def test_a_503_that_a_slower_request_does_not_get_is_a_limit(
    server: http.server.ThreadingHTTPServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    stays: bool,
    failed: int,
) -> None:
    """Nginx's limit refuses with 503: who is let in later was never down; who is not, was from the first one on."""
    monkeypatch.setattr("gonogo.run.downtime_probe.SLOWLY", 0.4)
    Handler.status, Handler.headers_sent = 503, {"Retry-After": "1"}
    path, budget = tmp_path / "probe.jsonl", Budget(None)
    with DowntimeProbe(live(server), path, budget=budget):
        deadline = time.monotonic() + 10
        while Handler.came < 1 and time.monotonic() < deadline:
            time.sleep(0.01)
        Handler.status = 503 if stays else 200
        seen = wait_for(path, 2)

    found = figures(seen[:2])
    assert (found.failed, found.limited) == (failed, 0 if stays else 1)
    assert budget.is_limited is not stays


def test_answer_without_an_end_is_one(
    server: http.server.ThreadingHTTPServer, tmp_path: Path, moving: Moving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its status came in time; nobody waits for what goes on for ever, and the run ends."""
    ended = threading.Event()

    def answer(self: Handler) -> None:
        self.send_response(200)
        self.end_headers()
        while not ended.wait(0.05):
            try:
                self.wfile.write(b"still here\n")
            except ConnectionError:
                return

    monkeypatch.setattr(Handler, "do_GET", answer)
    monkeypatch.setattr("gonogo.run.downtime_probe._TIMEOUT", 0.5)
    path, begin = tmp_path / "probe.jsonl", time.monotonic()
    with DowntimeProbe(live(server), path, moving=moving):
        wait_for(path, 2)
    took = time.monotonic() - begin
    ended.set()

    assert {json.loads(line)["ok"] for line in path.read_text().splitlines()} == {True}
    assert took < 15
