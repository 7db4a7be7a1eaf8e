"""How a run ended, in words: the first line of every report."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gonogo.records.ending import Kind
from gonogo.records.red import gates_of, run_warnings
from gonogo.records.run_results import RunResult
from gonogo.records.text import clip, first_line, short
from gonogo.words import Exit, Outcome, Role

__all__ = ["headline", "verdict"]

_REASON = 300


def headline(run: RunResult) -> str:
    """The ending in one line: its word, and what is true of every run that ended so."""
    lost = f"; but that could not be recorded: {clip(first_line(run.unrecorded), _REASON)}" if run.unrecorded else ""
    return f"{verdict(run)}{_WORDS[run.ended.kind](run)}{lost}"


def verdict(run: RunResult) -> str:
    """The word that the headline begins with."""
    word = run.ended.kind.word
    return f"{word} with warnings" if run.ended.kind is Kind.GO and run_warnings(run) else word


def _early(how: str) -> Callable[[RunResult], str]:
    """Of a run that stopped before its first touch, for this reason."""
    return lambda run: f"{how.format(env=run.env)}nothing that serves was changed; {_still(run)}"


def _still(run: RunResult) -> str:
    serves = short(run.ended.serves)
    if not serves:
        return f"whether {short(run.serving)} still serves could not be found out" if run.serving else _NOTHING
    down = ", ".join(_down_before(run))
    return f"{serves} was not well before it already ({down})" if down else f"{serves} still serves"


def _go(run: RunResult) -> str:
    said = f"  {short(run.release)} serves {run.env}"
    if run.kind == "rollback":
        was = f" (was {short(run.serving)})" if run.serving else ""
        return f"{said} again{was}{_requests(run, always=True)}{_gate_said(run)}"
    if run.kind == "restart":
        return f"{said} again{_requests(run, always=True)}{_gate_said(run)}"
    if not run.serving:
        return f"{said} (first deploy)"
    return f"{said} (was {short(run.serving)}){_requests(run, always=True)}"


def _down_before(run: RunResult) -> list[str]:
    """The checks of whether it runs and answers at all that the serving release failed before anything was done."""
    asked = (step.gate.blocking for step in run.steps if step.gate is not None and step.gate.role is Role.BASELINE)
    failed = (check for checks in asked for check in checks if check.outcome is Outcome.FAILED and check.never_excused)
    return [check.code or check.id for check in failed]


def _answers(run: RunResult) -> str:
    """Whether what was left there answers, as the probe saw it last or the gate found it."""
    asked = next((gate for gate in reversed(gates_of(run)) if gate.role is Role.CANDIDATE), None)
    alive = {check.outcome for check in asked.checks if check.says_alive} if asked is not None else set()
    seen = Outcome.PASSED in alive or not alive & {Outcome.FAILED, Outcome.INCONCLUSIVE}
    answered = seen if run.answered is None else run.answered
    if not answered and Outcome.INCONCLUSIVE in alive:
        return "was left there, and whether it answers could not be found out"
    return "serves" if answered else "was left there and does NOT answer"


def _went(run: RunResult) -> str:
    if run.ended.interrupted:
        return "was interrupted"
    return "went red" if run.causes else "failed"


def _doubt(run: RunResult) -> str:
    gate = run.verified
    if gate is None:
        return "but no gate was asked of it"
    if gate.problem:
        return f"but its gate could not be asked: {clip(first_line(gate.problem), _REASON)}"
    if not gate.asked:
        return "but its gate checked nothing"
    if gate.count(Outcome.FAILED) and gate.blocking:
        return f"but its gate is red: {gate.summary()}"
    if gate.blocking:
        return f"but its gate could not find out whether it is well: {gate.summary()}"
    return f"its gate: {gate.summary()}; but {_hindrance(run)}"


def _hindrance(run: RunResult) -> str:
    """Why a release that is well is not all that is to be said."""
    if run.ended.half_done:
        return f"a migration left something: {clip(run.ended.half_done[0], _REASON)}"
    failed = ", ".join(run.ended.failed)
    return f"a step in the rollback failed ({failed})" if failed else _reason(run)


def _requests(run: RunResult, *, always: bool = False) -> str:
    seen = run.downtime
    if seen is None or not seen.requests:
        return ""
    down = f", {seen.seconds_down:.1f} s down" if always or seen.seconds_down else ""
    return f", {seen.failed} of {seen.requests} requests failed{down}"


def _gate_said(run: RunResult) -> str:
    return f"; its gate: {run.verified.summary()}" if run.verified else ""


def _because(run: RunResult) -> str:
    reason = _reason(run)
    return f": {reason}" if reason else ""


def _reason(run: RunResult) -> str:
    return clip(first_line(run.reason), _REASON)


def _rehearsed(run: RunResult) -> str:
    still = f"{short(run.ended.serves)} serves" if run.ended.serves else _NOTHING
    return f": {short(run.release)} would be deployed, as far as that is known before the first touch; {still}"


def _held(run: RunResult) -> str:
    state = _answers(run) if run.ended.started else "did not start"
    return f": {short(run.release)} {state}, a person decides{_because(run)}"


def _held_before(run: RunResult) -> str:
    still = f"{short(run.ended.serves)} still serves" if run.ended.serves else _NOTHING
    return f": {short(run.release)} did not start, {still}, a person decides{_because(run)}"


def _never_stopped(run: RunResult) -> str:
    return f" before the start: {short(run.went_back_to)} was never stopped{_proven(run)}"


def _reverted(run: RunResult) -> str:
    return f" to {short(run.went_back_to)} after {run.back_after or 0.0:.1f} s{_proven(run)}"


def _proven(run: RunResult) -> str:
    return f"{_requests(run)}{_gate_said(run)}{'; the run was interrupted' if run.ended.interrupted else ''}"


def _stopped(run: RunResult) -> str:
    return f": the first deploy {_went(run)}; nothing serves, what it had started is stopped"


def _left(run: RunResult) -> str:
    left = f"a step in the rollback failed ({', '.join(run.ended.failed)})" if run.ended.failed else _STORED
    return f": the first deploy {_went(run)} and was stopped; nothing serves, {left}"


def _not_stopped(run: RunResult) -> str:
    return f": the first deploy {_went(run)} and could not be stopped{_because(run)}"


def _not_back(run: RunResult) -> str:
    """A start may end badly and leave a release that answers well."""
    target, gate = short(run.went_back_to or run.release), run.verified
    if gate is not None and gate.is_green:
        return f": the start of {target} failed, although its gate is green: {gate.summary()}; the notes say why"
    failed = next((step.said for step in reversed(run.steps) if step.replaces and not step.ok), "")
    why = f": {clip(first_line(failed), _REASON)}" if failed else _because(run)
    return f": {target} could not be started again{why}"


def _unproven(run: RunResult) -> str:
    return f": {_is_back(run)}{_requests(run)}, {_doubt(run)}"


def _is_back(run: RunResult) -> str:
    after = "was never stopped" if run.back_after is None else f"is back after {run.back_after:.1f} s"
    return f"{short(run.went_back_to)} {after}"


def _lost(run: RunResult) -> str:
    cut = "the rollback was cut short, " if run.serving else ""
    return f": {cut}what serves is not known{_because(run)}"


def _unrecorded(run: RunResult) -> str:
    if run.went_back_to is None:
        return f": {short(run.ended.serves) or 'nothing'} serves"
    return f": {_is_back(run)}{_requests(run)}{f', its gate: {run.verified.summary()}' if run.verified else ''}"


_NOTHING = "nothing serves yet"
_STORED = "what it stored was left as it is"
_WORDS: Mapping[Kind, Callable[[RunResult], str]] = {
    Kind.GO: _go,
    Kind.REHEARSED: _rehearsed,
    Kind.NO_GO: _early(" before the first touch: "),
    Kind.INTERRUPTED: _early(" before the first touch: "),
    Kind.NOTHING_CHECKED: _early(f": nothing was checked (exit {Exit.NOTHING_CHECKED}), "),
    Kind.MISUSED: _early(": wrong usage or configuration, "),
    Kind.LOCKED: _early(": another run holds {env}, "),
    Kind.BROKEN: _early(" before the first touch: "),
    Kind.HELD: _held,
    Kind.HELD_BEFORE: _held_before,
    Kind.NEVER_STOPPED: _never_stopped,
    Kind.REVERTED: _reverted,
    Kind.STOPPED: _stopped,
    Kind.LEFT: _left,
    Kind.NOT_STOPPED: _not_stopped,
    Kind.NOT_BACK: _not_back,
    Kind.UNPROVEN: _unproven,
    Kind.LOST: _lost,
    Kind.UNRECORDED: _unrecorded,
}
"""What follows the word; of every kind."""
