"""Runs gonogo on a host for a deployer elsewhere, and notes how it ended; it outlives the connection that started it.

``keeper.py FOLDER keep NUMBER``: there stand ``run.json``, ``work/`` (the checkout), ``out`` and ``err``; it writes
``pid.json`` at first, and ``status.json`` at last. While the lock of ``FOLDER/alive`` is held, the run goes on: the
keeper is started with it, as that descriptor, and hands it on to the run.

``keeper.py FOLDER guard``: a second one, in no group of the first, for a release that must be confirmed. It waits for
that lock; where nobody noted how the run ended, it was killed, and what it left is gone back to or completed.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

__all__ = ["main"]

FAILED = 3
KILLED = "\nThe run was killed. What it left is gone back to, or completed:\n"


def main() -> None:
    """Keeps the run of a folder to its end, however long it takes, or guards it."""
    folder, role = Path(sys.argv[1]), sys.argv[2]
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    if role == "keep":
        keep(folder, run, held=int(sys.argv[3]), is_guarded=run["guard"])
    else:
        guard(folder, run)


def keep(folder: Path, run: dict[str, Any], *, held: int, is_guarded: bool) -> None:
    """Notes how it ended, and tidies up; one that was killed is left as it is where somebody else takes over."""
    code = FAILED
    try:
        code = run_to_the_end(folder, run, held=held)
        if not (is_guarded and code < 0):
            tidy(folder, run)
    finally:
        if not (is_guarded and code < 0):
            note(folder, code)


def guard(folder: Path, run: dict[str, Any]) -> None:
    """Waits until neither the keeper nor the run is there, and does what the run would have done."""
    os.environ.update(run["around"])
    with (folder / "guard").open("w") as own, (folder / "alive").open("r+") as held:
        fcntl.flock(own, fcntl.LOCK_EX)
        fcntl.flock(held, fcntl.LOCK_EX)
        if (folder / "status.json").exists():
            return
        with (folder / "err").open("ab") as err:
            err.write(KILLED.encode())
        shown = [word for word in run["words"] if word in ("--json", "--quiet")]
        named = run["words"][run["words"].index("--env") :][:2]
        keep(folder, {**run, "words": ["resume", *named, *shown]}, held=held.fileno(), is_guarded=False)


def note(folder: Path, code: int) -> None:
    """How it ended; negative where a signal ended it. A full disk does not keep it from being known."""
    with contextlib.suppress(OSError):
        (folder / "room").unlink()
    write_json(folder / "status.json", {"code": code if code >= 0 else None, "signal": max(-code, 0)})


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Writes a document so that nobody reads a part of it."""
    aside = path.with_name(f".{path.name}.new")
    with aside.open("w", encoding="utf-8") as stream:
        json.dump(value, stream)
        stream.flush()
        os.fsync(stream.fileno())
    aside.replace(path)


def run_to_the_end(folder: Path, run: dict[str, Any], *, held: int) -> int:
    """The exit code of gonogo; negative where a signal ended it."""
    given = os.open(str(folder / "in"), os.O_RDWR) if run["asks"] else subprocess.DEVNULL
    with (folder / "out").open("ab") as out, (folder / "err").open("ab") as err:
        try:
            process = subprocess.Popen(
                [run["python"], "-P", "-m", "gonogo", *run["words"]],
                cwd=str(folder / "work" / run["prefix"]),
                env={**os.environ, **run["environ"]},
                stdin=given,
                stdout=out,
                stderr=err,
                start_new_session=True,
                pass_fds=[held],
                preexec_fn=as_before,  # noqa: PLW1509 (a keeper has one thread)
            )
        except OSError as error:
            err.write(f"{error}\n".encode())
            return FAILED
    with contextlib.suppress(OSError):  # a full disk: it can be given no signal, but is kept to its end
        write_json(folder / "pid.json", {"pid": process.pid})
    return process.wait()


def as_before() -> None:
    """What the keeper ignores is nothing that its run should."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)


def tidy(folder: Path, run: dict[str, Any]) -> None:
    """Keeps the pages, and lets go of the checkout and of what was brought."""
    pages = folder / "work" / run["prefix"] / "reports"
    if pages.is_dir():
        pages.rename(folder / "reports")
    for name in ("work", "brought"):
        shutil.rmtree(str(folder / name), ignore_errors=True)
    argv = ["git", f"--git-dir={run['repository']}", "worktree", "prune"]
    subprocess.run(argv, stdin=subprocess.DEVNULL, check=False)


if __name__ == "__main__":
    main()
