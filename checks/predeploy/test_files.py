"""Whether the source holds what it must, and whether it can be run at all."""

from __future__ import annotations

import pytest

from gonogo.config import Environment, Project
from gonogo.inspection import compiles, presence
from gonogo.inspection.pythons import older
from gonogo.plugins.evidence import Collected
from gonogo.plugins.source import Source
from gonogo.plugins.target import TargetPython

__all__: list[str] = []


@pytest.mark.predeploy(
    "P05",
    needs=("app.required or service.required or service.settings or service.migrations",),
    remedy="Commit what is missing (git add PATH; git commit), or correct the names in gonogo.toml; what git ignores: "
    "git check-ignore --verbose PATH",
)
def test_required_files_and_folders_exist(
    project: Project, environment: Environment, source: Source, evidence: Collected
) -> None:
    """Every file and folder that gonogo.toml names as required stands in the commit.

    Catches the module that was never added to git: it is on the desk, and not in the release.
    """
    required = presence.required(project.app, environment)
    if not required:
        pytest.skip("gonogo.toml requires no files (app.required)")
    absent = presence.absent(required, source.root, source.tracked)
    rows = [(path, asked, absent.get(path, "there")) for path, asked in required.items()]
    evidence.table("Required", rows, header=("path", "asked by", "found"))
    found = "; ".join(f"{path} ({required[path]}): found {how}" for path, how in absent.items())
    assert not absent, f"{found}; expected {'it' if len(absent) == 1 else 'them'} in the commit"


@pytest.mark.predeploy(
    "P06",
    remedy="Mend the named lines, commit; look again: python -m compileall -q . && git diff --check HEAD~1",
)
def test_every_source_compiles(source: Source, python: TargetPython, evidence: Collected) -> None:
    """Every tracked Python file compiles, and no tracked file holds a merge conflict.

    Catches the half-resolved merge in a module or a template that no unit test imports.
    """
    report = compiles.parse(
        python.ask(compiles.probe_source(root=str(source.root), files=source.tracked), cwd=source.root)
    )
    evidence.text(
        "Judged by", f"Python {report.python} ({python.program}); the target's: {python.wanted or 'not known'}"
    )
    evidence.table(f"{report.examined} files, {report.compiled} of them Python", map(str, report.problems))
    too_old = python.wanted is not None and older(report.python, python.wanted.version)
    unclear = [problem for problem in report.problems if too_old and problem.kind == "syntax"]
    wrong = [problem for problem in report.problems if problem not in unclear]
    judge = f"Python {report.python}"
    assert not wrong, f"found {presence.first(wrong)}; expected sources that {judge} compiles, without conflicts"
    if unclear:
        evidence.warn(
            f"found {presence.first(unclear)}; judged by {judge} only, the target's is {python.wanted} and may know "
            "this syntax: the build gate asks it"
        )
