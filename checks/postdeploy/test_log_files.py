"""Whether the release writes errors into files that nobody reads."""

from __future__ import annotations

import pytest

from gonogo.checks.build import probing
from gonogo.checks.postdeploy import logged
from gonogo.checks.postdeploy.instances import noted, running
from gonogo.config import Environment, Service
from gonogo.gates.asked import last_of
from gonogo.gates.subject import Subject
from gonogo.inspection import things
from gonogo.inspection.answers.logs import ErrorGroup
from gonogo.plugins.evidence import Collected, InconclusiveError
from gonogo.records.results import GateResult
from gonogo.runtimes.base import Inspector
from gonogo.words import Role, Stage

__all__: list[str] = []

_SHOWN = 160


@pytest.mark.postdeploy(
    "D32",
    impact="SEV3",
    needs=("logs",),
    reads=("logs",),
    remedy="Mend what is logged; or, if it is no error, allow it in [env.{env}.logs] allow of gonogo.toml",
)
def test_no_new_errors_in_log_files(
    service: tuple[str, Service],
    inspector: Inspector,
    environment: Environment,
    subject: Subject,
    baseline: GateResult | None,
    evidence: Collected,
) -> None:
    """No log file of an instance has an error that it had not before this release.

    Catches the job that fails every minute and says so in `logs/app.log` alone. Of a file that the baseline did not
    see, nobody knows what is new: that warns, as does, once a release was turned back, what it may have written.

    Before (gonogo.toml, where the line is no error):

        [env.prod.logs]
        files = ["logs/*.log"]

    After (gonogo.toml):

        [env.prod.logs]
        files = ["logs/*.log"]
        allow = ["no route to printer, trying again"]
    """
    name, configured = service
    if not environment.logs.files:
        pytest.skip("no log file is configured")
    inside = running(inspector, name)
    read = logged.read_files(inside, environment, inspector)
    if read is None and not probing.needs_python(configured):
        pytest.skip(f"{inside.label} has no Python to read its files with")
    if read is None:
        raise InconclusiveError(f"{inside.label}: its Python could not read the log files")
    for problem in read.problems:
        evidence.warn(f"{name}: {problem}")
    groups = read.groups
    if not groups:
        pytest.skip(f"{name} has no file {' or '.join(environment.logs.files)}")
    evidence.text("Lines read", ", ".join(f"{path}: {count}" for path, count in read.lines.items()))
    evidence.json(
        logged.FILE_SIGNATURES, {path: [group.signature for group in found] for path, found in groups.items()}
    )
    evidence.table("Errors", [(path, one.count, one.example) for path, found in groups.items() for one in found])
    before = noted(baseline, f"D32[{name}]", logged.FILE_SIGNATURES) if subject.role is not Role.BASELINE else {}
    new = [(path, one) for path, found in groups.items() for one in found if one.signature not in before.get(path, ())]
    if new and subject.role is Role.ROLLBACK:
        new = _of_who_serves(new, name, subject, evidence)
    said = [f"{name}: {path}: found {one.said[:_SHOWN]}" for path, one in new]
    red = [text for (path, _), text in zip(new, said, strict=True) if path in before]
    if said and not red:
        evidence.warn(f"{len(said)} errors in log files, which may be older than this release; the first: {said[0]}")
    evidence.needs(*([things.end(name)] if red else []))
    assert not red, f"{len(red)} new errors in log files, the first in {red[0]}; expected none"


def _of_who_serves(
    new: list[tuple[str, ErrorGroup]], name: str, subject: Subject, evidence: Collected
) -> list[tuple[str, ErrorGroup]]:
    """What the release that was turned back surely did not write: its gate looked at the end, and saw none of it."""
    gate, watched = (
        last_of(subject.run, role=Role.CANDIDATE, stage=stage) if subject.run is not None else None
        for stage in (Stage.POSTDEPLOY, Stage.WATCH)
    )
    seen = logged.known_in_files(gate, name) if gate is not None and watched is None else None
    kept = [(path, one) for path, one in new if seen is not None and one.signature not in seen]
    if len(kept) < len(new):
        said = next(f"{path}: found {one.said[:_SHOWN]}" for path, one in new if (path, one) not in kept)
        evidence.warn(f"{name}: {said}, which the release that was turned back wrote, as far as anybody saw")
    return kept
