"""P02, P03, P40 and P41 on real repositories and at the real time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from gonogo.records.ending import Ending, Kind
from gonogo.words import Exit, Outcome
from tests.unit.records.samples import a_run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.gates import Gates, Repository

__all__: list[str] = []

BRANCH = ("-m", "predeploy", "-k", "allowed_branch")
TAG = ("-m", "predeploy", "-k", "has_its_tag")
BEFORE = ("-m", "predeploy", "-k", "served_where")
STAGING = """
[env.staging]
runtime = "process"
project = "shop-staging"
"""
NOW = ("-m", "predeploy", "-k", "time_to_deploy")


def test_commit_of_another_branch_is_red(repository: Repository, gate: Gates, tmp_path: Path) -> None:
    """P02 without a remote knows local branches; with one only what was pushed counts."""
    root = repository({"gonogo.toml": f'{repository.process}branches = ["main", "release/*"]\n'})
    local = gate(root, *BRANCH).only()
    repository.git(root, "checkout", "--quiet", "-b", "feature/shoes")
    commit = repository.commit(root)[:7]
    other = gate(root, *BRANCH).only()
    repository.git(root, "init", "--quiet", "--bare", str(tmp_path / "remote"))
    repository.git(root, "remote", "add", "origin", str(tmp_path / "remote"))
    repository.git(root, "checkout", "--quiet", "-b", "release/1.2")
    unpushed = gate(root, *BRANCH).only()
    repository.git(root, "push", "--quiet", "origin", "release/1.2")
    pushed = gate(root, *BRANCH).only()

    assert (local.outcome, pushed.outcome) == (Outcome.PASSED, Outcome.PASSED)
    assert (other.outcome, other.found) == (
        Outcome.FAILED,
        f"{commit}: found it in feature/shoes, expected it in one of main, release/*",
    )
    assert (unpushed.outcome, unpushed.found) == (
        Outcome.FAILED,
        f"{commit}: found it in feature/shoes, release/1.2, expected it in one of main, release/* of a remote",
    )


def test_light_tag_is_none(repository: Repository, gate: Gates) -> None:
    """P03 wants an annotated one, by its name, at the commit itself."""
    root = repository({"gonogo.toml": f'{repository.process}release_tag = "v*"\n'})
    commit = repository.git(root, "rev-parse", "HEAD")[:7]
    none = gate(root, *TAG).only()
    repository.git(root, "tag", "v1")
    repository.git(root, "tag", "--annotate", "--message=x", "nightly")
    light = gate(root, *TAG).only()
    repository.git(root, "tag", "--annotate", "--message=x", "v2")
    right = gate(root, *TAG).only()

    assert none.found == f"{commit}: found no tag, expected an annotated one: v*"
    assert light.found == f"{commit}: found nightly (annotated), v1 (light), expected an annotated one: v*"
    assert (none.outcome, light.outcome, right.outcome) == (Outcome.FAILED, Outcome.FAILED, Outcome.PASSED)


def test_time_outside_of_the_windows_is_red(repository: Repository, gate: Gates) -> None:
    """P40 knows days that are frozen, and warns of a hotfix alone."""
    now = datetime.now(UTC)
    other, today = (now + timedelta(days=3)).strftime("%a").lower(), now.date()
    always = repository.process + 'window = ["mon-sun 00:00-24:00"]\n'
    root = repository({"gonogo.toml": always})
    well = gate(root, *NOW).only()
    repository.write(root, {"gonogo.toml": f'{repository.process}window = ["{other} 00:00-24:00"]\n'})
    outside = gate(root, *NOW).only()
    hotfix = gate(root, *NOW, subject=gate.subject(root, hotfix=True)).only()
    repository.write(root, {"gonogo.toml": f'{always}freeze = ["{today} {today + timedelta(days=1)}"]\n'})
    frozen = gate(root, *NOW).only()

    assert (well.outcome, outside.outcome, frozen.outcome) == (Outcome.PASSED, Outcome.FAILED, Outcome.FAILED)
    assert outside.found.endswith(f" UTC, expected one of {other} 00:00-24:00")
    assert f"UTC, expected no day of {today} " in frozen.found
    assert (hotfix.outcome, hotfix.found.partition(";")[2]) == (Outcome.WARNED, " deployed as a hotfix")


def test_commit_that_skipped_staging_is_red(repository: Repository, gate: Gates) -> None:
    """P41 counts how long it served there, knows it by its files, and lets a hotfix through with a warning."""
    table = 'promote = { from = "staging", after = "24h" }\n'
    root = repository({"gonogo.toml": repository.process + table + STAGING})
    runs = gate.state_home / "gonogo" / "shop" / "staging" / "runs"
    head = repository.git(root, "rev-parse", "HEAD").strip()

    def served(name: str, commit: str, hours: float) -> None:
        began = datetime.now(UTC) - timedelta(hours=hours)
        run = a_run(Exit.GO, run=name, release=name, commit=commit, started=began, seconds=1.0, first_touch=began)
        run = run.model_copy(update={"ended": Ending(kind=Kind.GO, serves=name)})
        (runs / name).mkdir(parents=True)
        (runs / name / "result.json").write_text(run.model_dump_json())
        (runs / name / "journal.jsonl").write_text("")

    never = gate(root, *BEFORE).only()
    hotfix = gate(root, *BEFORE, subject=gate.subject(root, hotfix=True)).only()
    served("20261101T000000-other00", "0" * 40, 90)
    another = gate(root, *BEFORE).only()
    served("20261102T000000-mine000", head, 30)
    long_enough = gate(root, *BEFORE).only()
    repository.git(root, "commit", "--quiet", "--allow-empty", "--message", "merge")
    same_files = gate(root, *BEFORE).only()
    repository.write(root, {"more.py": ""})
    changed = repository.commit(root)
    served("20261103T000000-next000", changed, 2.01)
    too_short = gate(root, *BEFORE).only()

    assert (never.outcome, hotfix.outcome) == (Outcome.FAILED, Outcome.WARNED)
    assert never.found.startswith(f"{head[:7]} never went GO in staging, of which {runs.parent} knows no GO; expected ")
    assert another.found == (
        f"{head[:7]} never went GO in staging, where 0000000 served last; expected it to serve there for 24 h before"
    )
    assert (long_enough.outcome, same_files.outcome) == (Outcome.PASSED, Outcome.PASSED)
    assert too_short.found == (
        f"{changed[:7]} served staging for 2 h until now; expected it to serve there for 24 h before"
    )
