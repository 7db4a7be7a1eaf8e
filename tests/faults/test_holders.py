"""Who holds an environment, seen through the command line: twenty at once, and a holder that is elsewhere or gone."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from gonogo.state.lock import STALE_AFTER, hold
from gonogo.state.store import State
from tests.integration.deploy.conftest import App
from tests.support.sites import eventually

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

AT_ONCE = 20


@pytest.mark.thorough
def test_twenty_deploys_at_once_one_wins(app: App, tmp_path: Path) -> None:
    """One exits 0; nineteen exit 7, name the one that holds it, and leave nothing; one release serves."""
    gate = tmp_path / "all-have-asked"
    app.configure(install=f"sh -c 'until [ -e {gate} ]; do sleep 0.05; done'")
    app.commit("waits for the others")
    runs = [app.start("deploy", "--env", "test") for _ in range(AT_ONCE)]
    eventually(lambda: sum(run.poll() is not None for run in runs) == AT_ONCE - 1, within=120)
    winner = next(run for run in runs if run.poll() is None)
    gate.touch()
    ended = {run.pid: app.finish(run) for run in runs}
    state = State(app.state)

    assert ended.pop(winner.pid).code == 0
    assert [one.code for one in ended.values()] == [7] * (AT_ONCE - 1)
    said = f"(pid {winner.pid}) holds tiny/test since "
    assert [one.err for one in ended.values() if said not in one.err] == []
    assert {path.name for path in app.state.iterdir()} == {"current", "instances", "releases", "runs"}
    current = state.current()
    assert current is not None
    assert [path.name for path in app.state.glob("releases/*")] == [current.id] == state.runs()
    serving = app.ask()
    assert serving is not None
    assert serving[1]["release"] == current.id
    assert len(instances(app)) == 1


@pytest.mark.thorough
def test_lock_from_elsewhere_is_kept_until_a_person_takes_it_away(app: App) -> None:
    """Exit 7 while its heart beats, and after; ``unlock`` refuses the first and takes away the second."""
    state = State(app.state)
    state.create()
    with hold(state.lock, project="tiny", env="test", why="deploy") as holder:
        pass
    elsewhere = holder.model_copy(update={"machine": "ci-runner-7"})
    stale = elsewhere.model_copy(update={"beat": datetime.now(UTC) - timedelta(seconds=STALE_AFTER + 1)})
    state.lock.write_text(elsewhere.model_dump_json())
    kept = [app.gonogo(command, "--env", "test") for command in ("deploy", "unlock")]
    state.lock.write_text(stale.model_dump_json())
    refused, taken, after = [app.gonogo(command, "--env", "test") for command in ("deploy", "unlock", "rollback")]

    assert [one.code for one in (*kept, refused, taken, after)] == [7, 7, 7, 0, 1]
    assert "Wait for that run to end." in kept[0].err
    assert "Look on ci-runner-7 whether that process still runs, then `gonogo unlock`." in refused.err
    assert f"{holder.who}@ci-runner-7 (pid {os.getpid()}) holds tiny/test" in taken.err
    assert "found no earlier release that went GO" in after.err


def instances(app: App) -> list[int]:
    """The processes that serve in a folder of the application's state."""
    found = psutil.process_iter(["cwd", "cmdline"])
    return [one.pid for one in found if (one.info["cwd"] or "").startswith(str(app.state)) and one.info["cmdline"]]
