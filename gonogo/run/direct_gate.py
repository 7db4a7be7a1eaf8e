"""A gate that is asked of a release itself, past the proxy, before anybody is sent to it."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from gonogo.gates.judgement import with_checks
from gonogo.gates.subject import Subject
from gonogo.records.results import CheckResult, GateResult
from gonogo.run.gate_step import Gate
from gonogo.run.work import Work
from gonogo.runtimes.place import maker
from gonogo.state.release import Release
from gonogo.words import Outcome, Role, Stage

__all__ = ["DirectGate", "ShareGate"]


class DirectGate(Gate):
    """What is red there is asked of the serving release in the same way: what only the proxy makes well is no fault."""

    def __init__(self) -> None:
        """The post-deploy checks, asked of the new release."""
        super().__init__("beside", Stage.POSTDEPLOY, Role.CANDIDATE)

    def ask(self, work: Work, *, about: Release | None, root: Path, after_touch: bool, files: str) -> GateResult:
        """Runs the gate; what is red in both, or cannot be asked of the one that serves, is a matter of the proxy's."""
        found = super().ask(work, about=about, root=root, after_touch=after_touch, files=files)
        if found.problem or not found.blocking or work.serving is None:
            return found
        well = self._well(work, work.serving, root, found, files)
        return with_checks(found, tuple(_left_open(one) if _is_open(one, well) else one for one in found.checks))

    def _well(self, work: Work, serving: Release, root: Path, found: GateResult, files: str) -> frozenset[str]:
        """What of all that is red the serving release does well past the proxy, too."""
        if not _direct(work, serving):
            return frozenset()
        ids = tuple(check.id for check in found.blocking)
        former = self._once(work, about=serving, root=root, only=ids, label=f"{files}.former")
        return frozenset(check.id for check in former.checks if not check.blocks and not former.problem)

    def _subject(self, work: Work, about: Release | None, root: Path) -> Subject:
        subject = super()._subject(work, about, root)
        return subject if about is None else subject.model_copy(update={"direct": _direct(work, about)})


class ShareGate(Gate):
    """Watches a release while it gets a share of the requests, itself and in pairs with the one that gets the others.

    Nothing is held there: the other release never stopped, and gets them all again.
    """

    may_hold = False

    def __init__(self, percent: int, seconds: float) -> None:
        """After the move that sends it so many of a hundred; for so long."""
        super().__init__(f"canary-{percent}", Stage.WATCH, Role.CANDIDATE)
        self._seconds_each = seconds

    def _watched(self, work: Work) -> float:  # noqa: ARG002 (a watch has the environment's)
        return self._seconds_each

    def _subject(self, work: Work, about: Release | None, root: Path) -> Subject:
        subject, serving = super()._subject(work, about, root), work.serving
        if about is None or serving is None:
            return subject
        return subject.model_copy(update={"direct": _direct(work, about), "beside": _direct(work, serving)})


def _direct(work: Work, release: Release) -> dict[str, str]:
    """Where a release itself is asked; nothing where nobody knows."""
    runtime, place = maker(work.runtime, work.place, release)
    return dict(runtime.direct(place, release))


def _is_open(check: CheckResult, well: Collection[str]) -> bool:
    return check.blocks and check.id not in well


def _left_open(check: CheckResult) -> CheckResult:
    """As one that was not asked: it is, once requests go through the proxy."""
    found = (
        f"left to the gate after the switch, since what serves does not pass it past the proxy either: {check.found}"
    )
    return check.model_copy(update={"outcome": Outcome.SKIPPED, "found": found})
