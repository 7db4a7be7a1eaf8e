"""What must be true of a guestbook that serves; gonogo gives `http`, a client bound to the environment's URL."""

import httpx
import pytest


@pytest.mark.postdeploy
def test_every_note_can_be_read(http: httpx.Client) -> None:
    """GET /notes lists what the guests wrote, as many notes as /stats counts.

    Catches a query that no longer fits the table: the health pages never ask it.
    """
    answer = http.get("/notes")
    assert answer.status_code == 200, f"GET /notes answered {answer.status_code}, expected 200"

    listed, counted = len(answer.json()), http.get("/stats").json()["notes"]
    assert listed == min(counted, 100), f"GET /notes lists {listed} notes, /stats counts {counted}"
