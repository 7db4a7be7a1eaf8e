"""Signatures of webhooks, as their senders document them."""

from __future__ import annotations

import pytest

from gonogo.config import Webhook
from gonogo.inspection.answers.signatures import scheme_of, signed

SECRET, BODY = "It's a Secret to Everybody", "Hello, World!"


def test_github_signs_as_its_documentation_says() -> None:
    """The example of the documentation, to the letter."""
    scheme = scheme_of(Webhook(request="POST /", signature="github"))

    assert signed(scheme, BODY, secret=SECRET, time=0) == {
        "X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    }


@pytest.mark.parametrize("name", ["stripe", "slack"])
def test_signatures_with_a_moment_sign_it(name: str) -> None:
    """Another moment is another signature, and the moment is told."""
    scheme = scheme_of(Webhook.model_validate({"request": "POST /", "signature": name}))
    first, second = (signed(scheme, BODY, secret=SECRET, time=moment) for moment in (1_700_000_000, 1_700_000_001))

    assert "1700000000" in " ".join(first.values())
    assert all(first[header] != second[header] for header in first)


def test_headers_of_ones_own_are_filled_in() -> None:
    """With the same digest in hexadecimal and in base64, and what it is made of."""
    own = Webhook(
        request="POST /", signature={"X-Sig": "{hex}", "X-Sig64": "{base64}", "X-At": "{time}"}, signs="{body}"
    )

    assert signed(scheme_of(own), BODY, secret=SECRET, time=7) == {
        "X-Sig": "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        "X-Sig64": "dXEH6g6yUJ/CESIczphLijdXC211hsIsRvQ3nIsEPhc=",
        "X-At": "7",
    }
