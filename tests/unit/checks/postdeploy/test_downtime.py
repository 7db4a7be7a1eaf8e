"""D27: a budget that the team set holds, the default only warns, and a limit on requests is no missing figure."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gonogo.checks.postdeploy.test_downtime import test_downtime_is_within_the_budget as judged
from gonogo.config import parse_project
from gonogo.gates.budget import FILE, Budget
from gonogo.gates.subject import Subject
from gonogo.plugins.evidence import Collected, InconclusiveError
from gonogo.records.results import Evidence, Measure
from gonogo.state.release import Release

TOML = """\
[app]
name = "shop"

[env.base]
project = "shop-base"
@BUDGET@

[env.test]
extends = "base"
project = "shop"
"""


def ask(
    folder: Path, *, budget: str = "", down: float = 45.0, requests: bool = True, seen: list[Evidence] | None = None
) -> list[str]:
    """What the check warns of, after so many seconds down; ``seen`` gets its evidence."""
    at = datetime(2026, 11, 28, tzinfo=UTC)
    served = Release(id="1", commit="a" * 40, env="test", runtime="process", created=at, folder=folder, root=folder)
    at_hand = Subject(env="test", root=folder, path=folder, state=folder, checkout=folder, run=folder)
    subject = at_hand.model_copy(update={"release": served, "serving": served})
    lines = [{"at": 1.0, "ok": True}, {"at": 2.0, "ok": False, "status": 400}, {"at": 2.0 + down, "ok": True}]
    (folder / "probe.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines if requests))
    project = parse_project(TOML.replace("@BUDGET@", budget), root=folder, name="gonogo.toml")
    evidence = Collected()
    judged(subject, project.environments["test"], evidence)
    if seen is not None:
        seen += evidence.items
    return evidence.warnings


def test_a_default_is_no_verdict(tmp_path: Path) -> None:
    """45 s down where nobody set a budget: a warning that says which key would make it one."""
    assert ask(tmp_path) == ["downtime: found 45.0 s; env.test.max_downtime says how much is too much, and is not set"]
    assert ask(tmp_path, down=29.0) == []


def test_the_figure_stands_against_its_limit(tmp_path: Path) -> None:
    """The record measures it; when nobody was served is a time of day, and what visitors got is named."""
    seen: list[Evidence] = []
    ask(tmp_path, down=29.0, seen=seen)

    assert (seen[0].title, seen[0].measure) == ("downtime", Measure(value=29.0, unit="s", limit=30.0))
    assert seen[1].value == [["from", "seconds", "failed", "got"], ["00:00:02 UTC", "29.0", "1", "400"]]


def test_a_budget_of_the_teams_holds(tmp_path: Path) -> None:
    """Also one that is the default's own figure, and one that another environment brings."""
    with pytest.raises(AssertionError, match=r"found 45\.0 s \(1 of 3 requests failed\), expected at most 30 s"):
        ask(tmp_path, budget='max_downtime = "30s"')

    assert ask(tmp_path, budget='max_downtime = "1m"') == []


def test_no_request_is_no_figure(tmp_path: Path) -> None:
    """It could not be found out; where a limit left none for the probe, that is said and holds nobody."""
    with pytest.raises(InconclusiveError, match="found no request, expected those of the downtime probe"):
        ask(tmp_path, requests=False)
    Budget(tmp_path / FILE).note("http://127.0.0.1:8001/healthz", 429, {})

    with pytest.raises(pytest.skip.Exception, match="not measured: a limit on requests left none for the probe"):
        ask(tmp_path, requests=False)
