"""Weak secrets are named, with their lengths and nothing else."""

from __future__ import annotations

from gonogo.inspection.variables.strength import hopeless, of_another_form, too_short, weak_keys


def test_declared_lengths() -> None:
    """Shorter than asked for is named; an empty or absent one is somebody else's finding."""
    values = {"JWT_SECRET": "abcdef", "GOOD": "a" * 32, "EMPTY": ""}

    assert list(too_short(values, {"JWT_SECRET": 32, "GOOD": 32, "EMPTY": 5, "ABSENT": 5, "FREE": 0})) == [
        "JWT_SECRET has 6 characters, expected at least 32"
    ]


def test_keys_of_the_teams_own() -> None:
    """A key that signs, and is short or of few characters; what others issue, and passwords, are left alone."""
    values = {
        "SECRET_KEY": "shopshop",
        "JWT_SECRET_KEY": "ababababababababab",
        "SESSION_SECRET": "8f2a90b1c4d7e6f5",
        "GOOGLE_CLIENT_SECRET": "short",
        "DB_PASSWORD": "hunter2",
        "RECAPTCHA_SECRET_KEY": "short",
        "DJANGO_SECRET_KEY": "short",
        "APP_SECRET": "",
        "AUTH_SECRET": "changethis",
    }

    assert list(weak_keys(values, judged={"DJANGO_SECRET_KEY": 3, "SESSION_SECRET": 0})) == [
        "SECRET_KEY has 8 characters, expected at least 16 in a key that signs or encrypts",
        "JWT_SECRET_KEY is made of 2 different characters, expected a random key",
    ]


def test_hopeless_ones_are_named_where_a_length_was_asked_for() -> None:
    """One that is too short, a placeholder, and one of which nothing was asked, are told elsewhere or not at all."""
    values = {"A": "a" * 32, "SHORT": "a" * 8, "FREE": "a" * 32, "API_KEY": "change-me", "GOOD": "8f2a90b1c4d7e6f5"}
    least = {"A": 32, "SHORT": 32, "FREE": 0, "API_KEY": 9, "GOOD": 16, "ABSENT": 3}

    assert list(hopeless(values, least)) == ["A is made of 1 character, again and again, expected a random value"]


def test_form_is_judged_as_it_was_asked_for() -> None:
    """A prefix, and hexadecimal digits behind it; nothing of an empty value, and nothing of the value is told."""
    values = {"HOOK": "whsec_00ff", "WORD": "zebra", "EMPTY": ""}

    assert list(of_another_form(values, "HOOK", prefix="whsec_", is_hex=True)) == []
    assert list(of_another_form(values, "EMPTY", prefix="a", is_hex=True)) == []
    assert list(of_another_form(values, "WORD", prefix="whsec_", is_hex=False)) == [
        "WORD does not begin with whsec_, expected it to"
    ]
    assert list(of_another_form(values, "WORD", prefix="", is_hex=True)) == [
        "WORD has a character that is no hexadecimal digit, expected none"
    ]
