"""What protects the visitors of a page, and what of it is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.inspection.answers.protection import ELSEWHERE, is_for_anybody, lost, protections, read_from

__all__: list[str] = []

Headers = list[tuple[str, str]]
SESSION = ("Set-Cookie", "session=abc; Path=/; HttpOnly; Secure; SameSite=Lax")


def test_headers_and_cookies_are_read() -> None:
    """Whatever their spelling; what switches a protection off is none, and no value is told."""
    headers: Headers = [
        ("content-security-policy", "default-src 'self'"),
        ("X-FRAME-OPTIONS", "DENY"),
        ("strict-transport-security", "max-age=0"),
        ("server", "nginx"),
        SESSION,
        ("set-cookie", "theme=dark"),
    ]

    assert protections(headers) == [
        "Content-Security-Policy",
        "HttpOnly of cookie session",
        "SameSite of cookie session",
        "Secure of cookie session",
        "X-Frame-Options",
        "cookie session",
        "cookie theme",
    ]


@pytest.mark.parametrize(
    ("before", "now", "gone"),
    [
        ([("X-Frame-Options", "DENY")], [], ["X-Frame-Options"]),
        ([SESSION], [("set-cookie", "session=abc; Secure; samesite=strict")], ["HttpOnly of cookie session"]),
        (
            [("Strict-Transport-Security", "max-age=3600")],
            [("Strict-Transport-Security", "max-age=0")],
            ["Strict-Transport-Security"],
        ),
        ([("X-Frame-Options", "DENY")], [("Content-Security-Policy", "frame-ancestors 'none'")], []),
        ([SESSION], [], []),
        ([SESSION], [("set-cookie", "session=; Max-Age=0")], []),
        ([], [("X-Frame-Options", "DENY"), SESSION], []),
        ([("Referrer-Policy", "no-referrer")], [("referrer-policy", "origin")], []),
    ],
    ids=[
        "header",
        "mark",
        "switched-off",
        "the-newer-word-for-it",
        "no-cookie",
        "cookie-taken-away",
        "more",
        "another-value",
    ],
)
def test_what_is_lost(before: Headers, now: Headers, gone: list[str]) -> None:
    """A protection that went; not one that another header gives, and not that of a cookie which is not set any more."""
    assert lost(protections(before), protections(now)) == gone


@given(st.lists(st.tuples(st.sampled_from(["set-cookie", "Content-Security-Policy", "x"]), st.text())))
def test_the_same_answer_loses_nothing(headers: Headers) -> None:
    """Whatever stands in it."""
    assert lost(protections(headers), protections(headers)) == []


@pytest.mark.parametrize(
    ("origin", "credentials", "anybody"),
    [(ELSEWHERE, "true", True), (ELSEWHERE, "", False), ("*", "true", False), ("https://shop.example", "true", False)],
    ids=["whoever asks", "without cookies", "browsers refuse it", "its own front end"],
)
def test_an_answer_is_for_anybody(origin: str, credentials: str, *, anybody: bool) -> None:
    """Where it names whatever site asks, and lets cookies come along."""
    headers = {"access-control-allow-origin": origin, "access-control-allow-credentials": credentials}

    assert is_for_anybody(headers) is anybody


@pytest.mark.parametrize(
    ("allowed", "may"), [("https://a.test", True), ("*", True), ("https://b.test", False), ("", False), ("null", False)]
)
def test_which_pages_may_read_an_answer(allowed: str, *, may: bool) -> None:
    """Those of the origin that it names, and of any where it says so."""
    headers = {"access-control-allow-origin": allowed} if allowed else {}

    assert read_from("https://a.test", headers) is may
