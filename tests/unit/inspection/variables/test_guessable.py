"""Long values that anybody finds, beside those that look like them and are not found."""

from __future__ import annotations

import random
import secrets

import pytest

from gonogo.inspection.variables.guessable import guessable

__all__: list[str] = []

WORDS = "is made of the first words that anybody tries"
AGAIN = "is a few characters, again and again"


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("a" * 32, "is made of 1 character, again and again"),
        ("ab" * 16, "is made of 2 characters, again and again"),
        ("wxyzq" * 7 + "wx", AGAIN),
        ("0123456789abcdef0123456789abcdef", "is a sequence such as 0123456789"),
        ("98765432109876543210", "is a sequence such as 0123456789"),
        ("changeme1234changeme1234changeme1234", WORDS),
        ("password1234567890password1234", WORDS),
        ("My-Super-Secret-Key-2026!", WORDS),
        ("this_is_a_very_long_secret_key_for_jwt", WORDS),
        ("secretsecretsecretsecret", AGAIN),
        ("supersecretkeysupersecretkey!!!", WORDS),
    ],
)
def test_a_value_that_anybody_finds(value: str, why: str) -> None:
    """It is said why, and nothing of the value."""
    assert guessable(value) == why


@pytest.mark.parametrize(
    "value",
    [
        "lantern-copper-otter-violin-harbour",
        "secret-lantern-otter",
        "django-insecure-8f2k#jd93kd83kd83kdk",
        "pk_live_51H8sxqZ9fQ",
        "api-key-of-the-lamp",
        "short",
        "aaaaaaaa",
        "",
    ],
)
def test_a_value_that_somebody_would_have_to_find(value: str) -> None:
    """Words of a person's own, a telling word before random characters; what is short is told as short."""
    assert guessable(value) == ""


def test_random_values_are_none() -> None:
    """Hexadecimal ones of 8 bytes, base64, and numbers."""
    draw = random.Random(7)  # noqa: S311 (the same ones each time)
    drawn = [draw.randbytes(8).hex() for _ in range(2000)]
    drawn += ["".join(draw.choice("0123456789") for _ in range(16)) for _ in range(2000)]

    assert [value for value in (*drawn, secrets.token_urlsafe(24), secrets.token_hex(32)) if guessable(value)] == []
