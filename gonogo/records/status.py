"""What ``gonogo status`` found, and how it is printed for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from pydantic import BaseModel

from gonogo.records.text import wrapped
from gonogo.words import Exit

__all__ = ["EnvStatus", "InstanceLine", "status_lines"]

_WIDTH = 120


class InstanceLine(BaseModel):
    """One instance, as the runtime sees it now."""

    service: str
    name: str
    status: str
    health: str | None
    release: str | None
    well: bool = True
    """Whether it is as it should be: running, and healthy where it has a health check; or ended well, where it may."""


class EnvStatus(BaseModel):
    """One environment at a glance."""

    env: str
    tier: str
    url: str | None
    serving: str | None = None
    commit: str | None = None
    summary: str = ""
    since: datetime | None = None
    proven: bool = False
    """Whether the serving release went GO (a held one did not)."""
    adopted: bool = False
    """Whether it was started by hand, before gonogo came."""
    instances: tuple[InstanceLine, ...] = ()
    lock: str | None = None
    stale_lock: bool = False
    """Whether no run holds the environment, or one whose process is gone."""
    unfinished: str | None = None
    untouched: tuple[str, ...] = ()
    """Runs that were cut off before their first touch."""
    surviving: tuple[str, ...] = ()
    rollback_to: str | None = None
    rollback_lacks: tuple[str, ...] = ()
    """What that release is started from, and is gone: it cannot be started."""
    needs_human: str = ""
    """How the last run that touched something ended, where that left the decision to a person."""
    told: tuple[tuple[str, str], ...] = ()
    """Why it ended so, why a person is needed and what comes next, each as label and text."""
    problem: str = ""
    exit_code: Exit = Exit.GO
    """What ``gonogo status`` ends with: 0 all is well, 1 something does not run, 5 it could not be looked at, 6 a
    person is needed, 7 a run is at it and not all is well."""

    @property
    def ill(self) -> tuple[InstanceLine, ...]:
        """What does not run as it should."""
        return tuple(one for one in self.instances if not one.well)


def status_lines(found: Iterable[EnvStatus]) -> list[str]:
    """One block an environment."""
    return [line for status in found for line in (*_status(status), "")][:-1]


def _status(status: EnvStatus) -> Iterator[str]:
    yield f"{status.env} ({status.tier})  {status.url or ''}".rstrip()
    if status.serving is None:
        yield "  serving     nothing that gonogo deployed"
    else:
        summary = f"  {status.summary}" if status.summary else ""
        since = f", since {status.since:%Y-%m-%d %H:%M:%S} UTC" if status.since else ""
        yield f"  serving     {status.serving}{summary}{since}{_unproven(status)}"
        yield f"  rollback to {status.rollback_to or 'nothing: no earlier release is kept'}{_lacking(status)}"
    if status.needs_human:
        yield from _labelled("last run", status.needs_human)
        for label, text in status.told:
            yield from _labelled(label, text)
    for instance in status.instances:
        health = f", {instance.health}" if instance.health else ""
        yield f"  {instance.service:<11} {instance.status}{health}  {instance.name}  {instance.release or ''}".rstrip()
    if status.ill and status.exit_code is Exit.NO_GO:
        names = ", ".join(dict.fromkeys(one.service for one in status.ill))
        yield f"  NOT WELL    {names}: `gonogo restart --env {status.env}` starts what serves again, and proves it"
    if status.problem:
        yield "  could not look at the instances:"
        yield from _labelled("", status.problem)
    if status.lock:
        yield f"  lock        {status.lock}"
    if status.unfinished:
        ways = f"gonogo resume --env {status.env}, or gonogo rollback --env {status.env}"
        yield f"  unfinished  the run {status.unfinished} was cut off: {ways}"
    for run in status.untouched:
        yield f"  cut off     the run {run}, before its first touch: the next deploy clears it away"
    yield from (f"  surviving   {argv}" for argv in status.surviving)


def _labelled(label: str, text: str) -> Iterator[str]:
    """A label and the whole of a text, which may be long and of several lines."""
    for number, line in enumerate(wrapped(text, _WIDTH - 14)):
        yield f"  {label if number == 0 else '':<12}{line}".rstrip()


def _lacking(status: EnvStatus) -> str:
    lacks = status.rollback_lacks
    more = f" and {len(lacks) - 1} more" if len(lacks) > 1 else ""
    return f", which cannot be started: it lacks {lacks[0]}{more}" if lacks else ""


def _unproven(status: EnvStatus) -> str:
    """What is to be said of a release that no gate let go."""
    if status.proven:
        return ""
    if status.adopted:
        return "  adopted: started by hand"
    running = {one.release for one in status.instances if one.status == "running" and one.release}
    others = ", ".join(sorted(running - {status.serving}))
    if running and status.serving not in running:
        return f"  HELD: it did not start, {others} still serves, a person decides"
    if not running and not status.problem:
        return "  HELD: it did not go GO, and NOTHING of it runs; a person decides"
    unwell = [one.name for one in status.instances if one.status != "running" or one.health == "unhealthy"]
    if unwell:
        return f"  HELD: it did not go GO, and {', '.join(unwell)} is not well; a person decides"
    return "  HELD: it did not go GO, and runs; a person decides"
