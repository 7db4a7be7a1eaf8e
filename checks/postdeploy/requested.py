"""How a configured request is sent, and what of its answer is judged."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from gonogo.config import Endpoint
from gonogo.host.bounded import CUT
from gonogo.inspection.answers.expectations import Answer, UnknownVariableError, fill
from gonogo.plugins.evidence import InconclusiveError
from gonogo.plugins.limits import Limits
from gonogo.runtimes.base import Place

__all__ = ["answer_of", "requested"]

_MARGIN = 5.0


def requested(endpoint: Endpoint, url: str, place: Place, limits: Limits, *, within: float | None = None) -> Answer:
    """Sends the request.

    Raises:
        InconclusiveError: the request names a variable that is not set, so it cannot be sent.
    """
    method, _, path = endpoint.request.partition(" ")
    within = endpoint.within if within is None else within
    limit = within + _MARGIN
    try:
        sent = _sent(endpoint, place)
    except UnknownVariableError as error:
        where = place.environment.env_file or f"env.{place.environment.name}.env_file, which is not configured"
        raise InconclusiveError(
            f"{endpoint.request}: ${{{error.name}}}: found no such variable in {where}, expected one; set it there"
        ) from error
    expected = (endpoint.status,) if isinstance(endpoint.status, int) else endpoint.status
    try:
        answer = limits.send(method, url + path, timeout=limit, expected=expected, **sent)
    except (httpx.ReadTimeout, httpx.WriteTimeout):
        wanted = f"expected one within {within:g} s"
        pytest.fail(f"{endpoint.request}: found no answer within {limit:g} s, {wanted}")
    return answer_of(answer)


def answer_of(answer: httpx.Response) -> Answer:
    """What of an answer is judged."""
    return Answer(
        status=answer.status_code,
        headers={name.lower(): value for name, value in answer.headers.items()},
        text=answer.text,
        seconds=answer.elapsed.total_seconds(),
        cut=str(answer.extensions.get(CUT, "")),
    )


def _sent(endpoint: Endpoint, place: Place) -> dict[str, Any]:
    """Headers, credentials and body, with their variables filled in."""
    sent: dict[str, Any] = {"headers": fill(endpoint.send, place.variables)}
    if endpoint.auth is not None:
        user, _, password = endpoint.auth.partition(":")
        sent["auth"] = (fill(user, place.variables), fill(password, place.variables))
    body = fill(endpoint.body, place.variables)
    if isinstance(body, str):
        sent["content"] = body
    elif body is not None:
        sent["json"] = body
    return sent
