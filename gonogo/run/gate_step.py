"""Ask a gate from the wrapper: one pytest process, its results read from a file."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from gonogo.config import load_project
from gonogo.errors import telling
from gonogo.gates.how_far import read_asking
from gonogo.gates.judgement import of_attempts, undecided, with_checks
from gonogo.gates.process import gate_argv, gate_environment, imports_of_gates, stage_options
from gonogo.gates.subject import Subject
from gonogo.gates.workers import worker_options
from gonogo.host.busy import patient
from gonogo.host.runner import Command, Completed
from gonogo.records.results import CheckResult, GateResult, read_gate
from gonogo.run.work import Move, Work
from gonogo.state.release import Release
from gonogo.state.store import write_atomically
from gonogo.words import Exit, Role, Stage

__all__ = ["Gate"]

_UNFIT = {
    int(Exit.INTERRUPTED): "the gate was cut short",
    int(Exit.INTERNAL): "pytest itself failed in the gate",
    int(Exit.USAGE): "pytest refused the checks",
}
"""What pytest's exit codes say of a session that cannot be a gate, however many checks passed in it."""


_LONGER = 1.5
"""A watch ends later than it is to where something is unwell at its end."""
_BEFORE = (Stage.PREDEPLOY, Stage.BUILD)
"""Asked before the first touch."""


class Gate:
    """One stage, asked about one release."""

    def __init__(self, name: str, stage: Stage, role: Role, *, remade_by: Move | None = None) -> None:
        """``name`` is the line in the terminal, and what its files are called, the first time.

        ``remade_by`` makes what it is asked about anew, where that may be what is wrong.
        """
        self.name = name
        self.stage = stage
        self.role = role
        self.remade_by = remade_by
        self._early: Path | None = None
        """What was asked of it already."""
        self._seconds = 0.0
        """How long that took."""

    def ask_early(self, work: Work, *, about: Release | None, root: Path) -> GateResult:
        """Asks what needs no baseline, while there is none; ``ask`` goes on after it."""
        label = f"{self.name}.early"
        first = self._once(work, about=about, root=root, only=(), label=label, more=("--gonogo-early",))
        found = self._late_again(work, first, about=about, root=root, files=self.name)
        self._early, self._seconds = work.folder / f"{label}.json", found.seconds
        write_atomically(self._early, found.model_dump_json(indent=1) + "\n")
        return found

    may_hold = True
    """Whether what must not turn a release back leaves it where it is, for a person."""

    @property
    def is_before_touch(self) -> bool:
        """Whether it asks the source or the artifact, and not what serves."""
        return self.stage in _BEFORE

    def ask(self, work: Work, *, about: Release | None, root: Path, after_touch: bool, files: str) -> GateResult:
        """Runs the gate; in the baseline and after the first touch, red checks are asked again before they count.

        What ends a watch is final: it was seen over time.

        ``files`` is what its results and its page are called.
        """
        more = (f"--gonogo-then={self._early}",) if self._early is not None else ()
        first = self._once(work, about=about, root=root, only=(), label=files, more=more)
        first = first.model_copy(update={"seconds": first.seconds + self._seconds})
        attempts = [self._late_again(work, first, about=about, root=root, files=files)]
        again = (after_touch or self.role is Role.BASELINE) and self.stage is not Stage.WATCH
        of = work.place.environment.attempts if again else 1
        for number in range(1, of):
            ids = undecided(attempts, of=of)
            if not ids or attempts[0].problem:
                break
            time.sleep(work.place.environment.retry_every)
            label = f"{files}.{number + 1}"
            attempts.append(self._once(work, about=about, root=root, only=ids, label=label))
        result = of_attempts(attempts, of=of)
        write_atomically(work.folder / f"{files}.json", result.model_dump_json(indent=1) + "\n")
        return result

    def _late_again(
        self, work: Work, first: GateResult, *, about: Release | None, root: Path, files: str
    ) -> GateResult:
        """The gate, with what ran out of time asked once more: alone, and for as long as it may take at the worst."""
        late = tuple(check for check in first.checks if check.blocks and check.late)
        if first.problem or not late or self.stage is Stage.WATCH:
            return first
        bound = _longer(work, late, touched=not self.is_before_touch)
        ids, label = tuple(check.id for check in late), f"{files}.late"
        again = self._once(work, about=about, root=root, only=ids, label=label, bound=bound)
        answers = {check.id: check for check in again.checks if not again.problem}
        checks = tuple(answers.get(check.id, check) for check in first.checks)
        return with_checks(first, checks).model_copy(update={"seconds": first.seconds + again.seconds})

    def _once(
        self,
        work: Work,
        *,
        about: Release | None,
        root: Path,
        only: tuple[str, ...],
        label: str,
        bound: float | None = None,
        more: tuple[str, ...] = (),
    ) -> GateResult:
        results = work.folder / f"{label}.json"
        watched = self._watched(work) if self.stage is Stage.WATCH else 0.0
        bound = bound or work.place.environment.check_timeout + _LONGER * watched
        argv = self._argv(work, about=about, root=root, only=only, results=results, bound=bound, more=more)
        began = datetime.now(UTC)
        command = Command(
            argv=argv,
            cwd=str(root),
            env=gate_environment(run=work.folder.name),
            timeout=work.place.environment.gate_timeout + _LONGER * watched,
            firm=True,
            imports=imports_of_gates(),
        )
        work.screen.asks(results)
        try:
            completed = work.host.run(command)
        except BaseException:
            work.cut_gate = True
            raise
        found = read_gate(results)
        if found is None or completed.timed_out:
            work.cut_gate = True
            return self._broken(work, began, completed.seconds, _why(completed, results))
        if found.exitstatus in _UNFIT and not found.blocking and not found.problem:
            return self._broken(work, began, completed.seconds, f"{_UNFIT[found.exitstatus]}:\n{_tail(completed)}")
        if found.partial and not only:
            return self._broken(work, began, completed.seconds, "the gate was asked only in part (PARTIAL)")
        return found.model_copy(update={"seconds": completed.seconds})

    def _argv(
        self,
        work: Work,
        *,
        about: Release | None,
        root: Path,
        only: tuple[str, ...],
        results: Path,
        bound: float,
        more: tuple[str, ...],
    ) -> tuple[str, ...]:
        label = results.stem
        subject = work.folder / f"{label}.subject.json"
        write_atomically(subject, self._subject(work, about, root).model_dump_json(indent=1))
        environment = work.place.environment
        arguments = list(
            stage_options(self.stage, env=environment.name, subject=subject, results=results, timeout=bound)
        )
        arguments += more
        arguments.append(f"--gonogo-traces={work.reports / label}.html")
        if only:
            wanted = work.folder / f"{label}.only.json"
            write_atomically(wanted, json.dumps(only))
            arguments.append(f"--gonogo-only={wanted}")
        else:
            arguments += _page(work.reports, label.removesuffix(".early"))
            arguments += worker_options(environment, self.stage)
        app = load_project(root).app
        return gate_argv(root, app=app.root, plugins=app.plugins, arguments=arguments)

    def _watched(self, work: Work) -> float:
        """For how many seconds a watch looks."""
        return work.place.environment.watched_for

    def _subject(self, work: Work, about: Release | None, root: Path) -> Subject:
        return Subject(
            role=self.role,
            env=work.place.environment.name,
            root=root,
            path=work.place.path,
            state=work.state.root,
            checkout=work.checkout,
            release=about,
            serving=work.serving,
            run=work.folder,
            hotfix=work.options.hotfix,
            force=work.options.force,
            day=work.day,
            attested=work.attested,
            watch=self._watched(work),
            lock_pid=os.getpid(),
        )

    def _broken(self, work: Work, began: datetime, seconds: float, problem: str) -> GateResult:
        return GateResult(
            stage=self.stage,
            env=work.place.environment.name,
            role=self.role,
            started=began,
            seconds=seconds,
            problem=problem,
        )


def _longer(work: Work, late: Sequence[CheckResult], *, touched: bool) -> float:
    """How long checks may take that ran out of time: twice their bound, or thrice what they took when it went GO.

    Before the first touch nobody waits for the answer: a busy machine has more time then.
    """
    pinned = read_gate(work.serving.gate) if work.serving is not None else None
    ids = {check.id for check in late}
    took = [check.seconds for check in (pinned.checks if pinned is not None else ()) if check.id in ids]
    bound = work.place.environment.check_timeout
    return max([2 * bound if touched else max(2 * bound, patient(bound)), *(3 * seconds for seconds in took)])


def _page(reports: Path, label: str) -> list[str]:
    """Where the gate's page goes; a folder that cannot be made costs the page (the record says so), not the verdict."""
    try:
        reports.mkdir(parents=True, exist_ok=True)
    except OSError:
        return []
    return [f"--html={reports / label}.html", "--self-contained-html"]


def _why(completed: Completed, results: Path) -> str:
    """Why there are no results, and which check was asked last: it may have ended the whole process."""
    if completed.timed_out:
        how = f"the gate had no end within {completed.command.timeout:g} s"
    else:
        how = f"the gate left no results ({_ending(completed.code)})"
    asking = read_asking(results)
    how += f"; the last check that began is {asking.check}" if asking is not None else "; no check had begun"
    return f"{how}. What it said:\n{_tail(completed)}"


def _ending(code: int) -> str:
    return f"ended by signal {-code}" if code < 0 else f"exit code {code}"


def _tail(completed: Completed) -> str:
    said = completed.output + completed.errors
    return "\n".join(telling(said, most=16)) or "(nothing)"
