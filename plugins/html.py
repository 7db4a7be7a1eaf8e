"""The gate's page: pytest-html's own, with our columns, the verdict first, and everything escaped and redacted.

pytest-html knows passed, failed, error, skipped, xfailed; its filter and its order work by them. Each row therefore
carries one of these in a hidden cell (warned stands as ``XFailed``, inconclusive as ``Error``) and ours in sight.
"""

from __future__ import annotations

import html
import platform
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import gonogo
from gonogo.plugins.context import Context
from gonogo.plugins.verdict import ATTRIBUTE
from gonogo.records.palette import palette_file
from gonogo.records.results import CheckResult, Evidence, GateResult
from gonogo.records.terminal import gate_lines
from gonogo.records.text import clip, first_line, is_table, plain, pretty
from gonogo.words import Outcome

__all__ = ["HtmlPlugin"]

_OUTCOMES = {
    Outcome.PASSED: ("Passed", "passed"),
    Outcome.WARNED: ("XFailed", "with warnings"),
    Outcome.FAILED: ("Failed", "failed"),
    Outcome.INCONCLUSIVE: ("Error", "inconclusive"),
    Outcome.SKIPPED: ("Skipped", "skipped"),
}
"""Ours → what pytest-html's filter knows, and the filter's label."""

_HEADER = (
    '<th class="sortable col-verdict" data-column-type="verdict">Verdict</th>',
    '<th class="sortable" data-column-type="code">Check</th>',
    "<th>Proves</th>",
    "<th>Found</th>",
    "<th>Evidence</th>",
    "<th>Remedy</th>",
    '<th class="sortable" data-column-type="duration">Time</th>',
    "<th>Links</th>",
    '<th class="sortable col-result" data-column-type="result">Result</th>',
)
_COLLAPSED = ["passed", "skipped"]
_MOST_TEXT = 100_000
_FOUND_IN_CELL = 600


class HtmlPlugin:
    """Fills pytest-html's hooks; without ``--html`` none of them is called."""

    def __init__(self, config: pytest.Config, context: Context) -> None:
        """Bring our style sheet; keep what was found in the surroundings (CI variables) out of the page."""
        self._config = config
        self._redact: Callable[[str], str] = context.redactor.text
        self._context = context
        self._page: Any = None
        self._counts: Counter[Outcome] = Counter()
        if getattr(config.option, "htmlpath", None):
            ours = (palette_file(), Path(__file__).with_name("report.css"))
            config.option.css = [*map(str, ours), *config.option.css]
        self._forget_surroundings()

    def _forget_surroundings(self) -> None:
        """pytest-metadata collects variables of the environment, on xdist's workers too."""
        try:
            from pytest_metadata.plugin import metadata_key  # noqa: PLC0415 (comes with pytest-html)
        except ImportError:
            return
        metadata = self._config.stash.get(metadata_key, None)
        if metadata is not None:
            metadata.clear()
            metadata.update(self._facts())

    def _facts(self) -> dict[str, str]:
        subject = self._context.subject
        said = {
            "Application": self._context.project.app.name,
            "Environment": f"{self._context.environment.name} ({self._context.environment.tier})",
            "Release": f"{subject.release.id} {subject.release.summary}" if subject.release else "none",
            "Role": subject.role.value,
            "Partial": "" if self._context.whole else "yes: only a part of the stage was asked",
            "Python": platform.python_version(),
            "gonogo": gonogo.__version__,
            "pytest": pytest.__version__,
        }
        return {name: self._line(text) for name, text in said.items() if text}

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_report_title(self, report: Any) -> None:
        """Name the gate; the verdict comes when it is known."""
        self._page = report
        report.title = self._title("")
        report.set_data("renderCollapsed", _COLLAPSED)

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        """Our columns."""
        cells[:] = _HEADER

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_row(self, report: Any, cells: list[str]) -> None:
        """One check, in plain cells: pytest-html folds a row at a click on a cell itself."""
        check = self._check(report)
        duration, links = cells[2], cells[3]
        if check is None or not (report.when in {"call", "collect"} or report.outcome != "passed"):
            return
        self._counts[check.outcome] += 1
        cells[:] = [
            _cell("verdict", "verdict", check.outcome.value, f"is-{check.outcome.value}"),
            _cell("code", "check", self._line(f"{check.code or ''} {_name(check)}")),
            _cell("proves", "proves", self._line(check.proves)),
            _cell("found", "found", _escape(clip(plain(self._redact(check.found)), _FOUND_IN_CELL))),
            _cell("evidence", "evidence", _count(len(check.evidence))),
            _cell("remedy", "remedy", self._text(check.remedy) if _matters(check) else ""),
            duration.replace('class="col-duration"', 'class="col-duration" data-label="time"'),
            links,
            f'<td class="col-result">{_OUTCOMES[check.outcome][0]}</td>',
        ]

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_html(self, report: Any, data: list[str]) -> None:
        """Below the row: what did not fit into it, the evidence folded, the traceback, what was captured."""
        check = self._check(report)
        data[:] = [] if check is None else ["".join(self._details(check, report))]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: Any) -> None:
        """Redact what a check attached through pytest-html's own ``extras``."""
        for extra in getattr(report, "extras", ()):
            if isinstance(extra.get("content"), str) and extra.get("format_type") in {"text", "html", "url", "json"}:
                extra["content"] = self._redact(extra["content"])
            extra["name"] = self._line(str(extra.get("name") or ""))

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str], session: pytest.Session) -> None:
        """The verdict in words on top; the filter counts and names our outcomes."""
        del session
        judge = self._config.pluginmanager.get_plugin("gonogo-verdict")
        gate: GateResult | None = getattr(judge, "gate", None)
        verdict = gate_lines(gate)[0] if gate is not None else "NO-GO: the gate has no result"
        word = verdict.split("  ")[0].split(":")[0]
        prefix[:] = [
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<p class="verdict is-{word.lower().replace(" ", "-")}">{self._line(verdict)}</p>',
            f'<p class="about">{self._about(gate)}</p>',
            *prefix,
        ]
        if self._page is not None:
            self._page.title = self._title(word)
            self._page.set_data("environment", self._facts())
            _relabel(self._page.outcomes, self._counts)

    def _about(self, gate: GateResult | None) -> str:
        facts = self._facts()
        said = [f"environment {facts['Environment']}", f"release {facts['Release']}", f"role {facts['Role']}"]
        said += [f"{gate.started:%Y-%m-%d %H:%M:%S} UTC"] if gate is not None else []
        return " · ".join([*said, *(["PARTIAL"] if not self._context.whole else [])])

    def _title(self, verdict: str) -> str:
        stages = ", ".join(self._context.stages)
        said = f"{verdict + ': ' if verdict else ''}{stages} of {self._context.project.app.name}"
        return plain(self._redact(f"{said} on {self._context.environment.name}"))

    def _check(self, report: Any) -> CheckResult | None:
        """The verdict that the report carries; a file that cannot be collected has one too."""
        verdict = getattr(report, ATTRIBUTE, None)
        if verdict is not None:
            return CheckResult.model_validate(verdict)
        if not report.failed:
            return None
        text = str(report.longrepr)
        lines = [line for line in plain(text).splitlines() if line.strip()]
        return CheckResult(
            id=report.nodeid or "collection",
            stage=self._context.stages[0],
            outcome=Outcome.INCONCLUSIVE,
            proves="The file of checks can be read.",
            found=f"crashed: {lines[-1].removeprefix('E').strip() if lines else 'no reason given'}",
            details=text,
        )

    def _details(self, check: CheckResult, report: Any) -> Iterator[str]:
        yield f'<div class="gonogo"><p class="id">{self._line(check.id)}</p>'
        if len(check.found) > _FOUND_IN_CELL:
            yield self._fold("Found, in full", f"<pre>{self._text(check.found)}</pre>")
        for piece in check.evidence:
            yield self._fold(self._line(piece.title), self._evidence(piece), unfolded=_matters(check))
        if check.details:
            yield self._fold("Traceback", f"<pre>{self._text(check.details)}</pre>")
        for title, text in report.sections:
            yield self._fold(self._line(title), f"<pre>{self._text(text)}</pre>")
        yield "</div>"

    def _evidence(self, piece: Evidence) -> str:
        if piece.image is not None:
            return f'<img class="picture" src="{piece.image}" alt="{self._line(piece.title)}">'
        if not is_table(piece):
            return f"<pre>{self._text(pretty(piece))}</pre>"
        header, *rows = piece.value or [[]]
        head = "".join(f"<th>{self._text(str(cell))}</th>" for cell in header)
        body = "".join(f"<tr>{''.join(f'<td>{self._text(str(cell))}</td>' for cell in row)}</tr>" for row in rows)
        return f'<div class="wide"><table>{f"<tr>{head}</tr>" if head else ""}{body}</table></div>'

    @staticmethod
    def _fold(title: str, content: str, *, unfolded: bool = False) -> str:
        return f"<details{' open' if unfolded else ''}><summary>{title}</summary>{content}</details>"

    def _line(self, text: str) -> str:
        return _escape(first_line(self._redact(text)))

    def _text(self, text: str) -> str:
        return _escape(clip(plain(self._redact(text)), _MOST_TEXT))


def _escape(text: str) -> str:
    """Fit for HTML; a newline as an entity, because pytest-html's script reads its text line by line."""
    return html.escape(text).replace("\n", "&#10;")


def _cell(name: str, label: str, content: str, *classes: str) -> str:
    return f'<td class="{" ".join((f"col-{name}", *classes))}" data-label="{label}">{content}</td>'


def _count(number: int) -> str:
    return {0: "", 1: "1 piece"}.get(number, f"{number} pieces")


def _name(check: CheckResult) -> str:
    """The test's own name in words; the whole id stands below the row."""
    if "::" not in check.id:
        return check.id
    return check.id.split("::", 1)[1].split("[")[0].removeprefix("test_").replace("_", " ")


def _matters(check: CheckResult) -> bool:
    return check.outcome not in {Outcome.PASSED, Outcome.SKIPPED}


def _relabel(filters: dict[str, dict[str, Any]], counts: Counter[Outcome]) -> None:
    """Name pytest-html's filters as we do, and count what they show."""
    for name, entry in filters.items():
        entry["value"] = 0
        for outcome, (known, label) in _OUTCOMES.items():
            if known.lower() == name:
                entry.update(label=label, value=counts[outcome])
