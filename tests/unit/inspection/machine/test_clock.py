"""How far clocks are apart."""

from __future__ import annotations

import pytest

from gonogo.inspection.machine.clock import ahead, said_by_answer, said_by_engine

__all__: list[str] = []

NOON = 1_796_040_000.0


@pytest.mark.parametrize(
    ("said", "apart"),
    [
        (NOON, 0.0),
        (NOON + 2, 0.0),
        (NOON - 0.9, 0.0),
        (NOON + 95, 93.0),
        (NOON - 95, -94.0),
    ],
)
def test_what_a_request_cannot_tell_is_no_offset(said: float, apart: float) -> None:
    """Neither the time that an answer took nor the part of a second that its header lacks counts."""
    assert ahead(said, sent=NOON, received=NOON + 2) == apart


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"date": "Mon, 30 Nov 2026 12:00:00 GMT"}, NOON),
        ({"date": "Mon, 30 Nov 2026 12:00:00 GMT", "age": "0"}, NOON),
        ({"date": "Mon, 30 Nov 2026 12:00:00 GMT", "age": "5"}, None),
        ({"date": "yesterday"}, None),
        ({}, None),
    ],
)
def test_an_answer_of_a_cache_tells_no_time(headers: dict[str, str], said: float | None) -> None:
    """A kept answer has the date of when it was made."""
    assert said_by_answer(headers) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [("2026-11-30T12:00:00.11811078Z", NOON), ("2026-11-30T13:00:00.5+01:00", NOON), ("", None), ("soon", None)],
)
def test_an_engine_tells_its_time(text: str, said: float | None) -> None:
    """An engine's answer has nine digits, or a zone of its own; one that says nothing is not asked again."""
    found = said_by_engine(text)

    assert said == (found and int(found))
