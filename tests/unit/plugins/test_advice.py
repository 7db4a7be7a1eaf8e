"""Advice in real gates: told with the release that brings it, as before with the next; each test runs pytests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gonogo.state.release import Release
from gonogo.state.store import State, write_atomically
from gonogo.words import Outcome, Stage

if TYPE_CHECKING:
    from tests.support.gates import Gates, Repository, Run

__all__: list[str] = []

CHECKS = '''\
import pytest


@pytest.mark.{stage}("T01", remedy="mend it")
def test_advised(evidence):
    """Something."""
    for line in {lines}:
        evidence.advise(line)


@pytest.mark.{stage}("T02", remedy="mend it", severity="advisory")
def test_advisory():
    """Something else."""
    assert False, "found 1, expected 2"
'''


def served(state: State, run: Run, *, stage: Stage) -> Release:
    """The release that serves and was asked this gate when it came."""
    folder = state.release_folder("20261120T090000-2f1c9e0")
    release = Release(
        id=folder.name,
        commit="2f1c9e0",
        env="test",
        runtime="process",
        created=datetime.now(UTC),
        folder=folder,
        root=folder,
    )
    file = state.run_folder(release.id) / f"{stage.gate}.json"
    assert run.result is not None
    write_atomically(release.gate if stage is Stage.POSTDEPLOY else file, run.result.model_dump_json())
    return release


def test_advice_warns_once(repository: Repository, gate: Gates) -> None:
    """The next release's gate passes with the same words, on workers too, keeps them, and warns of what is new."""
    for stage in (Stage.PREDEPLOY, Stage.BUILD, Stage.POSTDEPLOY):
        root = repository(
            {"gonogo.toml": repository.process, "checks/test_it.py": CHECKS.format(stage=stage, lines=["a"])},
            name=stage.value,
        )
        arguments = ("-m", stage.value, "-k", "advi")
        first = gate(root, *arguments, subject=gate.subject(root))
        subject = gate.subject(root, serving=served(State(gate.subject(root).state), first, stage=stage))
        again = gate(root, *arguments, "-n", "1", subject=subject)
        repository.write(root, {"checks/test_it.py": CHECKS.format(stage=stage, lines=["a", "b"])})
        more = gate(root, *arguments, subject=subject)

        assert said(first) == {"T01": (Outcome.WARNED, "a"), "T02": (Outcome.WARNED, "found 1, expected 2")}
        assert said(again) == {"T01": (Outcome.PASSED, ""), "T02": (Outcome.PASSED, "")}
        assert (again.check("T01").advice, again.check("T01").as_before) == (("a",), ("a",))
        assert [piece.value for piece in again.check("T02").evidence] == ["found 1, expected 2"]
        assert said(more)["T01"] == (Outcome.WARNED, "b")
        assert more.check("T01").advice == ("a", "b")


def said(run: Run) -> dict[str | None, tuple[Outcome, str]]:
    """What each check came to."""
    return {check.code: (check.outcome, check.found) for check in run.checks}


def test_what_is_made_a_blocker_is_red(repository: Repository, gate: Gates) -> None:
    """``severity = "blocker"``: what was advice is red, for pytest too, and also where the serving release was told it."""
    text = CHECKS.format(stage="predeploy", lines=["no restart policy"])
    rules = '[env.test.checks.T01]\nseverity = "blocker"\n[env.test.checks.T02]\nseverity = "blocker"\n'
    root = repository({"gonogo.toml": repository.process, "checks/test_own.py": text})
    subject = gate.subject(root)
    lenient = gate(root, "-m", "predeploy", "-k", "advis", subject=subject)
    serving = served(State(subject.state), lenient, stage=Stage.PREDEPLOY)
    repository.write(root, {"gonogo.toml": repository.process + rules})
    strict = gate(root, "-m", "predeploy", "-k", "advis", subject=gate.subject(root, serving=serving))

    assert lenient.outcomes() == {"T01": Outcome.WARNED, "T02": Outcome.WARNED}
    assert strict.outcomes() == {"T01": Outcome.FAILED, "T02": Outcome.FAILED}
    assert (strict.code, strict.check("T01").found) == (1, "no restart policy")
    assert "2 failed" in strict.out
