"""Replace what serves: by the new release, or by the previous one in the rollback."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

from gonogo.errors import CommandError, GonogoError
from gonogo.host.disk import says_full
from gonogo.run.work import Move, Work
from gonogo.runtimes.base import RuntimeUnreachableError
from gonogo.runtimes.place import maker, note_variables
from gonogo.state.release import Release

__all__ = ["Restart", "Restore", "Start", "Stop", "how_it_runs"]

_TIMES = 3
"""How often a release is started in the rollback while its runtime goes away again and again."""


class Start(Move):
    """Starts the new release's instances in place of the old ones and waits for health."""

    name = "start"
    touches = True
    replaces = True
    starts = True

    def describe(self, work: Work) -> tuple[str, ...]:
        """The commands, as a person would type them."""
        return _describe(work, work.release, work.serving)

    def do(self, work: Work) -> str:
        """Starts; the release notes when.

        Raises:
            CommandError: a command failed, or an instance did not become healthy in time.
        """
        work.release = work.release.model_copy(update={"started": datetime.now(UTC), "healthy": None})
        work.state.save(work.release)
        with work.moving.here():
            _replace(work, work.release, work.serving)
        work.release = work.release.model_copy(update={"healthy": datetime.now(UTC)})
        work.state.save(work.release)
        return how_it_runs(work, work.release)


class Restore(Move):
    """Starts a kept release again from its own images and files; never builds."""

    name = "restore"
    touches = True
    replaces = True

    def __init__(self, target: Release, outgoing: Release, *, red: bool = False) -> None:
        """Goes back to ``target`` from ``outgoing``; ``red``: nothing that this one wrote into them is kept."""
        self.target = target
        self._outgoing = outgoing
        self._red = red

    def describe(self, work: Work) -> tuple[str, ...]:
        """The commands, as a person would type them."""
        return _describe(work, self.target, self._outgoing)

    def do(self, work: Work) -> str:
        """Starts the kept release.

        Raises:
            CommandError: its artifact is gone, a command failed, or it did not become healthy.
            RuntimeUnreachableError: the runtime does not answer, or went away each time.
        """
        self.target = self.target.model_copy(update={"started": datetime.now(UTC), "healthy": None})
        self._start(work, _TIMES, frees=self._red)
        self.target = self.target.model_copy(update={"healthy": datetime.now(UTC)})
        try:
            note_variables(work.place, self.target)
            work.state.save(self.target)
        except OSError as error:
            work.notes.append(f"{self.target.id} was started, but its record could not be written: {error}")
        left_out = self.target.left_out(self._outgoing)
        not_run = f"; {', '.join(left_out)} not run again: the schema stays ahead" if left_out else ""
        return f"{self.target.short}: {how_it_runs(work, self.target)}{not_run}"

    def _start(self, work: Work, times: int, *, frees: bool) -> None:
        """Starts it once the runtime answers; where that went away in the middle, or the disk could be freed, again."""
        if times < _TIMES or not self.target.beside:  # what still runs is sent to at once
            work.runtime.wait(work.place)
        try:
            with work.moving.here():
                _replace(work, self.target, self._outgoing)
        except RuntimeUnreachableError:
            if times == 1:
                raise
            self._start(work, times - 1, frees=frees)
        except CommandError as error:
            if not (frees and says_full([str(error)])):
                raise
            with contextlib.suppress(GonogoError):  # what only settles keeps no rollback from being tried
                runtime, place = maker(work.runtime, work.place, self._outgoing)
                work.notes += runtime.free_disk(place, self._outgoing, self.target)
            self._start(work, times, frees=False)


def _describe(work: Work, release: Release, outgoing: Release | None) -> tuple[str, ...]:
    """What ``_replace`` would run, as a person would type it."""
    runtime, place = maker(work.runtime, work.place, release)
    lines = runtime.describe_start(place, release, outgoing)
    if outgoing is None or outgoing.runtime == release.runtime:
        return lines
    return (f"# stop the services of {outgoing.id} (runtime {outgoing.runtime})", *lines)


def _replace(work: Work, release: Release, outgoing: Release | None) -> None:
    """Starts a release by the runtime that made it, once one that made the outgoing release has let go of it."""
    if outgoing is not None and outgoing.runtime != release.runtime:
        runtime, place = maker(work.runtime, work.place, outgoing)
        runtime.retire(place, outgoing)
    runtime, place = maker(work.runtime, work.place, release)
    runtime.start(place, release, outgoing)


def how_it_runs(work: Work, release: Release) -> str:
    """What is seen of its instances; what has no health check is not called healthy."""
    try:
        runtime, place = maker(work.runtime, work.place, release)
        found = runtime.inspector(place, release).instances()
    except (GonogoError, OSError):  # the gate that comes next says so
        return f"{', '.join(release.services) or 'the release'} started"
    how: dict[str, list[str]] = {}
    for one in found:
        if not one.one_shot:
            said = one.status if one.status != "running" else one.health or "running, without a health check"
            how.setdefault(said, []).append(one.service)
    return "; ".join(f"{', '.join(dict.fromkeys(names))} {said}" for said, names in how.items()) or "started"


class Restart(Move):
    """Starts instances of what serves anew; nothing is built, and nothing of the release changes."""

    name = "restart"
    touches = True
    replaces = True

    def __init__(self, target: Release, services: tuple[str, ...]) -> None:
        """Some services of a release, and whatever else of it does not run."""
        self.target = target
        self._services = services

    def describe(self, work: Work) -> tuple[str, ...]:
        """The commands that start them; those of the other services change nothing of what runs."""
        return work.runtime.describe_restart(work.place, self.target, self._services)

    def do(self, work: Work) -> str:
        """Starts them.

        Raises:
            CommandError: something of the release is gone, or an instance did not become healthy in time.
            RuntimeUnreachableError: the runtime does not answer.
        """
        self.target = self.target.model_copy(update={"started": datetime.now(UTC)})
        work.runtime.wait(work.place)
        work.runtime.restart(work.place, self.target, self._services)
        note_variables(work.place, self.target)
        work.state.save(self.target)
        return how_it_runs(work, self.target)


class Stop(Move):
    """Stops a first deploy that went red; what it stored stays."""

    name = "stop"
    touches = True

    def describe(self, work: Work) -> tuple[str, ...]:
        """The commands, as a person would type them."""
        return work.runtime.describe_stop(work.place, work.release)

    def do(self, work: Work) -> str:
        """Stops and removes the instances; volumes and databases stay."""
        work.runtime.wait(work.place)
        work.runtime.stop(work.place, work.release)
        return "stopped; stored data stay"
