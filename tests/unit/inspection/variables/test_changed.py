"""Which sources still read a variable that went."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.inspection.variables.changed import gone_and_read, of_the_runtime

__all__: list[str] = []


@pytest.mark.parametrize(
    "line",
    [
        'os.environ["MAIL_FROM"]',
        "os.environ.get('MAIL_FROM', 'nobody')",
        'getenv("MAIL_FROM")',
        'env.str("MAIL_FROM")',
        'config("MAIL_FROM", default="")',
        "process.env.MAIL_FROM",
    ],
)
def test_a_variable_that_is_read(line: str) -> None:
    """The first place is told."""
    assert list(gone_and_read({"MAIL_FROM", "OTHER"}, {"app/mail.py": f"import os\nx = {line}\n"})) == [
        ("MAIL_FROM", "app/mail.py:2")
    ]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("app/mail.py", 'SENDER = "MAIL_FROM"'),
        ("app/mail.py", 'os.environ["MAIL_FROM_NAME"]'),
        ("app/mail.py", "# MAIL_FROM is no longer read"),
        ("tests/test_mail.py", 'os.environ["MAIL_FROM"]'),
        ("scripts/send.py", 'os.environ["MAIL_FROM"]'),
    ],
)
def test_a_variable_that_is_not_read(path: str, text: str) -> None:
    """A text, another name, a comment, and what stands beside the application."""
    assert list(gone_and_read({"MAIL_FROM"}, {path: text})) == []


@given(st.sets(st.text(min_size=1)), st.text())
def test_any_name_and_any_text(names: set[str], text: str) -> None:
    """A name may hold what a pattern would not."""
    assert {name for name, _ in gone_and_read(names, {"app.py": text})} <= names


def test_what_every_runtime_sets() -> None:
    """It comes and goes with who starts a service."""
    assert [of_the_runtime(name) for name in ("PATH", "GONOGO_RELEASE", "PYTHONPATH", "PORT", "PATHS")] == [
        True
    ] * 4 + [False]
