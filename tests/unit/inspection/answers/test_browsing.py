"""What a browser noticed."""

from __future__ import annotations

import pytest

from gonogo.inspection.answers.browsing import Noticed, is_mixed, unresolved, wrong

LOST = Noticed(kind="console", text="lost", where="http://shop/app.js")


def test_each_thing_is_said_once_in_order() -> None:
    """A message in a loop is one problem."""
    other = Noticed(kind="exception", text="boom")

    assert wrong([LOST, other, LOST], allow=()) == (LOST, other)


@pytest.mark.parametrize("pattern", ["^lost$", r"app\.js", "http://shop/"])
def test_text_or_address_can_be_allowed(pattern: str) -> None:
    """By a regular expression that is found in either."""
    assert wrong([LOST], allow=[pattern]) == ()
    assert wrong([LOST], allow=["^os"]) == (LOST,)


def test_icon_that_nobody_asked_for_is_no_error() -> None:
    """Browsers ask every site for it; one that a page names is asked under its own name."""
    icon = Noticed(kind="request", text="GET answered 404", where="http://shop/favicon.ico?v=1")
    named = Noticed(kind="request", text="GET answered 404", where="http://shop/static/favicon.ico")

    assert wrong([icon, named], allow=()) == (named,)


@pytest.mark.parametrize(
    ("page", "request_", "mixed"),
    [
        ("https://shop/", "http://cdn/x.js", True),
        ("https://shop/", "https://cdn/x.js", False),
        ("http://shop/", "http://cdn/x.js", False),
        ("https://shop/", "http://127.0.0.1:8000/x.js", False),
        ("https://shop/", "data:text/plain,x", False),
    ],
)
def test_mixed_content_is_what_comes_unencrypted_into_an_encrypted_page(page: str, request_: str, mixed: bool) -> None:  # noqa: FBT001
    """As browsers judge it; loopback counts as safe."""
    assert is_mixed(page, request_) is mixed


def test_unresolved_name_says_nothing_of_the_page() -> None:
    """Unlike a refused connection."""
    assert unresolved("Page.goto: net::ERR_NAME_NOT_RESOLVED at https://shop/")
    assert not unresolved("Page.goto: net::ERR_CONNECTION_REFUSED at https://shop/")
