"""Running instances of the runtime ``process``: which process is ours, and how it is ended.

    instances/<slot>.json            pid file: the instance of a service, as it was started
    instances/<slot>/<release>.log   its output

A slot is the service's name; where releases take turns, each of them has one of its own.

A pid alone proves nothing, it may have been given to a stranger meanwhile: the creation time must agree as well.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import psutil
from pydantic import BaseModel, ConfigDict, ValidationError

from gonogo.errors import CommandError
from gonogo.host.identity import carrying, process_of, runs, ticks_of
from gonogo.host.runner import Command, Host
from gonogo.inspection.machine.memory import own
from gonogo.state.release import Release
from gonogo.state.store import write_atomically

__all__ = [
    "MARK",
    "Instance",
    "Instances",
    "end",
    "end_strays",
    "exit_code",
    "family",
    "is_alive",
    "launch",
    "marked",
    "note_healthy",
    "slot_of",
    "weight",
]

MARK = "GONOGO_INSTANCE"
"""Variable of every instance: the folder of its service's logs, which no other environment shares."""

_POLL = 0.02
_AFTER_KILL = 5.0


class Instance(BaseModel):
    """One started instance, as its pid file says it."""

    model_config = ConfigDict(frozen=True)

    service: str
    slot: str = ""
    """Where its release stands beside others: its own pid file and log; else those of the service."""
    pid: int
    started: float
    """Creation time by the kernel's account (UTC seconds)."""
    ticks: int = 0
    """The same in ticks since boot, which no setting of the clock moves; 0 where the kernel does not say."""
    release: str
    port: int | None = None
    log: Path
    offset: int = 0
    """Where its output begins in the log."""
    settled: int | None = None
    """Where the log ended when all instances of the release were healthy."""
    started_at: datetime

    @property
    def key(self) -> str:
        """By what its pid file and its log are found."""
        return self.slot or self.service

    def __str__(self) -> str:
        """The instance as people name it."""
        return f"{self.service} (pid {self.pid})"


class Instances:
    """The pid files and logs of one environment."""

    def __init__(self, state: Path) -> None:
        """Below the environment's state folder; nothing is created."""
        self._folder = state / "instances"

    def read(self, slot: str) -> Instance | None:
        """The recorded instance of a service, alive or not; None when it was never started or was stopped.

        Raises:
            CommandError: the pid file is broken.
        """
        path = self._file(slot)
        try:
            return Instance.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            raise CommandError(
                f"{path}: found {str(error).splitlines()[0]}, expected a pid file. "
                f"Stop the process of {slot} by hand, then delete the file."
            ) from error

    def all(self) -> list[Instance]:
        """Every recorded instance, by service."""
        found = (self.read(path.stem) for path in sorted(self._folder.glob("*.json")))
        return [instance for instance in found if instance is not None]

    def write(self, instance: Instance) -> None:
        """Records an instance."""
        write_atomically(self._file(instance.key), instance.model_dump_json(indent=2) + "\n")

    def forget(self, slot: str) -> None:
        """Removes the record of an instance."""
        self._file(slot).unlink(missing_ok=True)

    def log(self, slot: str, release: str) -> Path:
        """Where a release's instance of a service writes."""
        return self.mark(slot) / f"{release}.log"

    def mark(self, slot: str) -> Path:
        """What the processes of a service carry in their variables; also the folder of its logs."""
        return self._folder / slot

    def _file(self, slot: str) -> Path:
        return self._folder / f"{slot}.json"


def slot_of(release: Release, service: str) -> str:
    """Where an instance of a release is on record."""
    return f"{service}@{release.id}" if release.beside else service


def launch(
    instances: Instances, host: Host, command: Command, *, service: str, slot: str, release: str, port: int | None
) -> Instance:
    """Starts an instance and records it; its output is added to the log that ``command.detach`` names.

    Raises:
        CommandError: the program was not found or may not be executed.
    """
    log = instances.log(slot, release)
    log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    offset = log.stat().st_size if log.exists() else 0
    pid = host.spawn(command)
    instance = Instance(
        service=service,
        slot=slot if slot != service else "",
        pid=pid,
        started=_created(pid),
        ticks=ticks_of(pid),
        release=release,
        port=port,
        log=log,
        offset=offset,
        started_at=datetime.now(UTC),
    )
    instances.write(instance)
    return instance


def note_healthy(instances: Instances, slots: Iterable[str]) -> None:
    """Notes how much each instance had written when all were healthy: its log has no times."""
    for slot in slots:
        found = instances.read(slot)
        if found is not None and found.log.exists():
            instances.write(found.model_copy(update={"settled": found.log.stat().st_size}))


def is_alive(instance: Instance) -> bool:
    """Whether the very process that was started still runs; a zombie does not."""
    leader = _leader(instance)
    return leader is not None and runs(leader)


def family(instance: Instance) -> list[psutil.Process]:
    """The running processes of an instance: the leader, its descendants, and whatever carries its mark."""
    found = marked(instance.log.parent)
    leader = _leader(instance)
    if leader is not None:
        with contextlib.suppress(psutil.Error):
            found = [leader, *leader.children(recursive=True), *found]
    return [process for process in _once(found) if runs(process)]


def weight(instance: Instance) -> int:
    """How many bytes the processes of an instance use together; one that ended meanwhile uses none."""
    found = 0
    for process in family(instance):
        with contextlib.suppress(OSError):
            found += own(Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8", errors="replace"))
    return found


def marked(mark: Path, *, release: str | None = None) -> list[psutil.Process]:
    """The running processes that were started as instances of a service, recorded or not.

    A run that is killed between the start of a process and its pid file leaves only this trace.
    """
    return carrying({MARK: str(mark), **({"GONOGO_RELEASE": release} if release is not None else {})})


def end(instance: Instance, *, grace: float) -> None:
    """Ends an instance with all its processes: TERM, ``grace`` seconds, KILL.

    Raises:
        CommandError: a process is still there after KILL.
    """
    _end(str(instance), lambda: family(instance), grace)
    exit_code(instance)  # a child of this very process is reaped


def end_strays(mark: Path, *, grace: float, release: str | None = None) -> None:
    """Ends instances of a service that no pid file names.

    Raises:
        CommandError: a process is still there after KILL.
    """
    _end(f"{mark.name} (without a pid file)", lambda: marked(mark, release=release), grace)


def _end(who: str, members: Callable[[], list[psutil.Process]], grace: float) -> None:
    present = members()
    for process in present:
        with contextlib.suppress(psutil.Error):
            process.terminate()
    left = _once([*_wait(present, grace), *members()])
    for process in left:
        with contextlib.suppress(psutil.Error):
            process.kill()
    if stuck := _wait(left, _AFTER_KILL):
        pids = ", ".join(str(process.pid) for process in stuck)
        raise CommandError(
            f"{who}: found pid {pids} still there {_AFTER_KILL:g} s after KILL, expected its end. "
            f"It waits for the kernel or belongs to another user: look at it with `ps -fp {stuck[0].pid}` "
            "and end it by hand."
        )


def exit_code(instance: Instance) -> int | None:
    """How the process ended, when it was started by this very process; None otherwise."""
    try:
        code = psutil.Process(instance.pid).wait(timeout=0)
    except psutil.Error:
        return None
    return None if code is None else int(code)


def _leader(instance: Instance) -> psutil.Process | None:
    return process_of(instance.pid, started=instance.started, ticks=instance.ticks)


def _once(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    return list({process.pid: process for process in processes}.values())


def _wait(processes: Iterable[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those that still run after so many seconds; zombies are gone, whether or not anybody reaps them."""
    deadline = time.monotonic() + seconds
    left = [process for process in processes if runs(process)]
    while left and time.monotonic() < deadline:
        time.sleep(_POLL)
        left = [process for process in left if runs(process)]
    return left


def _created(pid: int) -> float:
    try:
        return psutil.Process(pid).create_time()
    except psutil.Error:
        return 0.0
