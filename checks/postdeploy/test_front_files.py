"""Whether the files that the front page loads are there."""

from __future__ import annotations

import contextlib
import posixpath
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
import pytest

from gonogo.checks.postdeploy.front import SECONDS, FrontPage, front_page
from gonogo.checks.postdeploy.instances import rows_of
from gonogo.config import Environment
from gonogo.inspection.answers.addresses import is_loopback
from gonogo.inspection.answers.htmlfiles import desk_files, files_of, is_needed, is_source, same_name
from gonogo.plugins.evidence import Collected
from gonogo.plugins.limits import Limits
from gonogo.records.results import GateResult
from gonogo.runtimes.base import Inspector

__all__: list[str] = []

_MOST_FILES = 20
_TITLE = "Files that the page loads"
_THERE = "there"
_OWN = re.compile(r"(?:^|[/_.-])(?:custom|local|overrides?|branding)(?:[._-][^/]*)?$", re.IGNORECASE)
"""Style sheets and scripts that an installation may add, and most have none of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """A file that the page names, and what answers there."""

    address: str
    found: str

    def __str__(self) -> str:
        return f"{self.address} ({self.found})"


@pytest.mark.postdeploy(
    "D26",
    needs=("a URL", "no page for / under page"),
    remedy="Bring it into what serves it (COPY, collectstatic, the front end's build, a mount of the proxy), or take "
    "it out of the page, then: gonogo deploy --env {env}",
)
def test_front_page_finds_its_files(
    inspector: Inspector,
    environment: Environment,
    baseline: GateResult | None,
    limits: Limits,
    evidence: Collected,
) -> None:
    """The style sheets and scripts that the front page loads from its own server are there, as far as they were before.

    Catches the page that answers 200 and is white, because its front end was not built, the style sheet that the
    release names anew and does not bring, the script of a desk (`http://localhost:3000/…`), and the page whose type was
    lost, so that browsers show its source. What was missing before this release, images, files whose names say that
    they are an installation's own (`custom.css`), and everything on a first deploy is warned of.

    Before (Dockerfile):

        COPY . .

    After (Dockerfile):

        COPY . .
        RUN python manage.py collectstatic --noinput
    """
    url = inspector.url()
    if url is None:
        pytest.skip("the environment has no url")
    if any(page.path == "/" and page.service is None for page in environment.page):
        pytest.skip("a browser loads the front page (D19)")
    try:
        page = front_page(f"{url}/", limits)
    except httpx.HTTPError as error:  # whether it is alive at all is D06's question
        pytest.skip(f"GET /: no answer that could be read: {type(error).__name__}")
    rows = rows_of(baseline, "D26", _TITLE)
    if page.status < httpx.codes.BAD_REQUEST and is_source(page.text, page.kind):
        said = f"GET {page.address}: found a page as {page.kind}, so that browsers show its source"
        assert not rows, f"{said}; expected text/html, as before this release"
        evidence.advise(said)
        return
    if page.status >= httpx.codes.BAD_REQUEST or not page.html:
        pytest.skip(f"GET {page.address} answers {page.status}, and no page that loads files")
    answers = _asked(page.address, files_of(page.html, page.address)[:_MOST_FILES], limits)
    answers += _of_a_desk(page, limits)
    missing = [one for one in answers if one.found != _THERE]
    evidence.table(_TITLE, [(one.address, one.found) for one in answers])
    needed = [one for one in missing if is_needed(one.address)]
    lost = [one for one in needed if _was_there(one.address, rows)]
    new = lost or [one for one in needed if _is_named_anew(one.address, rows)]
    if missing and not new:
        evidence.advise(f"GET {page.address} names files that are not there: {', '.join(map(str, missing))}")
    said = f"GET {page.address} loads what is not there: found {', '.join(map(str, new))}"
    wanted = "as the release before served them" if lost else "in the release that names them anew"
    assert not new, f"{said}; expected them {wanted}"


@pytest.mark.postdeploy(
    "D38",
    severity="advisory",
    impact="SEV3",
    needs=("a URL", "a serving release"),
    remedy="Keep what releases before named: static files in a volume that collectstatic adds to without --clear, in a "
    "bucket, or built into one folder from which old files go after days",
)
def test_files_that_the_page_before_named_are_kept(
    inspector: Inspector, baseline: GateResult | None, limits: Limits, evidence: Collected
) -> None:
    """Style sheets and scripts with a fingerprint that the front page of the release before named are still there.

    Catches the page that somebody has open, or that a cache keeps, while releases take turns: it asks for files that
    the new release has not, and goes white. What was not there before either is left out.

    Before (start.sh):

        python manage.py collectstatic --noinput --clear

    After (start.sh):

        python manage.py collectstatic --noinput
    """
    url = inspector.url()
    named = [address for address, found in rows_of(baseline, "D26", _TITLE) if found == _THERE and is_needed(address)]
    marked = [address for address in named if same_name(address) != posixpath.basename(urlsplit(address).path)]
    if url is None or not marked:
        pytest.skip("no file with a fingerprint is known that the page before named")
    answers = _asked(
        f"{url}/", [f"{url}{urlsplit(one)._replace(scheme='', netloc='').geturl()}" for one in marked], limits
    )
    evidence.table("Files that the page before named", [(one.address, one.found) for one in answers])
    gone = sorted({same_name(one.address) for one in answers if one.found != _THERE})
    if gone:
        evidence.advise(
            f"found {', '.join(gone)} gone under the names that the page before had for them, expected them for "
            "whoever has it open"
        )


def _is_named_anew(address: str, rows: Sequence[Sequence[str]]) -> bool:
    """Whether the page of the release before named no such file, and had all of its own; no on a first deploy.

    Of a page that names more than are asked nobody knows.
    """
    needed = {name: found for name, found in rows if is_needed(name)}
    known = len(rows) < _MOST_FILES and set(needed.values()) == {_THERE}
    return known and not _OWN.search(address) and not any(same_name(name) == same_name(address) for name in needed)


def _was_there(address: str, rows: Sequence[Sequence[str]]) -> bool:
    """Whether the release before served a file, under the same name without its fingerprint; no on a first deploy."""
    return any(found == _THERE and same_name(name) == same_name(address) for name, found in rows)


def _asked(address: str, files: Sequence[str], limits: Limits) -> list[_File]:
    """What the files of a page answer; slow is no answer, and where requests are limited others need them more."""
    found = []
    until = time.monotonic() + SECONDS
    with limits.client(address) as asking:
        for file in files:
            if (left := until - time.monotonic()) <= 0 or limits.is_tight(file):
                break
            with contextlib.suppress(httpx.HTTPError), asking.stream("GET", file, timeout=left) as answer:
                if answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
                    found.append(_File(address=file, found=_told(file, answer)))
    return found


def _of_a_desk(page: FrontPage, limits: Limits) -> list[_File]:
    """What it needs of the machine of whoever looks at it; asked where that is this one, as the page's address says."""
    named = [file for file in desk_files(page.html, page.address) if is_needed(file)][:_MOST_FILES]
    if not is_loopback(page.address):
        return [_File(address=file, found="on the machine of whoever looks at it") for file in named]
    found = _asked(page.address, named, limits)
    told = {one.address for one in found}
    return [*found, *(_File(address=file, found="no answer") for file in named if file not in told)]


def _told(file: str, answer: httpx.Response) -> str:
    """What answers at a file's address."""
    if answer.is_error:
        return str(answer.status_code)
    kind = answer.headers.get("content-type", "").partition(";")[0]
    a_page = urlsplit(file).path.endswith((".css", ".js", ".mjs")) and kind == "text/html"
    return f"{answer.status_code}, a page in its place" if a_page else _THERE
