"""Put the commit's files into the release's own folder and pin what starts it; nothing that serves is touched."""

from __future__ import annotations

import shutil

from gonogo.errors import GonogoError
from gonogo.gates.pending_migrations import heads_of
from gonogo.run.work import Move, Work
from gonogo.runtimes import sources
from gonogo.runtimes.secret_values import pinned_values

__all__ = ["Checkout"]


class Checkout(Move):
    """The commit's files in a repository of the release's own, then the runtime's pin."""

    name = "checkout"

    def describe(self, work: Work) -> tuple[str, ...]:
        """The git commands."""
        return tuple(str(command) for command in sources.commands(work.checkout, work.release))

    def do(self, work: Work) -> str:
        """Makes the source, reads the migration heads, pins the release; half a release is thrown away."""
        work.release.folder.mkdir(parents=True, mode=0o700)
        try:
            return self._do(work)
        except BaseException:
            shutil.rmtree(work.release.folder, ignore_errors=True)
            raise

    def _do(self, work: Work) -> str:
        sources.make(work.checkout, work.release, work.host)
        work.release = work.release.model_copy(update={"heads": heads_of(work.place.environment, work.place.project)})
        try:
            work.release = work.runtime.pin(work.place, work.release)
        except GonogoError as problem:
            work.pin_problem = problem
        work.redactor.learn(pinned_values(work.release, work.place.environment))
        work.state.save(work.release)
        return f"source at {work.release.short}"
