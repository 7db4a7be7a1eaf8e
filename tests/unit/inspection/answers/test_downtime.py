"""The figures of the downtime probe."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.inspection.answers.downtime import Gap, answered_last, figures, gaps, spans
from gonogo.records.run_results import Downtime
from gonogo.state.journal import read_probe

NO_ANSWER = {"no answer": 1}


def asked(at: float, *, ok: bool = True, status: int | None = 200, seconds: float = 0.01) -> str:
    """One request's line."""
    return json.dumps({"at": at, "ok": ok, "status": status, "seconds": seconds})


def failed(at: float, *, status: int | None = None, seconds: float = 0.01) -> str:
    """One failed request's line."""
    return asked(at, ok=False, status=status, seconds=seconds)


def settled(at: float | None = None) -> str:
    """The mark's line."""
    return json.dumps({"mark": "settled"} if at is None else {"mark": "settled", "at": at})


def test_no_lines_are_no_requests() -> None:
    """An empty file says that nothing was asked."""
    assert figures([]) == Downtime(requests=0, failed=0, seconds_down=0.0, window=0.0)


def test_down_from_the_first_failure_to_the_next_answer() -> None:
    """Two failed requests between good ones count from the first failure to the next good request."""
    lines = [asked(10.0), failed(10.25, status=502), failed(10.375), asked(10.5), settled(10.75)]

    seen = figures(lines)

    assert (seen.requests, seen.failed) == (4, 2)
    assert (seen.seconds_down, seen.window) == (0.25, 0.75)
    assert gaps(lines) == (Gap(begin=10.25, seconds=0.25, failed=2, status=502),)


def test_other_answers_are_counted_apart() -> None:
    """Ninety seconds of 400 are ninety seconds down, and no refused connection; each kind is a stretch of its own."""
    lines = [
        asked(0.0),
        failed(1.0),
        *(failed(float(at), status=400) for at in range(2, 92)),
        asked(92.0),
        settled(93.0),
    ]

    seen = figures(lines)

    assert (seen.seconds_down, seen.others) == (91.0, {"400": 90, "no answer": 1})
    assert [(span.ok, span.status, span.requests) for span in spans(lines)] == [
        (True, 200, 1),
        (False, None, 1),
        (False, 400, 90),
        (True, 200, 1),
    ]


def test_a_limit_is_an_answer() -> None:
    """429 is counted, and is no failure: the probe says so."""
    seen = figures([asked(1.0), asked(2.0, status=429), settled(3.0)])

    assert (seen.failed, seen.limited, seen.seconds_down) == (0, 1, 0.0)


def test_what_follows_the_last_mark_does_not_count() -> None:
    """Requests after the moves had settled are nobody's downtime; the last of several marks decides."""
    lines = [asked(1.0), settled(1.05), failed(1.1), asked(1.2), settled(1.3), failed(1.4)]

    assert figures(lines) == Downtime(requests=3, failed=1, others=NO_ANSWER, seconds_down=0.1, window=0.3)


def test_an_outage_at_the_end_lasts_until_the_mark() -> None:
    """A service that did not come back is down until the moves had settled."""
    assert figures([asked(1.0), failed(2.0), settled(5.0)]).seconds_down == pytest.approx(3.0)


def test_an_outage_without_a_mark_lasts_until_the_last_answer() -> None:
    """Without a mark the last request's end is the end of the watch."""
    assert figures([asked(1.0), failed(2.0), failed(3.0, seconds=2.0)]).seconds_down == pytest.approx(3.0)


def test_a_request_that_hung_over_the_mark_counts() -> None:
    """Answers are written as they come: a request sent before the mark and given up after it was sent before it."""
    lines = [asked(1.0), settled(2.0), failed(1.5, seconds=2.0)]

    assert figures(lines) == Downtime(requests=2, failed=1, others=NO_ANSWER, seconds_down=0.5, window=1.0)


def test_a_mark_without_a_time_counts_by_its_place() -> None:
    """A mark that does not say when it was set ends what was written before it."""
    lines = [asked(1.0), failed(1.1), asked(1.2), settled(), failed(1.3)]

    assert figures(lines) == Downtime(requests=3, failed=1, others=NO_ANSWER, seconds_down=0.1, window=0.21)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        '{"at": 1.0}',
        '{"at": "1", "ok": true}',
        '{"at": true, "ok": true}',
        "[]",
        '{"at": NaN, "ok": false}',
        '{"at": 1' + "0" * 400 + ', "ok": false}',
    ],
)
def test_a_torn_line_is_left_out(line: str) -> None:
    """A line that is no request changes nothing."""
    lines = [asked(1.0), asked(2.0)]

    assert figures([*lines, line]) == figures(lines)


@given(st.lists(st.tuples(st.floats(0, 1e6), st.booleans(), st.floats(0, 10)), max_size=30), st.floats(0, 1e6))
def test_never_longer_down_than_watched(requests: list[tuple[float, bool, float]], mark: float) -> None:
    """Whatever was seen, nobody was down for longer than was watched, and only failures make downtime."""
    lines = [asked(at, ok=ok, seconds=seconds) for at, ok, seconds in requests]

    seen = figures([*lines, settled(mark)])

    assert 0 <= seen.seconds_down <= seen.window + 0.002
    assert (seen.seconds_down == 0) or seen.failed
    assert sum(gap.failed for gap in gaps([*lines, settled(mark)])) == seen.failed


def test_the_file_of_a_probe_is_read_line_by_line(tmp_path: Path) -> None:
    """A missing file has no lines; torn bytes do not stop the reading."""
    path = tmp_path / "probe.jsonl"
    assert read_probe(path) == []

    path.write_bytes(asked(1.0).encode() + b"\n\xff{\n" + asked(2.0).encode())

    assert figures(read_probe(path)).requests == 2


@given(st.lists(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")), max_size=20))
def test_any_text_is_read(lines: list[str]) -> None:
    """No text makes the reader fail."""
    assert figures(lines).requests == sum(span.requests for span in spans(lines))


def test_nothing_that_was_probed_has_no_stretches() -> None:
    """A run that was stopped before its first touch has no probe; that is no error."""
    assert spans([]) == ()


def test_the_last_answer_counts_after_the_moves_settled_too() -> None:
    """By the moment at which it was asked, not by the order in which answers came; nothing where nobody asked."""
    lines = [
        '{"at": 3.0, "ok": true, "status": 200, "seconds": 0.1}',
        '{"at": 1.0, "ok": false, "status": null, "seconds": 9.0}',
        '{"at": 2.0, "mark": "settled"}',
    ]

    assert answered_last(lines) is True
    assert answered_last(lines[1:]) is False
    assert answered_last(lines[2:]) is None
