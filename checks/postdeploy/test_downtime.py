"""How long nobody was served while the release was replaced."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gonogo.config import Environment
from gonogo.gates.budget import FILE, Budget
from gonogo.gates.subject import Subject
from gonogo.inspection.answers.downtime import Gap, figures, gaps
from gonogo.plugins.evidence import Collected, InconclusiveError
from gonogo.state.journal import read_probe
from gonogo.words import Role

__all__: list[str] = []


@pytest.mark.postdeploy(
    "D27",
    impact="SEV3",
    needs=("a serving release", "a URL"),
    reads=("max_downtime",),
    on_red="hold",
    remedy="Nothing gives the time back. See which move took it in the record, and set env.{env}.max_downtime to what "
    "you can allow",
)
def test_downtime_is_within_the_budget(subject: Subject, environment: Environment, evidence: Collected) -> None:
    """Nobody had to wait longer than the budget while the release was replaced.

    Catches a start that takes minutes; judged when the moves have settled, and never a reason to go back. A budget that
    nobody set only warns.

    Before (gonogo.toml):

        [env.prod]
        max_downtime = "2s"

    After (gonogo.toml):

        [env.prod]
        max_downtime = "20s"
    """
    if subject.serving is None or subject.role is Role.ROLLBACK:
        pytest.skip("nothing served before" if subject.serving is None else "going back is not judged by time spent")
    path = subject.run / "probe.jsonl" if subject.run is not None else None
    if path is None or not path.exists():
        pytest.skip("no probe asked from outside in this run")
    lines = read_probe(path)
    seen = figures(lines)
    most = environment.max_downtime
    if seen.requests:
        evidence.measure("downtime", seen.seconds_down, limit=most)
    evidence.table("Gaps", map(_row, gaps(lines)), header=("from", "seconds", "failed", "got"))
    evidence.json("Requests", seen.model_dump())
    if not seen.requests and Budget(subject.run / FILE if subject.run else None).is_limited:
        pytest.skip("not measured: a limit on requests left none for the probe")
    if not seen.requests:
        raise InconclusiveError(f"{path}: found no request, expected those of the downtime probe")
    down = f"downtime: found {seen.seconds_down:.1f} s"
    if "max_downtime" not in environment.model_fields_set and seen.seconds_down > most:
        evidence.warn(f"{down}; env.{environment.name}.max_downtime says how much is too much, and is not set")
        return
    assert seen.seconds_down <= most, (
        f"{down} ({seen.failed} of {seen.requests} requests failed), expected at most {most:g} s"
    )


def _row(gap: Gap) -> tuple[str, str, int, int | str]:
    began = datetime.fromtimestamp(gap.begin, tz=UTC)
    return f"{began:%H:%M:%S} UTC", f"{gap.seconds:.1f}", gap.failed, gap.status or "no answer"
