"""Whether what answered before this release still answers, although nobody named it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
import pytest

from gonogo.checks.build.registering import routes_of
from gonogo.checks.postdeploy.asking import rows_of
from gonogo.checks.postdeploy.front import front_page, read
from gonogo.config import Environment
from gonogo.gates.subject import Subject
from gonogo.inspection import things
from gonogo.inspection.answers.harmless import is_harmless, plain_paths
from gonogo.inspection.answers.htmlfiles import links_of
from gonogo.plugins.evidence import Collected
from gonogo.plugins.limits import Limits
from gonogo.records.results import GateResult
from gonogo.runtimes.base import Inspector
from gonogo.words import Role

__all__: list[str] = []

_MOST = 20
"""Addresses that are asked."""
_SECONDS = 15.0
"""For all of them; the share of one is at most two thirds."""
_TITLE = "Asked"
_HEADER = ("address", "status", "seconds")
_NOTHING = "no answer"
_UNKNOWN = httpx.codes.NOT_IMPLEMENTED
"""No fault: it says that there is nothing."""
_SLOW, _SLOWER = 3.0, 20.0
"""Told as slow: as many seconds, and as many times what the release before took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What an address answered, and after how many seconds."""

    address: str
    status: int | None
    text: str
    seconds: float

    @property
    def is_broken(self) -> bool:
        """Whether it is a server error, or none came."""
        return self.status is None or (self.status >= httpx.codes.INTERNAL_SERVER_ERROR and self.status != _UNKNOWN)

    def __str__(self) -> str:
        return _NOTHING if self.status is None else str(self.status)


@pytest.mark.postdeploy(
    "D30",
    needs=("a URL", "a release before this one"),
    remedy="Read the application's log of that moment (D15 quotes it) and mend the page; one that is to be left alone: "
    "not_asked under [env.{env}]",
)
def test_what_answered_before_still_answers(
    inspector: Inspector,
    environment: Environment,
    subject: Subject,
    baseline: GateResult | None,
    limits: Limits,
    evidence: Collected,
) -> None:
    """Pages that answered in the baseline still do: GET routes without a parameter, and links of the front page.

    Catches the page that answers 500 for hours behind a green health check. A page that was broken before, one that is
    new, and a first deploy are not judged. Asked are at most 20, as an anonymous visitor asks, and none whose name says
    that it does something (`/logout`, `/send-mail`).
    """
    if subject.role is Role.BASELINE:
        found = _asked(_candidates(inspector, environment, subject, limits), limits)
        evidence.table(_TITLE, _rows(found), header=_HEADER)
        return
    before = _before(baseline)
    if not before:
        pytest.skip("nothing is known to have answered before: no baseline, or no page that could be asked")
    answers = [_again(one, limits) if one.is_broken else one for one in _asked(tuple(before), limits)]
    evidence.table(_TITLE, _rows(answers), header=_HEADER)
    broken = [one for one in answers if one.is_broken]
    evidence.needs(*(things.answer(one.address, one.status or 0, one.text) for one in broken))
    slow = [one for one in answers if not one.is_broken and one.seconds > max(_SLOW, _SLOWER * before[one.address][1])]
    if slow and not broken:
        one = slow[0]
        took = f"took {one.seconds:.1f} s, {before[one.address][1]:.2f} s before this release"
        evidence.warn(f"GET {one.address} {took}{_more(slow)}")
    said = f"GET {broken[0].address}: found {broken[0]}, twice{_more(broken)}" if broken else ""
    assert not broken, f"{said}; expected {before[broken[0].address][0]}, as before this release"


def _more(found: Sequence[_Answer]) -> str:
    return f" (and {len(found) - 1} more)" if found[1:] else ""


def _rows(answers: Sequence[_Answer]) -> list[tuple[str, ...]]:
    return [(one.address, str(one), f"{one.seconds:.3f}") for one in answers]


def _before(baseline: GateResult | None) -> dict[str, tuple[int, float]]:
    """Address → the status that the baseline found, and its seconds; of those that were well."""
    rows = rows_of(baseline, "D30", _TITLE)
    well = ((address, int(status), float(took)) for address, status, took in rows if status != _NOTHING)
    return {address: (status, took) for address, status, took in well if status < httpx.codes.INTERNAL_SERVER_ERROR}


def _candidates(inspector: Inspector, environment: Environment, subject: Subject, limits: Limits) -> tuple[str, ...]:
    """The addresses to ask, but for those that others judge: of endpoints and of health, and the front page (D29)."""
    health = [environment.health, *(environment.health_of(name) for name in environment.service)]
    named = {endpoint.request.partition(" ")[2] for endpoint in environment.endpoint}
    named |= {path for one in health for path in (one.live, one.ready) if path}
    found = dict.fromkeys((*_of_routes(inspector, subject), *_of_links(inspector, limits)))
    found.pop(f"{inspector.url()}/", None)
    paths = ((address, urlsplit(address).path) for address in found)
    free = [address for address, path in paths if path not in named and is_harmless(path, but=environment.not_asked)]
    return tuple(free[:_MOST])


def _of_routes(inspector: Inspector, subject: Subject) -> Iterator[str]:
    release = subject.release
    if release is None:
        return
    for name in release.routes:
        if url := inspector.url(name):
            yield from (url + path for path in plain_paths(routes_of(release, name) or ()))


def _of_links(inspector: Inspector, limits: Limits) -> tuple[str, ...]:
    """Where the front page leads; nowhere while it is not well."""
    url = inspector.url()
    try:
        page = front_page(f"{url}/", limits) if url is not None else None
    except httpx.HTTPError:
        return ()
    return links_of(page.html, page.address) if page is not None and page.status == httpx.codes.OK else ()


def _asked(addresses: Sequence[str], limits: Limits) -> list[_Answer]:
    """What they answer; where requests are limited others need them more."""
    until, found = time.monotonic() + _SECONDS, []
    for address in addresses:
        left = until - time.monotonic()
        if left <= 0 or limits.is_tight(address):
            break
        answer = _answer(address, limits, patience=min(left, _SECONDS * 2 / 3))
        if answer.status != httpx.codes.TOO_MANY_REQUESTS:
            found.append(answer)
    return found


def _again(answer: _Answer, limits: Limits) -> _Answer:
    """Asked once more, and waited for longer: a page may be slow the first time."""
    return _answer(answer.address, limits, patience=_SECONDS)


def _answer(address: str, limits: Limits, *, patience: float) -> _Answer:
    began = time.monotonic()
    status, text = None, ""
    try:
        status, _, text = read(address, began + patience, limits)
    except httpx.TimeoutException:
        limits.hung_up(address)
    except httpx.HTTPError:
        pass
    return _Answer(address=address, status=status, text=text, seconds=time.monotonic() - began)
