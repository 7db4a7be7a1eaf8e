"""Runs gonogo on a host for a deployer elsewhere, and notes how it ended; it outlives the connection that started it.

``keeper.py FOLDER``: there stand ``run.json``, ``work/`` (the checkout), ``out`` and ``err``; it writes ``pid.json`` at
first, and ``status.json`` at last. While the lock of ``FOLDER/alive`` is held, which it is started with, the
run goes on.
"""

from __future__ import annotations

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


def main() -> None:
    """Keeps the run of a folder to its end, however long it takes."""
    folder = Path(sys.argv[-1])
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    code = FAILED
    try:
        code = run_to_the_end(folder, run)
        tidy(folder, run)
    finally:
        write_json(folder / "status.json", {"code": code if code >= 0 else None, "signal": max(-code, 0)})


def write_json(path: Path, value: dict[str, Any]) -> None:
    """Writes a document so that nobody reads a part of it."""
    aside = path.with_name(f".{path.name}.new")
    with aside.open("w", encoding="utf-8") as stream:
        json.dump(value, stream)
        stream.flush()
        os.fsync(stream.fileno())
    aside.replace(path)


def run_to_the_end(folder: Path, run: dict[str, Any]) -> int:
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
                preexec_fn=as_before,  # noqa: PLW1509 (a keeper has one thread)
            )
        except OSError as error:
            err.write(f"{error}\n".encode())
            return FAILED
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
