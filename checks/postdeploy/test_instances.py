"""Whether what was deployed runs, is healthy, and keeps running."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

import pytest

from gonogo.checks.postdeploy.instances import RESTARTS
from gonogo.checks.postdeploy.instances import down as broken
from gonogo.config import Environment
from gonogo.errors import GonogoError
from gonogo.inspection import things
from gonogo.inspection.answers.logs import error_lines
from gonogo.plugins.evidence import Collected, InconclusiveError, LimitedError
from gonogo.plugins.fixtures import FirstLook
from gonogo.records.text import clip
from gonogo.runtimes.base import LIMITED, Inspector, InstanceState
from gonogo.state.release import Release

__all__: list[str] = []

_EVERY = 0.5
_LAST_LINES = 20
_LOOKED_AT = 100
"""Lines among which the exception is looked for that ended it."""
_LAST_WORDS = 200
_MARGIN = 1.5
"""A little longer than it lived before: the Engine's pause before a restart grows each time."""
_ROWS = ("instance", "status", "health", "restarts", "release", "image")


@pytest.mark.postdeploy(
    "D01",
    never_excused=True,
    remedy="Read its last lines under `evidence` in the report, mend what they name, deploy again",
)
def test_every_instance_runs(inspector: Inspector, evidence: Collected) -> None:
    """Every instance of every deployed service runs, and what stands in front; none ended, none is restarting.

    Catches a process that ends right after it was started.

    No before and after: why a process ends is said by its own last lines.
    """
    instances, fronts = inspector.instances(health=False), inspector.fronts()
    _attach(evidence, (*instances, *fronts))
    assert instances, "found no instance of any deployed service, expected at least one"
    down = [one for one in instances if not _is_up(one)] + [one for one in fronts if not _is_up(one, may_end=True)]
    last = _attach_last_lines(evidence, inspector, down) if down else {}
    wrong = [_said(one) + last.get(one.service, "") for one in down]
    if down:
        alive = {one.service for one in (*instances, *fronts) if one.status == "running"}
        ended = sorted({one.service for one in down})
        evidence.breaks(*broken(inspector, set(ended) - alive), *map(things.end, ended))
    assert not wrong, f"found {', '.join(wrong)}; expected {len(instances) + len(fronts)} running instances"


@pytest.mark.postdeploy(
    "D02",
    needs=("a health check or service.port",),
    says_alive=True,
    never_excused=True,
    remedy="Run the health check's command in the instance and read its answer",
)
def test_every_instance_is_healthy(inspector: Inspector, evidence: Collected) -> None:
    """Every instance that has a health check is healthy.

    Catches an application that runs and cannot answer.

    Before (docker-compose.yml):

        command: uvicorn app.main:app --port 8080
        healthcheck:
          test: curl --fail http://localhost:8000/healthz

    After (docker-compose.yml):

        command: uvicorn app.main:app --port 8000
        healthcheck:
          test: curl --fail http://localhost:8000/healthz
    """
    instances = [one for one in inspector.instances() if one.health is not None and not one.one_shot]
    if not instances:
        pytest.skip("no running instance has a health check")
    _attach(evidence, instances)
    limited = [one.name for one in instances if one.health == LIMITED]
    if limited:
        raise LimitedError(f"{', '.join(limited)}: found 429, a limit on requests; ask again later")
    unwell = [one for one in instances if one.health != "healthy"]
    wrong = [f"{one.name} {one.health}" for one in unwell]
    if unwell:
        rows = [(one.name, one.health_said or "not known") for one in unwell]
        evidence.table("What their health checks said last", rows, header=("instance", "said"))
        _attach_last_lines(evidence, inspector, unwell)
    _blame(
        evidence,
        inspector,
        {one.service for one in unwell} - {one.service for one in instances if one.health == "healthy"},
    )
    assert not wrong, f"found {', '.join(wrong)}; expected {len(instances)} healthy instances"


@pytest.mark.late
@pytest.mark.xdist_group("observation")
@pytest.mark.postdeploy(
    "D03",
    reads=("health.stable_for",),
    seen_once=True,
    never_excused=True,
    remedy="Read its last lines under `evidence` in the report, mend what they name, deploy again",
)
def test_no_instance_restarts(
    inspector: Inspector, environment: Environment, first_look: FirstLook, evidence: Collected
) -> None:
    """Restarts counts stand still while the instances are watched.

    Catches a crash some seconds after the start, which a restart policy hides. What restarted before it was watched is
    watched until it has lived longer than it did before, for half of check_timeout at the most.

    No before and after: why a process ends is said by its own last lines.
    """
    window = environment.health.stable_for
    if first_look.instances is None:
        raise InconclusiveError("the runtime did not answer when the gate began, so nothing could be watched")
    before = _lasting(first_look.instances)
    if not before:
        pytest.skip("no instance runs on; D01 tells whether one should")
    begin = time.monotonic()
    longer = _until_outlived(before.values(), most=environment.check_timeout / 2)
    until = max([first_look.at + window, *(begin + seconds for seconds in longer)])
    moved = _watch(inspector, before, until=until)
    _attach(evidence, (*inspector.instances(health=False), *inspector.fronts()))
    last = _attach_last_lines(evidence, inspector, [before[name] for name in moved]) if moved else {}
    wrong = [text + last.get(before[name].service, "") for name, text in moved.items()]
    ended = sorted({before[name].service for name in moved})
    _blame(evidence, inspector, set(ended))
    evidence.breaks(*map(things.end, ended))
    evidence.json(RESTARTS, {one.service: round(_lived(one), 1) for one in before.values() if one.restarts})
    restarted = [f"{one.name} ({one.restarts} restarts)" for one in before.values() if one.restarts]
    if restarted:
        evidence.warn(f"restarted before they were watched: {', '.join(restarted)}")
    assert not wrong, (
        f"found {', '.join(wrong)} within {until - first_look.at:.3g} s; expected instances that keep running"
    )


@pytest.mark.postdeploy(
    "D04",
    says_which=True,
    never_excused=True,
    never_waived="whether what was built is what runs",
    remedy="Deploy again, so that the instances are made anew: gonogo deploy --env {env}",
)
def test_instances_are_of_this_release(
    inspector: Inspector, environment: Environment, release: Release, evidence: Collected
) -> None:
    """Every instance was started from exactly what was built for this release.

    Catches rebuilds that change nothing, because the old container goes on running.

    No before and after: the next deployment makes the instances anew.
    """
    instances = [one for one in inspector.instances(health=False) if one.status != "missing"]
    _attach(evidence, instances)
    assert instances, f"found no instance, expected those of release {release.id}"
    if environment.has("images"):
        wrong = [_other_image(one, release.images.get(one.service)) for one in instances]
    else:
        wrong = [f"{one.name} of release {one.release}" if one.release != release.id else "" for one in instances]
    found = [text for text in wrong if text]
    assert not found, f"found {', '.join(found)}; expected {len(instances)} instances of release {release.id}"


def _blame(evidence: Collected, inspector: Inspector, services: set[str]) -> None:
    """What else is red because of these services; that they are down, an earlier check may have said."""
    if services:
        evidence.breaks(*broken(inspector, services))
        evidence.needs(*map(things.service, sorted(services)))


def _until_outlived(instances: Iterable[InstanceState], *, most: float) -> Iterator[float]:
    """For each that restarted already: the seconds from now until it has lived longer than before, ``most`` at most."""
    for one in instances:
        lived = _lived(one)
        seconds = lived * _MARGIN - (datetime.now(UTC) - _moment(one.started_at)).total_seconds() if lived else 0.0
        if seconds > 0:  # created long before its start (it waited for others): less than it seems may be enough
            yield min(seconds, most)


def _lived(instance: InstanceState) -> float:
    """How long it lived on average before it was started again; the pauses between are counted in."""
    if not instance.restarts or not instance.created_at:
        return 0.0
    return (_moment(instance.started_at) - _moment(instance.created_at)).total_seconds() / instance.restarts


def _moment(text: str) -> datetime:
    """A moment of the Engine, which writes nanoseconds."""
    return datetime.fromisoformat(text)


def _watch(inspector: Inspector, before: dict[str, InstanceState], *, until: float) -> dict[str, str]:
    """Looks until something moved or the time has come; what moved, one text for each name."""
    while True:
        fronts = {one.name: one for one in inspector.fronts()}
        now = {**{one.name: one for one in inspector.instances(health=False)}, **fronts}
        ended = [name for name, one in fronts.items() if _is_up(one, may_end=True) and one.status != "running"]
        moved = {name: text for name in before if (text := _moved(before[name], now.get(name))) and name not in ended}
        left = until - time.monotonic()
        if moved or left <= 0:
            return moved
        time.sleep(min(_EVERY, left))


def _moved(before: InstanceState, now: InstanceState | None) -> str:
    if now is None:
        return f"{before.name} gone"
    if now.status != "running":
        return _said(now)
    if now.restarts > before.restarts:
        return f"{now.name} restarted {now.restarts - before.restarts} times"
    return f"{now.name} started again" if now.started_at != before.started_at else ""


def _lasting(instances: Sequence[InstanceState]) -> dict[str, InstanceState]:
    running = (one for one in instances if one.status in {"running", "restarting"})
    return {one.name: one for one in running if not one.one_shot}


def _is_up(instance: InstanceState, *, may_end: bool = False) -> bool:
    """Whether it runs, ended well, or is a one-shot that was only made or cleared away.

    The rollback makes its migration and does not run it; a container prune removes what ended. That each ran to
    a good end, the start made sure of.
    """
    may_end = may_end or instance.one_shot
    if (may_end and instance.status == "created") or (instance.one_shot and instance.status == "missing"):
        return True
    ended_well = may_end and instance.status == "exited" and instance.exit_code == 0
    return instance.status == "running" or ended_well


def _said(instance: InstanceState) -> str:
    code = f" (exit code {instance.exit_code})" if instance.exit_code is not None else ""
    return f"{instance.name} {instance.status}{code}"


def _other_image(instance: InstanceState, expected: str | None) -> str:
    if expected is None:
        return f"{instance.name}, for whose service the release noted no image"
    return f"{instance.name} of image {(instance.image or 'unknown')[:19]}" if instance.image != expected else ""


def _attach_last_lines(evidence: Collected, inspector: Inspector, of: Sequence[InstanceState]) -> dict[str, str]:
    """What those services wrote last, and for each its very last words: why they ended stands there, or nowhere."""
    try:
        logs = inspector.logs(None, around=True)
    except GonogoError as error:
        evidence.text("Last lines", f"not known: {error}")
        return {}
    last = {}
    for service in dict.fromkeys(one.service for one in of):
        lines = logs.get(service, ())[-_LAST_LINES:]
        evidence.text(f"Last lines of {service}", "\n".join(lines) or "(it wrote nothing)")
        words = [line.strip() for line in lines if line.strip()]
        errors = [group.said for group in error_lines(logs.get(service, ())[-_LOOKED_AT:]) if group.in_traceback]
        if words:
            said = f"its last exception: {errors[-1]}" if errors else f"it wrote last: {words[-1]}"
            last[service] = f" ({clip(said, _LAST_WORDS)})"
    return last


def _attach(evidence: Collected, instances: Sequence[InstanceState]) -> None:
    rows = [
        (one.name, one.status, one.health or "", one.restarts, one.release or "", one.image or "") for one in instances
    ]
    evidence.table("Instances", rows, header=_ROWS)
