"""What a health document means for one release."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.inspection.answers import healthdoc
from gonogo.inspection.answers.healthdoc import Component, Health, NamedRelease
from gonogo.inspection.answers.served import document_of, of_another, parts

COMMIT = "9a41b7d" + "0" * 33
RELEASE = "20261121T221003-9a41b7d"
DOWN = Health("fail", (Component("db", "pass"), Component("migrations", "fail"), Component("cache", "warn")))


def test_a_red_part_is_red() -> None:
    """Without an accepted schema every failed part is red; degraded ones are apart."""
    found = parts(DOWN, accepted=False)

    assert [part.name for part in found.red] == ["migrations"]
    assert [part.name for part in found.degraded] == ["cache"]
    assert (found.excused, found.only_excused) == ((), False)


def test_an_accepted_schema_is_excused() -> None:
    """Only the parts that speak of the schema are excused, and only alone they excuse the whole."""
    both = Health("fail", (*DOWN.components, Component("redis", "fail")))

    assert [part.name for part in parts(DOWN, accepted=True).excused] == ["migrations"]
    assert parts(DOWN, accepted=True).only_excused
    assert [part.name for part in parts(both, accepted=True).red] == ["redis"]
    assert not parts(both, accepted=True).only_excused


@pytest.mark.parametrize(
    ("text", "document"), [("OK\n", "OK"), ('{"a": 1}', {"a": 1}), ("", ""), ("[" * 9999, "[" * 9999)]
)
def test_a_document_is_json_or_text(text: str, document: Any) -> None:
    """What is no JSON is the text itself."""
    assert document_of(text) == document


@pytest.mark.parametrize(
    ("value", "kind", "is_other"),
    [
        (COMMIT, "commit", False),
        ("9a41b7d", "commit", False),
        ("2f1c9e0", "commit", True),
        (RELEASE, "release", False),
        (f"shop-api:{RELEASE}", "release", False),
        ("20261120T101010-9a41b7d", "release", True),
        ("1.4.2", "version", False),
    ],
)
def test_who_answered(value: str, kind: str, *, is_other: bool) -> None:
    """A commit or release id must be this one's, an older build of the same commit too; a version tells nothing."""
    named = NamedRelease(value, "commit", kind)

    assert of_another([named], commits=[COMMIT], release=RELEASE) == ((named,) if is_other else ())


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    """No answer makes the reader fail."""
    found = parts(healthdoc.read(document_of(text)), accepted=True)

    assert not set(found.red) & set(found.excused)
