"""gonogo.plugins.limits: a 503 of a limit is asked again slowly; an application's own stays what it is."""

from __future__ import annotations

import contextlib
import http.server
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from gonogo.gates.budget import Budget
from gonogo.inspection import things
from gonogo.inspection.answers.refusals import Limit
from gonogo.plugins.evidence import LackingError
from gonogo.plugins.limits import Limits
from tests.support.loopback import listening
from tests.unit.inspection.answers.test_refusals import NGINX

__all__: list[str] = []

PERIOD = 0.4


class Handler(http.server.BaseHTTPRequestHandler):
    """Refuses one request, and the next one only where it comes sooner than a period after it; or is never well."""

    refused: float | None = None
    page = NGINX
    headers_sent: dict[str, str] = {}  # noqa: RUF012 (http.server makes one instance a request)
    status = 200
    asked: list[str] = []  # noqa: RUF012 (likewise)

    def do_GET(self) -> None:
        """Answer."""
        Handler.asked.append(self.command)
        now = time.monotonic()
        passes = Handler.status == 200 and Handler.refused is not None and now - Handler.refused >= PERIOD
        Handler.refused = now if Handler.refused is None else Handler.refused
        body = b"hello" if passes else Handler.page.encode()
        self.send_response(200 if passes else 503)
        for name, value in Handler.headers_sent.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 (as http.server calls it)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server that refuses the first request; slowly is here after twice its period."""
    monkeypatch.setattr("gonogo.plugins.limits.SLOWLY", 2 * PERIOD)
    Handler.status, Handler.page, Handler.headers_sent, Handler.refused = 200, NGINX, {}, None
    Handler.asked.clear()
    with listening(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as made:
        yield f"http://127.0.0.1:{made.server_port}"


def limits(*, bound: float = 20.0, configured: Limit | None = None) -> Limits:
    """As a check has them."""
    return Limits(Budget(None), bound=bound, configured=lambda: configured)


@pytest.mark.parametrize(
    ("page", "headers", "configured"),
    [(NGINX, {}, None), ("busy", {"Retry-After": "1"}, None), ("busy", {}, Limit(pause=2 * PERIOD, hides=True))],
    ids=["nginx's own page", "says when", "the release's own proxy limits requests, with a page of its own"],
)
def test_a_503_of_a_limit_is_asked_again_slowly(
    url: str, page: str, headers: dict[str, str], configured: Limit | None
) -> None:
    """The answer that counts is the slower one's; what happened is told, and the address is asked less from then on."""
    Handler.page, Handler.headers_sent = page, headers
    asking = limits(configured=configured)

    assert asking.get(f"{url}/page").status_code == 200
    assert asking.again == [f"GET {url}/page: 503, and 200 when it was asked once more, slowly: a limit on requests"]
    assert asking.is_tight(url)
    Handler.refused = None
    with asking.client(url) as client:
        assert client.get(f"{url}/other").text == "hello"


@pytest.mark.parametrize(("page", "headers"), [(NGINX, {}), ("down", {"Retry-After": "0"})])
def test_a_503_that_stays_is_the_answer(url: str, page: str, headers: dict[str, str]) -> None:
    """A maintenance page, and an application that is not ready, get one more chance and stay what they are."""
    Handler.page, Handler.headers_sent, Handler.status = page, headers, 503
    asking = limits()

    assert asking.get(url).status_code == 503
    assert asking.again == [f"GET {url}: 503, and 503 when it was asked once more, slowly: no limit on requests"]
    assert len(Handler.asked) == 2
    assert not asking.is_tight(url)


def test_what_is_no_limits_is_asked_once(url: str) -> None:
    """An application's own 503, one that is expected, and one whose limit asks for more than the check may take."""
    Handler.status, Handler.page = 503, '{"status": "fail"}'
    assert limits(configured=Limit(pause=PERIOD, hides=False)).get(url).status_code == 503
    Handler.page = NGINX
    assert limits().send("GET", url, expected=(503,)).status_code == 503
    Handler.headers_sent = {"Retry-After": "60"}
    assert limits().get(url).status_code == 503

    assert len(Handler.asked) == 3


def test_what_may_have_been_done_is_not_sent_twice(url: str) -> None:
    """A POST is sent again only where the proxy answered by itself, so that the application never saw it."""
    Handler.page, Handler.headers_sent = "busy", {"Retry-After": "1"}
    assert limits().send("POST", url, content=b"1").status_code == 503
    Handler.page, Handler.headers_sent, Handler.refused = NGINX, {}, None
    assert limits().send("POST", url, content=b"1").status_code == 200

    assert Handler.asked == ["POST", "POST", "POST"]


def test_a_limit_that_is_configured_is_never_met(url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An application that allows ten requests in a while: the checks of two processes get all their answers."""
    monkeypatch.setattr("gonogo.gates.budget._MINUTE", 2 * PERIOD)
    came: list[float] = []

    def answer(self: Handler) -> None:
        came.append(time.monotonic())
        recent = [at for at in came if came[-1] - at < 1.5 * PERIOD]
        self.send_response(429 if len(recent) > 10 else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    monkeypatch.setattr(Handler, "do_GET", answer)
    two = [Limits(Budget(tmp_path / "asked.json", per_minute=10), bound=20.0) for _ in range(2)]

    assert [two[number % 2].send("GET", f"{url}/{number}").status_code for number in range(30)] == [200] * 30
    assert came[-1] - came[0] >= 4 * PERIOD


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server that hangs in all its pages, but in those that are named in ``Handler.page``."""
    monkeypatch.setattr("gonogo.plugins.limits._TIMEOUT", 0.5)
    monkeypatch.setattr("gonogo.plugins.limits._COUNTS", 0.5)
    monkeypatch.setattr("gonogo.plugins.limits._LOOK", 0.3)
    ended = threading.Event()

    def answer(self: Handler) -> None:
        Handler.asked.append(self.path)
        if self.path not in Handler.page:
            ended.wait(20)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    monkeypatch.setattr(Handler, "do_GET", answer)
    monkeypatch.setattr(Handler, "handle_one_request", suppressing(Handler.handle_one_request))
    Handler.page = ""
    Handler.asked.clear()
    with listening(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as made:
        yield f"http://127.0.0.1:{made.server_port}"
        ended.set()


def suppressing(handle: Callable[[Handler], None]) -> Callable[[Handler], None]:
    """Whoever asked is gone: that is no error of the test's."""

    def handled(self: Handler) -> None:
        with contextlib.suppress(ConnectionError):
            handle(self)

    return handled


def asks(asking: Limits, url: str) -> type[Exception] | None:
    """Sends one request; how it went wrong."""
    try:
        asking.get(url)
    except (httpx.TimeoutException, LackingError) as error:
        return type(error)
    return None


def test_who_answers_nobody_is_not_waited_for_again_and_again(hanging: str) -> None:
    """Two requests and a look are waited for in full, then a short look is; who answers again is waited for as ever."""
    budget, at = Budget(None), things.address(hanging)
    asking = Limits(budget, bound=1.0, alive=lambda _: f"{hanging}/alive")
    found = [asks(asking, f"{hanging}/{number}") for number in range(2)]
    begin = time.monotonic()
    found += [asks(asking, f"{hanging}/{number}") for number in range(2, 9)]
    took = time.monotonic() - begin
    with pytest.raises(
        LackingError, match=f"{hanging}/9: not waited for: found no answer by {hanging}/alive"
    ) as lacking:
        asking.get(f"{hanging}/9")
    Handler.page = "/alive /there"
    asking.begin()
    budget.note(f"{hanging}/alive", 200, {})
    after = [asks(asking, f"{hanging}/{name}") for name in ("there", "late", "there")]

    assert found == [httpx.ReadTimeout] * 2 + [LackingError] * 7
    assert took < 1.5
    assert lacking.value.needs == at
    assert after == [None, httpx.ReadTimeout, None]


def test_a_slow_application_is_waited_for(hanging: str) -> None:
    """However many of its pages hang: one that says in time that it is alive is asked in full, and so is a stranger."""
    Handler.page = "/alive"
    slow = Limits(Budget(None), bound=1.0, alive=lambda _: f"{hanging}/alive")
    other = Limits(Budget(None), bound=1.0)

    assert [asks(slow, f"{hanging}/{number}") for number in range(3)] == [httpx.ReadTimeout] * 3
    assert [asks(other, f"{hanging}/{number}") for number in range(3)] == [httpx.ReadTimeout] * 3


def test_each_process_waits_in_full_for_who_should_be_alive(hanging: str) -> None:
    """What others met decides nothing by itself, and a check that is asked again has its whole time, once."""
    budget = Budget(None)
    for _ in range(5):
        budget.unanswered(hanging)
    asking = Limits(budget, bound=1.0, alive=lambda _: f"{hanging}/alive")
    Handler.page = "/alive"

    assert asks(asking, f"{hanging}/0") is httpx.ReadTimeout
    Handler.page = ""
    assert [asks(asking, f"{hanging}/{page}") for page in ("0", "alive", "1", "alive")] == [
        httpx.ReadTimeout,
        httpx.ReadTimeout,
        LackingError,
        LackingError,
    ]


def test_what_is_not_there_is_remembered(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that what the application logs of it is known to be ours, of what is closed too; a bad request is not."""
    budget = Budget(None)
    asking = Limits(budget, bound=20.0)
    monkeypatch.setattr(Handler, "do_GET", lambda self: self.send_error(int(self.path[1:4])))
    asking.get(f"{url}/400")
    asking.get(f"{url}/404.png?v=1")
    asking.get(f"{url}/401")

    assert [said for _, *said in budget.misses] == [["/404.png", 404], ["/401", 401]]


def test_each_request_is_somebody_elses(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No cookie of an answer is sent on, and each request has a connection of its own: any process may take it."""
    seen: list[tuple[str, object]] = []

    def answer(self: Handler) -> None:
        seen.append((self.headers.get("Cookie", ""), self.client_address))
        self.send_response(200)
        self.send_header("Set-Cookie", "session=yours")
        self.send_header("Content-Length", "0")
        self.end_headers()

    monkeypatch.setattr(Handler, "protocol_version", "HTTP/1.1")
    monkeypatch.setattr(Handler, "do_GET", answer)
    asking = limits()
    for path in ("/login", "/page", "/page"):
        asking.get(url + path)
    asking.close()

    assert [cookie for cookie, _ in seen] == ["", "", ""]
    assert len({address for _, address in seen}) == 3


class Together(http.server.BaseHTTPRequestHandler):
    """Answers when four ask at the same moment, each as the test says."""

    all_here = threading.Barrier(4)
    answers: list[tuple[int, str]] = []  # noqa: RUF012 (http.server makes one instance a request)

    def do_GET(self) -> None:
        """Answer."""
        Together.all_here.wait(10.0)
        status, text = Together.answers.pop()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.mark.parametrize(
    ("refusal", "counts"),
    [
        ((429, ""), False),
        ((503, NGINX), False),
        ((503, "Service Unavailable"), False),
        ((503, '{"status": "unhealthy"}'), True),
        ((500, "no"), True),
    ],
    ids=["429", "a proxy's own 503", "uvicorn's --limit-concurrency", "the application's 503", "500"],
)
def test_requests_of_one_moment_have_a_connection_each(refusal: tuple[int, str], counts: bool) -> None:  # noqa: FBT001
    """All four are under way before the first is answered; what a limit may have refused says nothing."""
    Together.all_here.reset()
    Together.answers = [refusal, (200, "a"), (200, "b"), (200, "c")]
    with listening(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Together)) as made:
        found = limits().at_once(f"http://127.0.0.1:{made.server_port}/", 4)

    assert sorted(one.status_code for one in found) == [200, 200, 200, *([refusal[0]] if counts else [])]


def test_who_is_not_there_says_nothing_to_requests_of_one_moment() -> None:
    """Nobody listens: what is down is told by who asks once."""
    with listening(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Together)) as made:
        port = made.server_port

    assert limits().at_once(f"http://127.0.0.1:{port}/", 4) == []
