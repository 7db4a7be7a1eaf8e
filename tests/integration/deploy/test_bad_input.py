"""Bad input of every kind: one clear message, the right exit code, no traceback, nothing changed on the target."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gonogo.config.builtin import built_in
from gonogo.inspection.code.linters import LINTERS
from gonogo.words import Stage

from .conftest import GREEN, App

pytestmark = pytest.mark.integration

CHECK = '''\
import os, sys, threading, time, pytest

@pytest.mark.predeploy
def test_ours(request):
    """Ours is well."""
    {body}
'''
NODE = "checks/test_ours.py::test_ours"


ALL = len([check for check in built_in() if check.stage is Stage.PREDEPLOY]) - 1 + len(LINTERS) + 1
"""The built-in checks, of which one is asked of each linter, and the team's."""
CUT_SHORT = f"the gate was cut short at {NODE}: 1 of {ALL} checks did not come to their end"


def check_that(app: App, body: str) -> None:
    """Commit a check of the team's own with this body."""
    (app.root / "checks").mkdir()
    (app.root / "checks" / "test_ours.py").write_text(CHECK.replace("{body}", body))
    app.commit("checks")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("os._exit(0)", f"the gate left no results (exit code 0); the last check that began is {NODE}. What it said:"),
        pytest.param(
            "os.kill(os.getpid(), 9)",
            f"the gate left no results (ended by signal 9); the last check that began is {NODE}.",
            marks=pytest.mark.thorough,
        ),
        pytest.param("pytest.exit('enough', returncode=0)", CUT_SHORT, marks=pytest.mark.thorough),
        pytest.param("raise KeyboardInterrupt", CUT_SHORT, marks=pytest.mark.thorough),
        ("os.kill(os.getpid(), 2); time.sleep(30)", CUT_SHORT),
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


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("sys.exit(0)", "the check crashed: SystemExit: 0 (checks/test_ours.py:6)"),
        ("raise BaseException('x')", "the check crashed: BaseException: x (checks/test_ours.py:6)"),
        ("f = lambda: f(); f()", "the check crashed: RecursionError: maximum recursion depth exceeded"),
        ("time.sleep(600)", "no end: Timeout (>"),
        ("lock = threading.Lock(); lock.acquire(); lock.acquire()", "no end: Timeout (>"),
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


@pytest.mark.parametrize("command", ["deploy", "plan"])
def test_repository_without_a_commit_is_told_to_make_one(app: App, command: str) -> None:
    """Not: "HEAD names no commit"."""
    shutil.rmtree(app.root / ".git")
    app.git("init", "-q")
    ended = app.gonogo(command, "--env", "test")

    assert ended.code == 4, ended
    assert ended.err == (
        f"{app.root}: found a repository without a commit, expected one: a release is a commit. "
        '`git add -A && git commit -m "First release"`, then try again.\n'
    )


def test_bare_repository_is_told_to_be_cloned(app: App, tmp_path: Path) -> None:
    """There are no files to look at."""
    bare = tmp_path / "bare.git"
    app.git("clone", "-q", "--bare", str(app.root), str(bare))
    shutil.copy(app.root / "gonogo.toml", bare)
    app.root = bare
    ended = app.gonogo("deploy", "--env", "test")

    assert ended.code == 4, ended
    assert ended.err == (
        f"{bare}: found a repository without a working tree (bare), expected a checkout. "
        "Clone it, and deploy from the clone.\n"
    )


def test_missing_git_is_named(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not: "no git repository"."""
    monkeypatch.setenv("PATH", str(tmp_path))
    ended = app.gonogo("deploy", "--env", "test")

    assert ended.code == 4, ended
    assert ended.err == "git: found no such program on PATH, expected git 2 or newer. Install it, or mend PATH.\n"


def test_empty_name_of_an_environment_is_not_the_default(app: App) -> None:
    """``--env "$TARGET"`` with TARGET unset must not deploy anywhere."""
    ended = app.gonogo("deploy", "--env", "")

    assert ended.code == 4, ended
    assert ended.err == '--env: found "", expected one of test.\n'


@pytest.mark.thorough
def test_deploys_of_one_second_are_told_apart(app: App) -> None:
    """A run that fails at once may be followed by the next in the same second."""
    app.configure(options="min_free_disk = 1000000000")
    app.commit("no room")
    runs = [app.deploy()[1]["run"] for _ in range(2)]

    assert len(set(runs)) == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"KEY=gr\xfcn\n", ":1: found bytes that are no UTF-8, expected text in UTF-8; save the file as UTF-8"),
        pytest.param(
            b"A=1\nKEY=a\0b\n",
            ":2: found a NUL character, expected text; a variable cannot hold one",
            marks=pytest.mark.thorough,
        ),
        pytest.param(
            b"KEY=1\nno line\n",
            ":2: found a line that cannot be read, expected KEY=value; quote or comment it out",
            marks=pytest.mark.thorough,
        ),
        pytest.param(
            None,
            ": found a file that cannot be read (Is a directory), expected the environment's variables",
            marks=pytest.mark.thorough,
        ),
    ],
)
def test_env_file_that_cannot_be_used_stops_before_the_build(app: App, content: bytes | None, said: str) -> None:
    """P19 names the file and the line, never a value."""
    app.configure(options='env_file = ".env"\nrequired_env = ["KEY"]')
    app.commit("env file")
    env = app.root / ".env"
    env.mkdir() if content is None else env.write_bytes(content)
    red, record = app.deploy()

    assert red.code == 1, red
    assert [(cause["code"], cause["found"]) for cause in record["causes"]] == [("P19", f"{env}{said}")]
    assert [step["name"] for step in record["steps"]] == ["checkout", "predeploy"]


@pytest.mark.thorough
def test_memory_that_somebody_broke_is_told_with_the_way_out(app: App) -> None:
    """Every command that needs it says the same; history still reads."""
    app.deploy()
    path = next(app.state.glob("releases/*/release.json"))
    path.write_text("{")
    said = (
        f"{path}: found 1 broken fields, expected a release. "
        f"Put the file back, or let go of that release: `mv {path.parent} {app.state}`."
    )
    for arguments in (("deploy",), ("plan",), ("rollback",)):
        ended = app.gonogo(*arguments, "--env", "test")

        assert ended.code == 1, ended
        assert said in ended.err
    assert app.gonogo("history").code == 0
    assert app.serving_text() == "hello"


@pytest.fixture
def small_disk(app: App) -> Iterator[App]:
    """The application with its state on a disk of 9 MiB; skips where this user may not mount one."""
    app.state.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=9m", "tmpfs", str(app.state)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("no right to mount a small disk here (it needs root)")
    try:
        app.configure(options="min_free_disk = 0")
        app.commit("small disk")
        yield app
    finally:
        app.close()
        subprocess.run(["umount", "--lazy", str(app.state)], check=True)


def fill(path: Path) -> None:
    """Write until nothing more fits."""
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as stream:
        while True:
            stream.write(bytes(65536))


@pytest.mark.thorough
def test_full_disk_before_the_first_touch_changes_nothing(small_disk: App) -> None:
    """The message names the place and what to do; what serves goes on."""
    small_disk.deploy()
    fill(small_disk.state / "fill")
    red = small_disk.gonogo("deploy", "--env", "test")

    assert red.code == 1, red
    assert "found no space left, expected room to write. Free some (df -h), then try again." in red.err
    assert "Errno" not in red.err
    assert small_disk.serving_text() == "hello"


@pytest.mark.thorough
def test_disk_that_fills_up_after_the_first_touch_is_turned_back_and_proven(small_disk: App) -> None:
    """Room for the rollback is kept free: the previous release serves, its gate was asked, exit 1 tells the truth."""
    good, _ = small_disk.deploy()
    run = f"sh -c 'head -c 100000000 /dev/zero > {small_disk.state}/fill; true'"
    step = f'[[env.test.step]]\nname = "fill"\nafter = "start"\nrun = "{run}"\nundo = "true"\n'
    small_disk.configure(options="min_free_disk = 0", tables=step)
    small_disk.pages({**GREEN, "/page": (200, "second")})
    red, record = small_disk.deploy()

    assert (good.code, red.code) == (0, 1), red
    assert "found no space left, expected room to write." in record["reason"]
    assert record["verified"]["exitstatus"] == 0
    assert small_disk.serving_text() == "hello"
    assert not (small_disk.state / "reserve").exists()
    (small_disk.state / "fill").unlink()
    status = json.loads(small_disk.gonogo("status", "--json").out)[0]
    assert (status["unfinished"], status["proven"]) == (None, True)


def test_address_that_nobody_has_stops_before_anything_is_started(app: App) -> None:
    """The gate could not be asked: nothing is started whose state nobody could find out."""
    toml = app.root / "gonogo.toml"
    toml.write_text(re.sub(r'(?m)^url = ".*"$', 'url = "http://tiny.invalid"', toml.read_text()))
    app.commit("a name that is still to come")
    red, record = app.deploy()

    assert red.code == 1, red
    assert [cause["code"] for cause in record["causes"]] == ["P52"]
    assert record["causes"][0]["found"].startswith("url: found the host tiny.invalid, which nobody has here")
    assert record["ending"].startswith("NO-GO before the first touch: nothing that serves was changed")
    assert app.ask() is None


@pytest.mark.thorough
@pytest.mark.parametrize("program", ["guniborn", "./start.sh"])
def test_missing_program_is_found_before_anything_is_stopped(app: App, program: str) -> None:
    """A server that nobody installed, or a script without its executable bit, is no matter for a rollback."""
    app.deploy()
    (app.root / "start.sh").write_text("#!/bin/sh\n")
    config = app.root / "gonogo.toml"
    config.write_text(config.read_text().replace("{python} app.py", program))
    app.commit("another server")
    red, record = app.deploy()

    assert red.code == 1, red
    assert record["ending"].startswith("NO-GO before the first touch: nothing that serves was changed")
    assert record["reason"] == (
        f"gonogo.toml: service.web.command: found no program {program} in the release's environment or on PATH, "
        "expected one that can be run. Add it to the dependencies that the build installs, or mend the command."
    )
    assert app.serving_text() == "hello"


@pytest.mark.thorough
def test_release_that_dies_while_it_is_watched_is_turned_back(app: App) -> None:
    """Seen: asked again, D03 found nothing that runs, skipped, and the death counted as unstable; GO, nothing served."""
    app.deploy()
    app.pages(GREEN)
    timer = "import threading; threading.Timer(2.5, os._exit, (1,)).start()\nPAGES ="
    (app.root / "app.py").write_text((app.root / "app.py").read_text().replace("PAGES =", timer, 1))
    app.configure(options="check_timeout = '30s'")
    config = app.root / "gonogo.toml"
    config.write_text(config.read_text().replace('stable_for = "200ms"', 'stable_for = "5s"'))
    app.commit("dies")
    red, record = app.deploy()

    assert red.code == 1, red
    assert record["ending"].startswith("REVERTED to ")
    assert {cause["code"] for cause in record["causes"]} & {"D01", "D03", "D06"}
    assert app.serving_text() == "hello"


@pytest.mark.thorough
def test_terminal_that_is_gone_does_not_end_a_deployment(app: App) -> None:
    """A service without any standard stream, and ``gonogo deploy 2>&1 | head -1``."""
    deploy = f"{sys.executable} -P -m gonogo deploy --env test"
    closed = subprocess.run(["bash", "-c", f"{deploy} <&- >&- 2>&-"], cwd=app.root, check=False)
    app.pages({**GREEN, "/two": (200, "2")})
    piped = subprocess.run(
        ["bash", "-c", f"{deploy} 2>&1 | head -1; exit ${{PIPESTATUS[0]}}"],
        cwd=app.root,
        check=False,
        capture_output=True,
    )

    assert closed.returncode == 0
    assert piped.returncode == 0
    assert app.ask("/two") is not None
    assert app.ask("/two")[0] == 200  # type: ignore[index]
