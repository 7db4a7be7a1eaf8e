"""Signed requests, as senders of webhooks make them. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from gonogo.config.entries import Webhook

__all__ = ["SCHEMES", "Scheme", "scheme_of", "signed"]


@dataclass(frozen=True, slots=True)
class Scheme:
    """Which headers a sender signs with, and what it signs."""

    headers: Mapping[str, str]
    """Templates: ``{hex}`` or ``{base64}`` is the signature, ``{time}`` the moment in seconds."""
    signs: str
    """Template: ``{body}`` is what is sent."""


SCHEMES: Mapping[str, Scheme] = {
    "github": Scheme({"X-Hub-Signature-256": "sha256={hex}"}, "{body}"),
    "stripe": Scheme({"Stripe-Signature": "t={time},v1={hex}"}, "{time}.{body}"),
    "slack": Scheme({"X-Slack-Signature": "v0={hex}", "X-Slack-Request-Timestamp": "{time}"}, "v0:{time}:{body}"),
    "shopify": Scheme({"X-Shopify-Hmac-Sha256": "{base64}"}, "{body}"),
}


def scheme_of(webhook: Webhook) -> Scheme:
    """How its sender signs: by the name of a known one, or as it is configured."""
    if isinstance(webhook.signature, str):
        return SCHEMES[webhook.signature]
    return Scheme(webhook.signature, webhook.signs)


def signed(scheme: Scheme, body: str, *, secret: str, time: int) -> dict[str, str]:
    """The headers of a request with this body, signed with a secret by HMAC and SHA-256."""
    text = scheme.signs.replace("{time}", str(time)).replace("{body}", body)
    digest = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    values = {"{time}": str(time), "{hex}": digest.hex(), "{base64}": base64.b64encode(digest).decode()}
    headers = dict(scheme.headers)
    for name, value in values.items():
        headers = {header: template.replace(name, value) for header, template in headers.items()}
    return headers
