"""What was advised before: a matter of hygiene is told once, with the release that brought it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from gonogo.records.results import CheckResult, Evidence, GateResult
from gonogo.words import Outcome, Severity

__all__ = ["Told"]

_LINE = re.compile(r"(\.(?:cfg|env|ini|json|py|sh|toml|txt|ya?ml)|Dockerfile[\w.-]*):[0-9]+")
"""A place in a file; what moved to another line is no news."""
_RELEASE = re.compile(r"(?<!\w)\d{8}T\d{6}-[0-9a-f]{7,40}(?!\w)")
"""A release's id, which its images and environments are called by."""


@dataclass(frozen=True, slots=True)
class Told:
    """The advice that the gates of the release that serves gave: id of a check → its words."""

    words: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def by(cls, gate: GateResult | None) -> Told:
        """What this gate advised; nothing where there is none."""
        checks = gate.checks if gate is not None else ()
        return cls({check.id: frozenset(map(_same, check.advice)) for check in checks if check.advice})

    def sorted_out(self, check: str, advice: Iterable[str]) -> tuple[list[str], list[str]]:
        """What is new of a check's advice, and what is as before."""
        said = list(dict.fromkeys(advice))
        before = [line for line in said if _same(line) in self.words.get(check, frozenset())]
        return [line for line in said if line not in before], before

    def applied(self, check: CheckResult) -> CheckResult:
        """The verdict, with what is as before in its evidence; of a red advisory check all that it found is advice."""
        if check.severity is Severity.ADVISORY and check.outcome is Outcome.WARNED and not check.advice:
            _, before = self.sorted_out(check.id, [check.found])
            changed = {"outcome": Outcome.PASSED, "found": "", "breaks": (), "needs": ()} if before else {}
            check = check.model_copy(update={**changed, "advice": (check.found,), "as_before": tuple(before)})
        if not check.as_before:
            return check
        listed = Evidence(title="As before: the release that serves was told it too", value="\n".join(check.as_before))
        return check.model_copy(update={"evidence": (*check.evidence, listed)})


def _same(words: str) -> str:
    return _RELEASE.sub("", _LINE.sub(r"\1", words))
