"""D12: what the database lacks is red where it did not lack it for the release before."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gonogo.checks.postdeploy import test_database as d12
from gonogo.plugins.evidence import Collected
from gonogo.records.results import CheckResult, Evidence, GateResult
from gonogo.words import Outcome, Stage

__all__: list[str] = []


def baseline(*lacks: str, code: str = "D12[web]") -> GateResult:
    """What D12 attached when the release before was asked."""
    piece = Evidence(title="Revisions", kind="json", value={"heads": ["1"], "lacks": list(lacks)})
    check = CheckResult(id=code, code=code, stage=Stage.POSTDEPLOY, outcome=Outcome.PASSED, evidence=(piece,))
    return GateResult(stage=Stage.POSTDEPLOY, env="test", started=datetime.now(UTC), checks=(check,))


def test_column_that_only_this_release_lacks_is_red() -> None:
    """The revision was stamped: each query for the column fails."""
    with pytest.raises(AssertionError) as red:
        d12._compare("web", ["lamps.hue", "table rooms"], baseline("table rooms"), Collected())

    assert str(red.value).partition("\n")[0] == "database of web: found no lamps.hue, expected what the models have"


@pytest.mark.parametrize(
    "before",
    [baseline("table rooms"), None, baseline(code="D12[api]")],
    ids=["as before", "first deploy", "another service"],
)
def test_what_nobody_knows_to_be_new_is_advice(before: GateResult | None) -> None:
    """A table of somebody else's, or one that is made later, is no fault of this release."""
    evidence = Collected()
    d12._compare("web", ["table rooms"], before, evidence)

    assert evidence.advice == ["the database of web lacks table rooms, which the models have"]
