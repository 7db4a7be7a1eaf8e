"""``gonogo watch``: look at what serves for as long as somebody wants, beside deployments; also detached."""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
from pydantic import BaseModel, ValidationError

from gonogo.commands.bare_gate import ask_beside
from gonogo.commands.prepare import Where, where
from gonogo.commands.rollback import rollback
from gonogo.errors import LockedError, RefusedError, UsageError, explain
from gonogo.gates.judgement import Consequence, Judgement, judge
from gonogo.gates.subject import Subject
from gonogo.host.identity import process_of, ticks_of
from gonogo.host.runner import leave
from gonogo.host.signals import Signals
from gonogo.records.results import GateResult
from gonogo.run.notify import Notices
from gonogo.run.screen import Screen
from gonogo.runtimes.place import read_variables
from gonogo.state.lock import holder
from gonogo.state.release import Release
from gonogo.state.store import write_atomically
from gonogo.words import Exit, Role, Stage

__all__ = ["WatchProcess", "detach", "length", "stop", "watch", "watcher_of"]

_WINDOW = 300.0
"""Seconds that one gate watches; the next one follows it."""
_BUSY = 2.0
"""Seconds between two looks whether a deployment is over."""
_ENDS = 20.0
"""Seconds for which an end is waited for."""


class WatchProcess(BaseModel):
    """A process that watches an environment, or did."""

    pid: int
    started: float
    ticks: int
    since: datetime
    until: datetime
    said: str = ""
    """What it said last."""
    exit_code: int | None = None
    """How it ended; None while it goes on, or where nobody knows."""

    @property
    def process(self) -> psutil.Process | None:
        """The process, while it runs."""
        return process_of(self.pid, started=self.started, ticks=self.ticks)

    def __str__(self) -> str:
        """One line for people."""
        runs = "watches" if self.process is not None else "watched"
        how = "" if self.exit_code is None else f"; ended with {self.exit_code}"
        if self.process is None and self.exit_code is None:
            how = "; it was ended from outside"
        return f"{runs} since {self.since:%Y-%m-%d %H:%M} UTC, until {self.until:%Y-%m-%d %H:%M} UTC{how}: {self.said}"


def length(folder: Path, env: str | None, seconds: float | None) -> float:
    """For how many seconds is watched: as many as were asked for, or as many as after a deployment.

    Raises:
        UsageError: that is no time at all.
    """
    found = where(folder, env).environment.watched_for if seconds is None else seconds
    if found <= 0:
        raise UsageError('--for: found no time, expected how long to watch, such as "5m" or "48h".')
    return found


def watch(folder: Path, env: str | None, *, seconds: float | None, goes_back: bool, say: Callable[[str], None]) -> Exit:
    """Watches what serves; returns how it ended: GO, NO-GO (also where it was gone back), or not known (exit 5).

    A deployment meanwhile is waited for, and what serves then is watched on. What ends the watch is told to the team's
    channels; ``goes_back``: the release before is started as well.

    Raises:
        UsageError: no such environment, or no time to watch for.
        RefusedError: nothing serves, or somebody watches already.
        InterruptedRunError: somebody ended it.
    """
    at, seconds = where(folder, env), length(folder, env, seconds)
    if at.state.current() is None:
        name = at.environment.name
        raise RefusedError(f"{at.state.root}: found no release that serves. Deploy one: `gonogo deploy --env {name}`.")
    other = watcher_of(folder, env)
    if other is not None and other.process is not None:
        name = at.environment.name
        raise RefusedError(f"{name}: found that somebody {other}. End it: `gonogo watch --env {name} --stop`.")
    note = _Note(at, seconds)

    def told(text: str) -> None:
        say(text)
        note.says(text)

    note.says("begins")
    with Signals(say) as signals, signals.interruptible():
        red, ended = _watch(at, seconds, told)
    if red is not None:
        ended = _red(at, folder, *red, goes_back=goes_back, say=told)
    note.ends(ended)
    return ended


class _Note:
    """Says who watches, while they do, and afterwards how it ended."""

    def __init__(self, at: Where, seconds: float) -> None:
        process, now = psutil.Process(), datetime.now(UTC)
        self._path = _file(at)
        self._watcher = WatchProcess(
            pid=process.pid,
            started=process.create_time(),
            ticks=ticks_of(process.pid),
            since=now,
            until=now + timedelta(seconds=seconds),
        )

    def says(self, text: str) -> None:
        self._write(said=text)

    def ends(self, code: Exit) -> None:
        self._write(exit_code=int(code))

    def _write(self, **facts: object) -> None:
        self._watcher = self._watcher.model_copy(update=facts)
        with contextlib.suppress(OSError):  # a full disk costs the note, not the watch
            write_atomically(self._path, self._watcher.model_dump_json(indent=1) + "\n")


def _watch(at: Where, seconds: float, say: Callable[[str], None]) -> tuple[tuple[Release, Judgement] | None, Exit]:
    """What was found red, and of which release; or whether anything could be found out."""
    until, known = time.monotonic() + seconds, Exit.NOTHING_CHECKED
    while (left := until - time.monotonic()) > 0:
        serving = at.state.current()
        if serving is None or _is_busy(at):
            time.sleep(min(_BUSY, left))
            continue
        gate = _look(at, serving, window=min(left, _WINDOW))
        if _is_busy(at) or at.state.current() != serving:
            continue  # what it saw was a deployment
        found = judge(gate, baseline=None)
        if found.action is Consequence.ROLLBACK and not gate.problem:
            return (serving, found), Exit.NO_GO
        if found.action is Consequence.GO:
            known = Exit.GO
            say(f"{serving.short} is well ({gate.summary()})")
        else:
            say(f"{serving.short}: not known: {(gate.problem or found.reason).splitlines()[0]}")
    return None, known


def _is_busy(at: Where) -> bool:
    """Whether a run holds the environment: what it does is its own to judge."""
    found = holder(at.state.lock)
    return found is not None and found.is_alive()


def _look(at: Where, serving: Release, *, window: float) -> GateResult:
    subject = Subject(
        role=Role.BARE,
        env=at.environment.name,
        root=serving.root,
        path=at.path,
        state=at.state.root,
        checkout=at.project.root,
        release=serving,
        serving=serving,
        watch=window,
    )
    return ask_beside(at, Stage.WATCH, subject=subject)


def _red(
    at: Where, folder: Path, serving: Release, found: Judgement, *, goes_back: bool, say: Callable[[str], None]
) -> Exit:
    """Tells of it, and goes back where that is wanted."""
    name = at.environment.name
    say(f"NO-GO  {serving.short} on {name}: {found.reason}")
    notices = Notices(at.environment.notify, read_variables(at.path, at.environment), redact=at.redactor.text)
    notices.tell(f"{at.project.app.name} {name}: the watch of {serving.short} is NO-GO", found.reason)
    try:
        if not goes_back:
            say(f"It serves on. Go back: `gonogo rollback --env {name}`.")
            return Exit.NO_GO
        run = rollback(folder, name, to=None, force=False, screen=Screen())
    except (LockedError, RefusedError) as error:
        say(f"It was not gone back: {explain(error)}")
        return Exit.NEEDS_HUMAN
    else:
        say(run.ending)
        return Exit.NO_GO if run.exit_code is Exit.GO else run.exit_code
    finally:
        for problem in notices.close():
            say(problem)


def detach(folder: Path, env: str | None, *, seconds: float, goes_back: bool) -> WatchProcess:
    """Starts a process that watches on when the terminal is gone; what it says stands in ``watch.log``.

    Raises:
        RefusedError: it ended at once; the text says what it said.
    """
    at = where(folder, env)
    at.state.create()
    log = at.state.root / "watch.log"
    argv = [sys.executable, "-P", "-m", "gonogo", "watch", "--env", at.environment.name, "--for", f"{seconds:g}s"]
    before = watcher_of(folder, env)
    started = leave([*argv, *["--rollback"] * goes_back], folder=folder, log=log)
    deadline = time.monotonic() + _ENDS
    while time.monotonic() < deadline and started.poll() is None:
        found = watcher_of(folder, env)
        if found is not None and found != before and found.pid == started.pid:
            return found
        time.sleep(0.05)
    if started.poll() is None:
        started.terminate()
    said = log.read_text(encoding="utf-8", errors="replace").strip() or f"it said nothing; see {log}"
    raise RefusedError(said)


def watcher_of(folder: Path, env: str | None) -> WatchProcess | None:
    """Who watches, or did last; None where nobody ever did."""
    try:
        return WatchProcess.model_validate_json(_file(where(folder, env)).read_bytes())
    except (OSError, ValidationError):
        return None


def stop(folder: Path, env: str | None) -> WatchProcess | None:
    """Ends the process that watches; None where none does."""
    found = watcher_of(folder, env)
    process = found.process if found is not None else None
    if found is None or process is None:
        return None
    process.send_signal(signal.SIGTERM)
    with contextlib.suppress(psutil.TimeoutExpired):
        process.wait(_ENDS)
    return found


def _file(at: Where) -> Path:
    return at.state.root / "watch.json"
