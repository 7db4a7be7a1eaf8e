"""Put the commit into a worktree of its own and pin what starts it; nothing that serves is touched."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

from gonogo.errors import GonogoError
from gonogo.host import Command
from gonogo.moves.base import Work, run_all
from gonogo.runtimes.hidden import pinned_values
from gonogo.schema import heads_of

__all__ = ["Checkout"]


class Checkout:
    """``git worktree add --detach`` at the commit, then the runtime's pin."""

    name = "checkout"
    touches = False

    def describe(self, work: Work) -> tuple[str, ...]:
        """The git commands."""
        return tuple(str(command) for command in self._commands(work))

    def _commands(self, work: Work) -> tuple[Command, ...]:
        git = ("git", "-C", str(work.checkout))
        worktree = str(work.release.worktree)
        commands = [
            Command(argv=(*git, "worktree", "prune"), timeout=60.0),
            Command(
                argv=(*git, "worktree", "add", "--detach", "--force", worktree, work.release.commit), timeout=300.0
            ),
        ]
        if (_top(work) / ".gitmodules").exists():
            update = ("git", "-C", worktree, "submodule", "update", "--init", "--recursive")
            commands.append(Command(argv=update, timeout=600.0))
        return tuple(commands)

    def do(self, work: Work) -> str:
        """Make the worktree, read the migration heads, pin the release; half a release is thrown away."""
        work.release.folder.mkdir(parents=True, mode=0o700)
        try:
            return self._do(work)
        except BaseException:
            shutil.rmtree(work.release.folder, ignore_errors=True)
            with contextlib.suppress(GonogoError, OSError):  # the next checkout prunes as well
                run_all(work, self._commands(work)[:1])
            raise

    def _do(self, work: Work) -> str:
        run_all(work, self._commands(work))
        work.release = work.release.model_copy(update={"heads": heads_of(work.place.environment, work.place.project)})
        try:
            work.release = work.runtime.pin(work.place, work.release, work.host)
        except GonogoError as problem:
            work.pin_problem = problem
        work.redactor.learn(pinned_values(work.release, work.place.environment))
        work.state.save(work.release)
        return f"worktree at {work.release.short}"


def _top(work: Work) -> Path:
    """The top of the repository that is checked out; the application may stand in one of its folders."""
    below = work.release.root.relative_to(work.release.worktree).parts
    return [work.checkout, *work.checkout.parents][len(below)]
