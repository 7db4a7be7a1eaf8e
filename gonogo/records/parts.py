"""What every report says alike of a step, of what serves, of the downtime."""

from __future__ import annotations

import re

from gonogo.records.ending import Kind
from gonogo.records.run_results import RunResult, StepResult
from gonogo.records.text import when
from gonogo.words import Outcome, Role

__all__ = ["back_said", "downtime_said", "gate_page", "result_word", "serves_said", "touched_said"]

_LOST = frozenset({Kind.NOT_STOPPED, Kind.NOT_BACK, Kind.LOST})
"""After which nobody knows what serves."""


def result_word(step: StepResult) -> str:
    """How a step ended, in a word or two."""
    if step.kind != "gate":
        return "done" if step.ok else "FAILED"
    if step.ok:
        return "GO"
    if step.gate is None or step.gate.role is not Role.BASELINE:
        return "NO-GO"
    failed = any(check.outcome is Outcome.FAILED for check in step.gate.blocking)
    return "red before this release" if failed else "not known before this release"


def gate_page(step: StepResult) -> str:
    """The address of the page that a gate left beside the record; nothing where it left none."""
    name = step.files or step.name
    asked = step.gate is not None and not step.gate.problem and re.fullmatch(r"[a-z0-9 ]+", name)
    return f"{name.replace(' ', '%20')}.html" if asked else ""


def touched_said(run: RunResult) -> str:
    """From when on a run changed what serves; where it was never stopped, when the first move was made."""
    if run.first_touch is None:
        return "never"
    if run.ended.kind is Kind.NEVER_STOPPED:
        return f"it was never stopped; the first touch was at {when(run.first_touch)}"
    return f"from {when(run.first_touch)} on"


def serves_said(run: RunResult) -> str:
    """The release that serves when all is over, or what is known of a target that none is known to serve."""
    unsure = bool(run.serving) and not run.touched
    return run.ended.serves or ("not known" if unsure or run.ended.kind in _LOST else "nothing that went GO")


def back_said(run: RunResult) -> str:
    """Whether the release that the run went back to came back."""
    if run.ended.kind is Kind.NOT_BACK:
        return "it could not be started"
    return "it was never stopped" if run.back_after is None else f"healthy again after {run.back_after:.1f} s"


def downtime_said(run: RunResult) -> str:
    """What the probe saw, in words; nothing without a probe."""
    seen = run.downtime
    if seen is None:
        return ""
    if not seen.requests:
        return "the probe got no answer to count"
    if run.serving is None:
        return _first_answer(run, seen.window)
    others = ", ".join(f"{count} got {what}" for what, count in seen.others.items())
    limited = f"; {seen.limited} met a limit on requests, which is an answer" if seen.limited else ""
    return (
        f"{seen.failed} of {seen.requests} requests failed{f' ({others})' if others else ''}, "
        f"{seen.seconds_down:.1f} s down in {seen.window:.1f} s{limited}"
    )


def _first_answer(run: RunResult, seconds: float) -> str:
    """Of a first deployment, before which nothing could be down."""
    good = next((span.at for span in run.probed if span.ok), None)
    if good is None:
        return f"nothing served before; no request was answered well in {seconds:.1f} s"
    after = (good - run.probed[0].at).total_seconds()
    return f"nothing served before; the first good answer came after {after:.1f} s"
