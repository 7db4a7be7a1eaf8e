"""gonogo.run.decision: which ending follows from what was found out."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from gonogo.errors import GonogoError, InterruptedRunError, LockedError, RefusedError, UsageError
from gonogo.gates.judgement import Consequence
from gonogo.records.ending import Kind
from gonogo.run import decision
from gonogo.run.course import Course
from gonogo.run.work import Work
from gonogo.state.progress import Begun, Progress
from gonogo.state.release import Release
from gonogo.words import Exit, Outcome
from tests.unit.records.samples import a_check, a_gate, passed


def a_release(name: str) -> Release:
    """A release that is only named."""
    folder = Path("/r") / name
    return Release(
        id=name, commit="c" * 40, env="x", runtime="process", created=datetime.now(UTC), folder=folder, root=folder
    )


OLD, NEW = a_release("old"), a_release("new")
GREEN, RED = a_gate(*passed(2)), a_gate(*passed(1), a_check(outcome=Outcome.FAILED))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (RefusedError("no"), Kind.NO_GO),
        (OSError("full"), Kind.NO_GO),
        (GonogoError("?"), Kind.NO_GO),
        (InterruptedRunError("SIGINT"), Kind.INTERRUPTED),
        (UsageError("--what"), Kind.MISUSED),
        (LockedError("held"), Kind.LOCKED),
    ],
)
def test_error_before_the_first_touch_leaves_what_serves(error: Exception, kind: Kind) -> None:
    """The kind by the error; what served serves on, where that is known."""
    assert (decision.early(error, serves=OLD).kind, decision.early(error, serves=OLD).serves) == (kind, "old")
    assert decision.early(error, serves=None).serves is None
    assert not kind.touched


def test_gate_that_asked_nothing_is_told_from_a_red_one() -> None:
    """Exit 5 and exit 1."""
    assert decision.not_passed(a_gate(), serves=OLD).exit_code is Exit.NOTHING_CHECKED
    assert decision.not_passed(RED, serves=OLD).exit_code is Exit.NO_GO
    assert decision.not_passed(a_gate(problem="no results"), serves=OLD).exit_code is Exit.NO_GO


@pytest.mark.parametrize(
    ("action", "begun", "kind", "serves"),
    [
        (Consequence.GO, True, Kind.GO, "new"),
        (Consequence.HOLD, True, Kind.HELD, "new"),
        (Consequence.HOLD, False, Kind.HELD_BEFORE, "old"),
    ],
)
def test_what_is_not_turned_back_serves_where_it_was_started(
    action: Consequence,
    begun: bool,  # noqa: FBT001 (a table)
    kind: Kind,
    serves: str,
) -> None:
    """A hold before the start leaves the old release."""
    progress = Progress([Begun(step="swap", replaces=True)] if begun else [], ["swap"])
    ending = decision.proven(cast("Work", SimpleNamespace(release=NEW, serving=OLD, progress=progress)), action)

    assert (ending.kind, ending.serves) == (kind, serves)


@pytest.mark.parametrize(
    ("facts", "failed", "kind"),
    [
        ({"verified": GREEN}, (), Kind.NEVER_STOPPED),
        ({"verified": GREEN, "is_up": True, "back_after": 0.8}, (), Kind.REVERTED),
        ({"verified": GREEN, "is_up": True, "back_after": 0.8}, ("undo a",), Kind.UNPROVEN),
        ({"verified": RED, "is_up": True, "back_after": 0.8}, (), Kind.UNPROVEN),
        ({"verified": None, "is_up": True, "back_after": 0.8}, (), Kind.UNPROVEN),
        ({"verified": RED}, (), Kind.UNPROVEN),
        ({"verified": GREEN, "is_up": False}, (), Kind.NOT_BACK),
        ({"verified": RED, "is_up": False, "back_after": 0.8}, (), Kind.NOT_BACK),
    ],
)
def test_release_that_is_back_is_proven_or_not(facts: dict[str, Any], failed: tuple[str, ...], kind: Kind) -> None:
    """Only a green gate and a rollback without a failed step need nobody; an interruption changes the code of these."""
    ending = decision.of_target(Course(**facts), OLD, failed=failed, interrupted=True)

    assert (ending.kind, ending.back_to, ending.serves) == (kind, "old", None if kind is Kind.NOT_BACK else "old")
    assert ending.exit_code is (kind.exit_code if ending.needs_human else Exit.INTERRUPTED)
    assert decision.wanted(ending).exit_code is (Exit.NEEDS_HUMAN if ending.needs_human else Exit.GO)


@pytest.mark.parametrize(
    ("stopped", "failed", "stored", "kind"),
    [
        (True, (), False, Kind.STOPPED),
        (True, (), True, Kind.LEFT),
        (True, ("undo a",), False, Kind.LEFT),
        (False, ("stop",), True, Kind.NOT_STOPPED),
    ],
)
def test_first_deploy_is_stopped_or_needs_somebody(
    stopped: bool,  # noqa: FBT001 (a table)
    failed: tuple[str, ...],
    stored: bool,  # noqa: FBT001 (likewise)
    kind: Kind,
) -> None:
    """Nothing serves afterwards, as far as anybody knows."""
    ending = decision.of_first(stopped=stopped, failed=failed, stored=stored, interrupted=False)

    assert (ending.kind, ending.serves) == (kind, None)


def test_mistake_of_ours_leaves_what_nobody_knows_only_after_the_first_touch() -> None:
    """Before it, what served serves on."""
    assert decision.lost(touched=True, served=OLD).serves is None
    assert decision.lost(touched=False, served=OLD).serves == "old"


def test_what_could_not_be_recorded_needs_somebody() -> None:
    """What serves is known all the same; an ending that needs somebody already stays what it is."""
    reverted = decision.of_target(Course(verified=GREEN, is_up=True, back_after=0.8), OLD)
    unproven = decision.of_target(Course(verified=RED, is_up=True, back_after=0.8), OLD)

    assert (decision.unrecorded(reverted).exit_code, decision.unrecorded(reverted).serves) == (Exit.NEEDS_HUMAN, "old")
    assert decision.unrecorded(unproven) is unproven
