"""Which release served an environment when, by the records of its runs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from gonogo.records.run_results import RunResult
from gonogo.state.store import State
from gonogo.words import Exit

__all__ = ["Served", "records_of", "stretches"]


@dataclass(frozen=True)
class Served:
    """One stretch of time in which a release served, from its GO on."""

    release: str
    commit: str
    since: datetime
    until: datetime | None = None
    """None: it serves still."""

    def lasted(self, now: datetime) -> timedelta:
        """How long."""
        return (self.until or now) - self.since


def records_of(state: State) -> Iterator[RunResult]:
    """The records of an environment's runs, the newest first; one that cannot be read is left out."""
    for name in state.runs():
        path = state.run_folder(name) / "result.json"
        with contextlib.suppress(OSError, ValueError):
            yield RunResult.model_validate_json(path.read_bytes())


def stretches(runs: Iterable[RunResult]) -> tuple[Served, ...]:
    """What served, one after the other; ``runs`` are the oldest first.

    A run that was turned back to what served before does not end its stretch; one that needs a person does, whatever
    serves then.
    """
    found: list[Served] = []
    for run in runs:
        if not run.touched:
            continue
        last = found[-1] if found and found[-1].until is None else None
        if last is not None:
            if run.ended.serves == last.release and not run.ended.needs_human:
                continue
            found[-1] = replace(last, until=run.first_touch or run.started)
        if run.exit_code is Exit.GO and run.commit and run.release and run.release == run.ended.serves:
            since = run.started + timedelta(seconds=run.seconds)
            found.append(Served(run.release, run.commit, since))
    return tuple(found)
