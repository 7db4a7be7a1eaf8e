"""What must be true of a guestbook that serves; gonogo gives `http`, a client bound to the environment's URL."""

import httpx
import pytest


@pytest.mark.postdeploy
def test_nonsense_is_refused(http: httpx.Client) -> None:
    """An entry without a message is refused, and says why.

    Catches a form whose fields were renamed on one side only: then nobody can sign, or everybody can sign nothing.
    """
    answer = http.post("/api/entries", json={"name": "Ada"})

    assert answer.status_code == 422, answer.text
    assert answer.json() == {"error": "message: 1 to 2000 characters"}
