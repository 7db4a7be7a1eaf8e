"""What deployments do besides ending as ``test_exit_codes`` has it, for real under the runtime ``process``."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.sites import eventually

from .conftest import GREEN, App

pytestmark = pytest.mark.integration

BROKEN = {**GREEN, "/page": (500, "boom")}


def steps(record: dict[str, Any]) -> list[tuple[str, bool]]:
    """Names of the steps and whether they went well."""
    return [(step["name"], step["ok"]) for step in record["steps"]]


def events(app: App, run: str) -> list[str]:
    """The events of a run's journal."""
    text = (app.state / "runs" / run / "journal.jsonl").read_text()
    return [json.loads(line)["event"] for line in text.splitlines()]


def test_first_and_second_release_go(app: App) -> None:
    """Exit 0; the release that serves is the one that was deployed; records stand where the ending says."""
    first, record = app.deploy()
    assert first.code == 0, first
    assert steps(record) == [
        ("checkout", True),
        ("predeploy", True),
        ("build", True),
        ("build gate", True),
        ("ladder", True),
        ("migrate", True),
        ("start", True),
        ("postdeploy", True),
    ]
    commit = app.pages({**GREEN, "/page": (200, "hello"), "/new": (200, "new")})
    second, record = app.deploy()

    assert second.code == 0, second
    assert record["ending"].startswith(f"GO  {commit} serves test (was ")
    assert [step["name"] for step in record["steps"]][1] == "baseline"
    assert app.ask("/new") is not None
    assert app.ask("/new")[0] == 200  # type: ignore[index]
    reports = Path(record["reports"])
    assert {path.name for path in reports.iterdir()} == {
        "baseline.html",
        "predeploy.html",
        "build gate.html",
        "postdeploy.html",
        "index.html",
        "results.json",
        "record.md",
        "journal.jsonl",
    }
    assert json.loads((reports / "results.json").read_text())["exit_code"] == 0


def test_hanging_build_is_bounded_and_killed(app: App) -> None:
    """The command is ended with its children, and reported."""
    app.configure(options='command_timeout = "2s"', commands='build = "sleep 611"')
    app.commit("hangs")
    red, record = app.deploy()

    assert red.code == 1, red
    assert "found no end within 2 s, expected 0" in record["reason"]
    assert [p for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == ["sleep", "611"]] == []


@pytest.mark.thorough
def test_second_signal_does_not_stop_the_way_back(app: App, tmp_path: Path) -> None:
    """An impatient operator cannot leave the target half way."""
    app.deploy()
    undo = f"sh -c 'sleep 1; touch {tmp_path}/undone'"
    app.configure(tables=f'[[env.test.step]]\nname = "slow"\nafter = "start"\nrun = "sleep 614"\nundo = "{undo}"\n')
    app.pages({**GREEN, "/page": (200, "second")})
    process = app.start("deploy", "--env", "test", "--json")
    app.wait_for("sleep 614")
    app.interrupt(process)
    app.wait_for("undone")
    app.interrupt(process)
    ended = app.finish(process)

    assert ended.code == 2, ended
    assert "SIGINT: the rollback goes on; it is bounded in time." in ended.err
    assert (tmp_path / "undone").exists()
    assert app.serving_text() == "hello"


@pytest.mark.thorough
def test_team_steps_run_in_place_and_are_undone_on_the_way_back(app: App, tmp_path: Path) -> None:
    """O25: before and after moves, journaled, each with its undo, the newest undone first."""
    app.deploy()
    log = tmp_path / "log"
    app.configure(
        tables="".join(
            f'[[env.test.step]]\nname = "{name}"\n{where} = "{move}"\n'
            f"run = \"sh -c 'echo {name} >> {log}'\"\nundo = \"sh -c 'echo undo-{name} >> {log}'\"\n"
            for name, where, move in (("materials", "before", "start"), ("cache", "after", "start"))
        )
    )
    app.pages(BROKEN)
    red, _ = app.deploy()

    assert red.code == 1, red
    assert log.read_text().split() == ["materials", "cache", "undo-cache", "undo-materials"]


def test_port_of_a_stranger_is_refused_before_anything_starts(app: App) -> None:
    """P16 names the port; nothing is touched."""
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind(("127.0.0.1", app.port))
        stranger.listen()
        red, record = app.deploy()

    assert red.code == 1, red
    assert record["causes"][0]["code"] == "P16"
    assert str(app.port) in record["causes"][0]["found"]


@pytest.mark.thorough
def test_what_needs_only_the_source_is_asked_before_the_baseline(app: App) -> None:
    """A file that does not compile stops the run at once; where all is well P36 stands with the others, asked last."""
    app.deploy()
    (app.root / "broken.py").write_text("def\n")
    app.commit("broken")
    red, early = app.deploy()
    (app.root / "broken.py").unlink()
    app.commit("mended")
    green, whole = app.deploy()

    assert red.code == 1, red
    assert [step["name"] for step in early["steps"]] == ["checkout", "predeploy"]
    assert [cause["code"] for cause in early["causes"]] == ["P06"]
    assert (Path(early["reports"]) / "predeploy.html").is_file()
    assert green.code == 0, green
    assert [step["name"] for step in whole["steps"]][:3] == ["checkout", "baseline", "predeploy"]
    asked = {check["code"]: check["outcome"] for check in whole["steps"][2]["gate"]["checks"]}
    assert (asked["P36"], asked["P06"]) == ("passed", "passed")
    assert "P36" in (Path(whole["reports"]) / "predeploy.html").read_text()
    assert "P06" in (Path(whole["reports"]) / "predeploy.html").read_text()


@pytest.mark.thorough
def test_downtime_over_budget_holds(app: App) -> None:
    """D27: exit 6, the new release serves, a person decides; going back would not give the seconds back."""
    app.deploy()
    app.configure(options='max_downtime = "1ms"')
    app.pages({**GREEN, "/new": (200, "x")}, extra="")
    text = (app.root / "app.py").read_text().replace("if __name__", "import time; time.sleep(1)\nif __name__")
    (app.root / "app.py").write_text(text)
    app.commit("slow start")
    ended, record = app.deploy()

    assert ended.code == 6, ended
    assert record["ending"].startswith("HELD")
    assert record["causes"][0]["code"] == "D27"
    assert app.ask("/new")[0] == 200  # type: ignore[index]


def test_check_of_the_team_that_crashes_is_red_and_named(app: App) -> None:
    """A team's check is asked beside the built-in ones; a crash is inconclusive, and red before the first touch."""
    (app.root / "checks").mkdir()
    (app.root / "checks" / "test_ours.py").write_text(
        'import pytest\n@pytest.mark.predeploy\ndef test_ours():\n    """Ours is well."""\n    {}["gone"]\n'
    )
    app.commit("checks")
    red, record = app.deploy()

    assert red.code == 1, red
    assert record["causes"][0]["outcome"] == "inconclusive"
    assert record["causes"][0]["id"] == "checks/test_ours.py::test_ours"


@pytest.mark.thorough
def test_rollback_goes_to_the_release_before_and_history_tells(app: App) -> None:
    """`gonogo rollback` is judged by the gate that the release was pinned with; status and history follow.

    A release of which a part is gone is refused by name, before anything is touched, and status says so. The one that
    somebody went back from is not where the next rollback goes to.
    """
    started = app.deploy()[1]["release"]
    first = app.git("rev-parse", "--short=7", "HEAD")
    app.pages({**GREEN, "/page": (200, "hello"), "/two": (200, "2")})
    second = app.deploy()[1]["release"]
    python = app.state / "releases" / second / "venv" / "bin" / "python"
    back = app.gonogo("rollback", "--env", "test", "--json")
    record = json.loads(back.out)
    status = json.loads(app.gonogo("status", "--env", "test", "--json").out)[0]
    history = json.loads(app.gonogo("history", "--env", "test", "--json").out)
    python.unlink()
    refused = app.gonogo("rollback", "--env", "test", "--to", second)
    app.pages({**GREEN, "/page": (200, "hello"), "/three": (200, "3")})
    third = app.deploy()[0]
    then = json.loads(app.gonogo("status", "--env", "test", "--json").out)[0]
    (app.state / "releases" / started / "venv" / "bin" / "python").unlink()
    told = app.gonogo("status", "--env", "test").err

    assert status["since"] > record["first_touch"]
    assert f"rollback to {started}, which cannot be started: it lacks the release's own Python (" in told
    assert then["rollback_lacks"] == []
    assert (third.code, then["rollback_to"]) == (0, started), third
    assert back.code == 0, back
    assert refused.code == 1
    assert f"{second}: found that the release's own Python ({python}) is gone; expected all that" in refused.err
    assert len(list((app.state / "runs").iterdir())) == len(history) + 1
    assert record["commit"].startswith(first)
    assert app.ask("/two")[0] == 404  # type: ignore[index]
    assert status["commit"].startswith(first)
    assert [(run["kind"], run["exit_code"]) for run in history] == [("rollback", 0), ("deploy", 0), ("deploy", 0)]
    assert "rollback" in app.gonogo("history").err


@pytest.mark.thorough
def test_rollback_to_a_commit_starts_its_good_release_and_never_one_that_was_not_built(app: App) -> None:
    """A later run of the same commit was stopped before its build: what it pinned is no release to start."""
    app.configure(options="attempts = 1")
    first = app.commit("options")
    ended, record = app.deploy()
    assert ended.code == 0, ended
    app.close()
    stopped, refused = app.deploy()
    assert stopped.code == 1, stopped
    unbuilt = app.gonogo("rollback", "--env", "test", "--to", refused["release"])
    back = app.gonogo("rollback", "--env", "test", "--to", first)

    assert unbuilt.code == 1, unbuilt
    assert f"--to {refused['release']}: found a release that never went GO, expected a good one." in unbuilt.err
    assert back.code == 0, back
    assert (app.state / "current").read_text().strip() == record["release"]
    assert app.serving_text() == "hello"


@pytest.mark.thorough
def test_rollback_without_an_earlier_release_is_refused(app: App) -> None:
    """The message says what is kept."""
    app.deploy()
    refused = app.gonogo("rollback", "--env", "test")

    assert refused.code == 1
    assert "found no earlier release that went GO, expected one to go back to (kept: " in refused.err


@pytest.mark.thorough
def test_run_that_was_killed_is_found_and_settled_by_rollback(app: App) -> None:
    """After kill -9 the next deploy refuses; rollback ends what survived and proves the old release."""
    app.deploy()
    app.configure(tables='[[env.test.step]]\nname = "slow"\nafter = "start"\nrun = "sleep 615"\n')
    app.pages({**GREEN, "/page": (200, "second")})
    process = app.start("deploy", "--env", "test")
    eventually(
        lambda: ["sleep", "615"] in [found.info["cmdline"] for found in psutil.process_iter(["cmdline"])], within=60
    )
    process.kill()
    process.communicate()
    again = app.gonogo("deploy", "--env", "test")
    back = app.gonogo("rollback", "--env", "test")

    assert again.code == 1
    assert "found a run that was cut off after its first touch" in again.err
    assert back.code == 0, back
    assert "still ran and was ended: `sleep 615`" in back.err
    assert app.serving_text() == "hello"


@pytest.mark.thorough
def test_uncommitted_configuration_stays_behind(app: App) -> None:
    """What is deployed is judged by its own commit's gonogo.toml."""
    (app.root / "gonogo.toml").write_text("[app\n")
    ended = app.gonogo("deploy", "--env", "test")

    assert ended.code == 0, ended


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("deploy", "--env", "nowhere"), 4, '--env: found "nowhere", expected one of test.'),
        (("deploy", "--env", "test", "--ref", "nothing"), 4, '--ref: found "nothing", which names no commit here'),
        (("deploy", "--env", "test", "--force"), 4, "--force: found no --reason, expected one for the record: --force"),
        (("deploy", "--what"), 4, "No such option: --what"),
        (("fly",), 4, "No such command"),
        (("rollback", "--env", "test", "--to", "abc"), 1, '--to: found "abc", expected one of the kept releases none.'),
        (("unlock", "--env", "test"), 0, "no lock was held"),
        (("history",), 0, "no runs yet"),
        (("plan", "--env", "test"), 0, "first touch: from here on, everything that goes wrong goes back"),
    ],
)
def test_wrong_usage_is_one_clear_message(app: App, arguments: tuple[str, ...], code: int, said: str) -> None:
    """No traceback, nothing touched."""
    ended = app.gonogo(*arguments)

    assert ended.code == code, ended
    assert said in ended.err
    assert "Traceback" not in ended.err
    assert app.ask() is None


def test_folder_without_git_is_told(tmp_path: Path, app: App) -> None:
    """A release is a commit."""
    folder = tmp_path / "plain"
    folder.mkdir()
    (folder / "gonogo.toml").write_text((app.root / "gonogo.toml").read_text())
    app.root = folder
    ended = app.gonogo("deploy", "--env", "test")

    assert ended.code == 4, ended
    assert f"{folder}: found no git repository, expected one: a release is a commit." in ended.err


def test_plan_touches_nothing_and_leaves_nothing(app: App) -> None:
    """The worktree that the plan made is gone."""
    app.gonogo("plan", "--env", "test")

    assert app.git("worktree", "list").count("\n") == 0
    assert not (app.state / "releases").exists()


def test_time_is_kept(app: App) -> None:
    """The record's seconds are the wall's."""
    begin = time.monotonic()
    _, record = app.deploy()

    assert 0 < record["seconds"] <= time.monotonic() - begin
