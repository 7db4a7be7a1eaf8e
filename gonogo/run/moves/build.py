"""Make the artifact that the build gate examines; nothing that serves is touched."""

from __future__ import annotations

from gonogo.errors import RefusedError
from gonogo.host.disk import taken
from gonogo.host.runner import Command
from gonogo.run.work import Move, Work, run_all
from gonogo.state.release import Release

__all__ = ["Build"]


class Build(Move):
    """What was made elsewhere is brought, the rest is built by the runtime's commands; then all of it is measured."""

    name = "build"

    def describe(self, work: Work) -> tuple[str, ...]:
        """The commands that bring images, and the build commands."""
        commands = work.runtime.build(work.place, work.release, no_cache=work.options.no_cache)
        return tuple(str(command) for command in (*_brings(work), *commands))

    def do(self, work: Work) -> str:
        """Builds; tags carry the release's id.

        Raises:
            RefusedError: the release could not be pinned, what was made elsewhere is not to be had, or what was built
                could not be measured.
            CommandError: a build command failed.
        """
        if work.pin_problem is not None:
            raise RefusedError(str(work.pin_problem)) from work.pin_problem
        brings = _brings(work)
        work.release = work.runtime.fetch(work.place, work.release, work.options.images)
        work.notes += (one.told(service) for service, one in work.release.brought.items())
        commands = work.runtime.build(work.place, work.release, no_cache=work.options.no_cache)
        run_all(work, commands)
        work.release = _measured(work, work.runtime.measure(work.place, work.release))
        work.state.save(work.release)
        return " && ".join(str(command) for command in (*brings, *commands)[:1]) or "nothing to build"


def _brings(work: Work) -> tuple[Command, ...]:
    return work.runtime.fetching(work.place, work.release, work.options.images)


def _measured(work: Work, release: Release) -> Release:
    """Notes what it took, from which the next run knows how much it will need (P26)."""
    took = {"folder": taken(release.folder), "images": work.runtime.image_bytes(work.place, release)}
    return release.model_copy(update={"took": {what: size for what, size in took.items() if size}})
