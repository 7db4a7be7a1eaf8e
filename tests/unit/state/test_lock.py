"""gonogo.state.lock: one run at a time, and the refusal says who holds it."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from gonogo.errors import LockedError
from gonogo.state import lock
from gonogo.state.lock import STALE_AFTER, Holder, hold, holder
from tests.support.sites import eventually


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
        "import os, sys; from pathlib import Path; from gonogo.state.lock import hold\n"
        "context = hold(Path(sys.argv[1]), project='a', env='b', why='deploy')\n"
        "context.__enter__(); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=False)


@pytest.mark.parametrize("content", [b"", b'{"who"', b"\xff\xfe"])
def test_lock_that_names_nobody_is_refused(tmp_path: Path, content: bytes) -> None:
    """Locks are linked whole, so a torn one was damaged: a person looks, and `gonogo unlock` is named."""
    path = tmp_path / "lock"
    path.write_bytes(content)

    with pytest.raises(LockedError, match=r"found a lock that cannot be read.*then `gonogo unlock`"):
        hold(path, project="a", env="b", why="x").__enter__()


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


def refusal(path: Path, **facts: object) -> str:
    """What the next run is told about the lock of a process that is gone, once these facts of it are others."""
    leave(path)
    left = holder(path)
    assert left is not None
    path.write_text(left.model_copy(update=facts).model_dump_json())
    with pytest.raises(LockedError) as caught, hold(path, project="a", env="b", why="x"):
        pass
    return str(caught.value)


ELSEWHERE = {
    "another container": {"space": "pid:[1]"},
    "before a reboot": {"space": "00000000-0000-0000-0000-000000000000 pid:[4026531836]"},
    "another machine": {"machine": "elsewhere"},
}


@pytest.mark.parametrize("facts", ELSEWHERE.values(), ids=ELSEWHERE)
def test_lock_from_elsewhere_goes_by_its_heartbeat(tmp_path: Path, facts: dict[str, object]) -> None:
    """A pid of elsewhere proves nothing; nobody is called gone for it, and a person looks when the heartbeat is old."""
    fresh = refusal(tmp_path / "lock", **facts)
    (tmp_path / "lock").unlink()
    beat = datetime.now(UTC) - timedelta(seconds=STALE_AFTER + 1)
    stale = refusal(tmp_path / "lock", beat=beat, **facts)
    machine = facts.get("machine", platform.node())

    assert fresh.endswith("expected a free environment. Wait for that run to end.")
    assert stale.endswith(
        " s ago, and a lock is stale after 60 s without one; expected a free environment. "
        f"Look on {machine} whether that process still runs, then `gonogo unlock`."
    )


def test_lock_from_before_this_boot_is_taken_over(tmp_path: Path) -> None:
    """The holder's last sign of life is older than this machine's start: nobody has to unlock after a power cut."""
    leave(tmp_path / "lock")
    left = holder(tmp_path / "lock")
    assert left is not None
    beat = datetime.fromtimestamp(psutil.boot_time() - 1, UTC)
    facts = {**ELSEWHERE["before a reboot"], "beat": beat}
    (tmp_path / "lock").write_text(left.model_copy(update=facts).model_dump_json())

    with hold(tmp_path / "lock", project="a", env="b", why="x") as me:
        assert holder(tmp_path / "lock") == me


def test_lock_of_a_machine_of_another_name_outlives_our_reboot(tmp_path: Path) -> None:
    """Its boot and ours have nothing to do with each other."""
    beat = datetime.fromtimestamp(psutil.boot_time() - 1, UTC)
    said = refusal(tmp_path / "lock", beat=beat, machine="elsewhere", space="another pid:[1]")

    assert "Look on elsewhere whether that process still runs" in said


def test_lock_whose_pid_another_process_got_is_taken_over(tmp_path: Path) -> None:
    """This very process has the pid, and another creation time: the holder is proven to be gone."""
    leave(tmp_path / "lock")
    left = holder(tmp_path / "lock")
    assert left is not None
    (tmp_path / "lock").write_text(left.model_copy(update={"pid": os.getpid()}).model_dump_json())

    with hold(tmp_path / "lock", project="a", env="b", why="x") as me:
        assert holder(tmp_path / "lock") == me


def test_clock_that_was_set_does_not_free_a_lock(tmp_path: Path) -> None:
    """Creation times move with the clock; the holder lives, and by the kernel's ticks it is the same process."""
    with hold(tmp_path / "lock", project="a", env="b", why="deploy") as me:
        (tmp_path / "lock").write_text(me.model_copy(update={"started": me.started - 3600}).model_dump_json())
        with pytest.raises(LockedError) as caught, hold(tmp_path / "lock", project="a", env="b", why="x"):
            pass

    assert str(caught.value).endswith("Wait for that run to end.")


def test_lock_of_a_process_that_nobody_has_reaped_is_taken_over(tmp_path: Path) -> None:
    """After ``kill -9`` in a container without an init the holder stays a zombie; it holds nothing any more."""
    code = (
        "import sys; from pathlib import Path; from gonogo.state.lock import hold\n"
        "context = hold(Path(sys.argv[1]), project='a', env='b', why='deploy')\n"
        "context.__enter__(); print('held', flush=True); sys.stdin.read()"
    )
    argv = [sys.executable, "-c", code, str(tmp_path / "lock")]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as left:
        assert left.stdout is not None
        left.stdout.readline()
        left.kill()
        os.waitid(os.P_PID, left.pid, os.WEXITED | os.WNOWAIT)
        with hold(tmp_path / "lock", project="a", env="b", why="x") as me:
            assert holder(tmp_path / "lock") == me


def test_lock_that_cannot_be_let_go_replaces_no_verdict(tmp_path: Path) -> None:
    """Seen: a run that ended 6 was reported as 1, for the error of a state folder that had become a file."""
    path = tmp_path / "state" / "lock"
    with hold(path, project="a", env="b", why="deploy"):
        path.parent.rename(tmp_path / "aside")
        (tmp_path / "state").write_text("no folder")

    assert holder(tmp_path / "aside" / "lock") is not None


def test_beat_that_cannot_be_written_is_not_the_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen: a state folder that was gone for a moment ended the heartbeat, and the run was taken for dead."""
    path, failed = tmp_path / "state" / "lock", threading.Event()

    def looked(at: Path) -> Holder | None:
        try:
            return holder(at)
        except OSError:
            failed.set()
            raise

    monkeypatch.setattr(lock, "_BEAT", 0.01)
    monkeypatch.setattr(lock, "holder", looked)
    with hold(path, project="a", env="b", why="deploy") as me:
        path.parent.rename(tmp_path / "aside")
        (tmp_path / "state").write_text("no folder")
        assert failed.wait(10.0)
        (tmp_path / "state").unlink()
        (tmp_path / "aside").rename(path.parent)
        moment = datetime.now(UTC)
        eventually(lambda: (holder(path) or me).beat > moment)


def test_twenty_at_once_one_wins(tmp_path: Path) -> None:
    """The lock is taken whole or not at all."""
    code = (
        "import sys, time; from pathlib import Path; from gonogo.state.lock import hold; from gonogo.errors import LockedError\n"
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
