"""gonogo.gates.ladder: what a rollback would do to the data."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from gonogo.gates.ladder import Rung, decide, foresee, taken_back
from gonogo.inspection.answers.served import SCHEMA_PARTS
from gonogo.records.results import CheckResult, Evidence, GateResult
from gonogo.words import Outcome, Stage


def test_first_release_has_nothing_to_go_back_to() -> None:
    """Whatever is pending."""
    answer = decide(first=True, pending=["1"], shown={}, stated={})

    assert (answer.rung, str(answer)) == (
        Rung.FIRST,
        "first release: there is nothing to go back to; a red gate stops what was started",
    )


def test_no_pending_migration_is_release_only() -> None:
    """Rung 1."""
    answer = decide(first=False, pending=[], shown={}, stated={})

    assert (answer.rung, str(answer)) == (
        Rung.RELEASE_ONLY,
        "no migration is pending: a rollback starts the previous release, the data are not touched",
    )


def test_nothing_is_said_of_migrations_that_nobody_was_asked_about() -> None:
    """Without a migration tool (Django's own, a script) nothing was found, which is not: nothing is pending."""
    answer = decide(first=False, pending=[], shown={}, stated={}, unasked=True)

    assert (answer.rung, str(answer)) == (
        Rung.RELEASE_ONLY,
        "no migration tool is configured, so none was asked: "
        "a rollback starts the previous release, the data stay as they are",
    )


def test_migration_that_only_adds_lets_the_schema_stay() -> None:
    """Rung 2, shown by reading."""
    answer = decide(first=False, pending=["2"], shown={"2": ""}, stated={})

    assert (answer.rung, str(answer)) == (
        Rung.SCHEMA_STAYS,
        "pending 2 (reading them shows that they only add): a rollback starts the previous release, the schema stays ahead",
    )


def test_migration_that_is_not_shown_is_forward_only() -> None:
    """Rung 4, with the reason for each."""
    answer = decide(first=False, pending=["2", "3"], shown={"2": "", "3": "op.drop_column (line 9)"}, stated={})

    assert (answer.rung, str(answer)) == (Rung.FORWARD_ONLY, "forward-only: pending 2, 3: 3: op.drop_column (line 9)")


def test_rehearsed_downgrade_is_a_way_back() -> None:
    """Rung 3 is made of rung 4 alone, and says where nothing may have been written by then."""
    forward = decide(first=False, pending=["2"], shown={"2": "op.execute (line 9)"}, stated={})
    later = replace(forward, is_rehearsed=True)
    stays = decide(first=False, pending=["2"], shown={"2": ""}, stated={})
    found = taken_back(later, ["public.leads (note)", "public.visits"])

    assert str(later) == f"{forward}; whether a downgrade loses nothing is decided by the rehearsal"
    assert (found.rung, str(found)) == (
        Rung.DOWNGRADE,
        "pending 2 (2: op.execute (line 9)): as a copy of the data showed, a rollback takes them back where nothing was "
        "written to public.leads (note), public.visits by then and starts the previous release; else it holds",
    )
    assert str(taken_back(later, [])).endswith(
        "a rollback takes them back and starts the previous release; else it holds"
    )
    assert taken_back(stays, []) == stays


def test_stated_migration_is_believed() -> None:
    """Rung 2, stated by the team."""
    answer = decide(first=False, pending=["3"], shown={"3": "op.execute (line 9)"}, stated={"3": ""})

    assert (answer.rung, answer.reasons) == (Rung.SCHEMA_STAYS, ("stated by the team",))


def test_previous_release_that_migrates_itself_may_refuse_the_schema() -> None:
    """Reading the migration is not enough: the old entry point does not know the revision."""
    answer = decide(first=False, pending=["2"], shown={"2": ""}, stated={}, migrates_itself="alembic upgrade head")

    assert answer.rung is Rung.FORWARD_ONLY
    assert answer.reasons == (
        "the previous release migrates when it starts (alembic upgrade head) and may refuse a revision it does not know",
    )


def test_readiness_that_speaks_of_the_schema_is_foreseen() -> None:
    """Said before the first touch: a part that wants the exact head is red on a schema that is ahead."""
    seen = Evidence(
        title=SCHEMA_PARTS, kind="json", value={"http://shop/readyz": ["migrations"], "http://api/ready": []}
    )
    ready = CheckResult(id="d07", code="D07", stage=Stage.POSTDEPLOY, outcome=Outcome.PASSED, evidence=(seen,))
    gate = GateResult(stage=Stage.POSTDEPLOY, env="prod", started=datetime.now(UTC), checks=(ready,))
    adds = decide(first=False, pending=["2"], shown={"2": ""}, stated={})
    none = decide(first=False, pending=[], shown={}, stated={})

    assert str(foresee(adds, gate)) == (
        f"{adds}; its readiness has migrations: where that answers 503 on a schema that is ahead, it is back and not "
        "ready, and the run ends with exit 6"
    )
    assert foresee(adds, None) == adds
    assert str(foresee(none, gate)) == str(none)


def test_migration_that_states_it_is_compatible_lets_the_schema_stay() -> None:
    """Rung 2, with the reason that stands in the file, beside what reading shows of the others."""
    shown = {"2": "", "3": "op.execute (line 9)"}
    answer = decide(first=False, pending=["2", "3"], shown=shown, stated={"3": "nobody reads it", "9": "old"})
    alone = decide(first=False, pending=["3"], shown=shown, stated={"3": "nobody reads it"})

    assert answer.rung is alone.rung is Rung.SCHEMA_STAYS
    assert answer.reasons == (
        "reading them shows that they only add",
        "3: stated in its file, because nobody reads it",
    )
    assert alone.reasons == ("3: stated in its file, because nobody reads it",)
