"""What people read in a terminal: one line a step, details only for what is red, the ending first."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TextIO

from gonogo.errors import names_exception
from gonogo.host.terminal import is_terminal
from gonogo.records.advice import other_notes, told
from gonogo.records.findings import Finding, findings, is_deferred
from gonogo.records.headline import headline
from gonogo.records.impact import impact_said
from gonogo.records.parts import result_word
from gonogo.records.red import as_before, needless, red_findings, run_as_before, run_warnings, warnings_of
from gonogo.records.results import CheckResult, GateResult
from gonogo.records.run_results import RunResult, StepResult
from gonogo.records.text import clip, first_line, gist, plain, short, wrapped
from gonogo.words import Exit, Outcome

__all__ = ["COLUMNS", "ending_lines", "gate_lines", "header_line", "paint", "running_line", "step_line"]

COLUMNS = 120
"""No line is longer, but for a word that must not be broken (a path, a command's argument)."""

_LABEL = 10
_SAID = 46
_MOST_LINES = 12
_MOST_ALSO = 4
_MOST_EVIDENCE = 4
_MOST_TEXT = 4000
_COLOURS = {
    "GO with warnings": "33",
    "GO": "32",
    "NO-GO": "31",
    "REVERTED": "33",
    "HELD": "33",
    "STOPPED": "33",
    "INTERRUPTED": "33",
    "NOT STARTED": "31",
    "NEEDS A HUMAN": "31",
    "INTERNAL ERROR": "31",
    "PARTIAL": "33",
    "warning": "33",
}


def header_line(app: str, commit: str | None, env: str, serving: str | None) -> str:
    """What is deployed where, and what serves there now."""
    now = f"serving {short(serving)}" if serving else "nothing serves yet"
    return f"gonogo  {app} {short(commit)} → {env} ({now})"


def step_line(step: StepResult) -> str:
    """One finished step: its name, what it said, how long it took, and a word when it is red."""
    said = first_line(step.said) or ("done" if step.ok else "failed")
    head = f"{step.name:<12} "
    mark = _mark(step)
    room = COLUMNS - len(head) - len(mark) - 9
    body = head + clip(said, room)
    return f"{body:<{13 + _SAID}} {step.seconds:>6.1f} s{mark}"


def running_line(name: str, what: str, time: str, *, width: int = COLUMNS) -> str:
    """A step that goes on, in the columns of finished ones; in few columns its time stays."""
    room = max(min(_SAID, width - 14 - max(len(time), 8)), 0)
    return f"{name:<12} {clip(first_line(what), room):<{room}} {time:>8}"


def gate_lines(gate: GateResult) -> list[str]:
    """The verdict, the red blockers with what to do, the warnings."""
    lines = [f"{_verdict(gate)}  {gate.stage} of {gate.env}: {gate.summary()} in {gate.seconds:.1f} s"]
    if gate.partial:
        lines.append("PARTIAL: only a part of the stage was asked, so this is no gate's verdict")
    if gate.problem:
        lines += _row("problem", gate.problem)
    for finding in findings((*gate.blocking, *filter(is_deferred, gate.checks))):
        lines += ["", *_finding(finding)]
    lines += [*_warnings(warnings_of(gate)), *_as_before(as_before([gate]))]
    return lines + [line for said in needless(gate.waivers) for line in _row("waiver", said)]


def ending_lines(run: RunResult) -> list[str]:
    """The ending in words, then why: red checks, warnings, notes, where the reports are."""
    own, back = red_findings(run)
    lines = [run.ending or headline(run), *_row("impact", impact_said(run))]
    for label, text in told(run):
        lines += _row(label, text, whole_words=label == "next")
    for finding in own:
        lines += ["", *_finding(finding)]
    if back:
        lines += ["", f"Red in {short(run.went_back_to)}, which the run went back to:"]
    for finding in back:
        lines += ["", *_finding(finding)]
    lines += [*_warnings(run_warnings(run)), *_as_before(run_as_before(run))]
    rows = [*(("note", note) for note in other_notes(run)), *([("data", run.ladder)] if _touched_data(run) else [])]
    rows += [("waiver", said) for said in needless(run.waivers) if run.kind != "rollback"]  # its file is past mending
    rows += [("attested", f"{one.id} ({one.sentence}) by {one.by}") for one in run.attested]
    rows += [("reports", run.reports)] if run.reports else []
    below = [line for label, text in rows for line in _row(label, text, whole_words=label == "reports")]
    return [*lines, "", *below] if below else lines


def paint(line: str, *, stream: TextIO | None = None, environ: Mapping[str, str] = os.environ) -> str:
    """Colours the verdict that a line begins or ends with, where the stream is a terminal and nobody objects.

    ``NO_COLOR`` and ``CI`` object. The words say everything without it.
    """
    target = stream if stream is not None else sys.stderr
    if environ.get("NO_COLOR") or environ.get("CI") or environ.get("TERM") == "dumb" or not is_terminal(target):
        return line
    for word, colour in _COLOURS.items():
        if line.startswith(word):
            return f"\x1b[{colour}m{word}\x1b[0m{line.removeprefix(word)}"
    for word in ("  NO-GO", "  FAILED"):
        if line.endswith(word):
            return f"{line.removesuffix(word)}\x1b[31m{word}\x1b[0m"
    return line


def _verdict(gate: GateResult) -> str:
    if not gate.blocking and not gate.problem and not gate.asked:
        return f"NO-GO: nothing was checked (exit {Exit.NOTHING_CHECKED})"
    if gate.blocking or gate.problem or gate.exitstatus:
        return "NO-GO"
    return "GO with warnings" if warnings_of(gate) else "GO"


def _mark(step: StepResult) -> str:
    return "" if step.ok else f"  {result_word(step)}"


def _touched_data(run: RunResult) -> bool:
    return bool(run.ladder) and run.touched and run.exit_code is not Exit.GO


def _finding(finding: Finding) -> list[str]:
    """One cause with its remedy; what else is red for it in a few words each."""
    also = [f"{check.code or plain(check.id)}: {first_line(check.found)}" for check in finding.red]
    lines = _block(finding.check)
    for number, said in enumerate(also[:_MOST_ALSO]):
        lines += _row("so is" if number == 0 else "", clip(said, COLUMNS - _LABEL - 2))
    if rest := finding.red[_MOST_ALSO:]:
        lines += _row("", f"and {', '.join(check.code or plain(check.id) for check in rest)}")
    unasked = ", ".join(check.code or plain(check.id) for check in finding.unasked)
    return lines + (_row("not asked", unasked) if unasked else [])


def _block(check: CheckResult) -> list[str]:
    """One red blocker, as the operator needs it."""
    unknown = "  (inconclusive: could not be found out)" if check.outcome is Outcome.INCONCLUSIVE else ""
    title = " ".join(part for part in ("NO-GO ", check.code, plain(check.id)) if part)
    lines = [f"{title}{unknown}", *_row("proves", check.proves), *_row("found", check.found)]
    for number, piece in enumerate(check.evidence[:_MOST_EVIDENCE]):
        lines += _row("evidence" if number == 0 else "", clip(gist(piece), COLUMNS - _LABEL - 2))
    if len(check.evidence) > _MOST_EVIDENCE:
        lines += _row("", f"and {len(check.evidence) - _MOST_EVIDENCE} more in the report")
    return lines + _row("remedy", check.remedy, whole_words=True)


def _warnings(checks: Iterable[CheckResult]) -> list[str]:
    lines = [clip(f"warning  {check.code or plain(check.id)}  {_warned(check)}", COLUMNS) for check in checks]
    return ["", *lines] if lines else []


def _as_before(advice: Sequence[tuple[str, str]]) -> list[str]:
    """How much the operator was told with an earlier release already; the report says it in full."""
    if not advice:
        return []
    codes = ", ".join(dict.fromkeys(name for name, _ in advice))
    warnings = "1 warning" if len(advice) == 1 else f"{len(advice)} warnings"
    said = f"as before  {warnings}, told with an earlier release already ({codes}; see the report)"
    return ["", clip(said, COLUMNS)]


def _warned(check: CheckResult) -> str:
    unknown = "could not be found out: " if check.outcome is Outcome.INCONCLUSIVE else ""
    return unknown + (first_line(check.found) or first_line(check.proves))


def _row(label: str, text: str, *, whole_words: bool = False) -> list[str]:
    """A labelled text; further lines stand below its first.

    A long one keeps its end, and the last line that names an exception: there tracebacks say why.
    """
    lines = list(wrapped(clip(plain(text), _MOST_TEXT), COLUMNS - _LABEL - 2, whole_words=whole_words))
    if not lines:
        return []
    if len(lines) > _MOST_LINES:
        raised = [line for line in lines[_MOST_LINES - 3 : -2] if names_exception(line)][-1:]
        cut = f"… ({len(lines) - _MOST_LINES + 1} more lines in the report)"
        lines = [*lines[: _MOST_LINES - 3 - len(raised)], cut, *raised, *lines[-2:]]
    return [f"  {label if at == 0 else '':<{_LABEL}}{line}".rstrip() for at, line in enumerate(lines)]
