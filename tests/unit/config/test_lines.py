"""gonogo.config.lines: where keys stand in a TOML text."""

from __future__ import annotations

from gonogo.config.lines import Lines

TEXT = """\
top = 1
[env.prod]
url = "x"
"quoted key" = 2
health.live = "/x"
[[env.prod.endpoint]]
request = "a"
[[env.prod.endpoint]]
request = "b"
[env.prod.endpoint.headers]
x = 1
"""


def test_keys_are_found_by_their_path() -> None:
    """Plain, dotted and quoted keys, and elements of array tables."""
    lines = Lines(TEXT)

    assert lines.find(("top",)) == 1
    assert lines.find(("env", "prod", "url")) == 3
    assert lines.find(("env", "prod", "quoted key")) == 4
    assert lines.find(("env", "prod", "health", "live")) == 5
    assert lines.find(("env", "prod", "endpoint", 1, "request")) == 9
    assert lines.find(("env", "prod", "endpoint", 1, "headers", "x")) == 11


def test_missing_key_is_placed_at_the_nearest_table_above() -> None:
    """A value that is not there has no line of its own."""
    assert Lines(TEXT).find(("env", "prod", "nothing")) == 2
    assert Lines(TEXT).find(("elsewhere",)) is None
