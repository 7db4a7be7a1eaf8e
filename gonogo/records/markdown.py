"""The deployment record as Markdown: what happened, for the repository, a ticket, or a pull request.

Text from outside stands in code fences longer than any run of backticks in it, or is escaped; it can neither end its
place nor become a tag, a heading, a list or a mention.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator

from gonogo.records.advice import cause_said, other_notes, told
from gonogo.records.findings import Finding, findings, is_deferred
from gonogo.records.headline import headline
from gonogo.records.impact import impact_said
from gonogo.records.parts import back_said, downtime_said, gate_page, result_word, serves_said, touched_said
from gonogo.records.red import as_before, red_findings, run_as_before, run_warnings, warnings_of
from gonogo.records.results import Attestation, CheckResult, GateResult, WaiverUse
from gonogo.records.run_results import RunResult, StepResult
from gonogo.records.terminal import gate_lines
from gonogo.records.text import clip, first_line, plain, pretty, short, when
from gonogo.words import Outcome

__all__ = ["LIMIT", "render", "render_gate"]

LIMIT = 65_536
"""Characters; the most that GitHub takes in a comment."""

_BUDGETS = (6000, 2000, 600, 150)
_POINTER = "*The rest was cut: it stands in `results.json` beside this file.*"
_MOST_STEPS = 100
_TOLD = {"why": "Why", "person": "Why a person is needed", "next": "Next"}
_PROSE = re.compile(r"[\\`*_\[\]<>|~@&$]|^[-+=#]|(?<=\d)[.)](?=\s|$)")
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;", "@": "&#64;"}


def render(run: RunResult, *, limit: int = LIMIT, links: bool = True) -> str:
    """The record, the ending first; long evidence is cut before anything else, and at the limit whole parts.

    ``links`` to the gates' pages are for where these stand beside it.
    """
    return _cut_to(limit, lambda budget: _blocks(run, budget, links=links))


def render_gate(gate: GateResult, *, limit: int = LIMIT) -> str:
    """A gate that was asked alone: its verdict, what is red, what warns."""
    return _cut_to(limit, lambda budget: _gate(gate, budget))


def _cut_to(limit: int, blocks: Callable[[int], Iterable[str]]) -> str:
    kept: list[str] = []
    for budget in _BUDGETS:
        kept, whole = _fitting(blocks(budget), limit)
        if whole:
            break
        kept.append(_POINTER)
    return "\n\n".join(kept) + "\n"


def _fitting(blocks: Iterable[str], limit: int) -> tuple[list[str], bool]:
    """The blocks that there is room for, and whether these are all."""
    room = limit - len(_POINTER) - 3
    kept: list[str] = []
    for block in blocks:
        room -= len(block) + 2
        if room < 0:
            return kept, False
        kept.append(block)
    return kept, True


def _gate(gate: GateResult, budget: int) -> Iterator[str]:
    yield f"# {_prose(gate_lines(gate)[0], 500)}"
    if gate.problem:
        yield _fence(clip(plain(gate.problem), budget))
    for finding in findings((*gate.blocking, *filter(is_deferred, gate.checks))):
        yield from _finding(finding, budget)
    yield from _listed("Warnings", (_warning(check, budget) for check in warnings_of(gate)))
    yield from _listed("As before", (_advice(name, said, budget) for name, said in as_before([gate])))
    yield from _listed("Waivers", (_waiver(one, budget) for one in gate.waivers))


def _blocks(run: RunResult, budget: int, *, links: bool) -> Iterator[str]:
    """Each block stands for itself: leaving one out breaks no other."""
    yield f"# {_prose(run.ending or headline(run), 500)}"
    for label, text in (("why", cause_said(run)), *(row for row in told(run) if row[0] != "why")):
        yield from _told(_TOLD[label], text, budget)
    yield _facts(run, budget)
    for step in run.steps:
        for piece in step.evidence:
            yield _folded(f"{step.name}: {piece.title}", pretty(piece), budget)
    own, back = red_findings(run)
    if own:
        yield "## Red checks"
    for finding in own:
        yield from _finding(finding, budget)
    if back:
        yield f"## Red in {_code(short(run.went_back_to))}, which the run went back to"
    for finding in back:
        yield from _finding(finding, budget)
    yield "## Steps"
    yield _steps(run.steps, links=links)
    yield from _commands(run.steps, budget)
    yield from _rollback(run, budget)
    yield from _listed("Warnings", (_warning(check, budget) for check in run_warnings(run)))
    yield from _listed("As before", (_advice(name, said, budget) for name, said in run_as_before(run)))
    yield from _listed("Waivers", (_waiver(one, budget) for one in run.waivers))
    yield from _listed("Attestations", (_attested(one, budget) for one in run.attested))
    yield from _listed("Notes", (_prose(note, budget) for note in other_notes(run)))
    yield f"gonogo run {_code(run.run)}; every fact of this page and more is in `results.json` and `journal.jsonl`."


def _facts(run: RunResult, budget: int) -> str:
    commit = f"{_code(run.commit)} {_prose(run.summary, 200)}" if run.commit else ""
    rows = {
        "what": f"{run.kind} of {_prose(run.app, 100)} to {_prose(run.env, 100)}",
        "who": _prose(run.who, 200),
        "when": f"{when(run.started)}, for {run.seconds:.1f} s",
        "commit": commit,
        "release": _code(run.release),
        "served before": _code(run.serving) or "nothing",
        "serves now": _code(run.ended.serves) or serves_said(run),
        "impact": impact_said(run),
        "exit code": f"{int(run.exit_code)} ({run.exit_code.said})",
        "changed what serves": touched_said(run),
        "downtime": downtime_said(run),
        "going back would mean for the data": _prose(run.ladder, min(budget, 1000)),
        "reports": _code(run.reports),
    }
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows.items() if value)])


def _told(title: str, text: str, budget: int) -> Iterator[str]:
    """One of the first lines; of several, as they were said."""
    shown = clip(plain(text), budget).strip()
    if "\n" in shown:
        yield f"**{title}:**\n\n{_fence(shown)}"
    elif shown:
        yield f"**{title}:** {_prose(shown, budget)}"


def _finding(finding: Finding, budget: int) -> Iterator[str]:
    """One cause, and what else is red for it."""
    yield from _red(finding.check, budget)
    if finding.red:
        lines = (f"- {_warning(check, min(budget, 300))}" for check in finding.red)
        yield f"Red for the same cause:\n\n{chr(10).join(lines)}"
    if finding.unasked:
        yield f"Not asked for the same cause: {', '.join(_prose(one.code or one.id, 200) for one in finding.unasked)}"


def _red(check: CheckResult, budget: int) -> Iterator[str]:
    unknown = ", could not be found out" if check.outcome is Outcome.INCONCLUSIVE else ""
    yield f"### {_prose(check.code or 'NO-GO', 200)}{unknown}: {_prose(check.proves, 300)}"
    yield f"{_code(clip(check.id, 300))}, asked in {check.seconds:.1f} s"
    yield f"**Found**\n\n{_fence(clip(plain(check.found), budget))}"
    if check.remedy:
        yield f"**Remedy**\n\n{_fence(clip(plain(check.remedy), budget))}"
    for piece in check.evidence:
        yield _folded(f"Evidence: {piece.title}", pretty(piece), budget)
    if check.details:
        yield _folded("Traceback", check.details, budget)


def _steps(steps: Iterable[StepResult], *, links: bool) -> str:
    lines = ["| step | what it said | result | seconds |", "|---|---|---|---:|"]
    listed = list(steps)
    for at, step in enumerate(listed[:_MOST_STEPS]):
        if step.after_touch and not (at and listed[at - 1].after_touch):
            lines.append("| *first touch* | | | |")
        name = _linked(step) if links else _prose(step.name, 100)
        lines.append(f"| {name} | {_prose(step.said, 300)} | {_result(step)} | {step.seconds:.1f} |")
    if len(listed) > _MOST_STEPS:
        lines.append(f"| … | and {len(listed) - _MOST_STEPS} more | | |")
    return "\n".join(lines)


def _result(step: StepResult) -> str:
    word = result_word(step)
    return f"**{word}**" if word in {"FAILED", "NO-GO"} else word


def _linked(step: StepResult) -> str:
    """A gate's name leads to its page, where it left one."""
    name, page = _prose(step.name, 100), gate_page(step)
    return f"[{name}]({page})" if page else name


def _commands(steps: Iterable[StepResult], budget: int) -> Iterator[str]:
    lines = [f"{first_line(step.name):<12} $ {plain(command)}" for step in steps for command in step.commands]
    if lines:
        yield _folded("Commands", "\n".join(lines), max(budget * 2, 1000))


def _rollback(run: RunResult, budget: int) -> Iterator[str]:
    if not run.went_back_to:
        return
    yield "## The rollback"
    yield f"To release {_code(run.went_back_to)} (`{short(run.went_back_to)}`): {back_said(run)}."
    gate = run.verified
    if gate is None:
        yield "No gate was asked of it, so nothing is proven."
    elif gate.problem:
        yield f"Its gate could not be asked:\n\n{_fence(clip(plain(gate.problem), budget))}"
    else:
        reds = "".join(f"\n- red: {_warning(check, budget)}" for check in gate.blocking)
        yield f"Its own gate, in {gate.seconds:.1f} s: {gate.summary()}.{reds and chr(10)}{reds}"


def _warning(check: CheckResult, budget: int) -> str:
    unknown = "could not be found out: " if check.outcome is Outcome.INCONCLUSIVE else ""
    return f"**{_prose(check.code or check.id, 300)}** {unknown}{_prose(check.found or check.proves, budget)}"


def _advice(name: str, said: str, budget: int) -> str:
    return f"**{_prose(name, 300)}** {_prose(said, budget)}"


def _waiver(one: WaiverUse, budget: int) -> str:
    why = _prose(f"{one.owner}: {one.reason}", budget)
    return f"**{_prose(one.check, 300)}** {one.did}, until {one.until} by {why}"


def _attested(one: Attestation, budget: int) -> str:
    return f"**{_prose(one.id, 300)}** {_prose(one.sentence, budget)}: {_prose(one.by, 200)}, {when(one.given)}"


def _listed(title: str, items: Iterable[str]) -> Iterator[str]:
    lines = [f"- {item}" for item in items]
    if lines:
        yield f"## {title}"
        for at in range(0, len(lines), 10):
            yield "\n".join(lines[at : at + 10])


def _folded(title: str, text: str, budget: int) -> str:
    cut = _cut(plain(text).strip("\n"), budget)
    summary = html.escape(clip(first_line(title), 200))
    return f"<details><summary>{summary}</summary>\n\n{_fence(cut)}\n\n</details>"


def _cut(text: str, budget: int) -> str:
    if len(text) <= budget:
        return text
    half = budget // 2
    return f"{text[:half]}\n[… {len(text) - 2 * half} characters cut; all of it is in results.json …]\n{text[-half:]}"


def _fence(text: str) -> str:
    """A code block that its content cannot end."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def _code(text: str | None) -> str:
    """A code span, fit for a table cell too; nothing for nothing."""
    shown = first_line(text or "").replace("|", "\\|")
    if not shown:
        return ""
    longest = max((len(run) for run in re.findall(r"`+", shown)), default=0)
    ticks = "`" * (longest + 1)
    pad = " " if longest else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def _prose(text: str, limit: int) -> str:
    """One line of plain words: no markup, no tag, no mention."""
    line = clip(" ".join(plain(text).split()), limit)
    return _PROSE.sub(lambda found: _ENTITIES.get(found[0], "\\" + found[0]), line)
