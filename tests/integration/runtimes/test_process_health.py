"""What does not become healthy, with real processes and ports."""

from __future__ import annotations

import http.server
import re
import subprocess
import sys
import time

import pytest

from gonogo.errors import CommandError
from gonogo.runtimes.process.health import ask, wait_until_healthy
from gonogo.runtimes.process.instances import Instances
from gonogo.runtimes.process.pinned import PinnedService, pinned
from tests.support.loopback import listening
from tests.support.sites import Site

pytestmark = pytest.mark.integration


def test_start_reports_an_early_exit(site: Site) -> None:
    """A process that ends is reported at once, with its exit code and what it said, redacted."""
    release = site.release("MODE=exit\n", timeout="60s")
    begin = time.monotonic()
    with pytest.raises(CommandError) as caught:
        site.start(release)
    log = site.state.root / "instances" / "web" / f"{release.id}.log"

    assert time.monotonic() - begin < 30
    assert re.sub(r"after [\d.]+ s", "after 0.1 s", str(caught.value)) == (
        f"web: found exit code 1 after 0.1 s, expected 200 from http://127.0.0.1:{site.port}/healthz. "
        f"The last lines of {log}:\n    starting v1\n    no database: [redacted]"
    )


def test_start_reports_what_never_gets_healthy(site: Site) -> None:
    """An instance that answers wrongly until its time is over is reported with its last answer."""
    release = site.release("MODE=sick\n", timeout="1s")
    with pytest.raises(CommandError) as caught:
        site.start(release)

    assert re.sub(r"for [\d.]+ s,", "for 1.0 s,", str(caught.value)).splitlines()[0] == (
        f"web: found status 503 for 1.0 s, expected 200 from http://127.0.0.1:{site.port}/healthz "
        f"within 1 s (health.timeout). The last lines of {site.record().log}:"
    )
    assert site.inspect(release).instances()[0].health == "unhealthy"


def test_start_reports_a_worker_that_does_not_stay(site: Site) -> None:
    """A service without a port must stay alive; one that ends well is reported as well."""
    release = site.release("MODE=lazy\n", worker=True)
    with pytest.raises(CommandError) as caught:
        site.start(release)

    assert re.sub(r"after [\d.]+ s", "after 0.1 s", str(caught.value)) == (
        "jobs: found exit code 0 after 0.1 s, expected a process that stays. "
        f"The last lines of {site.record('jobs').log}:\n    worker lazy"
    )


def test_start_refuses_a_port_that_a_stranger_holds(site: Site) -> None:
    """A port that is not ours is never taken; the message names who holds it, and the stranger lives on."""
    release = site.release()
    script = f"import socket, time; s = socket.create_server(('127.0.0.1', {site.port})); print(1, flush=True); time.sleep(99)"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as stranger:
        try:
            assert stranger.stdout is not None
            stranger.stdout.readline()
            with pytest.raises(CommandError) as caught:
                site.start(release)

            shown = f"{sys.executable} -c {script}"[:160]
            assert str(caught.value) == (
                f"web: found port {site.port} held by pid {stranger.pid} ({shown}), expected it free. "
                "Stop that process, or give web another port in gonogo.toml."
            )
            assert stranger.poll() is None
            assert Instances(site.state.root).read("web") is None
        finally:
            stranger.kill()


def test_an_answer_by_a_stranger_is_no_health(site: Site) -> None:
    """Health counts only when the process that answers is the one that was started."""
    release = site.release(worker=True, timeout="1s")
    site.start(release)
    web = pinned(site.place(release), release).services["web"]
    with pytest.raises(CommandError) as caught:
        wait_until_healthy(site.record("jobs"), web, site.host)

    assert str(caught.value).startswith(f"jobs: found an answer by pid {site.record().pid} ({release.folder}/venv/bin/")


class Strict(http.server.BaseHTTPRequestHandler):
    """Answers to one name only, as Django and TrustedHostMiddleware do."""

    known = ""
    refusal = 400

    def do_GET(self) -> None:
        """Refuse, or say that it lives."""
        self.send_response(200 if self.headers["Host"].partition(":")[0] == self.known else self.refusal)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.mark.parametrize(
    ("known", "found"), [("shop.example.com", 200), ("127.0.0.1", 200), ("other.example.com", 400)]
)
def test_an_instance_is_asked_as_its_visitors_ask(known: str, found: int) -> None:
    """By the name of ``url``, which stands in front of it; and by its address, as a proxy may that passes no name on."""
    with listening(http.server.HTTPServer(("127.0.0.1", 0), type("Known", (Strict,), {"known": known}))) as server:
        port, name = server.server_address[1], "shop.example.com"
        asked = PinnedService(command=(), port=port, live="/", live_status=200, timeout=9, name=name)

        assert ask(asked) == found
        assert ask(asked.model_copy(update={"name": ""})) == (200 if known == "127.0.0.1" else 400)


def test_an_application_that_has_no_page_for_the_name_is_asked_by_its_address() -> None:
    """One that routes by host answers 404 to the public name, where its proxy passes that on to nobody."""
    facts = {"known": "127.0.0.1", "refusal": 404}
    with listening(http.server.HTTPServer(("127.0.0.1", 0), type("Routed", (Strict,), facts))) as server:
        port = server.server_address[1]
        asked = PinnedService(command=(), port=port, live="/", live_status=200, timeout=9, name="shop.example.com")

        assert ask(asked) == 200
