"""Waivers in real gates: plain, on workers, for pytest's own reports; each test runs a pytest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from gonogo.words import Outcome, WaiverDid

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.gates import Gates, Repository

__all__: list[str] = []

CHECKS = '''\
import pytest


@pytest.fixture
def desk():
    yield
    assert False, "the desk is not cleared"


@pytest.mark.predeploy("T01", remedy="mend it")
def test_failed():
    """Something."""
    assert False, "found 1, expected 2"


@pytest.mark.predeploy("T02", remedy="mend it")
@pytest.mark.parametrize("name", ["café", "b c", "green"])
def test_cases(name):
    """Each case."""
    assert name == "green", f"{name} is not green"


@pytest.mark.predeploy("T03", remedy="mend it")
def test_crashed():
    """Something."""
    raise OSError("no route")


@pytest.mark.predeploy("T04", remedy="mend it")
def test_ended():
    """Something."""
    assert False, "found 3, expected 4"


@pytest.mark.predeploy("T05", remedy="mend it")
def test_green():
    """Something."""


@pytest.mark.predeploy("T06", remedy="mend it")
def test_clears_up(desk):
    """Something."""


@pytest.mark.predeploy("T08", remedy="mend it")
def test_fails_twice(desk):
    """Something."""
    assert False, "found 5, expected 6"


@pytest.mark.predeploy("T07", remedy="mend it")
def test_skipped():
    """Something."""
    pytest.skip("not here")
'''
WAIVE = '\n[[env.test.waive]]\ncheck = "{}"\nuntil = {}\nowner = "ada"\nreason = "OPS-12"\n'


def waived(**until: object) -> str:
    """Waivers of checks, each until a day."""
    return "".join(WAIVE.format(check, day) for check, day in until.items())


@pytest.fixture
def team(repository: Repository) -> Path:
    """A repository whose own checks are waived in every way there is."""
    today = datetime.now(UTC).date()
    days = dict.fromkeys(("T01", "T02", "T02[café]", "T02[gone]", "T03", "T05", "T06", "T07", "T08", "T99"), today)
    text = waived(**days, T04=today - timedelta(days=1), **{"T02[b c]": today - timedelta(days=1)})
    return repository({"gonogo.toml": repository.process + text, "checks/test_team.py": CHECKS})


def test_waivers_do_what_they_say(team: Path, gate: Gates, tmp_path: Path) -> None:
    """On workers: what failed is a warning that names day, owner and reason, for JUnit too; unknown and ended block."""
    junit = tmp_path / "junit.xml"
    run = gate.bare(team, "-m", "predeploy", "--env", "test", "-n", "1", f"--junit-xml={junit}")
    today = datetime.now(UTC).date()
    term, before = f"waived until {today} by ada: OPS-12", f"its waiver ended on {today - timedelta(days=1)} (ada)"
    found = {str(one.code): (one.outcome, one.found) for one in run.checks if str(one.code).startswith("T")}

    assert found == {
        "T01": (Outcome.WARNED, f"{term}; found 1, expected 2"),
        "T02[caf\\xe9]": (Outcome.WARNED, f"{term}; café is not green"),
        "T02[b c]": (Outcome.FAILED, f"{before}: b c is not green"),
        "T02[green]": (Outcome.PASSED, ""),
        "T03": (Outcome.INCONCLUSIVE, found["T03"][1]),
        "T04": (Outcome.FAILED, f"{before}: found 3, expected 4"),
        "T05": (Outcome.PASSED, ""),
        "T06": (Outcome.WARNED, f"{term}; the desk is not cleared"),
        "T07": (Outcome.SKIPPED, "not here"),
        "T08": (Outcome.WARNED, f"{term}; found 5, expected 6\n{term}; the desk is not cleared"),
    }
    assert found["T03"][1].endswith(f"(waived until {today} by ada, which covers a failure only)")
    assert run.code == 1
    red = {case.get("name") for case in ET.parse(junit).iter("testcase") if case.find("failure") is not None}  # noqa: S314
    assert red == {"test_cases[b c]", "test_crashed", "test_ended"}
    assert "waiver    T05 (until" in run.out
    assert run.result is not None
    assert {one.check: one.did for one in run.result.waivers} == {
        "T01": WaiverDid.COVERED,
        "T02": WaiverDid.NOT_NEEDED,
        "T02[café]": WaiverDid.COVERED,
        "T02[b c]": WaiverDid.ENDED,
        "T02[gone]": WaiverDid.NO_CHECK,
        "T03": WaiverDid.TOO_LITTLE,
        "T04": WaiverDid.ENDED,
        "T05": WaiverDid.NOT_NEEDED,
        "T06": WaiverDid.COVERED,
        "T07": WaiverDid.NOT_ASKED,
        "T08": WaiverDid.COVERED,
    }


def test_part_of_a_gate_accuses_no_waiver_of_naming_nothing(team: Path, gate: Gates) -> None:
    """In one process; where only some checks are asked, one that is missing may exist. All that is covered is exit 0."""
    run = gate.bare(team, "-m", "predeploy", "--env", "test", "-k", "green or failed")

    assert run.code == 0
    assert run.result is not None
    assert {one.check: one.did for one in run.result.waivers} == {
        "T01": WaiverDid.COVERED,
        "T02": WaiverDid.NOT_NEEDED,
        "T05": WaiverDid.NOT_NEEDED,
    }
