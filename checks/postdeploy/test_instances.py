"""Whether what was deployed runs, is healthy, and keeps running."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gonogo.checks.postdeploy.instances import RESTARTS
from gonogo.checks.postdeploy.instances import down as broken
from gonogo.checks.postdeploy.lasting import Observation, Rounds, is_up, lasting, lived, said
from gonogo.config import Environment
from gonogo.errors import GonogoError
from gonogo.gates.subject import Subject
from gonogo.host.runner import Host
from gonogo.inspection import things
from gonogo.inspection.answers.logs import ended_by, error_lines
from gonogo.plugins.evidence import Collected, InconclusiveError, LimitedError
from gonogo.plugins.fixtures import FirstLook
from gonogo.records.results import GateResult
from gonogo.records.text import clip
from gonogo.runtimes.base import LIMITED, Inspector, InstanceState
from gonogo.state.release import Release

__all__: list[str] = []

_LAST_LINES = 20
_LOOKED_AT = 100
"""Lines among which the exception is looked for that ended it."""
_LAST_WORDS = 200
_ROWS = ("instance", "status", "health", "restarts", "release", "image")


@pytest.fixture
def rounds(
    inspector: Inspector, environment: Environment, runner: Host, subject: Subject, baseline: GateResult | None
) -> Rounds:
    """The jobs that are done in turns."""
    return Rounds.known(inspector, environment, runner, subject=subject, baseline=baseline)


@pytest.mark.postdeploy(
    "D01",
    never_excused=True,
    remedy="Read its last lines under `evidence` in the report, mend what they name, deploy again",
)
def test_every_instance_runs(inspector: Inspector, rounds: Rounds, evidence: Collected) -> None:
    """Every instance of every deployed service runs, and what stands in front; none ended, none is restarting.

    Catches a process that ends right after it was started. A job between two rounds is well: nobody asks it for
    anything, and it ended with exit code 0, before this release too or after ten seconds at least.

    No before and after: why a process ends is said by its own last lines.
    """
    instances, fronts = inspector.instances(health=False), inspector.fronts()
    _attach(evidence, (*instances, *fronts))
    assert instances, "found no instance of any deployed service, expected at least one"
    down = [one for one in instances if not is_up(one) and not (one.status == "restarting" and rounds.have(one))]
    down += [one for one in fronts if not is_up(one, may_end=True)]
    last = _attach_last_lines(evidence, inspector, down) if down else {}
    wrong = [said(one) + last.get(one.service, "") for one in down]
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

    Catches an application that runs and cannot answer. Told in healthchecks/healthchecks#1051,
    paperless-ngx/paperless-ngx#696.

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
    inspector: Inspector, environment: Environment, first_look: FirstLook, rounds: Rounds, evidence: Collected
) -> None:
    """Restarts counts stand still while the instances are watched.

    Catches a crash some seconds after the start, which a restart policy hides. What was started again is watched until
    it has lived longer than it did before, for half of check_timeout at the most. Up to two restarts while the release
    starts, of what was never healthy, warn where it lasts then: it was early for its database. A job comes round: it
    ends with exit code 0, and did so before this release too, or lives for ten seconds at least.

    No before and after: why a process ends is said by its own last lines.
    """
    if first_look.instances is None:
        raise InconclusiveError("the runtime did not answer when the gate began, so nothing could be watched")
    before = lasting(first_look.instances)
    if not before:
        pytest.skip("no instance runs on; D01 tells whether one should")
    health, most = environment.health, environment.check_timeout / 2
    seen = Observation(before=before, rounds=rounds, starting=health.timeout, most=most)
    until = seen.watch(until=first_look.at + health.stable_for, window=health.stable_for)
    _attach(evidence, (*inspector.instances(health=False), *inspector.fronts()))
    last = _attach_last_lines(evidence, inspector, [before[name] for name in seen.moved]) if seen.moved else {}
    wrong = [text + last.get(before[name].service, "") for name, text in seen.moved.items()]
    ended = sorted({before[name].service for name in seen.moved})
    _blame(evidence, inspector, set(ended))
    evidence.breaks(*map(things.end, ended))
    evidence.json(RESTARTS, {one.service: round(lived(one), 1) for one in before.values() if one.restarts})
    restarted = [one for one in before.values() if one.restarts and one.name not in seen.came_round]
    if noisy := [f"{one.name} ({one.restarts} restarts)" for one in restarted if not rounds.have(one)]:
        evidence.warn(f"restarted before they lasted: {', '.join(noisy)}")
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
            said = f"its last exception: {ended_by(errors)}" if errors else f"it wrote last: {words[-1]}"
            last[service] = f" ({clip(said, _LAST_WORDS)})"
    return last


def _attach(evidence: Collected, instances: Sequence[InstanceState]) -> None:
    rows = [
        (one.name, one.status, one.health or "", one.restarts, one.release or "", one.image or "") for one in instances
    ]
    evidence.table("Instances", rows, header=_ROWS)
