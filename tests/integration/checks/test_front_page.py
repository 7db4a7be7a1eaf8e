"""D26 and D29 on a real process: the front page of an application whose configuration does not name it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from gonogo.demo.ports import free_port
from gonogo.inspection import things
from gonogo.inspection.answers.protection import ELSEWHERE
from gonogo.words import Outcome, Role

from .deployed import Deployed

pytestmark = pytest.mark.integration

PAGE = {"Content-Type": "text/html"}
FILES = "finds_its_files"
STILL = "still_answers"
LINKS = (
    '<link rel="stylesheet" href="/a.@N@.css"><script src="/gone.js"></script><img src="/i.png">'
    '<img src="http://127.0.0.1:1/x.png">'
)
CSS = [200, {"Content-Type": "text/css"}, "a {}", 0]


@pytest.fixture(scope="module")
def site(deploy: Callable[..., Deployed]) -> Deployed:
    """A release that runs, and of which only the health page is configured."""
    made = deploy()
    made.start()
    return made


@pytest.mark.parametrize(
    ("answers", "outcome", "message"),
    [
        ({"/": [200, PAGE, "well", 0]}, Outcome.PASSED, ""),
        ({"/": [404, {}, "only an API", 0]}, Outcome.PASSED, ""),
        ({"/": [401, {}, "log in", 0]}, Outcome.PASSED, ""),
        ({"/": [500, PAGE, "boom", 0]}, Outcome.FAILED, "GET {url}/: found 500, expected no server error"),
        (
            {"/": [302, {"Location": "/login"}, "", 0], "/login": [503, {}, "", 0]},
            Outcome.FAILED,
            "GET {url}/login: found 503, expected no server error",
        ),
        ({"/": [302, {"Location": "http://127.0.0.1:1/"}, "", 0]}, Outcome.PASSED, ""),
        (
            {"/": [302, {"Location": "/a"}, "", 0], "/a": [301, {"Location": "/"}, "", 0]},
            Outcome.FAILED,
            "GET {url}/: found a redirect that leads round in a circle, expected a page in the end",
        ),
    ],
    ids=["well", "no-page", "login", "error", "error-behind-a-redirect", "elsewhere", "round"],
)
def test_front_page(site: Deployed, answers: dict[str, Any], outcome: Outcome, message: str) -> None:
    """A server error is red whether or not somebody thought of the page."""
    site.answer(answers)
    check = site.ask("postdeploy", "no_server_error").check("D29")

    assert (check.outcome, check.found) == (outcome, message.format(url=f"http://127.0.0.1:{site.port}"))


def linked(number: str, **files: Any) -> dict[str, Any]:
    """A front page that names a style sheet of this fingerprint, a script that is nowhere, and an image."""
    return {"/": [200, PAGE, LINKS.replace("@N@", number), 0], **files}


def test_a_style_sheet_that_is_gone_is_red(site: Deployed) -> None:
    """What was missing before too is warned of, as everything is on a first deploy; a page in a file's place is none."""
    url, kept = f"http://127.0.0.1:{site.port}", site.run / "baseline.json"
    site.answer(linked("aa11bb22", **{"/a.aa11bb22.css": CSS}))
    before = site.ask("postdeploy", FILES, role=Role.BASELINE)
    assert before.result is not None
    site.answer(linked("cc33dd44"))
    first = site.ask("postdeploy", FILES).check("D26")
    kept.write_text(before.result.model_dump_json())
    lost = site.ask("postdeploy", FILES).check("D26")
    site.answer(linked("cc33dd44", **{"/a.cc33dd44.css": [200, PAGE, "<p>not found</p>", 0]}))
    replaced = site.ask("postdeploy", FILES).check("D26")
    site.answer(linked("cc33dd44", **{"/a.cc33dd44.css": CSS}))
    well = site.ask("postdeploy", FILES).check("D26")
    kept.unlink()

    assert (before.check("D26").outcome, first.outcome, well.outcome) == (Outcome.WARNED,) * 3
    assert well.found == f"GET {url}/ names files that are not there: {url}/gone.js (404), {url}/i.png (404)"
    assert [(one.outcome, one.found) for one in (lost, replaced)] == [
        (
            Outcome.FAILED,
            f"GET {url}/ loads what is not there: found {url}/a.cc33dd44.css ({how}); "
            "expected them as the release before served them",
        )
        for how in ("404", "200, a page in its place")
    ]


def test_a_file_of_the_page_before_that_is_gone_is_told(site: Deployed) -> None:
    """By its name without the fingerprint, so that it is told once; a page in its place is none, a kept one is well."""
    kept, old = site.run / "baseline.json", {"/a.aa11bb22.css": CSS}
    site.answer(linked("aa11bb22", **old))
    before = site.ask("postdeploy", FILES, role=Role.BASELINE)
    assert before.result is not None
    kept.write_text(before.result.model_dump_json())
    new = linked("cc33dd44", **{"/a.cc33dd44.css": CSS})
    told = []
    for answers in (new, new | {"/a.aa11bb22.css": [200, PAGE, "<p>a page</p>", 0]}, new | old):
        site.answer(answers)
        told.append(site.ask("postdeploy", "page_before_named").check("D38"))
    kept.unlink()

    gone = "found a.css gone under the names that the page before had for them, expected them for whoever has it open"
    assert [(one.outcome, one.found) for one in told] == [
        (Outcome.WARNED, gone),
        (Outcome.WARNED, gone),
        (Outcome.PASSED, ""),
    ]


def test_a_style_sheet_that_is_named_anew_and_not_brought_is_red(site: Deployed) -> None:
    """What an installation may add by itself warns, and so does everything where files were missing before already."""
    url, kept = f"http://127.0.0.1:{site.port}", site.run / "baseline.json"

    def page(*files: str) -> list[Any]:
        return [200, PAGE, "".join(f'<link rel="stylesheet" href="{file}">' for file in files), 0]

    site.answer({"/": page("/a.css"), "/a.css": CSS})
    before = site.ask("postdeploy", FILES, role=Role.BASELINE)
    assert before.result is not None
    kept.write_text(before.result.model_dump_json())
    site.answer({"/": page("/a.css", "/new.css"), "/a.css": CSS})
    new = site.ask("postdeploy", FILES).check("D26")
    site.answer({"/": page("/a.css", "/css/custom.css"), "/a.css": CSS})
    own = site.ask("postdeploy", FILES).check("D26")
    kept.unlink()

    assert (new.outcome, own.outcome) == (Outcome.FAILED, Outcome.WARNED)
    assert new.found == (
        f"GET {url}/ loads what is not there: found {url}/new.css (404); expected them in the release that names them anew"
    )


SOURCE = '<!doctype html>\n<html><script src="/a.js"></script></html>'
SCRIPT = [200, {"Content-Type": "text/javascript"}, "", 0]
TEXT = {"Content-Type": "text/plain; charset=utf-8"}


def test_a_page_whose_source_is_shown_is_red(site: Deployed) -> None:
    """A type that was lost: D26 of the front page, whoever named it, and D30 of others; text that is none is well."""
    url, kept = f"http://127.0.0.1:{site.port}", site.run / "baseline.json"
    page, more = [200, PAGE, f'{SOURCE}<a href="/about">', 0], {"/a.js": SCRIPT, "/notes": [200, TEXT, "a < b", 0]}
    site.answer({"/": [200, PAGE, f'{SOURCE}<a href="/about"><a href="/notes">', 0], "/about": page, **more})
    before = site.ask("postdeploy", f"{FILES} or {STILL}", role=Role.BASELINE)
    assert before.result is not None
    kept.write_text(before.result.model_dump_json())
    site.answer({"/": page, "/about": [200, TEXT, SOURCE, 0], **more})
    other = site.ask("postdeploy", f"{FILES} or {STILL}")
    site.answer({"/": [200, TEXT, SOURCE, 0], "/about": page, **more})
    front = site.ask("postdeploy", FILES).check("D26")
    kept.unlink()
    first = site.ask("postdeploy", FILES).check("D26")

    found = "found a page as text/plain, so that browsers show its source"
    assert (other.check("D26").outcome, other.check("D30").outcome) == (Outcome.PASSED, Outcome.FAILED)
    assert other.check("D30").found == f"GET {url}/about: {found}; expected text/html, as before this release"
    assert (front.outcome, front.found) == (
        Outcome.FAILED,
        f"GET {url}/: {found}; expected text/html, as before this release",
    )
    assert (first.outcome, first.found) == (Outcome.WARNED, f"GET {url}/: {found}")


def test_a_script_of_a_desk_is_red(site: Deployed) -> None:
    """What the page loads from ``localhost`` no visitor has; asked where the address is this machine's, as a desk's is."""
    url, kept, desk = f"http://127.0.0.1:{site.port}", site.run / "baseline.json", free_port()

    def page(source: str) -> dict[str, Any]:
        return {"/": [200, PAGE, f'<script src="{source}"></script>', 0], "/a.js": SCRIPT}

    site.answer(page("/a.js"))
    before = site.ask("postdeploy", FILES, role=Role.BASELINE)
    assert before.result is not None
    kept.write_text(before.result.model_dump_json())
    site.answer(page(f"http://localhost:{desk}/a.js"))
    red = site.ask("postdeploy", FILES).check("D26")
    site.answer(page(f"http://localhost:{site.port}/a.js"))
    well = site.ask("postdeploy", FILES).check("D26")
    kept.unlink()
    site.answer(page(f"http://localhost:{desk}/a.js"))
    first = site.ask("postdeploy", FILES).check("D26")

    assert (red.outcome, red.found) == (
        Outcome.FAILED,
        f"GET {url}/ loads what is not there: found http://localhost:{desk}/a.js (no answer); "
        "expected them as the release before served them",
    )
    assert (well.outcome, first.outcome) == (Outcome.PASSED, Outcome.WARNED)


def links(*paths: str, **more: Any) -> dict[str, Any]:
    """A front page that links to these, and what else answers."""
    text = "".join(f'<a href="{path}">{path}</a>' for path in paths)
    return {"/": [200, PAGE, text, 0], **{path: [200, PAGE, path, 0] for path in paths}, **more}


def test_a_page_that_answered_before_and_redirects_to_itself_is_red(site: Deployed) -> None:
    """What moved to another page does not count, nor what led round in a circle before."""
    url, kept = f"http://127.0.0.1:{site.port}", site.run / "baseline.json"
    old = {"/old": [302, {"Location": "/old"}, "", 0]}
    site.answer(links("/prices", "/about", "/old", **old))
    before = site.ask("postdeploy", STILL, role=Role.BASELINE)
    assert before.result is not None
    kept.write_text(before.result.model_dump_json())
    site.answer(links("/prices", "/about", "/old", **old, **{"/about": [301, {"Location": "/prices"}, "", 0]}))
    moved = site.ask("postdeploy", STILL).check("D30")
    site.answer(links("/prices", "/about", "/old", **old, **{"/about": [301, {"Location": "/about"}, "", 0]}))
    circle = site.ask("postdeploy", STILL).check("D30")
    kept.unlink()

    assert moved.outcome is Outcome.PASSED
    assert (circle.outcome, circle.found) == (
        Outcome.FAILED,
        f"GET {url}/about: found 301 that leads round in a circle; expected 200, as before this release",
    )


LINKED = ("/prices", "/about#us", "/news?page=2", "/log-out", "/old", "/private", "/healthz", "/readyz")
BEFORE = {"/about": [404, {}, "", 0], "/old": [500, {}, "", 0], "/private": [401, {}, "", 0]}


def test_a_page_that_answered_before_and_is_a_server_error_now_is_red(site: Deployed) -> None:
    """What was broken before, what is new and what acts by its name does not count; nothing does without a baseline.

    Nor do health pages, which D06 and D07 judge: one that is back may be accepted although it is not ready.
    """
    url, kept = f"http://127.0.0.1:{site.port}", site.run / "baseline.json"
    site.answer(links(*LINKED, **BEFORE))
    before = site.ask("postdeploy", STILL, role=Role.BASELINE)
    assert before.result is not None
    first = site.ask("postdeploy", STILL).check("D30")
    kept.write_text(before.result.model_dump_json())
    well = site.ask("postdeploy", STILL).check("D30")
    broken = {"/prices": [500, {}, "boom", 0], "/new": [500, {}, "", 0], "/private": [503, {}, "", 0]}
    site.answer(links(*LINKED, "/new", **{**BEFORE, **broken}))
    red = site.ask("postdeploy", STILL).check("D30")
    site.answer(links(**{"/about": [404, {}, "", 0]}))
    gone = site.ask("postdeploy", STILL).check("D30")
    kept.unlink()

    asked = [row[0].removeprefix(url) for row in before.check("D30").evidence[0].value[1:]]
    usual = ["/robots.txt", "/sitemap.xml"]
    assert (asked, first.outcome) == (["/prices", "/about", "/old", "/private", *usual], Outcome.SKIPPED)
    assert (well.outcome, gone.outcome) == (Outcome.PASSED, Outcome.PASSED)
    assert (red.outcome, red.found) == (
        Outcome.FAILED,
        f"GET {url}/prices: found 500, twice (and 1 more); expected 200, as before this release",
    )


@pytest.mark.parametrize(
    ("closed", "after", "outcome"),
    [
        pytest.param(("/orders",), "3600", Outcome.WARNED, id="maintenance"),
        pytest.param(("/orders",), "5", Outcome.FAILED, id="a short pause", marks=pytest.mark.thorough),
        pytest.param(("/orders", "/prices"), "3600", Outcome.FAILED, id="all of them", marks=pytest.mark.thorough),
    ],
)
def test_a_page_that_is_closed_for_a_while_is_warned_of(
    site: Deployed, closed: tuple[str, ...], after: str, outcome: Outcome
) -> None:
    """It says so with its 503, and others are open; a short pause is that of a failure, and a closed site is red."""
    url, kept = f"http://127.0.0.1:{site.port}", site.run / "baseline.json"
    paths = ("/orders", "/prices")
    site.answer(links(*paths))
    before = site.ask("postdeploy", STILL, role=Role.BASELINE)
    assert before.result is not None
    kept.write_text(before.result.model_dump_json())
    site.answer(links(*paths, **{path: [503, {"Retry-After": after}, "later", 0] for path in closed}))
    found = site.ask("postdeploy", STILL).check("D30")
    kept.unlink()

    assert found.outcome == outcome
    assert outcome != Outcome.WARNED or found.found == (
        f"GET {url}/orders: found 503 that says to come back after 3600 s, twice; expected 200, as before this release, "
        "unless it is meant so"
    )


def test_where_a_page_led_is_asked_as_well(site: Deployed) -> None:
    """A login page to which nothing links, whatever the query; not another server's, nor what acts by its name."""
    url, kept = f"http://127.0.0.1:{site.port}", site.run / "baseline.json"
    ways = {
        "/orders": "/login?next=/orders",
        "/bills": "https://login.example/",
        "/bye": "/logout",
        "/me": f"{url}/login",
    }
    led = {path: [302, {"Location": way}, "", 0] for path, way in ways.items()}
    site.answer(links(*led, **led, **{"/login": [200, PAGE, "", 0]}))
    before = site.ask("postdeploy", STILL, role=Role.BASELINE)
    assert before.result is not None
    kept.write_text(before.result.model_dump_json())
    site.answer(links(*led, **led, **{"/login": [500, {}, "boom", 0]}))
    red = site.ask("postdeploy", STILL).check("D30")
    kept.unlink()

    asked = [row[0].removeprefix(url) for row in before.check("D30").evidence[0].value[1:]]
    assert asked == [*led, "/robots.txt", "/sitemap.xml", "/login"]
    assert (red.outcome, red.found) == (
        Outcome.FAILED,
        f"GET {url}/login: found 500, twice; expected 200, as before this release",
    )


def test_a_page_that_became_much_slower_is_warned_of(site: Deployed) -> None:
    """A second, and many times what the release before took, twice."""
    kept = site.run / "baseline.json"
    site.answer(links("/prices"))
    before = site.ask("postdeploy", STILL, role=Role.BASELINE)
    assert before.result is not None
    took = before.check("D30").evidence[0].value[1][2]
    kept.write_text(before.result.model_dump_json().replace(f'"{took}"', '"0.020"'))  # on a busy machine too
    site.answer(links("/prices", **{"/prices": [200, PAGE, "", 1.2]}))
    slow = site.ask("postdeploy", STILL).check("D30")
    kept.unlink()

    assert slow.outcome == Outcome.WARNED
    assert re.search(r"/prices took [1-9][0-9.]* s, 0\.02 s before this release", slow.found)


def test_a_page_that_asks_for_no_login_any_more_is_warned_of(site: Deployed) -> None:
    """It may be meant: an endpoint says so. A page that is gone, and one that leads to the login, are not open."""
    url, kept = f"http://127.0.0.1:{site.port}", site.run / "baseline.json"
    shut = {path: [401, {}, "", 0] for path in ("/orders", "/invoices", "/users")}
    site.answer(links("/orders", "/invoices", "/users", **shut))
    before = site.ask("postdeploy", STILL, role=Role.BASELINE)
    assert before.result is not None
    kept.write_text(before.result.model_dump_json())
    led = {"/invoices": [302, {"Location": "/login"}, "", 0], "/users": [404, {}, "", 0]}
    site.answer(links("/orders", "/invoices", "/users", **led))
    opened = site.ask("postdeploy", STILL).check("D30")
    kept.unlink()

    assert (opened.outcome, opened.found) == (
        Outcome.WARNED,
        f"GET {url}/orders: found 200 without a login, 401 before this release; where that is meant, say it: "
        '[[env.NAME.endpoint]] request = "GET /orders"',
    )


def test_a_link_that_leads_nowhere_now_is_warned_of(site: Deployed) -> None:
    """A page that went with its link is no loss, nor what never was there; robots.txt is asked for without a link.

    What answered at an address that the release does not have any more is not judged.
    """
    url, kept = f"http://127.0.0.1:{site.port}", site.run / "baseline.json"
    robots = {"/robots.txt": [200, {}, "User-agent: *", 0]}
    site.answer(links("/prices", "/news", **robots))
    before = site.ask("postdeploy", STILL, role=Role.BASELINE)
    assert before.result is not None
    kept.write_text(before.result.model_dump_json())
    site.answer({**links("/prices"), **robots})
    removed = site.ask("postdeploy", STILL).check("D30")
    site.answer(links("/prices", "/news", **{"/news": [404, {}, "", 0]}))
    lost = site.ask("postdeploy", STILL).check("D30")
    site.answer({**links("/prices", "/news"), **robots, "/sitemap.xml": [500, {}, "", 0]})
    never = site.ask("postdeploy", STILL).check("D30")
    kept.write_text(before.result.model_dump_json().replace(url, f"http://127.0.0.1:{free_port()}"))
    moved = site.ask("postdeploy", STILL).check("D30")
    kept.unlink()

    assert (removed.outcome, removed.found) == (Outcome.PASSED, "")
    assert (never.outcome, moved.outcome) == (Outcome.PASSED, Outcome.SKIPPED)
    assert (lost.outcome, lost.found) == (
        Outcome.WARNED,
        f"GET {url}/news: found 404, 200 before this release; what leads there is still there (and 1 more)",
    )


def test_a_header_that_protects_no_more_is_warned_of(site: Deployed) -> None:
    """What was there in the baseline; another status is another page, and a first deploy knows none."""
    url, kept = f"http://127.0.0.1:{site.port}", site.run / "baseline.json"
    site.answer({"/": [200, {"X-Frame-Options": "DENY", "Set-Cookie": "session=a; HttpOnly"}, "", 0]})
    before = site.ask("postdeploy", "protect_their", role=Role.BASELINE)
    assert before.result is not None
    first = site.ask("postdeploy", "protect_their").check("D18")
    kept.write_text(before.result.model_dump_json())
    same = site.ask("postdeploy", "protect_their").check("D18")
    site.answer({"/": [200, {"Set-Cookie": "session=a"}, "", 0]})
    lost = site.ask("postdeploy", "protect_their").check("D18")
    site.answer({"/": [302, {"Location": "/login"}, "", 0]})
    another = site.ask("postdeploy", "protect_their").check("D18")
    kept.unlink()

    assert [one.outcome for one in (first, same, another)] == [Outcome.SKIPPED, Outcome.PASSED, Outcome.SKIPPED]
    assert (lost.outcome, lost.found) == (
        Outcome.WARNED,
        f"GET {url}/: found no HttpOnly of cookie session, X-Frame-Options, expected it as before this release",
    )


def test_pages_that_are_named_protect_their_visitors_too(deploy: Callable[..., Deployed]) -> None:
    """A cookie of the login page that lost its mark, behind a front page that has none."""
    site = deploy(environment='[[env.test.endpoint]]\nrequest = "GET /login"\n')
    site.start()
    url, kept, front = f"http://127.0.0.1:{site.port}", site.run / "baseline.json", {"/": [200, {}, "", 0]}
    site.answer({**front, "/login": [200, {"Set-Cookie": "session=a; Secure"}, "", 0]})
    before = site.ask("postdeploy", "protect_their", role=Role.BASELINE)
    assert before.result is not None
    kept.write_text(before.result.model_dump_json())
    same = site.ask("postdeploy", "protect_their").check("D18")
    site.answer({**front, "/login": [200, {"Set-Cookie": "session=a"}, "", 0]})
    lost = site.ask("postdeploy", "protect_their").check("D18")

    assert same.outcome is Outcome.PASSED
    assert (lost.outcome, lost.found) == (
        Outcome.WARNED,
        f"GET {url}/login: found no Secure of cookie session, expected it as before this release",
    )


def test_answers_that_any_other_site_may_read_are_warned_of(site: Deployed) -> None:
    """With a visitor's cookies, on a first deploy too; a star alone lets no cookies come along."""
    url, credentials = f"http://127.0.0.1:{site.port}", {"Access-Control-Allow-Credentials": "true"}
    told = []
    for origin in (ELSEWHERE, "*"):
        site.answer({"/": [200, {"Access-Control-Allow-Origin": origin, **credentials}, "", 0]})
        told.append(site.ask("postdeploy", "protect_their").check("D18"))

    assert [one.outcome for one in told] == [Outcome.WARNED, Outcome.SKIPPED]
    assert told[0].found == (
        f"GET {url}/: found Access-Control-Allow-Origin with whatever origin asks, beside "
        "Access-Control-Allow-Credentials: any other site reads what a visitor's login shows; expected the origins that may"
    )


NEW = "new_pages_answer"


def test_a_new_page_that_is_a_server_error_is_warned_of(site: Deployed) -> None:
    """Of what the baseline did not ask; a page that needs a login, and one that acts by its name, are none."""
    url, kept = f"http://127.0.0.1:{site.port}", site.run / "baseline.json"
    site.answer(links("/prices"))
    before = site.ask("postdeploy", STILL, role=Role.BASELINE)
    assert before.result is not None
    kept.write_text(before.result.model_dump_json())
    nothing = site.ask("postdeploy", NEW).check("D31")
    more = {"/new": [500, {}, "boom", 0], "/mine": [401, {}, "", 0], "/log-out": [500, {}, "", 0]}
    site.answer(links("/prices", "/new", "/mine", "/log-out", **more))
    broken = site.ask("postdeploy", NEW).check("D31")
    site.answer(links("/prices", "/new", "/mine", "/log-out", **{**more, "/new": [200, PAGE, "", 0]}))
    well = site.ask("postdeploy", NEW).check("D31")
    kept.unlink()

    assert (nothing.outcome, nothing.found) == (Outcome.SKIPPED, "no page is known to be new with this release")
    assert (broken.outcome, broken.found) == (
        Outcome.WARNED,
        f"GET {url}/new: found 500, twice; expected no server error",
    )
    assert [row[0] for row in well.evidence[0].value[1:]] == [f"{url}/new", f"{url}/mine"]
    assert well.outcome is Outcome.PASSED


TEAM = """\
import pytest


@pytest.mark.postdeploy("T01")
@pytest.mark.parametrize("path", ["/prices", "/well"])
def test_a_page(http, path):
    assert http.get(path).status_code == 200
    assert path == "/prices"
"""


def test_a_teams_check_is_red_for_the_server_error_that_it_got(deploy: Callable[..., Deployed]) -> None:
    """Where another check finds why that answer is given, the two are one finding; a good answer is no cause."""
    site = deploy(files={"checks/test_team.py": TEAM})
    site.start()
    site.answer({"/prices": [502, PAGE, "bad gateway", 0], "/well": [200, PAGE, "", 0]})
    asked = site.ask("postdeploy", "a_page")
    url = f"http://127.0.0.1:{site.port}"

    assert asked.check("T01[/prices]").needs == (things.answer(url, 502, "bad gateway"),)
    assert (asked.check("T01[/well]").outcome, asked.check("T01[/well]").needs) == (Outcome.FAILED, ())
