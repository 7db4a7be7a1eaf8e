"""What the bytecode probe found: which compiled files are not what their sources say."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gonogo.inspection import probe_answers
from gonogo.inspection.probe_answers import ProbeAnswerError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "BytecodeFinding",
    "BytecodeReport",
    "ProbeAnswerError",
    "parse",
    "phrase",
    "probe_request",
    "probe_source",
]

_PROBE = "bytecode"
_MEANINGS = {
    "orphan": "left over: {source} is gone",
    "sourceless": "importable without a source: {source} is gone",
    "bad-magic": "made by another build of this Python: {detail}",
    "mtime": "stale: {detail}",
    "size": "stale: {detail}",
    "hash": "stale: {detail}",
    "unchecked": "never checked against {source}: {detail}",
    "impostor": "not the code of {source}: {detail}",
    "truncated": "cut short: {detail}",
    "unreadable": "unreadable: {detail}",
    "closed": "closed to this user: {detail}",
    "foreign": "for another Python: {detail}",
    "uncompilable": "cannot be compared with {source}: {detail}",
}
_HARMLESS = frozenset({"closed", "foreign", "uncompilable"})
"""What the application's user may not read or list (another service's data), its Python takes for nothing."""
_REJECTED = frozenset({"bad-magic", "mtime", "orphan", "size"})
"""Python never runs these: it compares header, time and size itself, and finds no cache without its source."""
_VENDORS_CHOICE = frozenset({"unchecked", "sourceless"})


@dataclass(frozen=True, slots=True, kw_only=True)
class BytecodeFinding:
    """One thing that the probe said of one compiled file."""

    path: str
    kind: str
    detail: str
    source: str
    scope: str

    @property
    def is_red(self) -> bool:
        """Whether it can make Python run other code than the sources say.

        Files of another Python, files that Python rejects and sources that do not compile (P06 judges those) are not
        red here: a repository that tracks its caches is as good as another. In other people's packages an unchecked or
        sourceless file is the vendor's choice.
        """
        if self.kind in _HARMLESS or self.is_rejected:
            return False
        return self.scope == "code" or self.kind not in _VENDORS_CHOICE

    @property
    def is_rejected(self) -> bool:
        """Whether Python itself never runs it."""
        return self.kind in _REJECTED


@dataclass(frozen=True, slots=True, kw_only=True)
class BytecodeReport:
    """What the probe found, under which Python, and whether it saw everything."""

    python: str
    tag: str
    examined: int
    findings: tuple[BytecodeFinding, ...]
    truncated: bool
    missing: tuple[str, ...]

    @property
    def red(self) -> tuple[BytecodeFinding, ...]:
        """The findings that are red."""
        return tuple(finding for finding in self.findings if finding.is_red)

    @property
    def red_files(self) -> tuple[BytecodeFinding, ...]:
        """The first red finding of each file."""
        first = {finding.path: finding for finding in reversed(self.red)}
        return tuple(first[path] for path in dict.fromkeys(finding.path for finding in self.red))


def probe_source() -> str:
    """The text of the probe, for the standard input of ``python -I -B - REQUEST``."""
    return probe_answers.script("bytecode_scan.py")


def probe_request(  # one keyword per key of the request
    *,
    roots: Iterable[str],
    headers_only: Iterable[str] = (),
    exclude: Iterable[str] = (),
    prefix: str | None = None,
    max_files: int = 100_000,
    max_bytes: int = 2 << 30,
) -> str:
    """The request that is the probe's one argument.

    ``roots`` hold the application's own code; below ``headers_only`` headers are judged; ``exclude`` are patterns for
    names or whole paths; ``prefix`` is the target's PYTHONPYCACHEPREFIX where it has one.
    """
    return json.dumps(
        {
            "roots": list(roots),
            "headers_only": list(headers_only),
            "exclude": list(exclude),
            "prefix": prefix,
            "max_files": max_files,
            "max_bytes": max_bytes,
        }
    )


def parse(stdout: str) -> BytecodeReport:
    """The report that the probe printed.

    Raises:
        ProbeAnswerError: the text is not the probe's answer.
    """
    answer = probe_answers.document(_PROBE, stdout)
    findings = answer.get("findings")
    if not isinstance(findings, list):
        raise ProbeAnswerError(_PROBE, f"findings of type {type(findings).__name__}", "a list")
    return BytecodeReport(
        python=probe_answers.string(_PROBE, answer, "python"),
        tag=probe_answers.string(_PROBE, answer, "tag"),
        examined=probe_answers.integer(_PROBE, answer, "examined"),
        findings=tuple(_finding(item) for item in findings),
        truncated=answer.get("truncated") is True,
        missing=probe_answers.strings(_PROBE, answer, "missing"),
    )


def phrase(finding: BytecodeFinding) -> str:
    """Says a finding in one line: which file, and what is wrong with it."""
    return f"{finding.path}: {_MEANINGS[finding.kind].format(source=finding.source, detail=finding.detail)}"


def _finding(item: Any) -> BytecodeFinding:
    """One finding of the answer."""
    if not isinstance(item, dict):
        raise ProbeAnswerError(_PROBE, f"a finding of type {type(item).__name__}", "an object")
    kind = probe_answers.string(_PROBE, item, "kind")
    if kind not in _MEANINGS:
        raise ProbeAnswerError(_PROBE, f'a finding of kind "{kind}"', f"one of {', '.join(_MEANINGS)}")
    return BytecodeFinding(
        path=probe_answers.string(_PROBE, item, "path"),
        kind=kind,
        detail=probe_answers.string(_PROBE, item, "detail"),
        source=probe_answers.string(_PROBE, item, "source"),
        scope=probe_answers.string(_PROBE, item, "scope"),
    )
