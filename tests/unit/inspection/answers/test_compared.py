"""Values compared with limits, patterns, and the time since a moment."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from gonogo.config import Endpoint
from gonogo.inspection.answers.expectations import compare_value

__all__: list[str] = []

NOW = datetime(2026, 11, 28, 12, 45, tzinfo=UTC)


@pytest.mark.parametrize(
    ("key", "expected", "value"),
    [
        ("n", "< 200", 199.5),
        ("n", "<= 200", 200),
        ("n", "> 0", "3"),
        ("n", ">= 1", 1),
        ("n", "!= none", "some"),
        ("n", "!= null", 0),
        ("n", "matches ^v2", "v2.1"),
        ("n", "< is how it begins", "< is how it begins"),
        ('age("n")', "< 20m", "2026-11-28T12:30:00Z"),
        ("age(n)", "< 20m", "2026-11-28T13:40:00+01:00"),
        ("age(n)", "< 20m", "2026-11-28T12:30:00"),
        ("age(n)", "< 20m", NOW.timestamp() - 60),
        ("age(n)", "< 20m", NOW.timestamp() * 1000 - 60_000),
        ("age(n)", "< 1s", "2026-11-28T12:45:09Z"),
        ("age(n)", "> 1d", "2026-11-26"),
    ],
)
def test_values_as_they_are_compared(key: str, expected: str, value: Any) -> None:
    """Numbers, texts, moments in each spelling; a clock that is ahead makes nothing older than now."""
    assert compare_value({"n": value}, key, expected, now=NOW) is None


@pytest.mark.parametrize(
    ("key", "expected", "value", "said"),
    [
        ("n", "< 200", 200, "JSON n: found 200, expected < 200"),
        ("n", "< 200", "slow", 'JSON n: found "slow", expected a number < 200'),
        ("n", "> 0", True, "JSON n: found true, expected a number > 0"),
        ("n", "!= none", "none", 'JSON n: found "none", expected anything but none'),
        ("n", "matches ^v2", "v1", 'JSON n: found "v1", expected a match of ^v2'),
        ("n.gone", "< 1", 0, 'JSON n.gone: found nothing, expected "< 1"'),
        ("age(n)", "< 20m", "2026-11-28T12:00:00Z", "JSON age(n): found 45 min old, expected an age < 20m"),
        ("age(n)", "< 20m", "never", 'JSON age(n): found "never", expected a moment, < 20m ago'),
        ("age(n)", "< 20m", None, "JSON age(n): found null, expected a moment, < 20m ago"),
    ],
)
def test_values_that_differ(key: str, expected: str, value: Any, said: str) -> None:
    """What was found is told as it stood, an age in minutes."""
    assert str(compare_value({"n": value}, key, expected, now=NOW)) == said


@pytest.mark.parametrize(
    ("key", "expected"), [("age(n)", "20m"), ("age(n)", "< 20"), ("age(n)", 3), ("n", "matches (")]
)
def test_what_cannot_be_compared_is_refused(key: str, expected: Any) -> None:
    """An age without a limit or a unit, and a broken pattern, are told when gonogo.toml is read."""
    with pytest.raises(ValidationError, match=r"age|unit|regular expression"):
        Endpoint.model_validate({"request": "GET /", "json": {key: expected}})
