"""Results as gates and runs leave them, for the tests of what is rendered from them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from gonogo.records.results import CheckResult, Evidence, GateResult, WaiverUse
from gonogo.records.run_results import Downtime, RunResult, StepResult
from gonogo.words import Exit, Outcome, Role, Severity, Stage, WaiverDid
from tests.support.traits import traits_of

__all__ = [
    "NEW",
    "OLD",
    "STARTED",
    "a_check",
    "a_gate",
    "a_run",
    "a_step",
    "a_waiver",
    "passed",
    "the_red_one",
    "the_reverted_run",
]

OLD = "20261120T090000-2f1c9e0"
NEW = "20261121T221003-9a41b7d"
STARTED = datetime(2026, 11, 21, 22, 10, 3, tzinfo=UTC)


def a_check(**facts: Any) -> CheckResult:
    """A passed post-deploy check, but for what is said."""
    given = {
        "id": "gonogo/postdeploy/test_health.py::test_it_is_alive",
        "code": "D06",
        "proves": "The release is alive.",
        "stage": Stage.POSTDEPLOY,
        "outcome": Outcome.PASSED,
    }
    return CheckResult.model_validate({**traits_of({**given, **facts}["code"]), **given, **facts})


def passed(count: int) -> tuple[CheckResult, ...]:
    """So many passed checks."""
    return tuple(a_check(id=f"checks/test_it.py::test_{number}", code=None) for number in range(count))


def the_red_one(**facts: Any) -> CheckResult:
    """The red check of the style guide."""
    given = {
        "id": "gonogo/postdeploy/test_health.py::test_release_answers",
        "code": "D07",
        "proves": "The health page answers 200 and names the release just deployed.",
        "outcome": Outcome.FAILED,
        "found": '"2f1c9e0"   expected  "9a41b7d"',
        "evidence": [Evidence(title="health.json", kind="json", value={"release": "2f1c9e0"})],
        "remedy": "docker compose images api; if the tag is not 9a41b7d, deploy again with --no-cache",
    }
    return a_check(**{**given, **facts})


def a_gate(*checks: CheckResult, **facts: Any) -> GateResult:
    """A gate with these checks."""
    given = {"stage": Stage.POSTDEPLOY, "env": "staging", "started": STARTED, "seconds": 3.0, "checks": checks}
    return GateResult.model_validate({**given, **facts})


def a_step(name: str, **facts: Any) -> StepResult:
    """A move that went well, but for what is said."""
    return StepResult.model_validate({"name": name, "kind": "move", "ok": True, "seconds": 1.0, **facts})


def a_waiver(**facts: Any) -> WaiverUse:
    """A waiver that covered something, but for what is said."""
    given = {"check": "D09[GET /legacy]", "until": "2026-12-31", "owner": "payments", "reason": "OPS-12"}
    return WaiverUse.model_validate({**given, "did": WaiverDid.COVERED, **facts})


def a_run(exit_code: Exit, **facts: Any) -> RunResult:
    """A deploy of 9a41b7d over 2f1c9e0, but for what is said; how it ended is told by flags, as an older gonogo did."""
    given = {
        "run": NEW,
        "kind": "deploy",
        "app": "shop",
        "env": "staging",
        "who": "ada@laptop",
        "release": NEW,
        "commit": "9a41b7d" + "0" * 33,
        "summary": "Show the price",
        "serving": OLD,
        "serving_after": OLD,
        "started": STARTED,
        "seconds": 68.2,
        "exit_code": exit_code,
        "reports": f"reports/staging/{NEW}",
    }
    steps = [step.model_dump() for step in facts.get("steps", ())]
    return RunResult.model_validate({**given, **facts, "steps": steps})


def the_reverted_run(**facts: Any) -> RunResult:
    """The run of the style guide: one red post-deploy check, turned back."""
    red = the_red_one()
    back = a_gate(*passed(19), role=Role.ROLLBACK)
    warned = a_check(
        id="gonogo/predeploy/test_tools.py::test_port", code="P16", outcome=Outcome.WARNED, severity=Severity.ADVISORY
    ).model_copy(update={"found": "port 8001 is published on every address"})
    predeploy = a_gate(*passed(30), warned, stage=Stage.PREDEPLOY, seconds=2.1)
    gate = a_gate(*passed(18), red, exitstatus=1, seconds=6.0)
    steps = (
        a_step("baseline", kind="gate", said="19 passed", seconds=3.0, gate=a_gate(*passed(19), role=Role.BASELINE)),
        a_step("predeploy", kind="gate", said="30 passed, 1 with warnings", seconds=2.1, gate=predeploy),
        a_step("build", said="docker compose build api", seconds=41.8, commands=("docker compose build api",)),
        a_step("build gate", kind="gate", said="14 passed", seconds=1.9, gate=a_gate(*passed(14), stage=Stage.BUILD)),
        a_step("start", said="docker compose up --detach --wait", seconds=12.4, after_touch=True),
        a_step(
            "postdeploy", kind="gate", ok=False, said="18 passed, 1 failed", seconds=6.0, gate=gate, after_touch=True
        ),
        a_step("restore", said="2f1c9e0 healthy", seconds=0.8, after_touch=True),
        a_step("verify", kind="gate", said="19 passed", seconds=3.0, gate=back, after_touch=True),
    )
    given = {
        "exit_code": Exit.NO_GO,
        "steps": steps,
        "reason": "D07 is red",
        "causes": (red,),
        "first_touch": datetime(2026, 11, 21, 22, 10, 53, tzinfo=UTC),
        "went_back_to": OLD,
        "back_after": 0.8,
        "verified": back,
        "downtime": Downtime(requests=214, failed=0, seconds_down=0.0, window=21.4),
        "ladder": "no migration is pending: a rollback starts the previous release, the data are not touched",
        "notes": ("The tag release/9a41b7d was not pushed.",),
    }
    return a_run(**{**given, **facts})
