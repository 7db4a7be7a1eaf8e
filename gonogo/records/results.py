"""The one record of what a gate found; every output format is made from it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict

from gonogo.records.findings import causes_first
from gonogo.words import Impact, OnRed, Outcome, Role, Severity, Stage, WaiverDid

__all__ = [
    "Attestation",
    "CheckResult",
    "Evidence",
    "GateResult",
    "Measure",
    "Text",
    "WaiverUse",
    "read_gate",
]


_PICTURE = re.compile(r"data:image/(?:jpeg|png);base64,[A-Za-z0-9+/]+=*")


def _written(value: Any) -> Any:
    """The nearest value that JSON in UTF-8 can hold: a check may attach whatever it found."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode() if not value.isascii() else value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, bytes | bytearray):
        return bytes(value).decode("utf-8", "replace")
    if isinstance(value, Mapping):
        return {_written(str(key)): _written(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_written(inner) for inner in value]
    return value if value is None or isinstance(value, int) else _written(str(value))


Text = Annotated[str, BeforeValidator(_written)]
"""Text from outside; half a surrogate pair (a byte that was no UTF-8) becomes a question mark."""


class Measure(BaseModel):
    """One figure that a check took, comparable with the same figure of another release."""

    value: float
    unit: str = "s"
    """``s`` (seconds), ``B`` (bytes), or nothing for a count."""
    limit: float | None = None
    """The most that the configuration allows, in the same unit."""


class Evidence(BaseModel):
    """One fact that a check attached."""

    title: Text
    kind: str = "text"
    """``text``, ``table`` (list of rows, the first its header), ``json``, ``measure`` (a ``Measure``), or
    ``image`` (a data URL)."""
    value: Annotated[Any, BeforeValidator(_written)] = None

    @property
    def image(self) -> str | None:
        """The picture that it holds, as a data URL; None when it is of another kind or no picture."""
        value = self.value
        return value if self.kind == "image" and isinstance(value, str) and _PICTURE.fullmatch(value) else None

    @property
    def measure(self) -> Measure | None:
        """The figure that it holds, or None when it is of another kind or no figure."""
        if self.kind != "measure":
            return None
        try:
            return Measure.model_validate(self.value)
        except ValueError:
            return None


class WaiverUse(BaseModel):
    """A waiver, and what it did."""

    model_config = ConfigDict(frozen=True)

    check: Text
    until: date
    owner: Text
    reason: Text
    did: WaiverDid = WaiverDid.NOT_ASKED


class Attestation(BaseModel):
    """What somebody said before a deployment."""

    model_config = ConfigDict(frozen=True)

    id: Text
    sentence: Text
    by: Text
    """User and machine."""
    given: datetime


class CheckResult(BaseModel):
    """The verdict of one check."""

    id: Text
    """Node id, such as ``gonogo/build/test_contents.py::test_image_holds_the_commit[api]``."""
    code: Text | None = None
    """``B02``; with the parameter for one of several things: ``D09[GET /login]``."""
    proves: Text = ""
    stage: Stage
    severity: Severity = Severity.BLOCKER
    on_red: OnRed = OnRed.ROLLBACK
    impact: Impact = Impact.SEV2
    until: date | None = None
    """The last day on which it only warns, where ``on_red`` says so until a day."""
    outcome: Outcome
    found: Text = ""
    """One line: what is wrong, or why it was skipped."""
    details: Text = ""
    """The traceback, for a crash and for ``-v``."""
    evidence: tuple[Evidence, ...] = ()
    remedy: Text = ""
    seconds: float = 0.0
    fingerprint: str = ""
    """Changes when the check's own source or its configuration stanza changes."""
    never_excused: bool = False
    """Of what runs, whatever is configured: a release must pass it although the one before did not."""
    never_waived: Text = ""
    """What it tells that nothing else means anything without: no waiver covers it."""
    seen_once: bool = False
    """It observes over time: what it saw has happened, whatever stands there a moment later."""
    says_alive: bool = False
    """Passed, it saw the release answer."""
    says_which: bool = False
    """Failed, what runs is not what was started."""
    keeps: str = ""
    """Title of the evidence that is pinned with the release, for the next one to be compared with."""
    unstable: bool = False
    """Asked several times, it was red in some of them and not often enough to count."""
    breaks: tuple[Text, ...] = ()
    """What it found to be broken, by names that other checks know it by: ``service web``."""
    needs: tuple[Text, ...] = ()
    """What all of its red comes from, as far as it could tell: whoever found that broken names the cause."""
    lacking: bool = False
    """It could not be asked, because what it looks at is not there."""
    excused: bool = False
    """Red, and a warning all the same: it was red before the release too, only warns, is waived, or met a limit."""
    stale: bool = False
    """Red, and a build without the cache may mend it."""
    late: bool = False
    """It ran out of time."""
    limited: bool = False
    """A limit on requests kept it from finding out; nothing else did."""
    waiver: WaiverUse | None = None
    """The waiver of a check that did not pass, whether or not it covers that."""
    advice: tuple[Text, ...] = ()
    """What it advises, each told once: the next release's gate warns of none of it that is said in the same words."""
    as_before: tuple[Text, ...] = ()
    """What of it the gates of the release that serves said already; no warning."""

    @property
    def blocks(self) -> bool:
        """Whether this result alone makes a gate NO-GO."""
        return self.severity is Severity.BLOCKER and self.outcome.is_red

    @property
    def waived(self) -> bool:
        """Whether it failed and a waiver covers that."""
        return self.waiver is not None and self.waiver.did is WaiverDid.COVERED


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
    waivers: tuple[WaiverUse, ...] = ()
    """The waivers of checks of this stage."""
    problem: Text = ""
    """Why the gate itself could not be run (a collection error, a time-out)."""

    def count(self, *outcomes: Outcome) -> int:
        """How many checks had one of these outcomes."""
        return sum(check.outcome in outcomes for check in self.checks)

    @property
    def asked(self) -> int:
        """How many checks were really asked (not skipped)."""
        return len(self.checks) - self.count(Outcome.SKIPPED)

    @property
    def is_green(self) -> bool:
        """Whether something was asked, and nothing of it blocks."""
        return bool(self.asked) and not self.problem and not self.blocking

    @property
    def blocking(self) -> tuple[CheckResult, ...]:
        """The red blockers: causes before what follows from them, what failed before what could not be found out."""
        red = (check for check in self.checks if check.blocks)
        return causes_first(sorted(red, key=lambda check: check.outcome is Outcome.INCONCLUSIVE))

    def summary(self) -> str:
        """``18 passed, 1 failed``."""
        counts = [(outcome, self.count(outcome)) for outcome in Outcome]
        said = [f"{count} {_PLURAL.get(outcome, outcome.value)}" for outcome, count in counts if count]
        return ", ".join(said) or "no checks"


_PLURAL = {Outcome.WARNED: "with warnings"}


def read_gate(path: Path) -> GateResult | None:
    """A gate's results file, or None when it is missing or torn."""
    try:
        return GateResult.model_validate_json(path.read_bytes())
    except (OSError, ValueError):
        return None
