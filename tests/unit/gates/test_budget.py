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


def test_what_is_configured_is_kept_to_by_all(tmp_path: Path) -> None:
    """Nine of ten requests of a minute are sent, whoever sends them; the probe has a quarter of them, at any time."""
    clock = Clock()
    one, other = (Budget(tmp_path / "asked.json", per_minute=20, clock=clock) for _ in range(2))
    assert one.is_limited_at(URL)
    for number in range(18):
        assert one.pause(f"{URL}/{number}") == 0, number
        assert one.is_pressed(URL) is (number >= 16)
        (one, other)[number % 2].note(f"{URL}/{number}", 200, {})
        clock.now += 1

    assert one.pause(f"{URL}/new") == 42
    assert other.leisure(URL) == 11, "a quarter of twenty a minute: once in twelve seconds"
    clock.now += 42
    assert other.pause(f"{URL}/new") == 0
    assert Budget(None).is_limited_at(URL) is False


def test_a_run_that_comes_soon_after_another_has_what_that_left(tmp_path: Path) -> None:
    """The application counts the requests of both; what else the run before met is over."""
    clock = Clock()
    first, second = (Budget(tmp_path / "runs" / name / "asked.json", per_minute=10, clock=clock) for name in ("1", "2"))
    for name in ("1", "2"):
        (tmp_path / "runs" / name).mkdir(parents=True)
    for _ in range(9):
        first.note(URL, 200, {})
    first.note(URL, 429, {})
    clock.now += 20
    second.note(URL, 200, {})

    assert second.met(URL) == 0
    assert second.pause(URL) == 40
    clock.now += 41
    assert second.pause(URL) == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "30"},
        {"RateLimit-Remaining": "0", "RateLimit-Reset": "30"},
        {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1700000030"},
    ],
)
def test_what_answers_say_of_their_limit_is_kept_to(tmp_path: Path, headers: dict[str, str]) -> None:
    """Of the path that said so; of all, once two of them tell of the same limit."""
    clock = Clock()
    clock.now = 1.7e9
    budget = Budget(tmp_path / "asked.json", clock=clock)
    budget.note(f"{URL}/page", 200, headers)
    own = [budget.pause(f"{URL}/{path}") for path in ("page", "other")]
    pressed = [budget.is_pressed(f"{URL}/{path}") for path in ("page", "other")]
    budget.note(f"{URL}/second", 200, headers)

    assert own == [30, 0]
    assert pressed == [True, False]
    assert budget.pause(f"{URL}/other") == 30
    clock.now += 31
    assert budget.pause(f"{URL}/page") == 0
    assert not budget.is_pressed(f"{URL}/page")


def test_a_generous_limit_keeps_nobody_from_anything(tmp_path: Path) -> None:
    """Thousands an hour, and headers that cannot be read: as if there were none. Few left slow the probe down."""
    budget = Budget(tmp_path / "asked.json", clock=Clock())
    for remaining, reset in (("4900", "3600"), ("many", "3600"), ("5", ""), ("-1", "60"), ("nan", "1")):
        budget.note(URL, 200, {"X-RateLimit-Remaining": remaining, "X-RateLimit-Reset": reset})
        assert not budget.is_limited_at(URL), remaining
        assert budget.pause(URL) == 0
    budget.note(URL, 200, {"X-RateLimit-Remaining": "20", "X-RateLimit-Reset": "60"})

    assert budget.is_limited_at(URL)
    assert budget.leisure(URL) == 12
    assert not budget.is_pressed(URL)


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
