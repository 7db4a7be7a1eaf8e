"""D19 and the fixture ``page`` in a real Chromium, asked of a real process by real gates."""

from __future__ import annotations

import http.server
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from gonogo.config import Environment
from gonogo.plugins.browser import directed, executable
from gonogo.records.results import CheckResult
from gonogo.words import OnRed, Outcome
from tests.support.chromium import need_chromium
from tests.support.loopback import listening

from .deployed import Deployed

pytestmark = pytest.mark.integration

HTML = {"Content-Type": "text/html; charset=utf-8"}
JS = {"Content-Type": "text/javascript"}
PAGES = """
[[env.test.page]]
path = "/"
contains = "Rooms"
within = "3s"
allow = ["known trouble"]

[[env.test.page]]
path = "/admin"
severity = "advisory"
on_red = "hold"
"""
FLOW = '''\
import pytest


@pytest.mark.postdeploy("S01", remedy="Ask the front end team")
def test_a_lead_can_be_created(page):
    """A visitor leaves an address and is thanked."""
    page.goto("/lead")
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_role("button", name="Send").click()
    assert page.get_by_role("status").inner_text() == "Thank you, ada@example.com"
'''
LEAD = """<title>Lead</title><form onsubmit="event.preventDefault();
document.querySelector('output').textContent = 'THANKS, ' + this.mail.value">
<label>E-mail <input name="mail"></label><button>Send</button><output role="status"></output></form>"""
GOOD = {
    "/": [200, HTML, '<title>Shop</title><h1 id="app"></h1><script src="/app.js"></script>', 0],
    "/app.js": [200, JS, "document.getElementById('app').textContent = 'Rooms'", 0],
    "/admin": [200, HTML, "<title>Admin</title>hello", 0],
    "/lead": [200, HTML, LEAD.replace("THANKS", "Thank you"), 0],
}


@pytest.fixture(scope="module")
def site(deploy: Callable[..., Deployed]) -> Deployed:
    """A release that runs, whose pages a browser can load."""
    need_chromium()
    made = deploy(environment=PAGES, env="API_TOKEN=s4fguarded-thing\n", files={"checks/test_flows.py": FLOW})
    made.answer(GOOD)
    made.start()
    return made


def asked(site: Deployed, code: str, **answers: object) -> CheckResult:
    """The check's verdict while the site answers so."""
    site.answer({**GOOD, **{f"/{name.strip('_').replace('_js', '.js')}": answer for name, answer in answers.items()}})
    return site.ask("postdeploy", "browser or lead").check(code)


def test_good_pages_pass_with_their_screenshots(site: Deployed) -> None:
    """What a script wrote is visible text; the flow fills in a form; each check shows what it saw."""
    site.answer(GOOD)
    run = site.ask("postdeploy", "browser or lead")

    for code in ("D19[/]", "D19[/admin]", "S01"):
        check = run.check(code)
        assert check.outcome is Outcome.PASSED, check
        (picture,) = [piece.image for piece in check.evidence if piece.title == "Screenshot"]
        assert picture is not None
        assert picture.startswith("data:image/jpeg;base64,/9j/")


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        pytest.param(
            {"app_js": [404, {}, "", 0]},
            'found no visible "Rooms", expected it; request: GET answered 404 (http://',
            id="script missing",
        ),
        pytest.param(
            {"app_js": [200, JS, "throw new Error('boom')", 0]},
            "exception: boom",
            id="exception",
            marks=pytest.mark.thorough,
        ),
        pytest.param(
            {"app_js": [200, JS, "console.error('lost'); document.body.append('Rooms')", 0]},
            "/: console: lost (http://",
            id="console",
        ),
        pytest.param(
            {"_": [200, HTML, "<p hidden>Rooms</p>", 0]},
            '/: found no visible "Rooms", expected it',
            id="hidden",
            marks=pytest.mark.thorough,
        ),
        pytest.param(
            {"_": [500, HTML, "<h1>Rooms</h1>", 0]},
            "/: request: GET answered 500 (http://",
            id="500",
            marks=pytest.mark.thorough,
        ),
        pytest.param(
            {"_": [200, HTML, "<h1>Rooms</h1>", 4]},
            "/: found no loaded page within 3 s, expected one",
            id="slow",
            marks=pytest.mark.thorough,
        ),
    ],
)
def test_page_that_a_visitor_would_not_like_is_red(site: Deployed, answers: dict[str, object], said: str) -> None:
    """A green health check says nothing of these; each is named."""
    check = asked(site, "D19[/]", **answers)

    assert check.outcome is Outcome.FAILED
    assert said in check.found


def test_what_is_allowed_is_no_error(site: Deployed) -> None:
    """A message that the configuration knows; an icon that nobody asked for."""
    known = "console.error('known trouble'); document.body.append('Rooms')"

    assert asked(site, "D19[/]", app_js=[200, JS, known, 0]).outcome is Outcome.PASSED


@pytest.mark.thorough
def test_severity_and_on_red_are_the_page_s(site: Deployed) -> None:
    """An advisory page warns."""
    check = asked(site, "D19[/admin]", admin=[500, HTML, "", 0])

    assert (check.outcome, check.on_red) == (Outcome.WARNED, OnRed.HOLD)


def test_red_flow_leaves_a_trace_without_secrets(site: Deployed) -> None:
    """The team's own flow: its message, a screenshot, and a trace that Playwright opens; no secret in it."""
    answer = LEAD.replace("THANKS", "s4fguarded-thing")
    check = asked(site, "S01", lead=[200, {**HTML, "X-Token": "s4fguarded-thing"}, answer, 0])
    (said,) = [piece.value for piece in check.evidence if piece.title == "Trace"]
    trace = Path(str(said).removeprefix("playwright show-trace "))
    with zipfile.ZipFile(trace) as archive:
        names, texts = archive.namelist(), b"".join(archive.read(name) for name in archive.namelist())

    assert check.outcome is Outcome.FAILED
    assert "trace.trace" in names
    assert b"E-mail" in texts
    assert b"s4fguarded-thing" not in texts
    assert "s4fguarded-thing" not in json.dumps(check.model_dump(mode="json"))


def test_without_a_browser_nothing_is_known(site: Deployed) -> None:
    """A program that is none: inconclusive, never "broken"."""
    check = site.ask("postdeploy", "browser", environ={"GONOGO_CHROMIUM": "/bin/false"}).check("D19[/]")

    assert check.outcome is Outcome.INCONCLUSIVE
    assert check.found.startswith("/bin/false: found no start (")


class Named(http.server.BaseHTTPRequestHandler):
    """Answers to its own name only."""

    def do_GET(self) -> None:
        """200, or 400."""
        self.send_response(200 if (self.headers["Host"] or "").partition(":")[0] == "shop.test" else 400)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@pytest.mark.parametrize("own", [True, pytest.param(False, marks=pytest.mark.thorough)])
def test_the_browser_goes_where_requests_are_sent(*, own: bool) -> None:
    """``connect_to``: under the name of ``url``, with a port of its own or that of ``url``."""
    need_chromium()
    with listening(http.server.HTTPServer(("127.0.0.1", 0), Named)) as server, sync_playwright() as playwright:
        port = f":{server.server_port}"
        url, to = f"http://shop.test{'' if own else port}", f"127.0.0.1{port if own else ''}"
        environment = Environment(name="test", project="shop", url=url, connect_to=to)
        browser = playwright.chromium.launch(executable_path=executable(playwright), args=directed(environment))
        answer = browser.new_page().goto(f"{url}/")
        browser.close()

    assert answer is not None
    assert answer.status == 200
