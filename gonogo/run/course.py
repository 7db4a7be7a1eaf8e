"""How a run went so far: what its gates and moves found, from which its ending is decided and its record is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from gonogo.records.results import CheckResult, GateResult
from gonogo.records.run_results import StepResult
from gonogo.words import Stage

__all__ = ["Course"]


@dataclass(kw_only=True)
class Course:
    """What a run has found out; its ending is a value of its own."""

    reason: str = ""
    """Why it does not go on."""
    causes: tuple[CheckResult, ...] = ()
    """The red checks that are to blame."""
    steps: list[StepResult] = field(default_factory=list)
    first_touch: datetime | None = None
    epoch: str = ""
    """The runtime's, at the first touch."""
    asked: GateResult | None = None
    """The last gate of the new release, after the first touch."""
    judged_by: dict[Stage, GateResult] = field(default_factory=dict)
    """The last gate of each stage that asked what serves then; the release keeps them."""
    excuse: str = ""
    """What failed under the release that its checks turned back: it is not called bad."""
    is_up: bool | None = None
    """Whether the last move that replaces instances went well; None where there was none."""
    back_after: float | None = None
    """Seconds from the red verdict to the previous release being healthy again."""
    verified: GateResult | None = None
    """The gate of the release that is back."""

    unrecorded: str = ""
    """Why the state could not be told how the run ended."""

    def blame(self, reason: str, causes: tuple[CheckResult, ...] = ()) -> None:
        """Why it does not go on."""
        self.reason, self.causes = reason, causes
