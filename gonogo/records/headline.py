"""How a run ended, in words: the first line of every report."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gonogo.records.findings import Finding, findings, is_deferred, once_each
from gonogo.records.results import CheckResult, GateResult, RunResult, StepResult, WaiverUse
from gonogo.records.text import clip, first_line, short
from gonogo.words import Exit, Outcome, Role, WaiverDid

__all__ = [
    "VERDICTS",
    "as_before",
    "downtime_said",
    "ending",
    "gate_page",
    "needless",
    "nothing_serves",
    "red_checks",
    "red_findings",
    "result_word",
    "run_as_before",
    "run_warnings",
    "verdict_of",
    "waived_checks",
    "warnings_of",
]

VERDICTS = (
    "GO with warnings",
    "GO",
    "NO-GO",
    "REVERTED",
    "HELD",
    "STOPPED",
    "INTERRUPTED",
    "NOT STARTED",
    "NEEDS A HUMAN",
    "INTERNAL ERROR",
)
"""The words that an ending begins with; a longer one stands before one that it begins with."""

_EARLY = {
    Exit.NO_GO: "NO-GO before the first touch: ",
    Exit.INTERRUPTED: "INTERRUPTED before the first touch: ",
    Exit.NOTHING_CHECKED: "NO-GO: nothing was checked (exit 5), ",
    Exit.USAGE: "NOT STARTED: wrong usage or configuration, ",
    Exit.LOCKED: "NOT STARTED: another run holds {env}, ",
    Exit.INTERNAL: "INTERNAL ERROR before the first touch: ",
}
_REASON = 300
_BY_HAND = frozenset({"rollback", "restart"})
"""Runs about a release that was kept; deployments go back to one."""


def ending(run: RunResult) -> str:
    """The ending in one line; what it says of the target is true of every run with these facts."""
    if run.exit_code is Exit.GO:
        return _go(run)
    if not run.touched and run.exit_code in _EARLY:
        return _early(run)
    if run.held:
        return _held(run)
    if run.exit_code in {Exit.NO_GO, Exit.INTERRUPTED}:
        return _reverted(run) if run.went_back_to else _stopped(run)
    if run.exit_code is Exit.INTERNAL:
        return "NEEDS A HUMAN: internal error after the first touch, what serves is not known" + _because(run)
    return "NEEDS A HUMAN: " + _needs_human(run)


def red_checks(run: RunResult) -> tuple[CheckResult, ...]:
    """The checks that made the run end so, then those that the release gone back to does not pass."""
    own, back = red_findings(run)
    return tuple(check for finding in (*own, *back) for check in (finding.check, *finding.red))


def red_findings(run: RunResult) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Why the run ended so, by causes; then what is red in the release that it went back to, if that is something else.

    The two were asked of two releases, so that none of them is the cause of the other.
    """
    if run.exit_code is Exit.GO:
        return (), ()
    own = run.causes or next(
        (gate.blocking for gate in reversed(_gates(run)) if gate.blocking and _is_own(gate, run)), ()
    )
    own = tuple({(check.id, check.found): check for check in own}.values())
    unproven = run.verified is not None and run.exit_code is Exit.NEEDS_HUMAN
    back = run.verified.blocking if run.verified is not None and unproven else ()
    seen = {(check.id, check.found) for check in own}
    others = tuple(check for check in back if (check.id, check.found) not in seen)
    asked = [check for gate in _gates(run) if gate.role is not Role.ROLLBACK for check in gate.checks]
    after = run.verified.checks if run.verified is not None else ()
    return _findings(own, asked), _findings(others, after)


def _findings(red: tuple[CheckResult, ...], asked: Iterable[CheckResult]) -> tuple[Finding, ...]:
    """The causes of red checks, with what could not be asked for them."""
    return findings((*red, *{check.id: check for check in asked if is_deferred(check)}.values()))


def _is_own(gate: GateResult, run: RunResult) -> bool:
    """Whether the gate is about what the run brings, not about the release that it went back to."""
    return gate.role is not Role.ROLLBACK or run.kind in _BY_HAND


def warnings_of(gate: GateResult) -> tuple[CheckResult, ...]:
    """What the operator should read although it does not block."""
    heard = {Outcome.WARNED, Outcome.FAILED, Outcome.INCONCLUSIVE}
    return once_each(check for check in gate.checks if check.outcome in heard and not check.blocks)


def run_warnings(run: RunResult) -> tuple[CheckResult, ...]:
    """The warnings of all gates about the candidate, each once; what is red and does not count comes first."""
    found = {check.id: check for gate in _gates(run) for check in warnings_of(gate)}
    return tuple(sorted(found.values(), key=lambda check: not check.excused))


def as_before(gates: Iterable[GateResult]) -> list[tuple[str, str]]:
    """What gates advise and the release that serves was told already: the check's code, and the words, each once."""
    listed = ((check.code or check.id, line) for gate in gates for check in gate.checks for line in check.as_before)
    return list({line: (name, line) for name, line in listed}.values())


def run_as_before(run: RunResult) -> list[tuple[str, str]]:
    """The same of all gates about the candidate."""
    return as_before(_gates(run))


def waived_checks(run: RunResult) -> tuple[CheckResult, ...]:
    """What failed in any gate about a release that the run started, and was waived."""
    return tuple(check for gate in _gates(run) for check in gate.checks if check.waived)


def needless(waivers: Iterable[WaiverUse]) -> list[str]:
    """Waivers that cover nothing, a line each: whoever keeps them learns to overlook red."""
    said = {
        WaiverDid.NOT_NEEDED: "was not needed: take it out of gonogo.toml once the check stays green",
        WaiverDid.NO_CHECK: "names no check that was asked: correct it in gonogo.toml, or take it out",
    }
    return [f"{one.check} (until {one.until}, {one.owner}) {said[one.did]}" for one in waivers if one.did in said]


def verdict_of(said: str) -> str:
    """The word that an ending begins with."""
    return next((word for word in VERDICTS if said.startswith(word)), "NO-GO")


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
    asked = step.gate is not None and not step.gate.problem and re.fullmatch(r"[a-z ]+", step.name)
    return f"{step.name.replace(' ', '%20')}.html" if asked else ""


def nothing_serves(run: RunResult) -> str:
    """What is known of a target that no release is known to serve."""
    return "nothing that went GO" if run.stopped or run.exit_code is not Exit.NEEDS_HUMAN else "not known"


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


def _gates(run: RunResult) -> list[GateResult]:
    return [step.gate for step in run.steps if step.gate is not None and step.gate.role is not Role.BASELINE]


def _go(run: RunResult) -> str:
    verdict = "GO with warnings" if run_warnings(run) else "GO"
    said = f"{verdict}  {short(run.release)} serves {run.env}"
    if run.kind == "rollback":
        was = f" (was {short(run.serving)})" if run.serving else ""
        return f"{said} again{was}{_requests(run, always=True)}{_gate_said(run)}"
    if run.kind == "restart":
        return f"{said} again{_requests(run, always=True)}{_gate_said(run)}"
    if not run.serving:
        return f"{said} (first deploy)"
    return f"{said} (was {short(run.serving)}){_requests(run, always=True)}"


def _early(run: RunResult) -> str:
    still = f"{short(run.serving)} still serves" if run.serving else "nothing serves yet"
    if down := _down_before(run):
        still = f"{short(run.serving)} was not well before it already ({', '.join(down)})"
    if run.unsure and run.serving:
        still = f"whether {short(run.serving)} still serves could not be found out"
    return f"{_EARLY[run.exit_code].format(env=run.env)}nothing that serves was changed; {still}"


def _down_before(run: RunResult) -> list[str]:
    """The checks of whether it runs and answers at all that the serving release failed before anything was done."""
    asked = (step.gate.blocking for step in run.steps if step.gate is not None and step.gate.role is Role.BASELINE)
    failed = (check for checks in asked for check in checks if check.outcome is Outcome.FAILED and check.never_excused)
    return [check.code or check.id for check in failed]


def _held(run: RunResult) -> str:
    new, serves = short(run.release), short(run.serving_after or run.release)
    state = f"{serves} {_answers(run)}"
    if _failed(run, "start"):
        state = f"{new} did not start" if serves == new else f"{new} did not start, {serves} still serves"
    return f"HELD: {state}, a person decides{_because(run)}"


def _answers(run: RunResult) -> str:
    """Whether what was left there answers, as the probe saw it last or the gate found it."""
    asked = next((gate for gate in reversed(_gates(run)) if gate.role is Role.CANDIDATE), None)
    alive = {check.outcome for check in asked.checks if check.says_alive} if asked is not None else set()
    seen = Outcome.PASSED in alive or not alive & {Outcome.FAILED, Outcome.INCONCLUSIVE}
    answered = seen if run.answered is None else run.answered
    if not answered and Outcome.INCONCLUSIVE in alive:
        return "was left there, and whether it answers could not be found out"
    return "serves" if answered else "was left there and does NOT answer"


def _reverted(run: RunResult) -> str:
    name = short(run.went_back_to)
    cut = "; the run was interrupted" if run.exit_code is Exit.INTERRUPTED else ""
    if run.back_after is None:
        return f"NO-GO before the start: {name} was never stopped{_requests(run)}{_gate_said(run)}{cut}"
    return f"REVERTED to {name} after {run.back_after:.1f} s{_requests(run)}{_gate_said(run)}{cut}"


def _stopped(run: RunResult) -> str:
    return f"STOPPED: the first deploy {_went(run)}; nothing serves, what it had started is stopped"


def _went(run: RunResult) -> str:
    if run.exit_code is Exit.INTERRUPTED:
        return "was interrupted"
    return "went red" if run.causes else "failed"


def _needs_human(run: RunResult) -> str:
    if run.stopped:
        if _failed(run, "stop"):
            return f"the first deploy {_went(run)} and could not be stopped{_because(run)}"
        return f"the first deploy {_went(run)} and was stopped; nothing serves, what it stored was left as it is"
    target = short(run.went_back_to or (run.release if run.kind in _BY_HAND else run.serving))
    if not target:
        return f"what serves is not known{_because(run)}"
    if _failed(run, "restore") or _failed(run, "restart") or (run.kind in _BY_HAND and run.went_back_to is None):
        return _not_started(run, target)
    if run.went_back_to is None:
        return f"the way back was cut short, what serves is not known{_because(run)}"
    back = (
        f"{target} is back after {run.back_after:.1f} s"
        if run.back_after is not None
        else f"{target} was never stopped"
    )
    return f"{back}{_requests(run)}, {_doubt(run)}"


def _not_started(run: RunResult, target: str) -> str:
    """A start may end badly and leave a release that answers well."""
    if run.verified is not None and _is_green(run.verified):
        return f"the start of {target} failed, although its gate is green: {run.verified.summary()}; the notes say why"
    failed = next((step.said for step in reversed(run.steps) if step.name == "restore" and not step.ok), "")
    why = f": {clip(first_line(failed), _REASON)}" if failed else _because(run)
    return f"{target} could not be started again{why}"


def _is_green(gate: GateResult) -> bool:
    return bool(gate.asked) and not gate.problem and not gate.blocking


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
    return f"its gate: {gate.summary()}; but {_beside_the_gate(run)}"


def _beside_the_gate(run: RunResult) -> str:
    """What went wrong although the gate is green."""
    broken = [step.name for step in run.steps if step.kind == "move" and step.after_touch and not step.ok]
    if broken:
        return f"a step on the way back failed ({', '.join(broken)})"
    lost = run.reason.rpartition("could not be recorded: ")[2]
    return f"that could not be recorded: {clip(first_line(lost), _REASON)}"


def _failed(run: RunResult, name: str) -> bool:
    return next((not step.ok for step in reversed(run.steps) if step.name == name), False)


def _requests(run: RunResult, *, always: bool = False) -> str:
    seen = run.downtime
    if seen is None or not seen.requests:
        return ""
    down = f", {seen.seconds_down:.1f} s down" if always or seen.seconds_down else ""
    return f", {seen.failed} of {seen.requests} requests failed{down}"


def _gate_said(run: RunResult) -> str:
    return f"; its gate: {run.verified.summary()}" if run.verified else ""


def _because(run: RunResult) -> str:
    reason = clip(first_line(run.reason), _REASON)
    return f": {reason}" if reason else ""
