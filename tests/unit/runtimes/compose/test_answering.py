"""Waiting for instances that no health check watches."""

from __future__ import annotations

import http.server
import json
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gonogo.host.runner import Command, Completed
from gonogo.runtimes.base import Front
from gonogo.runtimes.compose import answering
from gonogo.runtimes.compose.answering import patience, unwatched, wait_until_answering
from gonogo.state.release import Release
from tests.support.loopback import listening

__all__: list[str] = []

CHECK = ["CMD", "true"]


class Engine:
    """A host whose Docker says what it was told to."""

    name = "engine"

    def __init__(self, says: str = "", restarts: Iterable[int] = ()) -> None:
        """``says`` answers every command but the questions how often a container has started again."""
        self._says, self._restarts = says, iter(restarts)

    def run(self, command: Command, *, output_limit: int | None = None, exact: bool = False) -> Completed:  # noqa: ARG002 (the protocol's)
        """Answer."""
        says = str(next(self._restarts)) if "{{.RestartCount}}" in command.argv else self._says
        return Completed(command=command, code=0, output=says, errors="", seconds=0.0, pid=1)

    def spawn(self, command: Command) -> int:
        """Nothing is started here."""
        raise AssertionError(f"started {command}")


class Server(http.server.HTTPServer):
    """Answers each request with the next status; 0 hangs up."""

    def __init__(self, *statuses: int) -> None:
        """The last status stays."""
        super().__init__(("127.0.0.1", 0), Handler)
        self.statuses = list(statuses)
        self.agents: list[str] = []

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.server_port}/"


class Handler(http.server.BaseHTTPRequestHandler):
    """One request."""

    server: Server

    def do_GET(self) -> None:
        """Answer, or hang up as a published port does behind which nobody listens."""
        self.server.agents.append(self.headers["User-Agent"])
        status = self.server.statuses.pop(0) if len(self.server.statuses) > 1 else self.server.statuses[0]
        if status:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pause between two requests."""
    monkeypatch.setattr(answering, "_PAUSE", 0.0)


def release(*services: str) -> Release:
    """A release of these services."""
    return Release(
        id="r1",
        commit="9a41b7d",
        env="staging",
        runtime="compose",
        created=datetime.now(UTC),
        folder=Path("/f"),
        root=Path("/r"),
        services=services,
        images=dict.fromkeys(services, "sha256:1"),
    )


def unknown_to_all(folder: Path) -> ssl.SSLContext:
    """A server's side of TLS with a certificate that it signed itself."""
    key, certificate = folder / "key", folder / "certificate"
    made = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost")
    subprocess.run([*made, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def asked(server: Server, says: str = "1\tweb\trunning\n", timeout: float = 30.0) -> int:
    """How many requests it takes until the waiting is over."""
    with listening(server):
        wait_until_answering(server.url, ("web",), "shop", Engine(says), timeout=timeout)
    assert set(server.agents) == {"gonogo-start"}
    return len(server.agents)


def test_a_release_that_does_not_listen_yet_is_waited_for() -> None:
    """The port is published before the application listens, and a proxy says 502 until then."""
    assert asked(Server(0, 0, 502, 503, 504, 200)) == 6


@pytest.mark.parametrize(
    ("front", "waits"),
    [
        (None, True),
        (Front(service="edge", behind=("web", "worker")), True),  # its configuration names nobody
        (Front(service="edge", behind=("worker",), is_named=True), True),
        (Front(service="worker", behind=("web",), is_named=True), True),  # the proxy is deployed, and nobody watches it
        (Front(service="edge", behind=("web",), is_named=True), False),
    ],
)
def test_an_answer_for_a_healthy_service_is_expected_soon(front: Front | None, waits: bool) -> None:  # noqa: FBT001
    """A worker that nobody watches may start as long as it likes; where the proxy leads to it, it is waited for."""
    found = patience(("worker",), front, 600.0)

    assert (found == 600.0) is waits
    assert 30.0 < found <= 600.0  # a proxy's own health check may need that long
    assert patience(("worker",), front, 5.0) == 5.0


def test_a_port_that_drops_a_connection_before_its_certificate_is_waited_for() -> None:
    """A published port takes the connection and drops it while nothing listens behind it, also where TLS is asked for."""
    server = Server(200)
    server.process_request = lambda request, client_address: server.shutdown_request(request)  # type: ignore[method-assign] # noqa: ARG005
    url = server.url.replace("http:", "https:")
    begin = time.monotonic()
    with listening(server):
        wait_until_answering(url, ("web",), "shop", Engine("1\tweb\trunning\n"), timeout=1.0)

    assert time.monotonic() - begin >= 1.0


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_a_certificate_that_nobody_trusts_is_not_waited_for(tmp_path: Path) -> None:
    """Waiting makes it no better; the gate says what is wrong with it."""
    server = Server(200)
    server.socket = unknown_to_all(tmp_path).wrap_socket(server.socket, server_side=True)
    begin = time.monotonic()
    with listening(server):
        url = server.url.replace("http:", "https:")
        wait_until_answering(url, ("web",), "shop", Engine("1\tweb\trunning\n"), timeout=60.0)

    assert time.monotonic() - begin < 55


@pytest.mark.parametrize("status", [200, 302, 404, 429, 500])
def test_any_answer_of_an_application_ends_the_waiting(status: int) -> None:
    """Whether it is the right one is the gate's question, which is not kept waiting."""
    assert asked(Server(status)) == 1


@pytest.mark.parametrize("state", ["exited", "restarting", "dead"])
def test_an_instance_that_ended_is_not_waited_for(state: str) -> None:
    """A release that crashes at its start is told at once; what another service does is no matter."""
    assert asked(Server(502), f"1\tdb\trunning\n2\tweb\t{state}\n") == 1
    assert asked(Server(502, 200), f"1\tseed\t{state}\n2\tweb\trunning\n") == 2


def test_a_proxy_that_starts_again_in_vain_is_given_up() -> None:
    """Its own mistake gets no better; one that waits for a name before it stays up has restarted before, and may once more."""
    server, engine = Server(0), Engine("1\tedge\trestarting\n2\tweb\trunning\n", restarts=(7, 8, 8, 9, 12))
    with listening(server):
        wait_until_answering(server.url, ("web",), "shop", engine, timeout=60.0, front="edge")
        assert len(server.agents) == 5

    server, engine = Server(0, 0, 0, 200), Engine("1\tedge\trestarting\n2\tweb\trunning\n", restarts=(7, 8, 11))
    with listening(server):
        wait_until_answering(server.url, ("web",), "shop", engine, timeout=60.0, front="edge")
        assert len(server.agents) == 4


def test_the_waiting_is_bounded() -> None:
    """A release that never listens is left to the gate."""
    begin = time.monotonic()

    assert asked(Server(502), timeout=2.0) > 1
    assert time.monotonic() - begin < 60


def test_a_name_that_nobody_knows_is_not_waited_for() -> None:
    """It is no sign of a start."""
    begin = time.monotonic()
    wait_until_answering("http://nobody.invalid/", ("web",), "shop", Engine("1\tweb\trunning\n"), timeout=60.0)

    assert time.monotonic() - begin < 55


@pytest.mark.parametrize(
    ("own", "image", "found"),
    [
        ({}, None, ("web",)),
        ({"healthcheck": {"test": CHECK}}, None, ()),
        ({}, {"Test": CHECK}, ()),
        ({"healthcheck": {"disable": True}}, {"Test": CHECK}, ("web",)),
        ({"healthcheck": {"test": ["NONE"]}}, {"Test": CHECK}, ("web",)),
        ({"healthcheck": {"interval": "5s"}}, {"Test": CHECK}, ()),
    ],
)
def test_health_checks_are_the_models_or_the_images(
    own: dict[str, Any], image: dict[str, Any] | None, found: tuple[str, ...]
) -> None:
    """A one-shot needs none: it is over when it has done its work."""
    seed = {"depends_on": {"seed": {"condition": "service_completed_successfully"}}}
    model = {"services": {"web": {**own, **seed}, "seed": {}}}

    assert unwatched(model, release("web", "seed"), Engine(json.dumps({"Healthcheck": image}))) == found
