"""Whether bytecode beside the source could run in the source's place."""

from __future__ import annotations

import pytest

from gonogo.inspection.code import bytecode, presence
from gonogo.plugins.evidence import Collected, InconclusiveError
from gonogo.plugins.source import Source
from gonogo.plugins.target import TargetPython

__all__: list[str] = []


@pytest.mark.predeploy(
    "P08",
    remedy="find . -name '*.pyc' -not -path './.venv/*' -delete, and keep __pycache__ out of the image (.dockerignore)",
)
def test_no_stale_bytecode_stands_in_the_source(source: Source, python: TargetPython, evidence: Collected) -> None:
    """No compiled file in the source tree can run in its source's place.

    Catches yesterday's bytecode that is copied into an image with its time stamps, and runs instead of today's source.

    Before (shell):

        $ git ls-files '*.pyc'
        app/prices.pyc

    After (shell):

        git rm app/prices.pyc
        echo '*.pyc' >> .gitignore
    """
    request = bytecode.probe_request(roots=[str(source.root)], exclude=source.left_out)
    report = bytecode.parse(python.ask(bytecode.probe_source(), request, cwd=source.root))
    evidence.text("Judged by", f"Python {report.python} ({python.program}), {report.examined} compiled files")
    evidence.text("Left out", "\n".join(source.left_out))
    evidence.table("Never run: Python makes them anew", [one for one in report.findings if one.is_rejected])
    said = [bytecode.phrase(finding).replace(f"{source.root}/", "") for finding in report.red]
    evidence.table("Findings", said)
    assert not said, f"found {presence.first(said)}; expected no bytecode that runs in its source's place"
    if report.truncated:
        raise InconclusiveError(f"{source.root}: found too many files to look at all, expected fewer")
