"""One run at a time holds an environment; its lock says who, since when, from where and why."""

from __future__ import annotations

import contextlib
import fcntl
import getpass
import json
import os
import platform
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psutil
from pydantic import BaseModel, ValidationError

from gonogo.errors import LockedError
from gonogo.host.identity import process_of, ticks_of

__all__ = ["OPERATOR", "STALE_AFTER", "Holder", "hold", "holder", "operator"]

OPERATOR = "GONOGO_OPERATOR"
"""Set where a deployer elsewhere has started gonogo: who is at it, and where."""
STALE_AFTER = 60.0
"""Seconds without a heartbeat after which a lock is called stale."""
_BEAT = 5.0


class Holder(BaseModel):
    """Who holds an environment."""

    project: str
    env: str
    who: str
    machine: str
    pid: int
    started: float
    """Creation time of the process by the kernel's account (UTC seconds)."""
    since: datetime
    why: str
    beat: datetime
    ticks: int = 0
    """The same in ticks since boot, which no setting of the clock moves; 0 where the kernel does not say."""
    space: str = ""
    """Boot and process namespace of the machine: only there the pid means that process."""

    def age(self) -> float:
        """Seconds since the last heartbeat."""
        return (datetime.now(UTC) - self.beat).total_seconds()

    def is_alive(self) -> bool:
        """Whether the process still runs, where its pid means that process; else by its heartbeat."""
        return self._runs() if self._is_here() else not self.is_gone() and self.age() <= STALE_AFTER

    def is_gone(self) -> bool:
        """Whether the process is proven to have ended: it ran here, or on this machine before it was started again."""
        return not self._runs() if self._is_here() else self._is_before_this_boot()

    def _is_before_this_boot(self) -> bool:
        """Another machine of this name, which shares the folder, would have given a sign of life since."""
        theirs, ours = self.space.partition(" ")[0], _space().partition(" ")[0]
        restarted = bool(theirs and ours) and theirs != ours and self.machine == platform.node()
        return restarted and self.beat.timestamp() < psutil.boot_time()

    def _is_here(self) -> bool:
        """Not on another machine, in another container, or before the machine was started again."""
        return self.machine == platform.node() and self.space == _space()

    def _runs(self) -> bool:
        return process_of(self.pid, started=self.started, ticks=self.ticks) is not None

    def __str__(self) -> str:
        """One line for people."""
        return (
            f"{self.who}@{self.machine} (pid {self.pid}) holds {self.project}/{self.env} since "
            f"{self.since:%Y-%m-%d %H:%M:%S} UTC for {self.why}; last heartbeat {self.age():.0f} s ago"
        )


def holder(path: Path) -> Holder | None:
    """Who holds the lock at ``path``, or None when it is free or its text is torn."""
    try:
        return Holder.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


@contextlib.contextmanager
def hold(path: Path, *, project: str, env: str, why: str) -> Iterator[Holder]:
    """Holds the lock for a while, with a heartbeat; a lock whose holder is proven to be gone is taken over.

    Raises:
        LockedError: somebody else holds it; the message names them, and how to go on when they are gone.
    """
    me = _me(project, env, why)
    _take(path, me)
    stop = threading.Event()
    beat = threading.Thread(target=_beat, args=(path, me, stop), name="lock heartbeat", daemon=True)
    beat.start()
    try:
        yield me
    finally:
        stop.set()
        beat.join(timeout=_BEAT)
        with contextlib.suppress(OSError):  # no verdict is lost for it: a lock whose process is gone is taken over
            _let_go(path, me)


def _let_go(path: Path, me: Holder) -> None:
    found = holder(path)
    if found is not None and (found.pid, found.started) == (me.pid, me.started):
        path.unlink(missing_ok=True)


def operator() -> str:
    """Who is at it here: ``user@machine``."""
    return os.environ.get(OPERATOR) or f"{_user()}@{platform.node()}"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _me(project: str, env: str, why: str) -> Holder:
    now = datetime.now(UTC)
    return Holder(
        project=project,
        env=env,
        who=os.environ.get(OPERATOR) or _user(),
        machine=platform.node(),
        pid=os.getpid(),
        started=psutil.Process().create_time(),
        ticks=ticks_of(os.getpid()),
        since=now,
        why=why,
        beat=now,
        space=_space(),
    )


def _take(path: Path, me: Holder) -> None:
    """Creates the lock whole or not at all: written aside, then linked to its name."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _clear(path)
    aside = path.with_name(f".lock.{me.pid}.{threading.get_ident()}")
    aside.write_text(me.model_dump_json(), encoding="utf-8")
    try:
        os.link(aside, path)
    except FileExistsError:
        raise LockedError(_refusal(path)) from None
    finally:
        aside.unlink()


def _clear(path: Path) -> None:
    """Takes away the lock of a process that is gone; two who see it at once do not take away each other's."""
    found = holder(path)
    if found is None or not found.is_gone():
        return
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        found = holder(path)
        if found is not None and found.is_gone():
            path.unlink(missing_ok=True)
            for left in (*path.parent.glob(f".lock.{found.pid}.*"), path.with_name(f".beat.{found.pid}")):
                left.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _space() -> str:
    """This boot and process namespace, as the kernel names them; empty where it does not say."""
    with contextlib.suppress(OSError):
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    return ""


def _refusal(path: Path) -> str:
    found = holder(path)
    if found is None:
        return (
            f"{path}: found a lock that cannot be read, expected no lock. "
            "Look whether a run is going on, then `gonogo unlock`."
        )
    if found.is_alive():
        return f"found: {found}; expected a free environment. Wait for that run to end."
    return (
        f"found: {found}, and a lock is stale after {STALE_AFTER:.0f} s without one; expected a free environment. "
        f"Look on {found.machine} whether that process still runs, then `gonogo unlock`."
    )


def _beat(path: Path, me: Holder, stop: threading.Event) -> None:
    aside = path.with_name(f".beat.{me.pid}")
    while not stop.wait(_BEAT):
        with contextlib.suppress(OSError):  # the next beat may be seen again
            found = holder(path)
            if found is None or found.pid != me.pid:
                return
            aside.write_text(json.dumps(me.model_dump(mode="json") | {"beat": datetime.now(UTC).isoformat()}), "utf-8")
            aside.replace(path)
