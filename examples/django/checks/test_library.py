"""What must be true of a library that serves; gonogo gives `http`, a client bound to the environment's URL."""

import httpx
import pytest


@pytest.mark.postdeploy
def test_loans_are_the_readers_own(http: httpx.Client) -> None:
    """Who is not logged in is led to the login page, which is shown.

    Catches a decorator that was lost with a view's new name: everybody would see what others read.
    """
    answer = http.get("/loans/")

    assert answer.status_code == 302, answer.text
    assert http.get(answer.headers["location"]).status_code == 200
