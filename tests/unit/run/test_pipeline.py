"""gonogo.run.pipeline: what a serving release excuses, and what an ending keeps."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gonogo.errors import UsageError
from gonogo.gates.judgement import Consequence, judge
from gonogo.host.signals import Signals
from gonogo.records.ending import Kind
from gonogo.records.results import GateResult
from gonogo.run.pipeline import Pipeline
from gonogo.state.release import Release
from gonogo.words import Exit, Outcome, Role, Stage
from tests.unit.records.samples import a_check

__all__: list[str] = []


def a_gate(role: Role) -> GateResult:
    """A gate in which a page is red."""
    red = a_check(code="D09[GET /]", outcome=Outcome.FAILED, found="500")
    return GateResult(stage=Stage.POSTDEPLOY, env="x", role=role, started=datetime.now(UTC), checks=(red,))


@pytest.mark.parametrize(("asked", "action"), [(True, Consequence.GO), (False, Consequence.ROLLBACK)])
def test_nothing_is_excused_by_a_release_whose_gate_nobody_knows(
    tmp_path: Path,
    asked: bool,  # noqa: FBT001 (a table)
    action: Consequence,
) -> None:
    """Seen: a release that was held before it ran had no gate, so that a new red check counted as known: a GO."""
    facts = {"id": "old", "commit": "c" * 40, "env": "x", "runtime": "process", "created": datetime.now(UTC)}
    serving = Release.model_validate({**facts, "folder": tmp_path, "root": tmp_path / "source"})
    before, now = a_gate(Role.BASELINE), a_gate(Role.CANDIDATE)
    if asked:
        serving.gate.write_text(before.model_dump_json())
    work: Any = SimpleNamespace(serving=serving, baseline=lambda _: before)
    run: Any = SimpleNamespace(_work=work)
    pinned = Pipeline._pinned(run, Stage.POSTDEPLOY)

    assert judge(now, baseline=before, pinned=pinned).action is action


def test_red_gate_stays_the_ending_where_the_address_cannot_be_told(tmp_path: Path) -> None:
    """Seen: exit 4 with an empty list of causes, since the address was asked for behind a gate that was red already."""
    red = a_gate(Role.CANDIDATE)

    class Red(Pipeline):
        def _walk(self, *_: Any) -> Any:
            return self._not_passed(red)

        def _probe_urls(self) -> Any:
            raise UsageError("env.x.url: found none")

    runtime = SimpleNamespace(epoch=lambda _: "", lost=lambda *_: False)
    place = SimpleNamespace(environment=SimpleNamespace(name="x"))
    work: Any = SimpleNamespace(
        serving=None,
        state=SimpleNamespace(root=tmp_path),
        runtime=runtime,
        place=place,
        epoch="",
        journal=None,
        cut_gate=False,
    )
    run = Red(work, signals=Signals())
    ending = run.deploy(SimpleNamespace(first_touch=0, steps=()))  # type: ignore[arg-type]

    assert (ending.kind, ending.exit_code) == (Kind.NO_GO, Exit.NO_GO)
    assert [cause.code for cause in run.course.causes] == ["D09[GET /]"]
