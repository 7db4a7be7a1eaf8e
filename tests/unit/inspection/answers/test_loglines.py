"""A line is taken apart into its source, its level and its message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.inspection.answers.loglines import parse_line


@pytest.mark.parametrize(
    ("raw", "source", "level", "message"),
    [
        ("api-1  | ERROR:root:boom", "api-1", "error", "root:boom"),
        ("api-1  | 2026-11-21T22:10:03.1Z WARNING shop: slow", "api-1", "warning", "shop: slow"),
        ("2026-11-21 22:10:03 | ERROR    | shop - boom", "", "error", "shop - boom"),
        ("2026-11-21 22:10:03.123 UTC [42] FATAL:  no role", "", "fatal", "no role"),
        ("2026-11-21 22:10:03 INFO ready", "", "info", "ready"),
        ('time="2026-11-21T22:10:03Z" level=error msg="refused"', "", "error", 'msg="refused"'),
        ('{"level":"error","logger":"http","msg":"refused","status":502}', "", "error", "http: refused: status 502"),
        ('{"level":50,"exc_info":"Traceback\\n  x\\nKeyError: 1"}', "", "50", "KeyError: 1"),
        ("plain words with no level", "", "", "plain words with no level"),
    ],
)
def test_parse_line(raw: str, source: str, level: str, message: str) -> None:
    """Prefix and time are taken off, the level is found in the head, the rest is the message."""
    line = parse_line(raw)

    assert (line.source, line.level, line.message) == (source, level, message)


def test_a_line_knows_what_it_continues() -> None:
    """Indented lines, frames and bare exceptions are told apart behind a source's prefix as well."""
    assert parse_line("api-1  |     at save (/a.js:1)").is_stack_frame
    assert parse_line("api-1  | TypeError: x").is_bare_exception
    assert not parse_line("ERROR TypeError: x").is_bare_exception
    assert parse_line('api-1  |   File "a.py", line 1, in f').is_indented
    assert not parse_line("api-1  |   ").is_indented


@given(st.text(max_size=200))
def test_any_line_is_taken_apart(raw: str) -> None:
    """The parts are parts of the line itself."""
    line = parse_line(raw)

    assert line.raw == raw
    assert line.source in raw
    assert raw.endswith(line.text)
