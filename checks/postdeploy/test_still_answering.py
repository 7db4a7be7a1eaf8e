"""Whether what answered before this release still answers, although nobody named it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx
import pytest

from gonogo.checks.postdeploy.front import CIRCLE, goes_round
from gonogo.checks.postdeploy.instances import rows_of
from gonogo.checks.postdeploy.swept import (
    NOTHING,
    USUAL,
    Swept,
    again,
    asked,
    candidates,
    closed,
    closed_said,
    led_to,
    origin,
    origins,
)
from gonogo.config import Environment
from gonogo.gates.subject import Subject
from gonogo.inspection import things
from gonogo.inspection.answers.htmlfiles import is_same_server, is_source
from gonogo.inspection.answers.slower import is_slower
from gonogo.plugins.evidence import Collected
from gonogo.plugins.limits import Limits
from gonogo.records.results import GateResult
from gonogo.runtimes.base import Inspector
from gonogo.words import Role

__all__: list[str] = []

_MOST = 20
"""Addresses that are asked."""
_TITLE = "Asked"
_HEADER = ("address", "status", "seconds", "type")
_SHUT = frozenset({httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN})
_LOST = frozenset({httpx.codes.NOT_FOUND, httpx.codes.GONE})
_FOLLOWED = 3
"""Redirects that are followed."""
_NEW = 10
"""New addresses that are asked."""


class _Then(NamedTuple):
    """What an address answered in the baseline."""

    status: int
    seconds: float
    kind: str = ""
    """Unknown of an older record."""


@pytest.mark.postdeploy(
    "D30",
    needs=("a URL", "a release before this one"),
    remedy="Read what was written at that moment (last lines, under `evidence`) and mend the page; one that is to be "
    "left alone: not_asked under [env.{env}]",
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

    Catches the page that answers 500 for hours behind a green health check, one that redirects to itself, and one whose
    type was lost, so that browsers show its source. A page that was broken before, one that is new (D31), what moved to
    another address, and a first deploy are not judged; what says with its 503 to come back after ten minutes or more,
    while most others answer, is warned of (maintenance). Asked are at most 20, as an anonymous visitor asks, with where
    they and the endpoints redirect to (a login page), and none whose name says that it does something (`/logout`,
    `/send-mail`). Warns of a page that is many times slower than before, twice, of one that asked for a login before
    and shows itself to anybody now, and of one that is not there any more although a route or a link still leads to it
    (or it is robots.txt or the sitemap). Told in mozilla/bedrock#8435, evansd/whitenoise#572.

    Before (gonogo.toml, where the page is to be left alone):

        [env.prod]
        not_asked = []

    After (gonogo.toml):

        [env.prod]
        not_asked = ["/reports/*"]
    """
    if subject.role is Role.BASELINE:
        found = asked(candidates(inspector, environment, subject, limits)[:_MOST], limits)
        found += asked(led_to(found, inspector, environment, limits)[: _MOST - len(found)], limits)
        evidence.table(_TITLE, _rows(found), header=_HEADER)
        return
    here = origins(inspector, environment.service)
    before = {address: then for address, then in _before(baseline).items() if origin(address) in here}
    if not before:
        pytest.skip("nothing is known to have answered before: no baseline, or no page that could be asked")
    answers = [again(one, limits) if one.is_broken else one for one in asked(tuple(before), limits)]
    evidence.table(_TITLE, _rows(answers), header=_HEADER)
    shut = closed(answers)
    answers = [one for one in answers if one not in shut]
    broken = [one for one in answers if one.is_broken]
    evidence.needs(*dict.fromkeys(map(_cause, broken)))
    for one in shut:
        evidence.warn(closed_said(one, before[one.address].status))
    lost = [one for one in answers if one.status in _LOST and before[one.address].status == httpx.codes.OK]
    wanted = candidates(inspector, environment, subject, limits) if lost else ()
    for said in () if broken else (*_slower(answers, before, limits), *_opened(answers, before), *_lost(lost, wanted)):
        evidence.warn(said)
    said = f"GET {broken[0].address}: found {broken[0]}, twice{_more(broken)}" if broken else ""
    assert not broken, f"{said}; expected {before[broken[0].address].status}, as before this release"
    circles = _circles(
        [one for one in answers if not httpx.codes.is_redirect(before[one.address].status)], limits, evidence
    )
    said = (
        f"GET {circles[0].address}: found {circles[0]} that leads round in a circle{_more(circles)}" if circles else ""
    )
    assert not circles, f"{said}; expected {before[circles[0].address].status}, as before this release"
    shown = [one for one in answers if is_source(one.text, one.kind) and "html" in before[one.address].kind]
    said = (
        f"GET {shown[0].address}: found a page as {shown[0].kind}{_more(shown)}, so that browsers show its source"
        if shown
        else ""
    )
    assert not shown, f"{said}; expected {before[shown[0].address].kind}, as before this release"


@pytest.mark.late
@pytest.mark.postdeploy(
    "D31",
    severity="advisory",
    needs=("a URL",),
    remedy="Ask it yourself and mend what it names; one that is meant so: an endpoint with its status, or not_asked "
    "under [env.{env}]",
)
def test_new_pages_answer(
    inspector: Inspector,
    environment: Environment,
    subject: Subject,
    baseline: GateResult | None,
    limits: Limits,
    evidence: Collected,
) -> None:
    """Pages that nobody named and that are new with this release answer an anonymous visitor without a server error.

    Catches the new page that nobody opened once. At most 10 of the GET routes without a parameter and of the links of
    the front page are asked, none whose name says that it does something. It warns at most: some may be meant to be
    asked in another way.

    Before (gonogo.toml, where the new page is meant to answer so):

        [env.prod]
        not_asked = []

    After (gonogo.toml):

        [[env.prod.endpoint]]
        request = "GET /v2/export"
        status = 501
    """
    if subject.role is not Role.CANDIDATE:
        pytest.skip("nothing is new in a release that served before")
    known = {row[0] for row in rows_of(baseline, "D30", _TITLE)}
    new = [one for one in candidates(inspector, environment, subject, limits, usual=()) if one not in known]
    if not new or len(known) >= _MOST:
        pytest.skip("no page is known to be new with this release")
    answers = [again(one, limits) if one.is_broken else one for one in asked(new[:_NEW], limits)]
    evidence.table(_TITLE, _rows(answers), header=_HEADER)
    broken = [one for one in answers if one.is_broken]
    evidence.needs(*dict.fromkeys(map(_cause, broken)))
    said = f"GET {broken[0].address}: found {broken[0]}, twice{_more(broken)}" if broken else ""
    assert not broken, f"{said}; expected no server error"
    circles = _circles(answers, limits, evidence)
    said = (
        f"GET {circles[0].address}: found {circles[0]} that leads round in a circle{_more(circles)}" if circles else ""
    )
    assert not circles, f"{said}; expected an end"


def _cause(one: Swept) -> str:
    """What a page that is broken is red for: its answer, or that nobody answers there."""
    return things.address(one.address) if one.status is None else things.answer(one.address, one.status, one.text)


def _circles(answers: Sequence[Swept], limits: Limits, evidence: Collected) -> list[Swept]:
    """Those of the first redirects that lead round in a circle."""
    leading = [one for one in answers if is_same_server(one.leads_to, one.address)]
    found = [one for one in leading[:_FOLLOWED] if goes_round(one.address, limits)]
    if found:
        evidence.needs(*dict.fromkeys(things.circle(one.address) for one in found))
        evidence.remedy(CIRCLE)
    return found


def _slower(answers: Sequence[Swept], before: Mapping[str, _Then], limits: Limits) -> Iterator[str]:
    """What is many times slower than before, twice; only the first is told."""
    slow = [one for one in answers if is_slower(one.seconds, before[one.address].seconds)]
    slow = [one for one in slow if is_slower(again(one, limits).seconds, before[one.address].seconds)]
    if slow:
        one = slow[0]
        took = f"took {one.seconds:.1f} s, {before[one.address].seconds:.2f} s before this release"
        yield f"GET {one.address} {took}{_more(slow)}"


def _opened(answers: Sequence[Swept], before: Mapping[str, _Then]) -> Iterator[str]:
    """What was shut to an anonymous visitor before, and is not now; only the first is told."""
    opened = [one for one in answers if before[one.address].status in _SHUT and one.status == httpx.codes.OK]
    if opened:
        one, then = opened[0], before[opened[0].address].status
        yield (
            f"GET {one.address}: found 200 without a login, {then} before this release{_more(opened)}; "
            f'where that is meant, say it: [[env.NAME.endpoint]] request = "GET {urlsplit(one.address).path}"'
        )


def _lost(lost: Sequence[Swept], wanted: Collection[str]) -> Iterator[str]:
    """What is there no more, although the release still has a route or a link that leads there; the first is told."""
    gone = [one for one in lost if one.address in wanted]
    if gone:
        said = f"found {gone[0]}, 200 before this release; what leads there is still there"
        yield f"GET {gone[0].address}: {said}{_more(gone)}"


def _more(found: Sequence[Swept]) -> str:
    return f" (and {len(found) - 1} more)" if found[1:] else ""


def _rows(answers: Sequence[Swept]) -> list[tuple[str, ...]]:
    return [(one.address, str(one), f"{one.seconds:.3f}", one.kind) for one in answers]


def _before(baseline: GateResult | None) -> dict[str, _Then]:
    """Address → what the baseline found there; of those that were well."""
    rows = rows_of(baseline, "D30", _TITLE)
    told = {row[0]: _Then(int(row[1]), float(row[2]), *row[3:4]) for row in rows if row[1] != NOTHING}
    well = {address: then for address, then in told.items() if then.status < httpx.codes.INTERNAL_SERVER_ERROR}
    return {address: then for address, then in well.items() if then.status == httpx.codes.OK or not _is_usual(address)}


def _is_usual(address: str) -> bool:
    """Whether nothing leads there: such a file counts where it was there."""
    return urlsplit(address).path in USUAL
