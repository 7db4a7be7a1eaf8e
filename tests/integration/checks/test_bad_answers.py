"""D09 on answers that hang, never end, are too large, or are not what they say: each ends in time, with one message."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from gonogo.words import Outcome
from tests.support.gates import Run

from .deployed import Deployed

pytestmark = pytest.mark.integration

SERVER = """\
import gzip, http.server, json, os, sys, time

PACKED = gzip.compress(b"x" * (1 << 28), 1)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            getattr(self, self.path.strip("/"), self.alive)()
        except ConnectionError:
            pass

    def begin(self, status=200, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def whole(self, body, status=200, **headers):
        self.begin(status, Content_Length=str(len(body)), **headers)
        self.wfile.write(body)

    def alive(self):
        self.whole(json.dumps({"status": "ok", "commit": os.environ["GONOGO_COMMIT"]}).encode())

    def hang(self):
        time.sleep(60)

    def drip(self):
        self.begin(Content_Type="text/event-stream")
        for _ in range(600):
            self.wfile.write(b": still here\\n")
            time.sleep(0.1)

    events = drip

    def huge(self):
        self.begin(Content_Length=str(1 << 30))
        for _ in range(1 << 10):
            self.wfile.write(b"x" * (1 << 20))

    def bomb(self):
        self.whole(PACKED, Content_Encoding="gzip")

    def bytes(self):
        self.whole(b"caf\\xe9 for \\xff\\xfe two", Content_Type="text/html; charset=utf-8")

    def no_json(self):
        self.whole(b'{"status": "ok"', Content_Type="application/json")

    def short(self):
        self.begin(Content_Length="100")
        self.wfile.write(b"too short")

    def circle(self):
        self.whole(b"", 302, Location=self.path)

    def log_message(self, *arguments):
        pass


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
ENDPOINTS = {
    "hang": 'within = "1s"',
    "drip": 'within = "1s"\ncontains = "the end"',
    "events": 'within = "1s"',
    "huge": 'contains = "the end"',
    "bomb": 'contains = "the end"',
    "bytes": 'contains = ["caf", "two"]',
    "no_json": 'json = { status = "ok" }',
    "short": 'contains = "too short"',
    "circle": "status = 200",
}


@pytest.fixture(scope="module")
def asked(deploy: Callable[..., Deployed]) -> tuple[Run, float]:
    """A gate that met them all, and how long it took."""
    listed = "".join(
        f'\n[[env.test.endpoint]]\nrequest = "GET /{name}"\n{lines}\n' for name, lines in ENDPOINTS.items()
    )
    site = deploy(files={"server.py": SERVER}, environment=listed)
    site.start()
    begin = time.monotonic()
    return site.ask("postdeploy", "test_endpoint"), time.monotonic() - begin


@pytest.mark.parametrize(
    ("name", "outcome", "found"),
    [
        ("hang", Outcome.FAILED, "found no answer within 6 s, expected one within 1 s"),
        ("drip", Outcome.FAILED, 'characters), expected "the end"; its text did not end within 6 s'),
        ("events", Outcome.PASSED, ""),
        ("huge", Outcome.FAILED, '(33554432 characters), expected "the end"; its text did not end within 32 MiB'),
        ("bomb", Outcome.FAILED, '(33554432 characters), expected "the end"; its text did not end within 32 MiB'),
        ("bytes", Outcome.PASSED, ""),
        ("no_json", Outcome.FAILED, 'JSON: found "{\\"status\\": \\"ok\\"", expected a JSON document'),
        ("short", Outcome.FAILED, "without sending complete message body (received 9 bytes, expected 100)"),
        ("circle", Outcome.FAILED, "status: found 302, expected 200"),
    ],
)
def test_bad_answer_is_judged_in_time(asked: tuple[Run, float], name: str, outcome: Outcome, found: str) -> None:
    """What can be judged by its beginning is; the rest says what was found."""
    run, seconds = asked
    check = run.check(f"D09[GET /{name}]")

    assert check.outcome is outcome
    assert check.found.endswith(found) if found else check.found == ""
    assert seconds < 100


@pytest.mark.thorough
def test_a_release_that_hangs_is_not_waited_for_check_by_check(deploy: Callable[..., Deployed]) -> None:
    """It was well when it started: the liveness check is red, what else asks it is not asked, and no check is lost."""
    made = deploy(environment="\n".join(f'[[env.test.endpoint]]\nrequest = "GET /{n}"' for n in range(9)))
    made.start()
    pages = ("/healthz", "/readyz", *(f"/{number}" for number in range(9)))
    made.answer({page: [200, {}, "", 90] for page in pages})
    begin = time.monotonic()
    gate = made.ask("postdeploy")
    took = time.monotonic() - begin

    endpoints = [check for check in gate.checks if (check.code or "").startswith("D09")]
    assert gate.check("D06").outcome is Outcome.FAILED
    assert [check.outcome for check in endpoints] == [Outcome.SKIPPED] * 9
    assert all("not waited for: found no answer by" in check.found for check in endpoints)
    assert took < 100, "one page of 18 s, then looks"
