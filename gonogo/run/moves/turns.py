"""Releases that take turns: start one beside the other, send everybody to it, let the other one go."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from gonogo.errors import GonogoError, explain
from gonogo.run.moves.start import how_it_runs
from gonogo.run.work import Move, Work
from gonogo.runtimes.place import maker, note_variables
from gonogo.runtimes.protocols import Action, do_all, said_of
from gonogo.state.release import Release

__all__ = ["Leave", "Share", "StartBeside", "Switch"]


class StartBeside(Move):
    """Starts the new release's instances beside those that serve, and waits for health; nobody is sent to them."""

    name = "start-beside"
    touches = True
    starts = True

    def describe(self, work: Work) -> tuple[str, ...]:
        """The commands, as a person would type them."""
        return (*said_of(self._let_go(work)), *said_of(work.runtime.aside(work.place, work.release)))

    def do(self, work: Work) -> str:
        """Starts them; the release notes when.

        Raises:
            CommandError: a command failed, or an instance did not become healthy in time.
        """
        work.release = work.release.model_copy(update={"started": datetime.now(UTC), "healthy": None})
        work.state.save(work.release)
        do_all(self._let_go(work))
        do_all(work.runtime.aside(work.place, work.release))
        work.release = work.release.model_copy(update={"healthy": datetime.now(UTC)})
        work.state.save(work.release)
        waits = work.place.environment.model_copy(update={"traffic": None})  # what waits for its turn is not missed
        return how_it_runs(replace(work, place=replace(work.place, environment=waits)), work.release)

    @staticmethod
    def _let_go(work: Work) -> tuple[Action, ...]:
        """Stops what ran on after the last deployment: three releases at a time are one too many."""
        former = work.state.before(work.serving) if work.serving is not None else None
        if not work.place.environment.keep_blue or former is None or not former.beside:
            return ()
        runtime, place = maker(work.runtime, work.place, former)
        return runtime.leaving(place, former, work.serving, served=False)


class Share(Move):
    """Sends a share of the requests to the new release, and sees that it answers one of them."""

    touches = True
    replaces = True

    def __init__(self, percent: int) -> None:
        """So many of a hundred."""
        self.name = f"share-{percent}"
        self._percent = percent

    def describe(self, work: Work) -> tuple[str, ...]:
        """The commands, as a person would type them."""
        return said_of(self._actions(work))

    def do(self, work: Work) -> str:
        """Sends them there.

        Raises:
            CommandError: the proxy does not take what it is told, or the new release answers none of them.
        """
        with work.moving.here():
            do_all(self._actions(work))
        return f"{self._percent} of 100 requests are sent to {work.release.short}"

    def _actions(self, work: Work) -> tuple[Action, ...]:
        if work.serving is None:
            return ()
        return work.runtime.sharing(work.place, work.release, work.serving, self._percent)


class Switch(Move):
    """Sends everybody to the new release, and sees by answers that they arrive there."""

    name = "switch"
    touches = True
    replaces = True

    def describe(self, work: Work) -> tuple[str, ...]:
        """The commands, as a person would type them."""
        return said_of(self._actions(work))

    def do(self, work: Work) -> str:
        """Sends them there.

        Raises:
            CommandError: the proxy does not take what it is told, or others answer all the same.
        """
        with work.moving.here():
            do_all(self._actions(work))
        note_variables(work.place, work.release)
        return f"requests are answered by {work.release.short}"

    def _actions(self, work: Work) -> tuple[Action, ...]:
        return work.runtime.switching(work.place, work.release, work.serving)


class Leave(Move):
    """Stops a release that nobody is sent to; it is kept until the next one leaves."""

    touches = True
    repeatable = True

    def __init__(self, name: str, *, red: bool, served: bool = True, keeps: bool = False) -> None:
        """``red``: what leaves is the new release; otherwise the one that served before.

        Where it never ``served``, nobody is waited for; where it ``keeps``, what leaves may run on for ``keep_blue``.
        """
        self.name = name
        self._keeps = keeps
        self._red = red
        self._served = served

    def describe(self, work: Work) -> tuple[str, ...]:
        """The commands, as a person would type them."""
        return said_of(self._actions(work))

    def do(self, work: Work) -> str:
        """Stops it; where that fails, what serves goes on serving, and the record says what is left.

        Raises:
            CommandError: the new release does not answer any more: the one before, which could, is not stopped.
        """
        left, serving = self._who(work)
        if left is None:
            return "nothing served before"
        if not self._red and serving is not None:
            do_all(work.runtime.switching(work.place, serving, left))
        if self._stays(work, left):
            return f"{left.short} runs on: `gonogo rollback` only switches, for {work.place.environment.keep_blue:g} s"
        try:
            do_all(self._actions(work))
        except (GonogoError, OSError) as error:
            work.notes.append(
                f"{left.id} still runs beside what serves, which is not touched by that: {explain(error)}"
            )
            return f"{left.short} still runs"
        return f"{left.short} stopped, and {'kept until the next deployment' if left.beside else 'removed'}"

    def _stays(self, work: Work, left: Release) -> bool:
        return self._keeps and bool(left.beside) and work.place.environment.keep_blue > 0

    def _who(self, work: Work) -> tuple[Release | None, Release | None]:
        """Which release leaves, and which serves."""
        return (work.release, work.serving) if self._red else (work.serving, work.release)

    def _actions(self, work: Work) -> tuple[Action, ...]:
        left, serving = self._who(work)
        if left is None or self._stays(work, left):
            return ()
        runtime, place = maker(work.runtime, work.place, left)
        return runtime.leaving(place, left, serving, served=self._served)
