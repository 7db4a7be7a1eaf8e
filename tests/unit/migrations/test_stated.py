"""What a migration's file states of itself."""

from __future__ import annotations

import pytest

from gonogo.migrations.stated import compatible_because

__all__: list[str] = []


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("# gonogo: compatible because nobody reads it\ndef upgrade(): ...\n", "nobody reads it"),
        (
            "def upgrade():\n    op.execute('x')  #gonogo:compatible because the view is the same\n",
            "the view is the same",
        ),
        ("# gonogo: compatible\ndef upgrade(): ...\n", ""),
        ("# gonogo: compatible because\n# it is\ndef upgrade(): ...\n", ""),
        ('"""\n# gonogo: compatible because this shows how\n"""\ndef upgrade(): ...\n', ""),
        ("# not gonogo: compatible because it was\n", ""),
        ("def upgrade(:\n  # gonogo: compatible because\n", ""),
        ("", ""),
    ],
    ids=["a line", "behind code", "no reason", "no reason in the line", "a text", "another comment", "broken", "empty"],
)
def test_comment_with_a_reason_counts(source: str, why: str) -> None:
    """A comment alone, with its reason in the same line."""
    assert compatible_because(source) == why
