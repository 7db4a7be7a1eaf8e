"""From pytest's reports to verdicts: passed, warned, failed, inconclusive, skipped; and the gate's exit code."""

from __future__ import annotations

import re
import time
import warnings
from collections.abc import Generator
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest

from gonogo.config import CheckRule
from gonogo.gates import waived
from gonogo.gates.how_far import Asking, noted, write_asking
from gonogo.host.busy import busy
from gonogo.plugins.beside import Beside
from gonogo.plugins.context import LIMITS, Context
from gonogo.plugins.evidence import (
    COLLECTED,
    Collected,
    InconclusiveError,
    LimitedError,
    redacted_cut,
)
from gonogo.plugins.fingerprint import fingerprint, source
from gonogo.plugins.outcomes import causes_of, is_late, last_line, merged, outcome_of, part_name
from gonogo.plugins.stages import stage_of
from gonogo.plugins.stated import code_of, options_of, proves, traits
from gonogo.records.findings import with_causes
from gonogo.records.results import CheckResult, GateResult, WaiverUse
from gonogo.secrets.records import redacted, redacted_json
from gonogo.state.store import write_atomically
from gonogo.words import Exit, Outcome, Role, Severity, Stage

if TYPE_CHECKING:
    from gonogo.records.listing import Listed, Listing

__all__ = ["ATTRIBUTE", "VerdictPlugin"]

ATTRIBUTE = "gonogo"
"""Where a report carries its ``CheckResult`` (as JSON values, so that it crosses xdist)."""

_MOST_TEXT = 100_000
"""Characters of a message, a traceback, or what was printed."""
_LETTERS = {
    Outcome.PASSED: ".",
    Outcome.WARNED: "W",
    Outcome.FAILED: "F",
    Outcome.INCONCLUSIVE: "?",
    Outcome.SKIPPED: "s",
}
_SPEAKS_OF_LIMITS = re.compile(r"429|TOO_MANY_REQUESTS", re.IGNORECASE)


class VerdictPlugin:
    """Judges each check, ends the session with an honest exit code, writes the results file."""

    def __init__(self, config: pytest.Config, context: Context) -> None:
        """Judges the checks of one session."""
        self._config = config
        self._context = context
        before = context.before.checks if context.before is not None else ()
        self._checks: dict[str, CheckResult] = {check.id: check for check in before}
        self._collected: list[str] = []
        self._ended: set[str] = set()
        self._beside = Beside()
        self._started = datetime.now(UTC)
        self._begin = time.monotonic()
        self._waivers = [
            redacted(WaiverUse.model_validate(one.model_dump()), self._redacted) for one in context.environment.waive
        ]
        self.gate: GateResult | None = None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Attaches the verdict to the report; red advisory checks become warnings for pytest too."""
        report = yield
        check = self._judge(item, call, report)
        if check is not None:
            setattr(report, ATTRIBUTE, check.model_dump(mode="json"))
            if report.failed and not check.blocks:
                _soften(report, check)
            elif report.passed and check.blocks:
                report.outcome, report.longrepr = "failed", check.found
        if report.longrepr is not None and not report.skipped:
            report.longrepr = self._shown(check, report)
        elif isinstance(report.longrepr, tuple):
            report.longrepr = self._redacted_skip(report.longrepr)
        if hasattr(report, "wasxfail"):
            report.wasxfail = self._redacted(str(report.wasxfail))
        report.sections = [(name, self._cut(text)) for name, text in report.sections]
        report.user_properties = redacted_json(report.user_properties, self._redacted, kept=frozenset())
        return report

    def _redacted(self, text: str) -> str:
        """A text without secrets, fit for UTF-8: the name of a file may be none."""
        return self._context.redactor.text(text).encode("utf-8", "replace").decode()

    def _cut(self, text: str) -> str:
        """The same of a text of any length: its beginning and its end."""
        return redacted_cut(text, self._redacted, most=_MOST_TEXT)

    def _redacted_skip(self, skipped: tuple[str, int, str]) -> tuple[str, int, str]:
        path, line, reason = skipped
        return path, line, self._redacted(reason)

    def pytest_make_parametrize_id(self, val: object) -> str | None:
        """Names a case without the secret in it: node ids stand in every output there is."""
        shown = self._redacted(val) if isinstance(val, str) else val
        return str(shown) if shown != val else None

    @pytest.hookimpl(tryfirst=True)
    def pytest_warning_recorded(self, warning_message: warnings.WarningMessage) -> None:
        """Redacts a warning before anybody shows it."""
        said = str(warning_message.message)
        shown = self._redacted(said)
        if shown != said:
            warning_message.message = Warning(shown)

    def _judge(self, item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> CheckResult | None:
        """The verdict of the phase that decides: the first bad one, else the call."""
        stage = stage_of(item)
        if stage is None or not (report.when == "call" or report.failed or report.skipped):
            return None
        marker = item.get_closest_marker(stage.value)
        collected = item.stash.get(COLLECTED, Collected())
        advice = [self._redacted(line) for line in collected.advice]
        rule = self._rule(item, marker)
        is_strict = rule.severity is Severity.BLOCKER
        news, before = (advice, []) if is_strict else self._context.told.sorted_out(item.nodeid, advice)
        collected.warnings += [line for line in news if line not in collected.warnings]
        outcome, found = outcome_of(call, report, collected)
        self._tell_of_limits(collected)
        limited = outcome.is_red and self._is_limited(call.excinfo.value if call.excinfo else None, item)
        outcome = Outcome.INCONCLUSIVE if limited else outcome
        options = options_of(item, marker, rule)
        if outcome is Outcome.FAILED and report.when == "call":
            self._beside.look(item, call, stage, collected, options["severity"])
        late = outcome is Outcome.INCONCLUSIVE and is_late(call.excinfo.value if call.excinfo else None)
        found += f" ({now})" if late and (now := busy()) else ""
        outcome = Outcome.FAILED if is_strict and outcome is Outcome.WARNED else outcome
        if outcome is Outcome.FAILED and options["severity"] is Severity.ADVISORY:
            outcome = Outcome.WARNED
        check = CheckResult.model_validate(
            {
                "id": item.nodeid,
                "code": self._redacted(code_of(item, marker) or "") or None,
                "proves": proves(item),
                "stage": stage,
                "outcome": outcome,
                "found": self._cut(found),
                "details": self._cut(str(report.longrepr)) if report.failed else "",
                "evidence": collected.shown(self._redacted),
                "remedy": self._redacted(self._remedy(marker, item, collected.own_remedy)),
                "seconds": report.duration,
                "fingerprint": fingerprint(item),
                **(self._causes(call, collected) if outcome.is_red or report.failed else {}),
                "stale": collected.is_stale and outcome is Outcome.FAILED,
                "late": late,
                "limited": limited,
                "advice": advice,
                "as_before": before,
                **options,
                **traits(marker),
            }
        )
        return waived.applied(self._context.told.applied(check), self._waivers, today=self._context.subject.day)

    def _rule(self, item: pytest.Item, marker: pytest.Mark | None) -> CheckRule:
        return self._context.environment.rule_of(code_of(item, marker) or "").on(self._context.subject.day)

    def _causes(self, call: pytest.CallInfo[None], collected: Collected) -> dict[str, Any]:
        asked = self._config.stash.get(LIMITS, None)
        return causes_of(call, collected, self._redacted, answer=asked.error if asked is not None else None)

    def _tell_of_limits(self, collected: Collected) -> None:
        """What was asked again because a limit may have answered 503 is a part of the evidence, whatever came of it."""
        asked = self._config.stash.get(LIMITS, None)
        if asked is not None and asked.again:
            collected.text("Asked once more, slowly", "\n".join(asked.again))
            asked.again = []

    def _is_limited(self, error: BaseException | None, item: pytest.Item) -> bool:
        """Whether only a limit on requests kept a check from finding out: it says so, or its last answer was 429.

        A check that speaks of 429 itself judges it itself.
        """
        if isinstance(error, LimitedError):
            return True
        asked = self._config.stash.get(LIMITS, None)
        if asked is None or asked.last != HTTPStatus.TOO_MANY_REQUESTS:
            return False
        return isinstance(error, InconclusiveError) or not _SPEAKS_OF_LIMITS.search(source(item))

    def _remedy(self, marker: pytest.Mark | None, item: pytest.Item, own: str) -> str:
        """What the check says of this finding, else what its mark says."""
        text = own or (str(marker.kwargs.get("remedy", "")) if marker is not None else "")
        params = getattr(getattr(item, "callspec", None), "id", "")
        names = {"env": self._context.environment.name, "param": params, "project": self._context.environment.project}
        for name, value in names.items():
            text = text.replace("{" + name + "}", value)
        return text

    def _shown(self, check: CheckResult | None, report: pytest.TestReport) -> str:
        """What pytest prints of a red check: its message and remedy; the traceback only for -v or a crash."""
        crashed = check is None or (check.outcome is Outcome.INCONCLUSIVE and "crashed" in check.found)
        if check is None or crashed or self._config.option.verbose > 0:
            return self._cut(str(report.longrepr))
        return f"found   {check.found}\nremedy  {check.remedy}"

    def pytest_report_teststatus(self, report: Any) -> tuple[str, str, str] | None:
        """Names the verdict in pytest's own output."""
        verdict = getattr(report, ATTRIBUTE, None)
        if verdict is None:
            return None
        outcome = Outcome(verdict["outcome"])
        category = "failed" if verdict["severity"] == Severity.BLOCKER and outcome.is_red else outcome.value
        return category, _LETTERS[outcome], outcome.value.upper()

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Collects verdicts (on the controller, also those of workers)."""
        verdict = getattr(report, ATTRIBUTE, None)
        if verdict is not None:
            check = CheckResult.model_validate(verdict)
            part = getattr(report, "context", None)  # of a subtest
            if part is not None and check.found:
                check = check.model_copy(update={"found": f"{self._redacted(part_name(part))}: {check.found}"})
            before = self._checks.get(check.id)
            self._checks[check.id] = check if before is None else merged(before, check, part=part is not None)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Remembers what has to be asked."""
        self._collected = [item.nodeid for item in session.items]

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """Remembers it on xdist's controller, which collects nothing itself."""
        self._collected = list(ids)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Notes which check is asked now, and how far the gate is."""
        if self._context.results is None or hasattr(self._config, "workerinput"):
            return
        checks = self._checks.values()
        asking = Asking(
            check=nodeid,
            done=len(self._ended),
            total=len(self._collected),
            red=sum(check.blocks for check in checks),
            noted=tuple(line for check in checks if (line := noted(check))),
        )
        write_asking(self._context.results, asking)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Notes which checks came to their end."""
        self._ended.add(nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be collected is a check that crashed."""
        if report.skipped and isinstance(report.longrepr, tuple):
            report.longrepr = self._redacted_skip(report.longrepr)
        report.sections = [(name, self._cut(text)) for name, text in report.sections]
        if report.failed:
            text = self._cut(str(report.longrepr))
            report.longrepr = text
            self._checks[report.nodeid] = CheckResult(
                id=report.nodeid,
                stage=self._context.stages[0],
                outcome=Outcome.INCONCLUSIVE,
                proves="The file of checks can be read.",
                found=f"crashed while it was collected: {last_line(text)}",
                details=text,
                remedy=f"Mend {report.nodeid}: python -m pytest -m {self._context.stages[0]} {report.nodeid} -v",
            )

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Gives the session its exit code and writes the results file."""
        if hasattr(self._config, "workerinput"):
            return
        if self._config.option.collectonly and self._context.results is not None:
            write_atomically(self._context.results, self._listing(session).model_dump_json(indent=1) + "\n")
            return
        self.gate = self._result(int(exitstatus))
        session.exitstatus = self.gate.exitstatus
        if self._context.results is not None:
            write_atomically(self._context.results, self.gate.model_dump_json(indent=1) + "\n")

    def _listing(self, session: pytest.Session) -> Listing:
        """What was collected, for ``gonogo checks``; nothing was asked."""
        from gonogo.records.listing import Listing  # noqa: PLC0415 (models: only where nothing is asked)

        problems = tuple(check.details or check.found for check in self._checks.values())
        return Listing(checks=tuple(self._listed(item) for item in session.items), problems=problems)

    def _listed(self, item: pytest.Item) -> Listed:
        from gonogo.records.listing import Listed  # noqa: PLC0415 (likewise)

        stage = stage_of(item) or Stage.PREDEPLOY
        marker = item.get_closest_marker(stage.value)
        skip = item.get_closest_marker("skip")
        return Listed(
            id=item.nodeid,
            code=self._redacted(code_of(item, marker) or "") or None,
            stage=stage,
            proves=proves(item),
            remedy=self._redacted(self._remedy(marker, item, "")),
            needs=tuple(marker.kwargs.get("needs", ())) if marker is not None else (),
            skipped=self._redacted(str(skip.kwargs.get("reason", "skipped"))) if skip is not None else "",
            **options_of(item, marker, self._rule(item, marker)),
        )

    def _result(self, exitstatus: int) -> GateResult:
        checks = with_causes(sorted(self._checks.values(), key=lambda check: (check.code or "~", check.id)))
        gate = GateResult(
            stage=self._context.stages[0] if len(self._context.stages) == 1 else Stage.PREDEPLOY,
            env=self._context.environment.name,
            role=self._context.subject.role,
            release=self._context.subject.release.id if self._context.subject.release else None,
            partial=not self._context.whole,
            started=self._started,
            seconds=time.monotonic() - self._begin,
            checks=checks,
            waivers=waived.used(self._waivers, checks, whole=self._context.whole and self._context.only is None),
            problem="" if exitstatus in {Exit.INTERNAL, Exit.USAGE} else self._cut_short(),
        )
        return gate.model_copy(update={"exitstatus": int(_exit(gate, exitstatus))})

    def _cut_short(self) -> str:
        """Why the gate is no whole one: a check ended the session, so that others were never asked."""
        if self._config.option.collectonly or self._config.option.maxfail:
            return ""
        left = [nodeid for nodeid in self._collected if nodeid not in self._ended]
        if not left:
            return ""
        return (
            f"the gate was cut short at {left[0]}: {len(left)} of {len(self._collected)} checks did not come to their "
            "end, expected all of them. A check must not end the session (pytest.exit, KeyboardInterrupt, shouldstop)."
        )

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """The verdict in words, after pytest's own summary."""
        from gonogo.records.terminal import gate_lines  # noqa: PLC0415 (after the session)

        if self.gate is not None and self._context.subject.role is Role.BARE:
            for line in gate_lines(self.gate):
                terminalreporter.write_line(line)


def _soften(report: pytest.TestReport, check: CheckResult) -> None:
    """A red advisory check is no failure for pytest; a crashed fixture still keeps the body from running."""
    if report.when == "setup":
        report.outcome = "skipped"
        report.longrepr = (report.location[0], report.location[1] or 0, f"{check.outcome}: {check.found}")
    else:
        report.outcome = "passed"


def _exit(gate: GateResult, exitstatus: int) -> Exit:
    """Pytest's exit status, extended: a gate in which nothing was asked is no GO."""
    if exitstatus in {Exit.INTERRUPTED, Exit.INTERNAL, Exit.USAGE} and not gate.blocking:
        return Exit(exitstatus)
    if gate.blocking or gate.problem:
        return Exit.NO_GO
    if not gate.asked:
        return Exit.NOTHING_CHECKED
    return Exit.NO_GO if exitstatus == Exit.NO_GO else Exit.GO
