"""The one record of what a run did and how it ended; every output format is made from it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, computed_field, model_validator

from gonogo.records.ending import Ending, of_older
from gonogo.records.results import Attestation, CheckResult, Evidence, GateResult, Text, WaiverUse
from gonogo.words import Exit

__all__ = ["CommitLine", "Downtime", "RunResult", "Span", "StepResult"]


class StepResult(BaseModel):
    """One gate or move of a run."""

    name: str
    kind: str
    """``gate`` or ``move``."""
    ok: bool
    seconds: float
    started: datetime | None = None
    said: Text = ""
    """One line for people."""
    commands: tuple[Text, ...] = ()
    gate: GateResult | None = None
    files: str = ""
    """What the gate's page and results are called; in an older record, as the step."""
    after_touch: bool = False
    replaces: bool = False
    """A move that puts another release's instances in the place of those that serve."""
    evidence: tuple[Evidence, ...] = ()
    """Of a start that failed: how its services are started."""


class Span(BaseModel):
    """A stretch of time in which every request of the probe was answered, or every one failed."""

    model_config = ConfigDict(frozen=True)

    at: datetime
    seconds: float
    ok: bool
    requests: int
    slowest: float = 0.0
    """Seconds that the slowest answer took."""
    status: int | None = None
    """What its first request got; None without an answer."""


class Downtime(BaseModel):
    """What the probe from outside saw."""

    model_config = ConfigDict(frozen=True)

    requests: int = 0
    failed: int = 0
    """Those that did not get what ``health.live`` answers while the application lives."""
    others: dict[str, int] = {}
    """What these got, and how often: a status, or ``no answer``."""
    limited: int = 0
    """Refused by a limit on requests (429, or a 503 that slower ones do not get); whoever does so is alive."""
    seconds_down: float = 0.0
    window: float = 0.0
    """Seconds that the probe asked for."""


class CommitLine(BaseModel):
    """One commit between two releases."""

    id: str
    subject: Text


class RunResult(BaseModel):
    """A whole run: what ``results.json`` holds and every page is rendered from."""

    format: int = 1
    run: str
    kind: str
    """``deploy`` or ``rollback``."""
    app: str
    env: str
    who: Text
    release: str | None = None
    commit: str | None = None
    summary: Text = ""
    commits: tuple[CommitLine, ...] = ()
    """What came since the release that served (a rollback: what it takes back), the newest first."""
    more_commits: int = 0
    """How many more there are."""
    said: Text = ""
    """Why, in the operator's words (``--reason``)."""
    serving: str | None = None
    """The release that served before."""
    started: datetime
    seconds: float = 0.0
    ended: Ending
    """How it ended; what follows from that is computed."""
    ending: str = ""
    """The ending in words, first line of every report."""
    reason: Text = ""
    """What made the run end so."""
    unrecorded: Text = ""
    """Why the state does not say how it ended; nothing where it does."""
    ladder: Text = ""
    """What a rollback would do to the data, as computed before the first touch."""
    steps: tuple[StepResult, ...] = ()
    first_touch: datetime | None = None
    downtime: Downtime | None = None
    probed: tuple[Span, ...] = ()
    """What the downtime figures count, one stretch after the other."""
    answered: bool | None = None
    """Whether the probe's last request, when all was over, was answered well; None where nothing was asked."""
    notes: tuple[Text, ...] = ()
    attested: tuple[Attestation, ...] = ()
    waivers: tuple[WaiverUse, ...] = ()
    """Every waiver of the configuration that judged, with what it did in this run."""
    reports: str = ""
    causes: tuple[CheckResult, ...] = ()
    """The red checks that made the run end so."""
    verified: GateResult | None = None
    """The gate of the release that is back."""

    @model_validator(mode="before")
    @classmethod
    def _of_older(cls, facts: Any) -> Any:
        """An older gonogo's record says by flags how it ended."""
        if isinstance(facts, dict) and "ended" not in facts:
            return {**facts, "ended": of_older(facts)}
        return facts

    @computed_field  # type: ignore[prop-decorator]
    @property
    def exit_code(self) -> Exit:
        """What the command ended with."""
        return self.ended.exit_code

    @computed_field  # type: ignore[prop-decorator]
    @property
    def serving_after(self) -> str | None:
        """The release that serves when all is over."""
        return self.ended.serves

    @computed_field  # type: ignore[prop-decorator]
    @property
    def went_back_to(self) -> str | None:
        """The release that the run went back to; one it only tried to go back to counts as well."""
        return self.ended.back_to

    @computed_field  # type: ignore[prop-decorator]
    @property
    def back_after(self) -> float | None:
        """Seconds from the red verdict until that release was healthy again."""
        return self.ended.back_after

    @property
    def touched(self) -> bool:
        """Whether the run changed, or began to change, what serves."""
        return self.ended.kind.touched
