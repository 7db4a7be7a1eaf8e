"""Windows of the week and days without a deployment."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.config.calendar import freeze, judged_zone, window

__all__: list[str] = []

MONDAY = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "day", "time", "inside"),
    [
        ("mon-thu 09:00-16:00", 0, "09:00", True),
        ("mon-thu 09:00-16:00", 0, "08:59", False),
        ("mon-thu 09:00-16:00", 3, "15:59", True),
        ("mon-thu 09:00-16:00", 3, "16:00", False),
        ("mon-thu 09:00-16:00", 4, "10:00", False),
        ("fri 00:00-24:00", 4, "23:59", True),
        ("sat-mon 10:00-12:00", 6, "10:00", True),
        ("sat-mon 10:00-12:00", 2, "10:00", False),
    ],
)
def test_moments_of_a_window(text: str, day: int, time: str, *, inside: bool) -> None:
    """Its last minute is outside, and a week goes round."""
    hour, minute = map(int, time.split(":"))

    assert (
        window(text).holds(MONDAY.replace(day=30, hour=hour, minute=minute) if not day else _later(day, hour, minute))
        is inside
    )


def _later(days: int, hour: int, minute: int) -> datetime:
    return datetime(2026, 12, days, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mon",
        "9-17",
        "mon 9:00-17:00",
        "mon 17:00-09:00",
        "mon 09:00-25:00",
        "mon 09:60-10:00",
        "monday 09:00-10:00",
    ],
)
def test_what_is_no_window(text: str) -> None:
    """It is refused when the file is read."""
    with pytest.raises(ValueError, match=r"found .*, expected|expected a time"):
        window(text)


def test_days_of_a_freeze() -> None:
    """The first and the last are part of it; one day is enough."""
    holidays = freeze("2026-12-20 2027-01-06")

    assert [holidays.holds(date(*day)) for day in ((2026, 12, 19), (2026, 12, 20), (2027, 1, 6), (2027, 1, 7))] == [
        False,
        True,
        True,
        False,
    ]
    assert freeze("2026-11-27").holds(date(2026, 11, 27))
    for text in ("", "2027-01-06 2026-12-20", "tomorrow", "2026-12-20 2026-12-21 2026-12-22"):
        with pytest.raises(ValueError, match="expected a day"):
            freeze(text)


def test_time_zones() -> None:
    """By their names; a place outside of the list of zones is none."""
    assert judged_zone("Europe/Madrid") == "Europe/Madrid"
    for name in ("Madrid", "../../etc/passwd", ""):
        with pytest.raises(ValueError, match="expected a time zone"):
            judged_zone(name)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing else comes out."""
    for read in (window, freeze, judged_zone):
        try:
            read(text)
        except ValueError:
            continue
