"""Whether the configured pages load in a real browser."""

from __future__ import annotations

import pytest

from gonogo.config import Page
from gonogo.inspection import things
from gonogo.inspection.answers.browsing import Noticed, unresolved, wrong
from gonogo.plugins.browser import Browsing
from gonogo.plugins.evidence import Collected, InconclusiveError, LimitedError
from gonogo.plugins.limits import Limits
from gonogo.runtimes.base import Inspector

__all__: list[str] = []

_QUIET = 2000.0
"""Milliseconds for requests that a page sends after it was loaded."""


@pytest.mark.postdeploy(
    "D19",
    needs=("page", "the extra browser"),
    remedy="Look at the screenshot and the trace, or open it yourself: {param}",
)
def test_page_loads_in_a_browser(
    configured_page: Page, browsing: Browsing, inspector: Inspector, limits: Limits, evidence: Collected
) -> None:
    """The page loads in a real browser: no console error, failed request or mixed content, and its texts are visible.

    Catches the page that answers 200 and stays white because its script was not built.

    Before (Dockerfile):

        COPY frontend /srv/frontend

    After (Dockerfile):

        COPY frontend /srv/frontend
        RUN cd /srv/frontend && npm ci && npm run build
    """
    from playwright.sync_api import Error, TimeoutError  # noqa: A004, PLC0415 (an extra: `browsing` has asked for it)

    url = inspector.url(configured_page.service)
    if url is None:
        pytest.skip(f"{configured_page.service} has no url")
    path, limit = configured_page.path, configured_page.within * 1000
    try:
        browsing.page.goto(url + path, timeout=limit)
    except TimeoutError:
        pytest.fail(f"{path}: found no loaded page within {configured_page.within:g} s, expected one")
    except Error as error:
        said = str(error).splitlines()[0]
        if unresolved(said):
            raise InconclusiveError(f"{path}: {said}") from error
        if "ERR_CONNECTION_REFUSED" in said:
            evidence.needs(things.address(url))
        pytest.fail(f"{path}: found {said}, expected a page")
    missing = [text for text in configured_page.contains if not _is_visible(browsing, text, limit)]
    _let_it_finish(browsing)
    found = wrong(browsing.noticed, allow=configured_page.allow)
    evidence.table("What the browser noticed", found)
    problems = [f'found no visible "{text}", expected it' for text in missing]
    problems += [f"{one.kind}: {one.text} ({one.where})" if one.where else f"{one.kind}: {one.text}" for one in found]
    refused = [one.where for one in found if one.text.endswith("answered 429") or _is_limited(one, limits)]
    if refused:  # a script that did not come makes errors of its own
        raise LimitedError(f"{path}: {refused[0]} met a limit on requests; ask again later")
    assert not problems, f"{path}: {'; '.join(problems)}"


def _is_limited(one: Noticed, limits: Limits) -> bool:
    """Whether a 503 comes from a limit that is known: pages ask for files at once; alone, this one answers well."""
    return one.text.endswith("answered 503") and limits.knows_503(one.where) and limits.get(one.where).is_success


def _is_visible(browsing: Browsing, text: str, limit: float) -> bool:
    from playwright.sync_api import TimeoutError  # noqa: A004, PLC0415 (an extra)

    try:
        browsing.page.get_by_text(text).locator("visible=true").first.wait_for(timeout=limit)
    except TimeoutError:
        return False
    return True


def _let_it_finish(browsing: Browsing) -> None:
    """Gives requests that began with the page time to end; a page that never rests is no mistake."""
    from playwright.sync_api import TimeoutError  # noqa: A004, PLC0415 (an extra)

    try:
        browsing.page.wait_for_load_state("networkidle", timeout=_QUIET)
    except TimeoutError:
        return
