"""Whether pages behind a login answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import httpx
import pytest

from gonogo.checks.postdeploy.instances import rows_of
from gonogo.checks.postdeploy.signing_in import signed_in
from gonogo.checks.postdeploy.swept import (
    NOTHING,
    Swept,
    again,
    asked,
    candidates,
    closed,
    closed_said,
    free,
    origin,
    origins,
)
from gonogo.config import Environment
from gonogo.gates.subject import Subject
from gonogo.inspection import things
from gonogo.inspection.answers.expectations import UnknownVariableError
from gonogo.inspection.answers.htmlfiles import links_of
from gonogo.plugins.evidence import Collected, InconclusiveError, LimitedError
from gonogo.plugins.limits import Limits
from gonogo.records.results import GateResult
from gonogo.runtimes.base import Inspector, Place
from gonogo.words import Role

__all__: list[str] = []

_MOST = 20
_NEW = 10
_TITLE = "Asked as the visitor"
_HEADER = ("address", "status", "seconds")


@pytest.mark.postdeploy(
    "D36",
    needs=("visitor", "a URL"),
    reads=("visitor", "not_asked"),
    says_alive=True,
    remedy="Log in as that user, open the page, and read what was written at that moment (last lines, under "
    "`evidence`); a page that is to be left alone: not_asked under [env.{env}]",
)
def test_pages_answer_the_visitor(
    environment: Environment,
    place: Place,
    inspector: Inspector,
    subject: Subject,
    baseline: GateResult | None,
    limits: Limits,
    evidence: Collected,
) -> None:
    """The test user can log in, and the pages behind the login answer as before this release.

    Catches the dashboard that answers 500 to everybody who has an account, while all that is open is well. Asked are
    the page that `visitor.shows` names, at most 20 of its links and of the GET routes without a parameter, and none
    whose name says that it does something. A page that is new warns of a server error, and so does one that the user
    was let into before and is not now, and one that is closed for maintenance (as D30 does). Told in
    wger-project/wger#1206, DefectDojo/django-DefectDojo#8432.

    No before and after: why a page fails for a user is said by the application's own traceback.
    """
    visitor = environment.visitor
    if visitor is None:
        pytest.skip("no visitor is configured")
    url = inspector.url(visitor.service)
    if url is None:
        pytest.skip(f"{visitor.service or 'the environment'} has no url")
    before = _before(baseline, origins(inspector, environment.service)) if subject.role is not Role.BASELINE else {}
    try:
        with signed_in(visitor, url, place.variables, limits) as session:
            first = _first(f"{url}{visitor.shows}", limits, session)
            ways = (
                *links_of(first.text, first.address),
                *candidates(inspector, environment, subject, limits, usual=()),
            )
            pages = [one for one in free(ways, inspector, environment) if one != first.address]
            answers = _others(pages, before, limits, session) if first.status == httpx.codes.OK else []
    except UnknownVariableError as error:
        raise InconclusiveError(
            f"visitor: ${{{error.name}}}: found no such variable in the env file, expected one; set it there"
        ) from error
    evidence.table(_TITLE, _rows([first, *answers]), header=_HEADER)
    away = [one for one in closed([first, *answers]) if one.address in before]
    broken = [one for one in answers if one.is_broken and one.address in before and one not in away]
    red = broken if first.status == httpx.codes.OK else [first]
    evidence.needs(*(things.answer(one.address, one.status or 0, one.text) for one in red))
    assert first.status == httpx.codes.OK, f"GET {visitor.shows} as the visitor: found {first}, expected 200"
    for one in away:
        evidence.warn(closed_said(one, before[one.address], who=" as the visitor"))
    if subject.role is not Role.BASELINE:
        for said in (*_shut(answers, before), *_new(answers, before)):
            evidence.warn(said)
    said = f"GET {broken[0].address} as the visitor: found {broken[0]}, twice{_more(broken)}" if broken else ""
    assert not broken, f"{said}; expected {before[broken[0].address]}, as before this release"


def _first(address: str, limits: Limits, session: httpx.Client) -> Swept:
    found = asked([address], limits, session)
    if not found:
        raise LimitedError(f"GET {address}: found 429, a limit on requests; ask again later")
    return found[0]


def _others(pages: Sequence[str], before: Mapping[str, int], limits: Limits, session: httpx.Client) -> list[Swept]:
    """What the pages answer that the baseline found, and some that are new; what is broken is asked twice."""
    new = [one for one in pages if one not in before]
    chosen = (*before, *new[: _NEW if before else _MOST])
    return [again(one, limits, session) if one.is_broken else one for one in asked(chosen, limits, session)]


def _shut(answers: Sequence[Swept], before: Mapping[str, int]) -> Iterator[str]:
    """What the visitor was let into before, and is not now; only the first is told."""
    was_open = [one for one in answers if before.get(one.address) == httpx.codes.OK]
    shut = [one for one in was_open if one.status in {401, 403} or one.leads_to]
    if shut:
        yield f"GET {shut[0].address} as the visitor: found {shut[0]}, 200 before this release{_more(shut)}"


def _new(answers: Sequence[Swept], before: Mapping[str, int]) -> Iterator[str]:
    """What is new and broken; only the first is told."""
    broken = [one for one in answers if one.is_broken and one.address not in before]
    if broken:
        yield f"GET {broken[0].address} as the visitor, not asked before: found {broken[0]}, twice{_more(broken)}"


def _before(baseline: GateResult | None, here: frozenset[str]) -> dict[str, int]:
    """Address → the status that the baseline found, of those that were well."""
    rows = rows_of(baseline, "D36", _TITLE)[1:]  # the first is judged by itself
    found = {address: int(status) for address, status, _ in rows if status != NOTHING and origin(address) in here}
    return {address: status for address, status in found.items() if status < httpx.codes.INTERNAL_SERVER_ERROR}


def _rows(answers: Sequence[Swept]) -> list[tuple[str, ...]]:
    return [(one.address, str(one), f"{one.seconds:.3f}") for one in answers]


def _more(found: Sequence[Swept]) -> str:
    return f" (and {len(found) - 1} more)" if found[1:] else ""
