"""gonogo.lock: one run at a time, and the refusal says who holds it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gonogo.errors import LockedError
from gonogo.lock import hold, holder


def test_second_run_is_told_who_holds_the_environment(tmp_path: Path) -> None:
    """The message names user, machine, process, project, environment, since when and why."""
    with hold(tmp_path / "lock", project="shop", env="prod", why="deploy") as me:
        with pytest.raises(LockedError) as caught, hold(tmp_path / "lock", project="shop", env="prod", why="x"):
            pass
        text = str(caught.value)

        assert (
            f"{me.who}@{me.machine} (pid {me.pid}) holds shop/prod since {me.since:%Y-%m-%d %H:%M:%S} UTC for deploy"
            in text
        )
        assert text.endswith("expected a free environment. Wait for that run to end.")
    assert holder(tmp_path / "lock") is None


def test_lock_is_free_after_an_error(tmp_path: Path) -> None:
    """An exception inside leaves no lock behind."""
    with pytest.raises(RuntimeError), hold(tmp_path / "lock", project="a", env="b", why="c"):
        raise RuntimeError
    with hold(tmp_path / "lock", project="a", env="b", why="c"):
        pass


def leave(path: Path) -> None:
    """Let a process take the lock and die."""
    code = (
        "import os, sys; from pathlib import Path; from gonogo.lock import hold\n"
        "context = hold(Path(sys.argv[1]), project='a', env='b', why='deploy')\n"
        "context.__enter__(); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=False)


def test_lock_of_a_process_that_is_gone_is_taken_over(tmp_path: Path) -> None:
    """The holder is known to be dead by boot, process namespace, pid and start time; nothing of it stays."""
    leave(tmp_path / "lock")
    left = holder(tmp_path / "lock")
    with hold(tmp_path / "lock", project="a", env="b", why="x") as me:
        found = holder(tmp_path / "lock")

    assert left is not None
    assert left.is_gone()
    assert found == me
    assert list(tmp_path.iterdir()) == []


def test_lock_of_another_process_namespace_names_unlock(tmp_path: Path) -> None:
    """A pid of another container on a machine of the same name proves nothing: a person looks first."""
    leave(tmp_path / "lock")
    left = holder(tmp_path / "lock")
    assert left is not None
    (tmp_path / "lock").write_text(left.model_copy(update={"space": "other"}).model_dump_json())

    with pytest.raises(LockedError) as caught, hold(tmp_path / "lock", project="a", env="b", why="x"):
        pass
    assert "but that process is gone (a lock is stale after 60 s without heartbeat)" in str(caught.value)
    assert str(caught.value).endswith("Look at `gonogo status`, then `gonogo unlock`.")


def test_twenty_at_once_one_wins(tmp_path: Path) -> None:
    """The lock is taken whole or not at all."""
    code = (
        "import sys, time; from pathlib import Path; from gonogo.lock import hold; from gonogo.errors import LockedError\n"
        "try:\n"
        "    with hold(Path(sys.argv[1]), project='a', env='b', why='deploy'):\n"
        "        print('won', flush=True); sys.stdin.read()\n"
        "except LockedError as error: print('lost' if 'holds a/b' in str(error) else error, flush=True)\n"
    )
    argv = [sys.executable, "-c", code, str(tmp_path / "lock")]
    runs = [subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(20)]
    said = [run.stdout.readline().strip() for run in runs if run.stdout]
    for run in runs:
        run.communicate(timeout=30)

    assert sorted(said) == ["lost"] * 19 + ["won"]
