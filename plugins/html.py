"""The gate's page: a file of pytest-html's in which we draw the checks ourselves, the verdict first.

pytest-html's own script draws its rows in the browser, all of them anew at every click: seconds for some thousand
checks, by mouse only. So its hooks fill our template, its table stays empty, and what it knows to do it does: the
options, the file, ``extras``.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import os
import platform
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

import gonogo
from gonogo.errors import explain
from gonogo.plugins.changes import changes
from gonogo.plugins.context import Context
from gonogo.plugins.verdict import ATTRIBUTE
from gonogo.records.findings import follows
from gonogo.records.results import CheckResult, GateResult
from gonogo.records.styles import style_files
from gonogo.records.terminal import gate_lines
from gonogo.records.text import first_line, plain
from gonogo.secrets.records import redacted
from gonogo.words import Outcome, Role

__all__ = ["HtmlPlugin"]

_ORDER = (Outcome.FAILED, Outcome.INCONCLUSIVE, Outcome.WARNED, Outcome.PASSED, Outcome.SKIPPED)
"""What failed before what could not be found out, and what is well last."""
_SAID = {Outcome.WARNED: "with warnings"}
_ASKED = {
    Role.BARE: "by hand",
    Role.BASELINE: "about the release that served before",
    Role.CANDIDATE: "about the new release",
    Role.ROLLBACK: "about the release that the run went back to",
}
_LINKS = ("http://", "https://", "mailto:")


@dataclass
class _Row:
    """One check as the gate judged it, with what its reports hold besides."""

    check: CheckResult
    nodeid: str
    sections: list[tuple[str, str]]
    extras: list[dict[str, str]]
    cause: str = ""
    """The check that found the cause of its red, where that is another one."""

    @property
    def red(self) -> bool:
        """Whether it is shown unfolded."""
        return self.check.outcome.is_red and not self.cause

    @property
    def matters(self) -> bool:
        """Whether there is something to do."""
        return self.check.outcome not in {Outcome.PASSED, Outcome.SKIPPED}

    @property
    def name(self) -> str:
        """The test's own name in words; the whole id stands below the row."""
        if "::" not in self.check.id:
            return self.check.id
        return self.check.id.split("::", 1)[1].split("[")[0].removeprefix("test_").replace("_", " ")

    @property
    def time(self) -> str:
        """How long it took, in the unit that people read."""
        seconds = self.check.seconds
        return f"{seconds:.1f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


class HtmlPlugin:
    """Fills pytest-html's hooks; without ``--html`` none of them is called."""

    def __init__(self, config: pytest.Config, context: Context) -> None:
        """Keeps what was found in the surroundings (CI variables) out of the page."""
        self._config = config
        self._redact: Callable[[str], str] = context.redactor.text
        self._context = context
        self._page: Any = None
        self._rows: dict[str, _Row] = {}
        self._unwritten = ""
        self._file: Path | None = None
        if getattr(config.option, "htmlpath", None):
            self._prepare()
        self._forget_surroundings()

    def _prepare(self) -> None:
        """Brings our style sheets; a folder that cannot be made costs the page, and must not end the gate."""
        option = self._config.option
        self._file = Path(os.path.expandvars(option.htmlpath)).expanduser().absolute()
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            option.htmlpath, self._unwritten = None, explain(error)
        ours = (*style_files(), Path(__file__).with_name("report.css"))
        option.css = [*map(str, ours), *option.css]

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
            "Asked": _ASKED[subject.role],
            "Partial": "" if self._context.whole else "yes: only a part of the stage was asked",
            "Python": platform.python_version(),
            "gonogo": gonogo.__version__,
            "pytest": pytest.__version__,
        }
        return {name: first_line(self._redact(text)) for name, text in said.items() if text}

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_report_title(self, report: Any) -> None:
        """Names the gate; the verdict comes when it is known."""
        self._page = report
        report.title = self._title("")

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_table_row(self, report: Any, cells: list[str]) -> None:
        """Keeps one check for our own list; pytest-html, which calls this for each phase, keeps nothing to draw."""
        cells.clear()
        check = self._check(report)
        ended = report.when in {"call", "collect"} or report.outcome != "passed"
        if check is not None and ended:
            row = self._rows.setdefault(report.nodeid, _Row(check, report.nodeid, [], []))
            row.extras = [_extra(extra) for extra in getattr(report, "extras", ())] or row.extras
            row.sections += [section for section in report.sections if section not in row.sections]
        elif report.when == "teardown" and report.nodeid in self._rows:  # it has what all phases printed
            self._rows[report.nodeid].sections = report.sections

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: Any) -> None:
        """Redacts what a check attached through pytest-html's own ``extras``."""
        for extra in getattr(report, "extras", ()):
            if isinstance(extra.get("content"), str) and extra.get("format_type") in {"text", "html", "url", "json"}:
                extra["content"] = self._redact(extra["content"])
            extra["name"] = first_line(self._redact(str(extra.get("name") or "")))

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None]:
        """A report that cannot be written (a full disk, a closed folder) costs the report, never the verdict."""
        del session
        try:
            yield
        except OSError as error:
            self._unwritten = explain(error)
            if self._file is not None and self._file.is_file():  # half a page is none
                with contextlib.suppress(OSError):
                    self._file.unlink()

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Which report is missing."""
        if self._unwritten:
            terminalreporter.write_line(f"NOT WRITTEN: a report of this gate: {self._unwritten}")

    @pytest.hookimpl(optionalhook=True)
    def pytest_html_results_summary(self, prefix: list[str], session: pytest.Session) -> None:
        """Everything that the page says."""
        del session
        judge = self._config.pluginmanager.get_plugin("gonogo-verdict")
        gate: GateResult | None = getattr(judge, "gate", None)
        verdict = gate_lines(gate)[0] if gate is not None else "NO-GO: the gate has no result"
        word = verdict.split("  ")[0].split(":")[0]
        prefix[:] = [self._drawn(gate, verdict, word), *prefix]
        if self._page is not None:
            self._page.title = self._title(word)
            self._page.set_data("environment", self._facts())

    def _drawn(self, gate: GateResult | None, verdict: str, word: str) -> str:
        from gonogo.records.page import render_part  # noqa: PLC0415 (only where a page is written)

        for check in gate.checks if gate is not None else ():
            self._rows.setdefault(check.id, _Row(check, check.id, [], [])).check = check
        rows = [replace(row, check=redacted(row.check, self._redact)) for row in self._rows.values()]
        rows.sort(key=lambda row: (_ORDER.index(row.check.outcome), row.check.code or "~", row.check.id))
        behind = follows(row.check for row in rows)
        for row in rows:
            head = behind.get(row.check.id)
            row.cause = (head.code or head.id) if head is not None else ""
        counts = [(outcome, sum(row.check.outcome is outcome for row in rows)) for outcome in _ORDER]
        return render_part(
            "gate.html.j2",
            script=Path(__file__).with_name("report.js").read_text(encoding="utf-8"),
            title=self._title(""),
            verdict=self._redact(verdict),
            word=f"is-{word.lower().replace(' ', '-')}",
            about=list(self._about(gate)),
            record="" if self._context.subject.run is None else "index.html",
            problem=self._redact(gate.problem) if gate is not None else "",
            changes=changes(self._context),
            counts=[(outcome.value, f"{count} {_SAID.get(outcome, outcome)}") for outcome, count in counts if count],
            rows=rows,
            waivers=gate.waivers if gate is not None else (),
        )

    def _about(self, gate: GateResult | None) -> Iterator[str]:
        facts = self._facts()
        yield f"environment {facts['Environment']}"
        yield f"release {facts['Release']}"
        yield f"asked {facts['Asked']}"
        if gate is not None:
            yield f"{gate.started:%Y-%m-%d %H:%M:%S} UTC"
        if not self._context.whole:
            yield "PARTIAL"

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


def _extra(extra: dict[str, Any]) -> dict[str, str]:
    """What a check attached through pytest-html, as our template knows it; only an address becomes a link."""
    kind, content = str(extra.get("format_type")), str(extra.get("content"))
    if kind in {"text", "json"} and content.startswith("data:"):
        with contextlib.suppress(ValueError, binascii.Error):
            content = base64.b64decode(content.partition(",")[2]).decode("utf-8", "replace")
    elif kind in {"text", "json"} or (kind == "url" and content.startswith(_LINKS)):
        kind = "link"
    return {"kind": kind, "name": str(extra.get("name") or kind), "content": content}
