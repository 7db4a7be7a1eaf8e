"""Whether pages still protect who visits them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from gonogo.checks.postdeploy.instances import noted
from gonogo.config import Environment
from gonogo.inspection.answers.plain import leads_on, plain_page
from gonogo.inspection.answers.protection import ELSEWHERE, is_for_anybody, lost, protections
from gonogo.plugins.evidence import Collected, LackingError
from gonogo.plugins.limits import Limits
from gonogo.records.results import GateResult
from gonogo.runtimes.base import Inspector

__all__: list[str] = []

_FACTS = "Protects visitors"
_MOST = 5
"""Pages that are asked."""
_LED = 3
"""How often somebody is led on."""
_KINDS = 3
"""Of them those that are asked as from another site."""


@pytest.mark.postdeploy(
    "D18",
    severity="advisory",
    needs=("a URL", "a release before this one"),
    remedy="Look who sets it (a middleware, the proxy's configuration); where it is to stay away, the next release is "
    "not asked for it",
)
def test_pages_protect_their_visitors(
    inspector: Inspector,
    environment: Environment,
    baseline: GateResult | None,
    limits: Limits,
    evidence: Collected,
) -> None:
    """Pages have the headers that protect their visitors, and their cookies their marks, as before this release.

    Catches the middleware that fell out of a list, and the proxy's `add_header` that another one in a `location` makes
    void: pages look as before, and browsers guard nothing. The front page is asked, and what gonogo.toml names. It
    warns, also of answers that any other site may read with a visitor's login (`allow_origins=["*"],
    allow_credentials=True`), and of a proxy with TLS that gives its pages without it as well, on port 80. Which origins
    may read an answer is said by `origins` of an endpoint, and judged by D09.

    Before (nginx/shop.conf):

        add_header X-Frame-Options DENY always;
        location / {
            add_header Cache-Control no-store;
            proxy_pass http://web:8000;
        }

    After (nginx/shop.conf):

        location / {
            add_header X-Frame-Options DENY always;
            add_header Cache-Control no-store;
            proxy_pass http://web:8000;
        }
    """
    url = inspector.url()
    if url is None:
        pytest.skip("the environment has no url")
    found = {path: facts for path in _paths(environment) if (facts := _facts(url, path, limits))}
    if not found:
        pytest.skip(f"GET {url}/ has no answer, which D29 tells")
    evidence.json(_FACTS, found)
    if place := next((path for path in _asked_from_elsewhere(environment) if _is_read(url, path, limits)), None):
        evidence.advise(
            f"GET {url}{place}: found Access-Control-Allow-Origin with whatever origin asks, beside "
            "Access-Control-Allow-Credentials: any other site reads what a visitor's login shows; expected the origins "
            "that may"
        )
    if (page := plain_page(url, environment.reached(url), inspector.published())) and _is_left_open(page, limits):
        evidence.advise(f"GET {page}: found a page without TLS, expected that it leads to {url}")
    before = noted(baseline, "D18", _FACTS)
    known = [path for path, facts in found.items() if before.get(path, {}).get("status") == facts["status"]]
    if not known and not evidence.advice:
        pytest.skip("no answer with the same status is known from before this release")
    gone = {path: lost(before[path]["found"], found[path]["found"]) for path in known}
    first = next((path for path in known if gone[path]), None)
    alike = sum(1 for path in known if gone[path]) - 1
    more = f" (and {alike} more)" if alike > 0 else ""
    assert first is None, (
        f"GET {url}{first}{more}: found no {', '.join(gone[first])}, expected it as before this release"
    )


def _paths(environment: Environment) -> list[str]:
    """The front page, and pages that gonogo.toml names and anybody may ask."""
    named = (one for one in environment.endpoint if not (one.auth or one.service or one.send))
    pages = (one.request.partition(" ")[2] for one in named if one.request.startswith("GET "))
    return list(dict.fromkeys(("/", *pages)))[:_MOST]


def _facts(url: str, path: str, limits: Limits) -> dict[str, Any]:
    """What protects the visitors of a page; nothing where it has no answer, or a limit lets nobody ask on."""
    if path != "/" and limits.is_tight(url):
        return {}
    try:
        answer = limits.get(f"{url}{path}")
    except httpx.HTTPError:
        return {}
    return {"status": answer.status_code, "found": protections(answer.headers.multi_items())}


def _asked_from_elsewhere(environment: Environment) -> list[str]:
    """What stands for the whole application: its health page, and the first page of each kind."""
    live = [environment.health.live] if environment.health.live else []
    return list(dict.fromkeys((*live, *_paths(environment))))[:_KINDS]


def _is_left_open(page: str, limits: Limits) -> bool:
    """Whether somebody who asks without TLS gets a page, wherever that leads; not who is refused, or led to TLS."""
    if limits.is_tight(page):
        return False
    for _ in range(_LED):
        try:
            answer = limits.send("GET", page)
        except (httpx.HTTPError, LackingError):
            return False
        to = leads_on(page, answer.status_code, answer.headers.get("location", ""))
        if to is None:
            return True
        if not to or urlsplit(to).netloc != urlsplit(page).netloc:
            return False
        page = to
    return False


def _is_read(url: str, path: str, limits: Limits) -> bool:
    """Whether a page of another site may read the answer with a visitor's cookies."""
    if limits.is_tight(url):
        return False
    try:
        answer = limits.send("GET", f"{url}{path}", headers={"Origin": ELSEWHERE, "Cookie": "gonogo=1"})
    except httpx.HTTPError:
        return False
    return is_for_anybody(answer.headers)
