"""``gonogo restart``: start what serves anew, with new settings where asked, and prove it by its own gate."""

from __future__ import annotations

import shutil
import time
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from gonogo.commands.finish import finish
from gonogo.commands.prepare import Where, make_work, where
from gonogo.commands.recover import opened, pinned, run_name
from gonogo.commands.rollback import require_whole
from gonogo.errors import RefusedError, UsageError
from gonogo.host.signals import Signals
from gonogo.records.run_results import RunResult
from gonogo.run.pipeline import Pipeline
from gonogo.run.screen import Screen
from gonogo.run.work import Options, Work
from gonogo.runtimes import runtime_of
from gonogo.runtimes.given import changed_variables
from gonogo.state.lock import hold
from gonogo.state.release import Release

__all__ = ["restart"]

_FORMER = "former"
_PINNED = (
    "build.json",
    "compose.json",
    "compose.current.json",
    "env",
    "process.json",
    "variables.json",
    "release.json",
)
"""What a release is started from, apart from its images, files and environment."""

Variables = Mapping[str, Mapping[str, str]]


def restart(folder: Path, env: str | None, *, services: Sequence[str], new_settings: bool, screen: Screen) -> RunResult:
    """Starts the instances of what serves anew; returns how it ended.

    Raises:
        UsageError: wrong usage or configuration.
        RefusedError: nothing serves, a run was cut off, or something that the release is started from is gone.
        LockedError: another run holds the environment.
    """
    at = where(folder, env)
    at.state.create()
    with (
        Signals(screen.say) as signals,
        hold(at.state.lock, project=at.project.app.name, env=at.environment.name, why="restart"),
    ):
        release = _serving(at, services)
        own = pinned(at, release)
        undo = None
        if new_settings:
            undo = release
            release = _renew(own, release)
        work = make_work(own, release, run=run_name(at.state, "restart"), options=Options(), screen=screen)
        work.journal.write("run-began", kind="restart", release=release.id, outgoing=release.id)
        opened(work, kind="restart")
        return _run(work, signals, services=tuple(services) or release.services, undo=undo)


def _run(work: Work, signals: Signals, *, services: tuple[str, ...], undo: Release | None) -> RunResult:
    """Does it, and says what a person can do where it is not well."""
    settings = _Settings(work, undo)
    started, begin = datetime.now(UTC), time.monotonic()
    back = settings.put_back if undo is not None else None
    pipeline = Pipeline(work, signals=signals)
    ending = pipeline.restart(services, arrived=settings.arrived, undo=back)
    if ending.needs_human:
        work.notes += _ways_out(work)
    seconds = time.monotonic() - begin
    return finish(work, pipeline.course, ending, kind="restart", started=started, seconds=seconds)


def _ways_out(work: Work) -> list[str]:
    name = work.place.environment.name
    earlier = work.state.before(work.release)
    ways = [f"Once what it lacks is there, `gonogo restart --env {name}` starts and proves {work.release.short} again."]
    if earlier is not None:
        ways.append(f"`gonogo rollback --env {name}` starts {earlier.short}, which served before, and proves it.")
    return ways


def _serving(at: Where, services: Collection[str]) -> Release:
    """What serves, whole, with these services."""
    name, current, unfinished = at.environment.name, at.state.current(), at.state.unfinished()
    if current is None:
        raise RefusedError(
            f"{at.state.root}: found no release, expected one that serves. `gonogo deploy --env {name}`."
        )
    if unfinished is not None:
        raise RefusedError(
            f"{at.state.run_folder(unfinished)}: found a run that was cut off after its first touch, expected none. "
            f"Complete it where that is safe: `gonogo resume --env {name}`, or go back: `gonogo rollback --env {name}`."
        )
    unknown = sorted(set(services) - set(current.services))
    if unknown:
        raise UsageError(
            f"gonogo restart: found {', '.join(unknown)}, expected services of {current.id}: "
            f"{', '.join(current.services)}."
        )
    require_whole(current, env=name)
    return current


def _renew(at: Where, release: Release) -> Release:
    """Pins what serves with the settings of today; what it had is kept beside, until it is proven.

    Raises:
        RefusedError: it cannot be pinned anew, or would be another release.
    """
    if release.adopted:
        raise RefusedError(
            f"{release.id}: found a release that was started by hand, expected one that gonogo deployed. "
            f"Its settings come with the next release: `gonogo deploy --env {at.environment.name}`."
        )
    _copy(release.folder, release.folder / _FORMER)
    place = at.place(at.project.model_copy(update={"root": release.root}), at.environment)
    try:
        made = runtime_of(release.runtime).pin(place, release)
        _require_same(made, release, env=at.environment.name)
    except BaseException:
        _copy(release.folder / _FORMER, release.folder)
        raise
    at.state.save(made)
    return made


def _require_same(made: Release, release: Release, *, env: str) -> None:
    if (set(made.services), made.tags) != (set(release.services), release.tags):
        raise RefusedError(
            f"{release.id}: found other services with the settings of today ({', '.join(made.services)}), expected "
            f"{', '.join(release.services)}. Deploy them: `gonogo deploy --env {env}`."
        )


def _copy(source: Path, target: Path) -> None:
    """Brings what a release is started from to another folder; what the first one lacks, the second one loses."""
    target.mkdir(mode=0o700, exist_ok=True)
    for name in _PINNED:
        if (source / name).is_file():
            shutil.copy2(source / name, target / name)
        else:
            (target / name).unlink(missing_ok=True)


class _Settings:
    """Whether instances have the variables that they are to have, seen before and after."""

    def __init__(self, work: Work, former: Release | None) -> None:
        """Looks at what runs now; ``former`` is the release with the settings that it had, where they are renewed."""
        self._work = work
        self._former = former
        self._before = self._found() if former is not None else {}
        self._changed = self._names() if former is not None else ()

    def put_back(self) -> None:
        """Gives the release the settings again that it had."""
        if self._former is not None:
            _copy(self._former.folder / _FORMER, self._former.folder)
            self._work.release = self._former

    def arrived(self) -> str:
        """Why an instance does not have its variables; nothing where all have them: the record says which are new."""
        if self._former is None:
            return ""
        work, found = self._work, self._found()
        expected = work.runtime.expected_variables(work.place, work.release)
        wrong = sorted(
            f"{service} ({name})"
            for service, wanted in expected.items()
            for instance in found.get(service, ())
            for name, value in wanted.items()
            if instance.get(name) != value
        )
        if wrong:
            return f"instances: found other values than those of today in {', '.join(wrong)}, expected the new ones"
        work.notes += self._said(expected)
        return ""

    def _said(self, expected: Variables) -> list[str]:
        new = {
            service: [name for name, value in wanted.items() if any(one.get(name) != value for one in was)]
            for service, wanted in expected.items()
            if (was := self._before.get(service, ()))
        }
        arrived = [f"{service} ({', '.join(sorted(names))})" for service, names in new.items() if names]
        lost = [name for name in self._changed if not any(name in wanted for wanted in expected.values())]
        said = [f"New values are seen in the running instances of {', '.join(arrived)}."] if arrived else []
        if lost:
            said.append(f"{', '.join(lost)} changed in the env file, and no service is given that variable as it is.")
        return said or ["The settings are what they were: no instance has a new value."]

    def _names(self) -> tuple[str, ...]:
        """The env file's variables that are others than those that the release had."""
        former = self._former
        if former is None:
            return ()
        kept = former.model_copy(update={"folder": former.folder / _FORMER})
        return changed_variables(self._work.place, kept)

    def _found(self) -> Mapping[str, Sequence[Mapping[str, str]]]:
        return self._work.runtime.found_variables(self._work.place, self._work.release)
