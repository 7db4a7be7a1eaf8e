"""Whether pages still protect who visits them."""

from __future__ import annotations

import httpx
import pytest

from gonogo.checks.postdeploy.instances import noted
from gonogo.inspection.answers.protection import lost, protections
from gonogo.plugins.evidence import Collected
from gonogo.plugins.limits import Limits
from gonogo.records.results import GateResult
from gonogo.runtimes.base import Inspector

__all__: list[str] = []

_FACTS = "Protects visitors"


@pytest.mark.postdeploy(
    "D18",
    severity="advisory",
    needs=("a URL", "a release before this one"),
    remedy="Look who sets it (a middleware, the proxy's configuration); where it is to stay away, the next release is "
    "not asked for it",
)
def test_pages_protect_their_visitors(
    inspector: Inspector, baseline: GateResult | None, limits: Limits, evidence: Collected
) -> None:
    """The front page has the headers that protect its visitors, and its cookies their marks, as before this release.

    Catches the middleware that fell out of a list, and the proxy's `add_header` that another one in a `location` makes
    void: pages look as before, and browsers guard nothing. It warns.

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
    try:
        answer = limits.get(f"{url}/")
    except httpx.HTTPError:
        pytest.skip(f"GET {url}/ has no answer, which D29 tells")
    found = protections(answer.headers.multi_items())
    evidence.json(_FACTS, {"status": answer.status_code, "found": found})
    before = noted(baseline, "D18", _FACTS)
    if before.get("status") != answer.status_code:
        pytest.skip("no answer with the same status is known from before this release")
    gone = lost(before.get("found", ()), found)
    assert not gone, f"GET {url}/: found no {', '.join(gone)}, expected it as before this release"
