"""D36 on a real server: a login by form, and pages behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from gonogo.words import Outcome, Role

from .deployed import SERVER, Deployed

pytestmark = pytest.mark.integration

LOGIN = """\
    def do_POST(self):
        import urllib.parse

        sent = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        right = {"token": ["t0k3n"], "user": ["smoke"], "password": [os.environ["SMOKE_PASSWORD"]]}
        self.send_response(302 if sent == right and "seen=1" in self.headers.get("Cookie", "") else 403)
        self.send_header("Location", "/dashboard")
        self.send_header("Set-Cookie", "session=secret-of-the-session; HttpOnly; Secure")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def shut(self):
        return self.path in OWN and "session=secret-of-the-session" not in self.headers.get("Cookie", "")

"""
VISITOR = """
[env.test.visitor]
shows = "/dashboard"
login = "POST /login"
form = { user = "smoke", password = "${SMOKE_PASSWORD}" }
"""
PAGE = {"Content-Type": "text/html"}
FORM = (
    '<form method="post"><input type="hidden" name="token" value="t0k3n"><input type="password" name="password"></form>'
)


def source() -> str:
    """The tests' server, with a login."""
    text = SERVER.replace("    do_POST = do_GET\n", LOGIN)
    text = text.replace("class Handler", 'OWN = ("/dashboard", "/orders", "/invoices", "/reports")\n\n\nclass Handler')
    return text.replace(
        "        time.sleep(wait)\n", "        status = 401 if self.shut() else status\n        time.sleep(wait)\n"
    )


def pages(*linked: str, **changed: Any) -> Mapping[str, Any]:
    """What is behind the login: a dashboard that links to these."""
    links = "".join(f'<a href="{path}">x</a>' for path in (*linked, "/logout"))
    own = {path: [200, PAGE, "yours", 0] for path in linked}
    form = {"/login": [200, {**PAGE, "Set-Cookie": "seen=1"}, FORM, 0]}
    return {**form, "/dashboard": [200, PAGE, links, 0], **own, **changed}


@pytest.fixture(scope="module")
def site(deploy: Callable[..., Deployed]) -> Deployed:
    """A release that runs."""
    made = deploy(environment=VISITOR, env="SMOKE_PASSWORD=s4fguarded-thing\n", files={"server.py": source()})
    made.answer(pages("/orders", "/invoices"))
    made.start()
    return made


@pytest.fixture
def known(site: Deployed) -> Iterator[None]:
    """The release before answered well."""
    kept = site.run / "baseline.json"
    site.answer(pages("/orders", "/invoices"))
    before = site.ask("postdeploy", "answer_the_visitor", role=Role.BASELINE)
    assert before.result is not None
    kept.write_text(before.result.model_dump_json())
    yield
    kept.unlink()


def asked(site: Deployed, answers: Mapping[str, Any]) -> tuple[Outcome, str]:
    """What D36 says of such answers."""
    site.answer(answers)
    check = site.ask("postdeploy", "answer_the_visitor").check("D36")
    return check.outcome, check.found.replace(f"http://127.0.0.1:{site.port}", "")


def test_pages_behind_a_login_are_asked(site: Deployed) -> None:
    """With the form's hidden field and its cookie; on a first deploy too. Neither secrets nor cookies are told."""
    site.answer(pages("/orders", "/invoices"))
    run = site.ask("postdeploy", "answer_the_visitor")
    check = run.check("D36")
    shown = run.out + run.err + (run.result.model_dump_json() if run.result else "")

    assert check.outcome is Outcome.PASSED, check.found
    rows = [row[:2] for row in check.evidence[0].value[1:]]
    assert rows == [[f"http://127.0.0.1:{site.port}{path}", "200"] for path in ("/dashboard", "/orders", "/invoices")]
    assert "s4fguarded-thing" not in shown
    assert "secret-of-the-session" not in shown


@pytest.mark.usefixtures("known")
def test_a_server_error_behind_the_login_is_red(site: Deployed) -> None:
    """Red where it answered before; a warning where it is new, or shut to the user now. What is gone is no loss."""
    assert asked(site, pages("/orders")) == (Outcome.PASSED, "")
    assert asked(site, pages("/orders", "/invoices", **{"/orders": [500, {}, "boom", 0]})) == (
        Outcome.FAILED,
        "GET /orders as the visitor: found 500, twice; expected 200, as before this release",
    )
    assert asked(site, pages("/orders", "/reports", **{"/reports": [500, {}, "boom", 0]})) == (
        Outcome.WARNED,
        "GET /reports as the visitor, not asked before: found 500, twice",
    )
    assert asked(site, pages("/orders", **{"/orders": [403, {}, "no", 0]})) == (
        Outcome.WARNED,
        "GET /orders as the visitor: found 403, 200 before this release",
    )


@pytest.mark.usefixtures("known")
@pytest.mark.thorough
def test_a_page_behind_the_login_that_is_closed_for_a_while_is_warned_of(site: Deployed) -> None:
    """As D30 does: it says so with its 503, and others are open; a short pause is that of a failure."""
    closed, soon = ([503, {"Retry-After": said}, "later", 0] for said in ("3600", "5"))

    assert asked(site, pages("/orders", "/invoices", **{"/orders": closed})) == (
        Outcome.WARNED,
        "GET /orders as the visitor: found 503 that says to come back after 3600 s, twice; expected 200, as before this "
        "release, unless it is meant so",
    )
    assert asked(site, pages("/orders", "/invoices", **{"/orders": soon}))[0] is Outcome.FAILED


def test_a_password_that_came_to_the_env_file_later_is_known(site: Deployed) -> None:
    """The release that serves was made before it had a visitor: the baseline is asked with today's word for it."""
    pinned = site.release.folder / "env"
    text = pinned.read_text()
    pinned.write_text("".join(line for line in text.splitlines(keepends=True) if "SMOKE_PASSWORD" not in line))
    site.answer(pages("/orders"))
    check = site.ask("postdeploy", "answer_the_visitor", role=Role.BASELINE).check("D36")
    pinned.write_text(text)

    assert (check.outcome, check.found) == (Outcome.PASSED, "")


def test_a_login_that_lets_nobody_in_is_red(site: Deployed) -> None:
    """A login that is refused, and one after which the page is shut all the same."""
    gone = dict(pages("/orders"))
    gone["/login"] = [200, PAGE, "<p>the form is gone</p>", 0]
    assert asked(site, gone) == (Outcome.FAILED, "POST /login: found 403, expected a login")
    gone["/login"] = [500, PAGE, "boom", 0]
    assert asked(site, gone) == (Outcome.FAILED, "GET /login: found 500, expected the login's form")
    assert asked(site, pages("/orders", **{"/dashboard": [302, {"Location": "/login"}, "", 0]})) == (
        Outcome.FAILED,
        "GET /dashboard as the visitor: found 302, expected 200",
    )
