"""gonogo.gates.budget: how often an address may be asked, by all processes of a run together."""

from __future__ import annotations

from pathlib import Path

import pytest

from gonogo.gates.budget import Budget, retry_after

URL = "http://127.0.0.1:8001"


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        """It is noon."""
        self.now = 1000.0

    def __call__(self) -> float:
        """What it says."""
        return self.now


def test_two_processes_share_what_is_known(tmp_path: Path) -> None:
    """What one met, the other keeps to: for this path as the answer says, for the address by asking less."""
    clock = Clock()
    one, other = (Budget(tmp_path / "asked.json", clock=clock) for _ in range(2))
    one.note(f"{URL}/page", 429, {"Retry-After": "20"})

    assert other.pause(f"{URL}/page?x=1") == 20
    assert other.pause(f"{URL}/else") == 0
    assert other.leisure(f"{URL}/healthz") == 20
    assert (other.met(URL), other.is_limited) == (1, True)


def test_pauses_grow_where_the_limit_does_not_say(tmp_path: Path) -> None:
    """1, 2, 4 seconds, half a minute at most; an answer begins anew; several at once are one."""
    clock = Clock()
    budget = Budget(tmp_path / "asked.json", clock=clock)
    pauses = []
    for _ in range(7):
        budget.note(URL, 429, {})
        budget.note(URL, 429, {})
        pauses.append(budget.pause(URL))
        clock.now += pauses[-1]
    budget.note(URL, 200, {})
    budget.note(URL, 429, {})

    assert pauses == [1, 2, 4, 8, 16, 30, 30]
    assert budget.pause(URL) == 1


def test_patience_with_a_path_ends(tmp_path: Path) -> None:
    """Longer than a minute, which is how most limits count, and not for ever."""
    budget = Budget(tmp_path / "asked.json", clock=Clock())
    whole = budget.patience(f"{URL}/page")
    budget.waited(f"{URL}/page", 70)

    assert whole > 60
    assert budget.patience(f"{URL}/page") == whole - 70
    assert budget.patience(f"{URL}/else") == whole


def test_a_probe_waits_a_second_after_anybody(tmp_path: Path) -> None:
    """Whoever asked: the address is left alone for the rest of the second."""
    clock = Clock()
    budget = Budget(tmp_path / "asked.json", clock=clock)
    budget.note(f"{URL}/page", 200, {})
    clock.now += 0.25

    assert budget.leisure(f"{URL}/healthz") == 0.75


def test_any_answer_ends_a_silence(tmp_path: Path) -> None:
    """Whoever waited in vain at whichever page: they are counted together, until one is answered, however badly."""
    one, other = Budget(tmp_path / "asked.json"), Budget(tmp_path / "asked.json")
    one.unanswered(f"{URL}/page")
    other.unanswered(f"{URL}/healthz")
    silent = one.silent(f"{URL}/else")
    one.note(f"{URL}/page", None, {})
    refused = one.silent(URL)
    one.note(f"{URL}/page", 500, {})

    assert (silent, refused, other.silent(URL)) == (2, 2, 0)


def test_maintenance_is_no_limit(tmp_path: Path) -> None:
    """503 with the time to come back: asked a little later, and no 429."""
    budget = Budget(tmp_path / "asked.json", clock=Clock())
    budget.note(URL, 503, {"retry-after": "120"})

    assert (budget.pause(URL), budget.met(URL)) == (5, 0)


@pytest.mark.parametrize("text", ["", "{", "[]"], ids=["empty", "torn", "other"])
def test_a_torn_file_is_an_empty_one(tmp_path: Path, text: str) -> None:
    """What cannot be read keeps nobody from asking."""
    path = tmp_path / "asked.json"
    path.write_text(text)
    budget = Budget(path)
    budget.note(URL, 429, {"Retry-After": "9"})

    assert 8 < Budget(path).pause(URL) <= 9


def test_without_a_folder_the_process_knows(tmp_path: Path) -> None:
    """No file, or one that cannot be written: the budget still holds in this process."""
    for budget in (Budget(None), Budget(tmp_path / "gone" / "asked.json")):
        budget.note(URL, 429, {"Retry-After": "9"})

        assert 8 < budget.pause(URL) <= 9


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("7", 7), ("Thu, 01 Jan 1970 00:01:00 GMT", 50), ("-3", 0), ("soon", None), ("nan", None), ("", None)],
)
def test_retry_after_is_read(said: str, seconds: float | None) -> None:
    """Seconds or a date; what cannot be read says nothing."""
    assert retry_after({"RETRY-AFTER": said}, now=10) == seconds
