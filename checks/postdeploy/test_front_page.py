"""Whether the front page answers, of an application whose configuration does not name it."""

from __future__ import annotations

import httpx
import pytest

from gonogo.checks.postdeploy.front import CIRCLE, front_page, goes_round
from gonogo.config import Environment
from gonogo.inspection import things
from gonogo.plugins.evidence import Collected, LimitedError
from gonogo.plugins.limits import Limits
from gonogo.runtimes.base import Inspector

__all__: list[str] = []

_SHOWN = 2000


@pytest.mark.postdeploy(
    "D29",
    needs=("a URL", "no GET / under endpoint"),
    remedy="Open it and read the application's log of that moment; gonogo status --env {env} names the address",
)
def test_front_page_is_no_server_error(
    inspector: Inspector, environment: Environment, limits: Limits, evidence: Collected
) -> None:
    """The front page answers without a server error, although gonogo.toml does not name it.

    Catches a release whose health page is green and whose first page is a 500, or redirects to itself without an end.
    Told in spdx/spdx-online-tools#606, cookiecutter/cookiecutter-django#1173.

    No before and after: why the page fails is said by the application's own traceback.
    """
    url = inspector.url()
    if url is None:
        pytest.skip("the environment has no url")
    if any(endpoint.request == "GET /" and endpoint.service is None for endpoint in environment.endpoint):
        pytest.skip("an endpoint says what GET / answers (D09)")
    try:
        page = front_page(f"{url}/", limits)
    except httpx.HTTPError as error:  # whether it is alive at all is D06's question
        evidence.warn(f"GET /: no answer that could be read: {type(error).__name__}: {error}")
        return
    evidence.text(f"GET {page.address}", f"{page.status}\n{page.text[:_SHOWN]}")
    evidence.needs(things.answer(page.address, page.status, page.text))
    said = f"GET {page.address}: found {page.status}, expected no server error"
    assert page.status < httpx.codes.INTERNAL_SERVER_ERROR, said
    circle = httpx.codes.is_redirect(page.status) and goes_round(page.address, limits)
    if circle:
        evidence.breaks(things.circle(url))
        evidence.remedy(CIRCLE)
    assert not circle, f"GET {url}/: found a redirect that leads round in a circle, expected a page in the end"
    if page.status == httpx.codes.TOO_MANY_REQUESTS:
        raise LimitedError(f"GET {page.address}: found 429, a limit on requests; ask again later")
