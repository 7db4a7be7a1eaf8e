"""Whether the source holds what it must, and whether it can be run at all."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gonogo.checks.predeploy.artifacts import contained, imported
from gonogo.config import Environment, Project
from gonogo.inspection.code import compiles, presence
from gonogo.inspection.code.contents import digest_of
from gonogo.inspection.code.dockerignore import ignore
from gonogo.plugins.evidence import Collected
from gonogo.plugins.source import Source
from gonogo.plugins.target import TargetPython
from gonogo.state.release import Release

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

    Before (shell):

        $ git check-ignore --verbose app/templates/front.html
        .gitignore:3:templates/  app/templates/front.html

    After (shell):

        git add --force app/templates/front.html
        git commit --message "Add the front page"
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
    remedy="Mend the named lines, commit; look again: python -m compileall -q . && git diff --check HEAD~1; what is no "
    "source of the application: app.not_source in gonogo.toml",
)
def test_every_source_compiles(
    source: Source,
    python: TargetPython,
    project: Project,
    environment: Environment,
    serving: Release | None,
    request: pytest.FixtureRequest,
    evidence: Collected,
) -> None:
    """Every tracked Python file compiles, and no tracked file holds a merge conflict.

    Catches the half-resolved merge in a module or a template that no unit test imports. Only what an artifact contains
    or a source imports is judged; what the serving release has too, a template of Python, and what lies among tests,
    examples or other people's code where nothing imports it, is a warning.

    Before (app/prices.py):

        <<<<<<< HEAD
        RATE = 0.21
        =======
        RATE = 0.2
        >>>>>>> feature/prices

    After (app/prices.py):

        RATE = 0.21
    """
    left_out = ignore("\n".join(project.app.not_source))
    chosen = [path for path in source.tracked if not left_out(path)]
    report = compiles.parse(python.ask(compiles.probe_source(root=str(source.root), files=chosen), cwd=source.root))
    evidence.text(
        "Judged by", f"Python {report.python} ({python.program}); the target's: {python.wanted or 'not known'}"
    )
    evidence.table(f"{report.examined} files, {report.compiled} of them Python", map(str, report.problems))
    if not report.problems:
        return
    surely, guarded = imported({problem.path for problem in report.problems}, source, environment)
    found = compiles.sort_out(
        report.problems,
        is_contained=contained(source, environment, request),
        imported=surely,
        guarded=guarded,
        text=source.text,
        is_as_served=lambda path: _is_as_served(source, serving, project, path),
        refused_before=lambda paths: _refused_before(python, serving, project, paths),
    )
    evidence.table("In no artifact", map(str, found.aside))
    leaves = python.may_refuse(report.python)
    unclear = [problem for problem in found.red if leaves and problem.kind == "syntax"]
    wrong = [problem for problem in found.red if problem not in unclear]
    judge = f"Python {report.python}"
    assert not wrong, f"found {presence.first(wrong)}; expected sources that {judge} compiles, without conflicts"
    for problem, why in found.remarks:
        if leaves and problem.kind == "syntax":
            continue  # the artifact's own Python judged it, when what serves was built
        evidence.advise(f"found {problem}: {why}")
    if unclear:
        evidence.text("Left to the artifact's own Python (B24)", presence.first(unclear))


def _is_as_served(source: Source, serving: Release | None, project: Project, path: str) -> bool:
    """Whether the release that serves was made from the same content; of one whose commit is assumed nobody knows."""
    if serving is None or serving.assumed:
        return False
    then = digest_of(serving.source_root(project.app.root) / path)
    now = digest_of(source.root / path)
    return then is not None and now is not None and then.same_content(now)


def _refused_before(
    python: TargetPython, serving: Release | None, project: Project, paths: Sequence[str]
) -> frozenset[str]:
    """Of these paths those that do not compile in the release that serves either."""
    if serving is None or serving.assumed or not paths:
        return frozenset()
    root = serving.source_root(project.app.root)
    if not root.is_dir():
        return frozenset()
    report = compiles.parse(python.ask(compiles.probe_source(root=str(root), files=paths), cwd=root))
    return frozenset(one.path for one in report.problems if one.kind == "syntax")
