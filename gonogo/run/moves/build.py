"""Make the artifact that the build gate examines; nothing that serves is touched."""

from __future__ import annotations

from gonogo.errors import RefusedError
from gonogo.run.work import Work, run_all

__all__ = ["Build"]


class Build:
    """The runtime's build commands, then what they made is measured."""

    name = "build"
    touches = False
    replaces = False
    migrates = False

    def describe(self, work: Work) -> tuple[str, ...]:
        """The build commands."""
        commands = work.runtime.build(work.place, work.release, no_cache=work.options.no_cache)
        return tuple(str(command) for command in commands)

    def do(self, work: Work) -> str:
        """Builds; tags carry the release's id.

        Raises:
            RefusedError: the release could not be pinned, or what was built could not be measured.
            CommandError: a build command failed.
        """
        if work.pin_problem is not None:
            raise RefusedError(str(work.pin_problem)) from work.pin_problem
        commands = work.runtime.build(work.place, work.release, no_cache=work.options.no_cache)
        run_all(work, commands)
        work.release = work.runtime.measure(work.place, work.release)
        work.state.save(work.release)
        return " && ".join(str(command) for command in commands[:1]) or "nothing to build"
