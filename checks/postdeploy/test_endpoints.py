"""Whether the configured endpoints answer as they should."""

from __future__ import annotations

import math

import httpx
import pytest

from gonogo.checks.postdeploy.instances import measured
from gonogo.checks.postdeploy.origins import wrong_origins
from gonogo.checks.postdeploy.requested import requested
from gonogo.config import Endpoint
from gonogo.inspection import things
from gonogo.inspection.answers.expectations import Answer, compare, p95
from gonogo.inspection.answers.slower import is_broken, is_slower
from gonogo.plugins.evidence import Collected, LimitedError
from gonogo.plugins.limits import Limits
from gonogo.records.results import GateResult
from gonogo.runtimes.base import Inspector, Place

__all__: list[str] = []

_SHOWN = 2000
_AGAIN = 2
"""How often more what seems slow is asked."""
_MEASURE = "answer"


@pytest.mark.postdeploy(
    "D09",
    needs=("endpoint",),
    rests_on="request",
    says_alive=True,
    remedy="Ask it yourself and read the application's log of that moment: {param}",
)
def test_endpoint(
    endpoint: Endpoint,
    inspector: Inspector,
    place: Place,
    baseline: GateResult | None,
    limits: Limits,
    evidence: Collected,
) -> None:
    """The endpoint answers with the configured status, headers, values and text, in its time.

    Catches a release that is alive and serves the wrong thing, also one in so many times (`repeat`). Of a GET that
    takes a second or more, three times, it warns where that is twenty times what it took in the baseline; where it is
    a hundred times that, and no `within` of the endpoint allows it, it is red. Where `origins` names the sites whose
    pages may read the answer, those may, and no others.

    Before (gonogo.toml, where the answer is meant to be another one now):

        [[env.prod.endpoint]]
        request = "GET /admin"

    After (gonogo.toml):

        [[env.prod.endpoint]]
        request = "GET /admin"
        status = 303
        headers = { location = "/admin/login" }
    """
    url = inspector.url(endpoint.service)
    if url is None:
        pytest.skip(f"{endpoint.service or 'the environment'} has no url")
    answer = requested(endpoint, url, place, limits)
    names = ", ".join(f"{name}: {value}" for name, value in answer.headers.items() if name != "set-cookie")
    evidence.text(f"{endpoint.request} at {url}", f"{answer.status} in {answer.seconds * 1000:.0f} ms\n{names}")
    evidence.text("Body", answer.text[:_SHOWN])
    evidence.measure(_MEASURE, answer.seconds, limit=endpoint.within)
    each = endpoint if endpoint.repeat == 1 else endpoint.model_copy(update={"within": math.inf})
    wrong = compare(each, answer)
    evidence.table("Not as expected", wrong)
    if answer.status == httpx.codes.TOO_MANY_REQUESTS and wrong:
        raise LimitedError(f"{endpoint.request}: found 429, a limit on requests; ask again later")
    evidence.needs(things.answer(url, answer.status, answer.text))
    evidence.text("Read", answer.cut or "all of it")
    assert not wrong, f"{endpoint.request}: {'; '.join([*map(str, wrong), *filter(None, [answer.cut])])}"
    others = wrong_origins(endpoint, url, place, limits) if endpoint.origins else []
    assert not others, f"{endpoint.request}: {'; '.join(others)}"
    if endpoint.repeat > 1:
        _repeat(each, url, place, limits, evidence, first=answer, within=endpoint.within)
    before = measured(baseline, f"D09[{endpoint.request}]", _MEASURE)
    if before is None or not endpoint.request.startswith(("GET ", "HEAD ")) or not is_slower(answer.seconds, before):
        return
    quickest = min(answer.seconds, *(requested(endpoint, url, place, limits).seconds for _ in range(_AGAIN)))
    said = f"{endpoint.request}: found {quickest:.1f} s at best of {_AGAIN + 1}, {before:.2f} s before this release"
    is_stated = "within" in endpoint.model_fields_set
    assert is_stated or not is_broken(quickest, before), (
        f"{said}; expected no such change, or within = … that allows it"
    )
    if is_slower(quickest, before):
        evidence.warn(f"{said}; if that is too long, within of this endpoint may say so")


def _repeat(
    endpoint: Endpoint, url: str, place: Place, limits: Limits, evidence: Collected, *, first: Answer, within: float
) -> None:
    """Asks as often as is configured; each answer is to be right, and 19 of 20 in time."""
    seconds = [first.seconds]
    for number in range(2, endpoint.repeat + 1):
        answer = requested(endpoint, url, place, limits, within=within)
        wrong = compare(endpoint, answer)
        assert not wrong, f"{endpoint.request}, asked {number} times: {'; '.join(map(str, wrong))}"
        seconds.append(answer.seconds)
    found = p95(seconds)
    evidence.measure("p95", found, limit=within)
    assert found <= within, (
        f"{endpoint.request}, asked {endpoint.repeat} times: p95: found {found * 1000:.0f} ms, expected at most "
        f"{within * 1000:.0f} ms"
    )
