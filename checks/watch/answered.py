"""What is wrong with one answer of a release that is watched."""

from __future__ import annotations

import math

import httpx
import pytest

from gonogo.checks.postdeploy.requested import answer_of, requested
from gonogo.config import Endpoint
from gonogo.inspection.answers import healthdoc
from gonogo.inspection.answers.expectations import Answer, compare
from gonogo.inspection.answers.served import document_of, of_another
from gonogo.plugins import transport
from gonogo.plugins.evidence import InconclusiveError
from gonogo.plugins.limits import Limits
from gonogo.runtimes.base import Place
from gonogo.state.release import Release
from gonogo.words import Outcome

__all__ = ["wrong_at_once", "wrong_with"]

_AT_ONCE = 4
"""Requests of one moment: three of a browser's six connections, and the probe's."""


def wrong_with(
    endpoint: Endpoint, url: str, place: Place, limits: Limits, *, within: float, by: Release | None = None
) -> str | None:
    """What is wrong with the answer, nothing where it is right; None where nobody knows.

    Args:
        endpoint: what is asked.
        url: where.
        place: where its variables are.
        limits: what it is asked with.
        within: how long it may take at least.
        by: the release that must have answered, where the answer names one; None: anybody may.
    """
    plain = endpoint.model_copy(update={"repeat": 1, "within": max(endpoint.within, within)})
    try:
        answer = requested(plain, url, place, limits)
    except InconclusiveError:
        return None
    except httpx.TransportError as error:
        outcome, text = transport.judge(error)
        return text if outcome is Outcome.FAILED else None
    except pytest.fail.Exception as error:  # no answer in time
        return str(error)
    if answer.status == httpx.codes.TOO_MANY_REQUESTS:
        return None
    return _judged(plain, answer, by)


def wrong_at_once(endpoint: Endpoint, url: str, limits: Limits, *, by: Release | None = None) -> list[str]:
    """What is wrong with each answer to several requests of one moment, those that are right first.

    Args:
        endpoint: a page that only reads and needs nothing sent; how long it takes is not judged.
        url: where it is.
        limits: what it is asked with.
        by: as for ``wrong_with``.
    """
    plain = endpoint.model_copy(update={"within": math.inf})
    page = f"{url}{endpoint.request.partition(' ')[2]}"
    return sorted(_judged(plain, answer_of(one), by) for one in limits.at_once(page, _AT_ONCE))


def _judged(plain: Endpoint, answer: Answer, by: Release | None) -> str:
    named = healthdoc.release_named(document_of(answer.text), answer.headers) if by is not None else ()
    others = of_another(named, commits=by.commits, release=by.id) if by is not None else ()
    strangers = (f"{one.where}: found {one.value}, expected {by.id}" for one in others if by is not None)
    return "; ".join([*map(str, compare(plain, answer)), *strangers])
