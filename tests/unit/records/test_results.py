from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.records.results import CheckResult, Evidence, GateResult, read_gate

from .samples import a_check, a_gate

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()) | st.integers(), inner),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("caf\udce9", "caf?"),
        (b"\xff!", "\ufffd!"),
        (float("inf"), "inf"),
        ((1, "a"), [1, "a"]),
        ({"a": {1: Path("/x")}}, {"a": {"1": "/x"}}),
        (datetime(2026, 1, 2, tzinfo=UTC), "2026-01-02 00:00:00+00:00"),
    ],
)
def test_evidence_holds_the_nearest_json_value(value: Any, kept: Any) -> None:
    """A check may attach what it found, as it found it."""
    assert Evidence(title="x", value=value).value == kept


@given(ANYTHING, st.text(st.characters()))
def test_any_finding_survives_the_results_file(value: Any, text: str) -> None:
    """What a check found is written and read again without a loss."""
    check = a_check(found=text, evidence=(Evidence(title=text, value=value),))

    assert CheckResult.model_validate_json(check.model_dump_json()) == check


def test_torn_results_file_is_no_result(tmp_path: Path) -> None:
    """A gate killed while it wrote left nothing to believe."""
    path = tmp_path / "gate.json"
    path.write_text(a_gate(a_check()).model_dump_json())

    assert read_gate(path) == a_gate(a_check())

    path.write_text(a_gate(a_check()).model_dump_json()[:-1])

    assert read_gate(path) is None
    assert read_gate(tmp_path / "none.json") is None


def test_summary_of_an_empty_gate() -> None:
    """Nothing is called nothing."""
    gate: GateResult = a_gate()

    assert (gate.summary(), gate.asked, gate.blocking) == ("no checks", 0, ())
