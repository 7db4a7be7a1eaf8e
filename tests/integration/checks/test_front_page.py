"""D29 on a real process: the front page of an application whose configuration does not name it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gonogo.words import Outcome

from .deployed import Deployed

pytestmark = pytest.mark.integration

PAGE = {"Content-Type": "text/html"}
LINKS = '<link rel="stylesheet" href="/a.css"><script src="/gone.js"></script><img src="http://127.0.0.1:1/x.png">'
WARNING = "GET {url}/ names files that are not there: {url}/gone.js (404)"


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
        ({"/": [302, {"Location": "/"}, "", 0]}, Outcome.PASSED, ""),
        ({"/": [200, PAGE, LINKS, 0], "/a.css": [200, {}, "", 0]}, Outcome.WARNED, WARNING),
    ],
    ids=["well", "no-page", "login", "error", "error-behind-a-redirect", "elsewhere", "round", "missing-file"],
)
def test_front_page(site: Deployed, answers: dict[str, Any], outcome: Outcome, message: str) -> None:
    """A server error is red whether or not somebody thought of the page; a missing file is warned of."""
    site.answer(answers)
    check = site.ask("postdeploy", "front_page").check("D29")

    assert (check.outcome, check.found) == (outcome, message.format(url=f"http://127.0.0.1:{site.port}"))
