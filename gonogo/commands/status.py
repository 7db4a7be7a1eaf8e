"""``gonogo status``: what an environment's memory and its runtime say."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from gonogo.commands.prepare import Where, located
from gonogo.commands.unlock import held_by
from gonogo.config import find_project, load_project
from gonogo.errors import GonogoError
from gonogo.host.runner import this_machine
from gonogo.records.advice import told
from gonogo.records.ending import Kind
from gonogo.records.run_results import RunResult
from gonogo.records.served import records_of
from gonogo.records.status import EnvStatus, InstanceLine
from gonogo.runtimes import runtime_of
from gonogo.runtimes.base import LIMITED, InstanceState
from gonogo.runtimes.kept import lost_parts
from gonogo.runtimes.place import maker
from gonogo.runtimes.secret_values import pinned_values
from gonogo.state.interrupted import survivors
from gonogo.state.lock import holder
from gonogo.state.release import Release
from gonogo.state.store import State
from gonogo.words import Exit

__all__ = ["rollback_target", "status", "stopped_short"]


def status(folder: Path, env: str | None) -> tuple[EnvStatus, ...]:
    """Each environment of the project, or the one that is named; reads only.

    Raises:
        UsageError: wrong usage or configuration.
    """
    project = load_project(find_project(folder))
    names = [project.environment(env).name] if env else list(project.environments)
    found = (_status(located(project, project.environments[name])) for name in names)
    return tuple(one.model_copy(update={"exit_code": _code(one)}) for one in found)


def _code(found: EnvStatus) -> Exit:
    """What a monitor is told: a person first, then whether everything runs that should."""
    if found.unfinished or found.surviving or found.needs_human:
        return Exit.NEEDS_HUMAN
    if found.problem:
        return Exit.NOTHING_CHECKED
    if not found.ill:
        return Exit.GO
    return Exit.LOCKED if found.lock and not found.stale_lock else Exit.NO_GO


def _status(at: Where) -> EnvStatus:
    current = at.state.current()
    held = holder(at.state.lock)
    busy = held is not None and not held.is_gone()
    unfinished = None if busy else at.state.unfinished()
    untouched = () if busy else tuple(at.state.cut_off(touched=False))
    left = untouched if unfinished is None else (unfinished, *untouched)
    alive = [found for run in left for found in survivors(at.state.run_folder(run))]
    instances, problem = _instances(at, current)
    earlier = rollback_target(at.state, current)
    last = _needs_human(at.state)
    return EnvStatus(
        env=at.environment.name,
        tier=at.environment.tier,
        url=at.environment.url,
        serving=current.id if current else None,
        commit=current.commit if current else None,
        summary=current.summary if current else "",
        since=_since(current),
        proven=bool(current and current.went_go),
        adopted=bool(current and current.adopted),
        instances=instances,
        lock=held_by(at.state),
        stale_lock=not busy,
        unfinished=unfinished,
        untouched=untouched,
        surviving=tuple(f"{argv} (pid {pid})" for pid, argv in alive),
        needs_human=f"{last.ending} (run {last.run})" if last is not None else "",
        told=told(last) if last is not None else (),
        rollback_to=earlier.id if earlier is not None else None,
        rollback_lacks=_lost(earlier) if earlier is not None else (),
        problem=problem,
    )


def rollback_target(state: State, current: Release | None) -> Release | None:
    """What ``gonogo rollback`` starts: what served before; what serves, where a run that holds replaced nothing."""
    return current if stopped_short(state, current) is not None else state.before(current)


def stopped_short(state: State, current: Release | None) -> str | None:
    """The release of the last run, where it holds and came to replace nothing: what served serves on.

    Not of a rollback whose downgrade failed: that was to be left, and serves.
    """
    last = _needs_human(state)
    if current is None or last is None or last.ended.kind is not Kind.HELD_BEFORE or last.ended.serves != current.id:
        return None
    if last.kind == "rollback":
        return None
    return last.release


def _needs_human(state: State) -> RunResult | None:
    """The last run that touched something, where it left the decision to a person."""
    last = next((run for run in records_of(state) if run.touched), None)
    return last if last is not None and last.ended.needs_human else None


def _since(current: Release | None) -> datetime | None:
    """When the serving release went GO, or was started after that: a rollback starts it again."""
    moments = (current.went_go, current.started) if current is not None else ()
    return max((moment for moment in moments if moment is not None), default=None)


def _lost(earlier: Release) -> tuple[str, ...]:
    """What the release to go back to is started from, and is gone; nothing where that cannot be found out."""
    try:
        return tuple(lost_parts(earlier, this_machine(timeout=30.0)))
    except GonogoError:
        return ()


def _instances(at: Where, current: Release | None) -> tuple[tuple[InstanceLine, ...], str]:
    if current is None:
        return (), ""
    at.redactor.learn(pinned_values(current, at.environment))
    host = this_machine(redact=at.redactor.text, timeout=30.0)
    place = at.place(at.project.model_copy(update={"root": current.root}), at.environment, host=host)
    try:
        runtime, place = maker(runtime_of(at.environment.runtime), place, current)
        inspector = runtime.inspector(place, current)
        found = (*inspector.instances(), *inspector.fronts())
    except GonogoError as error:
        return (), str(error)
    lines = tuple(
        InstanceLine(
            service=state.service,
            name=state.name,
            status=state.status,
            health=state.health,
            release=state.release,
            well=_is_well(state),
        )
        for state in found
    )
    return lines, ""


def _is_well(one: InstanceState) -> bool:
    """Whether an instance is as it should be; 429 is an answer of one that lives."""
    if one.one_shot:
        return one.status in {"created", "missing", "running"} or one.exit_code == 0
    return one.status == "running" and one.health in {None, "healthy", LIMITED}
