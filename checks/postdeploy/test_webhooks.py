"""Whether webhooks know who sends them."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping

import httpx
import pytest

from gonogo.config.entries import Webhook
from gonogo.inspection import things
from gonogo.inspection.answers.expectations import UnknownVariableError, fill
from gonogo.inspection.answers.signatures import scheme_of, signed
from gonogo.plugins.evidence import Collected, InconclusiveError, LimitedError
from gonogo.plugins.limits import Limits
from gonogo.runtimes.base import Inspector, Place

__all__: list[str] = []

_NOTHING: Mapping[str, str] = {"from": "gonogo", "event": "none"}
"""What is sent where no harmless event is configured: one that means nothing to anybody."""


@pytest.mark.postdeploy(
    "D24",
    needs=("webhook",),
    rests_on="request",
    remedy="Look whether it compares the signature over the raw body before it reads anything, and with which secret: "
    "{param}",
)
def test_webhook_knows_its_sender(
    webhook: Webhook, inspector: Inspector, place: Place, limits: Limits, evidence: Collected
) -> None:
    """A webhook refuses what is signed with another secret, and what is not signed at all.

    Catches the signature that is compared only where one is sent, or not any more: anybody can say that an order is
    paid. Where `harmless` names an event that does nothing, that is sent with the right signature too, and must be
    taken: a release that has another secret than the sender loses every event. Nothing else is ever signed rightly.

    Before (app/webhooks.py):

        if signature and not hmac.compare_digest(signature, expected):
            raise HTTPException(401)

    After (app/webhooks.py):

        if not hmac.compare_digest(signature or "", expected):
            raise HTTPException(401)
    """
    url = inspector.url(webhook.service)
    if url is None:
        pytest.skip(f"{webhook.service or 'the environment'} has no url")
    body = json.dumps(_NOTHING if webhook.harmless is None else webhook.harmless)
    try:
        sent = fill(webhook.send, place.variables)
        secret = str(fill(webhook.secret, place.variables)) if webhook.secret is not None else None
    except UnknownVariableError as error:
        raise InconclusiveError(
            f"{webhook.request}: ${{{error.name}}}: found no such variable in the env file, expected one; set it there"
        ) from error
    scheme, now = scheme_of(webhook), int(time.time())
    wrong = signed(scheme, body, secret=secrets.token_hex(16), time=now)
    tried = {"a wrong signature": wrong, "no signature": {}}
    limits.refused(url)
    answers = {how: _answer(webhook, url, body, {**sent, **headers}, limits) for how, headers in tried.items()}
    if secret is not None:
        right = signed(scheme, body, secret=secret, time=now)
        answers["the right signature"] = _answer(webhook, url, body, {**sent, **right}, limits)
    evidence.table(f"{webhook.request} at {url}", [(how, str(one.status_code)) for how, one in answers.items()])
    for how, answer in answers.items():
        status, is_right = answer.status_code, how == "the right signature"
        evidence.needs(things.answer(url, status, answer.text))
        wanted = "2xx" if is_right else " or ".join(map(str, webhook.refused))
        assert answer.is_success if is_right else status in webhook.refused, (
            f"{webhook.request} with {how}: found {status}, expected {wanted}"
        )


def _answer(webhook: Webhook, url: str, body: str, headers: Mapping[str, str], limits: Limits) -> httpx.Response:
    method, _, path = webhook.request.partition(" ")
    kept = {"Content-Type": "application/json", **headers}
    answer = limits.send(method, url + path, expected=webhook.refused, content=body.encode(), headers=kept)
    if answer.status_code == httpx.codes.TOO_MANY_REQUESTS and answer.status_code not in webhook.refused:
        raise LimitedError(f"{webhook.request}: found 429, a limit on requests; ask again later")
    return answer
