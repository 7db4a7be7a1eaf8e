"""What the first lines of an ending tell: why it went so, why a person is needed, and what that person does. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gonogo.records.ending import Kind
from gonogo.records.findings import Finding
from gonogo.records.headline import headline
from gonogo.records.red import red_findings
from gonogo.records.run_results import RunResult
from gonogo.records.text import clip, first_line, short
from gonogo.words import Exit, Outcome

__all__ = ["cause_said", "next_steps", "other_notes", "told"]

_HINDERED = re.compile(r"^(?:In the rollback|On the way back)(?: to \S+)?: ")
_AGAIN = re.compile(r"^Once it is mended, ")
_ALSO = 2
"""Causes that are told beside the first."""
_FOUND = 200


def told(run: RunResult) -> tuple[tuple[str, str], ...]:
    """Label and text, which may have several lines: ``why``, ``person`` and ``next``, each where there is something."""
    own, back = red_findings(run)
    said = run.ending or headline(run)
    rows = [("why", _why(run, own, said))]
    if run.exit_code is Exit.NEEDS_HUMAN:
        rows += [("person", "\n".join(_person(run, back))), ("next", "\n".join(next_steps(run)))]
    return tuple((label, text) for label, text in rows if text)


def cause_said(run: RunResult) -> str:
    """Why the run ended so, for somebody who knows no code of a check; nothing of a GO."""
    own, _ = red_findings(run)
    if not own:
        return "" if run.exit_code is Exit.GO else run.reason.strip()
    head = own[0].check
    how = "could not be found out" if head.outcome is Outcome.INCONCLUSIVE else "failed"
    same = f" The same cause makes {len(own[0].red)} more red." if own[0].red else ""
    found = first_line(head.found) or "nothing was said"
    name = first_line(head.code or head.id)
    return f'The check {name} {how}: "{first_line(head.proves)}" What it found: {found}.{same}{_also(own[1:])}'


def _also(others: tuple[Finding, ...]) -> str:
    """What else is red, since an exception in the log may say more than the 500 that stands before it."""
    if not others:
        return ""
    shown = [one.check for one in others[:_ALSO]]
    said = "; ".join(f"{first_line(one.code or one.id)}: {clip(first_line(one.found), _FOUND)}" for one in shown)
    rest = sum(1 + len(one.red) for one in others) - len(shown)
    return f" Also red: {said}{f' (and {rest} more)' if rest else ''}."


def other_notes(run: RunResult) -> tuple[str, ...]:
    """The notes that are not told among the first lines."""
    if run.exit_code is not Exit.NEEDS_HUMAN:
        return run.notes
    return tuple(note for note in run.notes if not _HINDERED.match(note) and not _AGAIN.match(note))


def _why(run: RunResult, own: tuple[Finding, ...], said: str) -> str:
    """Why it ended so; where red checks tell it below, only its first line, and only to a person who is needed."""
    reason = run.reason.strip()
    if not own:
        return _unsaid(reason, said)
    needed = run.ended.needs_human and not run.ended.is_held
    return first_line(reason) if needed and first_line(reason) not in said else ""


def _unsaid(reason: str, said: str) -> str:
    """What the ending does not say of a reason: all of it, or what follows its first line."""
    first = first_line(reason)
    return reason.removeprefix(first).strip("\n") if first and first in said else reason


def _person(run: RunResult, back: tuple[Finding, ...]) -> Iterator[str]:
    """What went wrong in the rollback, as it was said."""
    if run.ended.is_held:
        return
    yield from (_HINDERED.sub("", note) for note in run.notes if _HINDERED.match(note))
    if run.verified is not None and run.verified.problem:
        yield run.verified.problem.strip()
    for finding in back:
        more = f" (and {len(finding.red)} more for the same cause)" if finding.red else ""
        name = first_line(finding.check.code or finding.check.id)
        yield f"{short(run.went_back_to)} is back and {name} is red: {first_line(finding.check.found)}{more}"


def next_steps(run: RunResult) -> tuple[str, ...]:
    """What a person does now; there is always something."""
    again = tuple(note for note in run.notes if _AGAIN.match(note))
    if again:
        return again
    env = run.env
    if run.ended.forward_only:
        return ("Choose one of the ways that the notes name, with what each would lose.",)
    if run.ended.is_held:
        return (
            f"Keep it and mend forward: commit the mend, then `gonogo deploy --env {env} --hotfix`;",
            f"or go back: `gonogo rollback --env {env}`.",
        )
    if run.ended.kind is Kind.LEFT:
        return (
            f"Mend what is named and deploy again: `gonogo deploy --env {env}`; it meets what was stored. "
            "To begin with nothing instead, remove first what the notes name.",
        )
    if run.went_back_to:
        return (f"Look at what runs: `gonogo status --env {env}`; start and prove it: {_to(env, run.went_back_to)}.",)
    known = f", or start what served: {_to(env, run.serving)}" if run.serving else ""
    return (f"Look at what runs: `gonogo status --env {env}`{known}.",)


def _to(env: str, release: str) -> str:
    return f"`gonogo rollback --env {env} --to {release}`"
