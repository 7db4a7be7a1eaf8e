"""gonogo in one environment with pytest-django, pytest-playwright, pytest-cov and pytest-randomly."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gonogo.words import Outcome

if TYPE_CHECKING:
    from .conftest import Ended, Team

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

SEED = "--randomly-seed=7"
OWN = [f"checks/test_own.py::test_{name}" for name in "cba"]
PREDEPLOY = "gonogo/predeploy/test_git.py::test_the_release_is_a_commit"


@pytest.fixture(scope="module")
def deployed(team: Team) -> Team:
    """The project, deployed by the command line of the same environment."""
    ended = team.run("gonogo", "deploy", "--env", "x", "--json")
    assert ended.code == 0, ended
    assert json.loads(ended.out)["exit_code"] == 0
    return team


def comparable(ended: Ended) -> tuple[int, str, str]:
    """What a person sees, timings and the plugin's own name in the list of plugins apart."""
    out = re.sub(r"\d+\.\d+s", "TIME", ended.out)
    return ended.code, re.sub(r"gonogo-[\w.]+(, )?", "", out), ended.err


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 1, "stopping after 1 failures"),
        (("tests/test_pages.py",), 0, "2 passed"),
        (("--collect-only", "-q", "--no-cov"), 0, "4 tests collected"),
    ],
    ids=["red", "green", "collected"],
)
def test_unit_tests_do_not_notice(team: Team, without: Path, arguments: tuple[str, ...], code: int, said: str) -> None:
    """A plain pytest gives the same ids, outcome and output with gonogo, with it switched off, and without it."""
    with_it = team.run("pytest", SEED, *arguments)
    off = team.run("pytest", SEED, *arguments, "-p", "no:gonogo")
    absent = team.run("pytest", SEED, *arguments, python=without)

    assert (with_it.code, said in with_it.out) == (code, True), with_it
    assert "checks" not in with_it.out
    assert comparable(with_it) == comparable(off) == comparable(absent)


@pytest.mark.thorough
def test_a_deployment_leaves_the_team_s_set_up_alone(deployed: Team) -> None:
    """No gate of a deployment imports the root conftest, runs its fixtures or measures coverage."""
    deployed.forget()

    ended = deployed.run("gonogo", "deploy", "--env", "x", "--json")

    assert ended.code == 0, ended
    assert deployed.left() == []


@pytest.mark.thorough
@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one", "two"])
@pytest.mark.parametrize(
    ("stage", "own"), [("predeploy", OWN), ("postdeploy", ["checks/test_own.py::test_home"])], ids=["pre", "post"]
)
def test_bare_gates_are_untouched(deployed: Team, stage: str, own: list[str], workers: tuple[str, ...]) -> None:
    """A bare gate is GO, in the files' order, with no plugin, option or fixture of the unit tests."""
    ended, result = deployed.gate("-m", stage, "--env", "x", "-v", *workers)

    ids = [check.id for check in result.checks]
    assert ended.code == 0, ended
    assert {check.outcome for check in result.checks if check.id in own} == {Outcome.PASSED}, ended
    assert any(name.startswith(f"gonogo/{stage}/") for name in ids)
    assert workers or re.findall(r"^checks/test_own.py::test_\w+", ended.out, re.MULTILINE)[: len(own)] == own
    assert deployed.left() == []
    assert not re.search("cov|randomly|django|playwright", ended.out + ended.err), ended


@pytest.mark.thorough
def test_the_team_s_first_failure_does_not_end_a_gate(deployed: Team) -> None:
    """``-x`` in the team's addopts: every check is asked all the same."""
    (deployed.root / "RED").touch()
    try:
        ended, result = deployed.gate("-m", "predeploy", "--env", "x")
    finally:
        (deployed.root / "RED").unlink()

    found = {check.id: check.outcome for check in result.checks}
    assert ended.code == 1, ended
    assert [found[name] for name in OWN] == [Outcome.FAILED, Outcome.FAILED, Outcome.PASSED], ended
    assert found[PREDEPLOY] is Outcome.PASSED
