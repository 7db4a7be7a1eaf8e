"""D06: what a wrong answer to liveness says of the question."""

from __future__ import annotations

import httpx
import pytest

from gonogo.checks.postdeploy.test_health import _hint

__all__: list[str] = []


@pytest.mark.parametrize(
    ("url", "status", "location", "expected"),
    [
        (
            "http://127.0.0.1/healthz",
            301,
            "https://shop.test/healthz",
            "it leads to https://shop.test: write that as url",
        ),
        (
            "http://127.0.0.1/healthz",
            308,
            "https://127.0.0.1/healthz",
            "it leads to https://127.0.0.1: write that as url",
        ),
        ("http://127.0.0.1:8000/healthz", 307, "/healthz/", "it leads to /healthz/: write that as health.live"),
        (
            "http://127.0.0.1:8000/",
            302,
            "/login",
            "it leads to /login: where that is well, write health.live_status = 302",
        ),
        ("http://127.0.0.1:8000/healthz", 404, "", "is there no such page?"),
        ("http://127.0.0.1:8000/healthz", 400, "", "does it answer to its own name only?"),
        ("http://shop.test/healthz", 400, "", ""),
        ("http://127.0.0.1:8000/healthz", 500, "", ""),
    ],
)
def test_a_wrong_answer_says_what_may_be_wrong_with_the_question(
    url: str, status: int, location: str, expected: str
) -> None:
    """The line to write in gonogo.toml; nothing where the application is at fault."""
    headers = {"location": location} if location else {}
    said = _hint(httpx.Response(status, headers=headers, request=httpx.Request("GET", url)))

    assert said.removeprefix(" (").startswith(expected)
    assert bool(said) is bool(expected)
