"""The one record of what gates and moves found; every output format is made from it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from gonogo.words import Exit, OnRed, Outcome, Role, Severity, Stage

__all__ = ["CheckResult", "Downtime", "Evidence", "GateResult", "RunResult", "StepResult", "read_gate"]


class Evidence(BaseModel):
    """One fact that a check attached."""

    title: str
    kind: str = "text"
    """``text``, ``table`` (list of rows, the first its header), or ``json``."""
    value: Any = None


class CheckResult(BaseModel):
    """The verdict of one check."""

    id: str
    """Node id, such as ``gonogo/build/test_contents.py::test_image_holds_the_commit[api]``."""
    code: str | None = None
    """``B02``; with the parameter for one of several things: ``D09[GET /login]``."""
    proves: str = ""
    stage: Stage
    severity: Severity = Severity.BLOCKER
    on_red: OnRed = OnRed.ROLLBACK
    outcome: Outcome
    found: str = ""
    """One line: what is wrong, or why it was skipped."""
    details: str = ""
    """The traceback, for a crash and for ``-v``."""
    evidence: tuple[Evidence, ...] = ()
    remedy: str = ""
    seconds: float = 0.0
    fingerprint: str = ""
    """Changes when the check's own source or its configuration stanza changes."""

    @property
    def blocks(self) -> bool:
        """Whether this result alone makes a gate NO-GO."""
        return self.severity is Severity.BLOCKER and self.outcome.is_red


class GateResult(BaseModel):
    """One run of one stage."""

    format: int = 1
    stage: Stage
    env: str
    role: Role = Role.BARE
    release: str | None = None
    partial: bool = False
    started: datetime
    seconds: float = 0.0
    exitstatus: int = 0
    checks: tuple[CheckResult, ...] = ()
    problem: str = ""
    """Why the gate itself could not be run (a collection error, a time-out)."""

    def count(self, *outcomes: Outcome) -> int:
        """How many checks had one of these outcomes."""
        return sum(check.outcome in outcomes for check in self.checks)

    @property
    def asked(self) -> int:
        """How many checks were really asked (not skipped)."""
        return len(self.checks) - self.count(Outcome.SKIPPED)

    @property
    def blocking(self) -> tuple[CheckResult, ...]:
        """The red blockers."""
        return tuple(check for check in self.checks if check.blocks)

    def summary(self) -> str:
        """``18 passed, 1 failed``."""
        counts = [(outcome, self.count(outcome)) for outcome in Outcome]
        said = [f"{count} {_PLURAL.get(outcome, outcome.value)}" for outcome, count in counts if count]
        return ", ".join(said) or "no checks"


_PLURAL = {Outcome.WARNED: "with warnings"}


class StepResult(BaseModel):
    """One gate or move of a run."""

    name: str
    kind: str
    """``gate`` or ``move``."""
    ok: bool
    seconds: float
    said: str = ""
    """One line for people."""
    commands: tuple[str, ...] = ()
    gate: GateResult | None = None
    after_touch: bool = False


class Downtime(BaseModel):
    """What the probe from outside saw."""

    model_config = ConfigDict(frozen=True)

    requests: int = 0
    failed: int = 0
    seconds_down: float = 0.0
    window: float = 0.0
    """Seconds that the probe asked for."""


class RunResult(BaseModel):
    """A whole run: what ``results.json`` holds and every page is rendered from."""

    format: int = 1
    run: str
    kind: str
    """``deploy`` or ``rollback``."""
    app: str
    env: str
    who: str
    release: str | None = None
    commit: str | None = None
    summary: str = ""
    serving: str | None = None
    """The release that served before."""
    serving_after: str | None = None
    started: datetime
    seconds: float = 0.0
    exit_code: Exit = Exit.INTERNAL
    ending: str = ""
    """The ending in words, first line of every report."""
    reason: str = ""
    """What made the run end so."""
    ladder: str = ""
    """What a rollback would do to the data, as computed before the first touch."""
    steps: tuple[StepResult, ...] = ()
    first_touch: datetime | None = None
    downtime: Downtime | None = None
    notes: tuple[str, ...] = ()
    reports: str = ""


def read_gate(path: Path) -> GateResult | None:
    """A gate's results file, or None when it is missing or torn."""
    try:
        return GateResult.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
