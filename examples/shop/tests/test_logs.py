"""One event is one line."""

import logging

from app.logs import LineFormatter, quote


def test_words_with_spaces_and_quotes_are_quoted() -> None:
    assert quote("plain/path-1") == "plain/path-1"
    assert quote('he said "no"\n') == r'"he said \"no\"\n"'


def test_a_record_is_one_line_with_its_fields() -> None:
    record = logging.LogRecord("app.x", logging.INFO, __file__, 1, "two\nlines", None, None)
    record.fields = {"status": 200}

    line = LineFormatter().format(record)

    assert "\n" not in line
    assert line.endswith(r'level=info logger=app.x msg="two\nlines" status=200')
