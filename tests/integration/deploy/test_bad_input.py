"""Bad input of every kind: one clear message, the right exit code, no traceback, nothing changed on the target."""

from __future__ import annotations

import shutil

import pytest

from .conftest import App

pytestmark = pytest.mark.integration

CHECK = '''\
import os, sys, threading, time, pytest

@pytest.mark.predeploy
def test_ours(request):
    """Ours is well."""
    {body}
'''
NODE = "checks/test_ours.py::test_ours"


def check_that(app: App, body: str) -> None:
    """Commit a check of the team's own with this body."""
    (app.root / "checks").mkdir()
    (app.root / "checks" / "test_ours.py").write_text(CHECK.replace("{body}", body))
    app.commit("checks")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("os._exit(0)", f"the gate left no results (exit code 0); the last check that began is {NODE}. What it said:"),
        (
            "os.kill(os.getpid(), 9)",
            f"the gate left no results (ended by signal 9); the last check that began is {NODE}.",
        ),
        (
            "pytest.exit('enough', returncode=0)",
            f"the gate was cut short at {NODE}: 1 of 16 checks did not come to their",
        ),
        ("raise KeyboardInterrupt", f"the gate was cut short at {NODE}: 1 of 16 checks did not come to their end"),
        ("os.kill(os.getpid(), 2); time.sleep(30)", f"the gate was cut short at {NODE}: 1 of 16 checks did not come"),
    ],
)
def test_check_that_ends_the_gate_is_no_go_and_named(app: App, body: str, said: str) -> None:
    """A gate that was not asked to its end is never a GO, whatever exit code it left."""
    check_that(app, body)
    red, record = app.deploy()

    assert red.code == 1, red
    assert record["ending"].startswith("NO-GO before the first touch: nothing that serves was changed")
    assert said in record["reason"]
    assert app.ask() is None


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("sys.exit(0)", "the check crashed: SystemExit: 0 (checks/test_ours.py:6)"),
        ("raise BaseException('x')", "the check crashed: BaseException: x (checks/test_ours.py:6)"),
        ("f = lambda: f(); f()", "the check crashed: RecursionError: maximum recursion depth exceeded"),
        ("time.sleep(600)", "no end: Timeout (>2.0s) from pytest-timeout."),
        ("lock = threading.Lock(); lock.acquire(); lock.acquire()", "no end: Timeout (>2.0s) from pytest-timeout."),
    ],
)
def test_check_that_crashes_or_hangs_is_inconclusive_and_red(app: App, body: str, found: str) -> None:
    """The message says that it could not be found out, and where."""
    app.configure(options='check_timeout = "2s"')
    check_that(app, body)
    red, record = app.deploy()

    assert red.code == 1, red
    cause = record["causes"][0]
    assert (cause["id"], cause["outcome"]) == (NODE, "inconclusive")
    assert found in cause["found"]
    assert "Traceback" not in red.err


def test_check_with_two_stages_is_told_to_choose_one(app: App) -> None:
    """Pytest's own refusal is the reason that is shown."""
    check_that(app, "pass")
    path = app.root / "checks" / "test_ours.py"
    path.write_text(path.read_text().replace("@pytest.mark.predeploy", "@pytest.mark.predeploy\n@pytest.mark.build"))
    app.commit("two stages")
    red, record = app.deploy()

    assert red.code == 1, red
    assert record["reason"].startswith("pytest refused the checks:")
    assert f"{NODE}: found 2 stage markers (predeploy, build), expected exactly one." in record["reason"]


def test_gate_in_which_nothing_ran_is_exit_5(app: App) -> None:
    """A team's conftest that drops every check ends in NO-GO, not in a deploy without checks."""
    check_that(app, "pass")
    (app.root / "checks" / "conftest.py").write_text("def pytest_collection_modifyitems(items):\n    items[:] = []\n")
    app.commit("drops all")
    red, record = app.deploy()

    assert red.code == 5, red
    assert record["ending"].startswith("NO-GO: nothing was checked (exit 5), nothing that serves was changed")


def test_application_in_a_subfolder_is_deployed_from_any_folder_below_it(app: App) -> None:
    """The repository's top and the project's folder need not be one; names may hold spaces, newlines and umlauts."""
    folder = app.root / "pro ject"
    (folder / "deep er").mkdir(parents=True)
    for name in ("gonogo.toml", "app.py"):
        shutil.move(app.root / name, folder / name)
    for name in ("a b.py", "ünï.py", "-dash.py", "quote'\".py", "new\nline.py", "deep er/é.txt"):
        (folder / name).write_text("x = 1\n")
    app.commit("moved")
    app.root = folder / "deep er"
    ended, record = app.deploy()

    assert ended.code == 0, ended
    assert record["reports"].startswith(f"{folder}/reports/test/")
    assert app.serving_text() == "hello"
