"""What passes through the Caddy that gonogo runs itself, while it is told to send requests elsewhere."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from gonogo.config.traffic import Traffic
from gonogo.demo.ports import free_port
from gonogo.errors import CommandError
from gonogo.runtimes.base import Place
from gonogo.runtimes.front import OwnFront
from gonogo.traffic.base import alone, endpoints, shared
from gonogo.traffic.own import program
from gonogo.traffic.send import described, send, wait_until_left
from tests.unit.runtimes.process.test_runtime import make

__all__: list[str] = []

pytestmark = [pytest.mark.integration, pytest.mark.timeout(90)]

UPLOAD = 64 * 1024 * 1024


class Application(BaseHTTPRequestHandler):
    """Says what it was asked, counts what it is given, writes bit by bit, and echoes what follows an upgrade."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """The headers as they came; with a pause in the middle of ``/stream``; an echo after an upgrade."""
        if self.headers["Upgrade"]:
            self.send_response(101)
            self.send_header("Connection", "Upgrade")
            self.send_header("Upgrade", self.headers["Upgrade"])
            self.end_headers()
            self.wfile.flush()
            while said := self.connection.recv(100):
                self.connection.sendall(said)
            self.close_connection = True
        elif self.path == "/stream":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for text in ("one", "two"):
                self.wfile.write(f"{len(text):x}\r\n{text}\r\n".encode())
                time.sleep(1.5)
            self.wfile.write(b"0\r\n\r\n")
        else:
            self._say({"path": self.path, "port": self.connection.getsockname()[1], **self.headers})

    def do_POST(self) -> None:
        """How many bytes came."""
        left = size = int(self.headers["Content-Length"])
        while left and (part := self.rfile.read(min(left, 1 << 16))):
            left -= len(part)
        self._say({"bytes": size - left})

    def _say(self, what: object) -> None:
        body = json.dumps(what).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def application() -> Iterator[str]:
    """Where one answers."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Application)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def front(tmp_path: Path) -> Iterator[OwnFront]:
    """One that does not run yet."""
    place, _ = make(tmp_path)
    made = OwnFront(place=of(place, tmp_path), traffic=traffic(free_port()))
    yield made
    made.end()


def of(place: Place, folder: Path) -> Place:
    """The same, with a state folder that exists."""
    (folder / "state").mkdir(exist_ok=True)
    return place


def traffic(port: int) -> Traffic:
    """In front of a service that had this port."""
    return Traffic.model_validate({"kind": "own", "upstreams": {"web": f"web:{port}"}, "drain": "3s"})


def nothing() -> None:
    """Nobody has to make room."""


def opened(front: OwnFront) -> socket.socket:
    """An upgraded connection."""
    one = socket.create_connection(("127.0.0.1", front.traffic.listens[1]), timeout=10)
    one.sendall(b"GET /ws HTTP/1.1\r\nHost: shop.example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
    said = b""
    while b"\r\n\r\n" not in said:
        said += one.recv(1000)
    assert said.startswith(b"HTTP/1.1 101"), said
    return one


def echoed(one: socket.socket, text: bytes) -> bytes:
    """What comes back."""
    one.sendall(text)
    return one.recv(100)


def asked(front: OwnFront, path: str, **headers: str) -> dict[str, Any]:
    """What the application was asked, by its own words."""
    connection = http.client.HTTPConnection("127.0.0.1", front.traffic.listens[1], timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        return dict(json.loads(connection.getresponse().read()))


def test_requests_arrive_as_they_were_sent(front: OwnFront) -> None:
    """Path and host stay; who asked is said, and what a balancer on this machine said before is kept."""
    with application() as at:
        front.ensure(alone({"web": at}), nothing)
        plain = asked(front, "/a%2Fb//c?d=%20", Host="shop.example.com")
        balanced = asked(front, "/", Host="shop.example.com", X_Forwarded_For="203.0.113.7", X_Forwarded_Proto="https")

    assert (plain["path"], plain["Host"]) == ("/a%2Fb//c?d=%20", "shop.example.com")
    assert (plain["X-Forwarded-For"], plain["X-Forwarded-Proto"]) == ("127.0.0.1", "http")
    assert (balanced["X-Forwarded-For"], balanced["X-Forwarded-Proto"]) == ("203.0.113.7, 127.0.0.1", "https")


def test_a_stream_is_passed_on_as_it_comes(front: OwnFront) -> None:
    """Its first part is there while the application has not said the second."""
    with application() as at:
        front.ensure(alone({"web": at}), nothing)
        connection = http.client.HTTPConnection("127.0.0.1", front.traffic.listens[1], timeout=10)
        begun = time.monotonic()
        connection.request("GET", "/stream")
        answer = connection.getresponse()
        first, after = answer.read1(100), time.monotonic() - begun
        rest = answer.read()
        connection.close()

    assert (first, rest) == (b"one", b"two")
    assert after < 1.2


def test_a_switch_cuts_neither_an_upload_nor_a_websocket(front: OwnFront) -> None:
    """Both go on with who they began with, and are counted there; whoever comes new is sent to the other one."""
    with application() as blue, application() as green:
        front.ensure(alone({"web": blue}), nothing)
        talking = opened(front)
        upload = http.client.HTTPConnection("127.0.0.1", front.traffic.listens[1], timeout=30)
        upload.putrequest("POST", "/upload")
        upload.putheader("Content-Length", str(UPLOAD))
        upload.endheaders()
        upload.send(bytes(UPLOAD // 2))
        before = echoed(talking, b"before")
        send(front.proxy, alone({"web": green}))
        fresh = asked(front, "/")["port"]
        left = wait_until_left(front.proxy, endpoints(alone({"web": blue})), seconds=0.2)
        after = echoed(talking, b"after")
        upload.send(bytes(UPLOAD - UPLOAD // 2))
        received = json.loads(upload.getresponse().read())
        talking.close()
        upload.close()
        gone = wait_until_left(front.proxy, endpoints(alone({"web": blue})), seconds=5)

    assert fresh == int(green.rpartition(":")[2])
    assert (before, after, received) == (b"before", b"after", {"bytes": UPLOAD})
    assert (left, gone) == (2, 0)


def test_a_switch_reloads_nothing_and_loses_nobody(front: OwnFront) -> None:
    """Forty of them while six ask over new connections: Caddy would close some of those at its reloads."""
    found: Counter[object] = Counter()
    over = threading.Event()

    def visit() -> None:
        while not over.is_set():
            try:
                found[asked(front, "/", Connection="close")["port"]] += 1
            except (OSError, http.client.HTTPException, ValueError) as error:
                found[repr(error)] += 1

    with application() as blue, application() as green:
        front.ensure(alone({"web": blue}), nothing)
        told = described(front.proxy, alone({"web": green}))
        visitors = [threading.Thread(target=visit) for _ in range(6)]
        for one in visitors:
            one.start()
        for number in range(40):
            send(front.proxy, alone({"web": blue if number % 2 else green}))
            seen = sum(found.values())
            while sum(found.values()) < seen + 12:
                time.sleep(0.01)
        over.set()
        for one in visitors:
            one.join()

    assert told == (f"# web → {green}", f"printf {green.rpartition(':')[2]} > {front.home}/release.port")
    assert set(found) == {int(one.rpartition(":")[2]) for one in (blue, green)}


def test_an_older_program_is_reloaded(front: OwnFront, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that says a version which does not read the file: it is told by its configuration, as other Caddys are."""
    older = tmp_path / "bin" / "caddy"
    older.parent.mkdir()
    older.write_text(f'#!/bin/sh\n[ "$1" != version ] || {{ echo 2.6.2; exit; }}\nexec {program()} "$@"\n')
    older.chmod(0o755)
    monkeypatch.setattr("gonogo.traffic.own.find_program", lambda _: older)
    with application() as blue, application() as green:
        front.ensure(alone({"web": blue}), nothing)
        first = asked(front, "/")["port"]
        told = described(front.proxy, alone({"web": green}))
        send(front.proxy, alone({"web": green}))
        then = asked(front, "/")["port"]

    assert [first, then] == [int(one.rpartition(":")[2]) for one in (blue, green)]
    assert any("caddy reload" in line for line in told)
    assert not (front.home / "release.port").exists()


def test_shares_are_read_by_a_reload_and_so_is_the_end_of_them(front: OwnFront) -> None:
    """Both answer while requests are shared, and one of them alone before and after."""

    def answering() -> set[int]:
        return {asked(front, "/")["port"] for _ in range(20)}

    with application() as blue, application() as green:
        front.ensure(alone({"web": blue}), nothing)
        first = answering()
        send(front.proxy, shared(alone({"web": blue}), alone({"web": green}), 50))
        both = answering()
        send(front.proxy, alone({"web": green}))
        last = answering()
        send(front.proxy, alone({"web": blue}))
        again = answering()

    ports = [int(one.rpartition(":")[2]) for one in (blue, green)]
    assert (first, both, last, again) == ({ports[0]}, {*ports}, {ports[1]}, {ports[0]})


def test_another_address_is_listened_on_by_the_same_process(front: OwnFront) -> None:
    """What it serves stays; nobody answers at the old address."""
    with application() as at:
        front.ensure(alone({"web": at}), nothing)
        before = front.running()
        moved = OwnFront(place=front.place, traffic=traffic(free_port()))
        moved.ensure(alone({"web": at}), nothing)
        answered = asked(moved, "/")["port"]
        after = moved.running()
        with pytest.raises(OSError, match="refused"):
            asked(front, "/")

    assert answered == int(at.rpartition(":")[2])
    assert before is not None
    assert after is not None
    assert (after.pid, after.port) == (before.pid, moved.traffic.listens[1])


def test_one_that_runs_is_left_as_it_is(front: OwnFront) -> None:
    """Asked for again, also by another run: the same process, and nobody has to make room."""
    with application() as at:
        front.ensure(alone({"web": at}), nothing)
        first = front.running()
        again = OwnFront(place=front.place, traffic=front.traffic)
        again.ensure(alone({"web": at}), lambda: pytest.fail("its own port was cleared"))
        second = again.running()

    assert first is not None
    assert second is not None
    assert first.pid == second.pid


def test_a_port_that_somebody_has_is_an_error(front: OwnFront) -> None:
    """It ends, and says what the kernel said; no pid file is left."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", front.traffic.listens[1]))
        other.listen()
        with pytest.raises(CommandError, match="address already in use"):
            front.ensure(alone({"web": "127.0.0.1:1"}), nothing)

    assert front.running() is None
    assert front.state().status == "missing"
