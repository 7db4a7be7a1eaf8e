"""Whether the environment may be touched: what serves is well, there is a release to go back to, nobody is at it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gonogo.config import Environment
from gonogo.gates import baseline as baselines
from gonogo.gates.subject import Subject
from gonogo.plugins.evidence import Collected, InconclusiveError
from gonogo.plugins.runtime_facts import unguarded
from gonogo.records.results import GateResult, read_gate
from gonogo.runtimes.base import Place
from gonogo.runtimes.kept import lost_parts, pinned_files
from gonogo.state import lock
from gonogo.state.release import Release
from gonogo.state.store import State
from gonogo.words import Tier

if TYPE_CHECKING:
    import httpx

__all__: list[str] = []


@pytest.mark.predeploy(
    "P36",
    needs=("a serving release",),
    remedy="python -m pytest -m postdeploy --env {env}; where it only stopped (a reboot), start it again: "
    "gonogo restart --env {env}; mend what serves first, or deploy the mend: "
    "gonogo deploy --env {env} --hotfix",
)
def test_the_serving_release_is_healthy(
    subject: Subject, baseline: GateResult | None, request: pytest.FixtureRequest, evidence: Collected
) -> None:
    """The release that serves now is healthy before anything is touched.

    Catches a deployment into an outage: nobody could tell which of the two broke it, and going back would mend nothing.

    No before and after: it is the release that serves which is unwell, and the check that is red of it has its own
    page.
    """
    if subject.serving is None:
        pytest.skip("first deploy: nothing serves yet")
    if subject.run is None:
        _ask_health(request.getfixturevalue("environment"), request.getfixturevalue("http"), evidence)
        return
    if baseline is None:
        raise InconclusiveError(f"the baseline gate of {subject.serving.id} left no result in {subject.run}")
    evidence.text(f"Baseline of {subject.serving.id}", baseline.summary())
    pinned = baselines.known_before(baseline, read_gate(subject.serving.gate), anew=subject.serving.is_judged_anew)
    shaky = tuple(check for check in baseline.checks if check.unstable)
    if shaky:
        evidence.warn(f"{subject.serving.id} serves, and is unstable: {baselines.named(shaky)}")
    covered = tuple(check for check in baseline.checks if check.waived)
    if covered:
        evidence.warn(f"{subject.serving.id} serves, and fails what is waived: {baselines.named(covered)}")
    red, unknown = baselines.red(baseline, pinned=pinned), baselines.unknown(baseline, pinned=pinned)
    evidence.text(
        "New or changed checks that it does not pass", baselines.named(baselines.fresh(baseline, pinned=pinned))
    )
    broken = f"{subject.serving.id} serves: found {baselines.named(red)}, expected a healthy release"
    unclear = f"{subject.serving.id} serves: it is not known whether it is healthy: {unknown}"
    if subject.hotfix and (red or unknown):
        evidence.warn(broken if red else unclear)
        return
    assert not red, broken
    if unknown:
        raise InconclusiveError(unclear)


@pytest.mark.predeploy(
    "P37",
    in_prod="stricter",
    needs=("a serving release",),
    remedy="gonogo history --env {env}; deploy the serving commit once more, so that there is a release to go back to: "
    "gonogo deploy --env {env} --ref COMMIT; containers started by hand: gonogo adopt --env {env}",
)
def test_there_is_a_release_to_go_back_to(
    subject: Subject, serving: Release | None, place: Place, evidence: Collected
) -> None:
    """Everything that a rollback would start is still there: images, pinned files, the release's own environment.

    Catches `docker system prune --all` after the last deployment, and a first deployment over an application that
    somebody started by hand: if it goes red, nobody could bring that one back.

    Before (shell, what took the images away):

        docker system prune --all

    After (shell, what leaves images alone that have a name):

        docker image prune
    """
    if serving is None:
        if not _ask_unguarded(subject, place, evidence):
            pytest.skip("first deploy: there is nothing to go back to")
        return
    _ask_unsure(subject, serving, place, evidence)
    files = pinned_files(serving)
    evidence.table(f"What starts {serving.id}", [*files.items(), *serving.images.items()])
    lost = lost_parts(serving, place.host)
    assert not lost, f"{serving.id} could not be started again: {', '.join(lost)} not found; expected all its parts"


@pytest.mark.predeploy(
    "P38",
    never_waived="whether somebody else is at it",
    remedy="gonogo status --env {env}; wait for that run; when its process is gone: gonogo unlock --env {env}; "
    "a run without an ending: gonogo resume --env {env}, or gonogo rollback --env {env}",
)
def test_nobody_else_holds_the_environment(state: State, subject: Subject, evidence: Collected) -> None:
    """No other run holds the environment, and none was left unfinished.

    Catches two deployments at once, and a deployment on top of one that died half-way.

    No before and after: what is to be done depends on how far the other run came, and stands above.
    """
    holder = lock.holder(state.lock)
    unfinished = state.unfinished()
    evidence.text("Lock", holder or ("cannot be read" if state.lock.exists() else "free"))
    evidence.text("Unfinished run", unfinished or "none")
    torn = holder is None and state.lock.exists()
    assert not torn, f"{state.lock}: found a lock that cannot be read, expected none"
    if holder is not None and holder.pid != subject.lock_pid:
        gone = ", but that process is gone" if holder.is_gone() else ""
        raise AssertionError(f"found: {holder}{gone}; expected a free environment")
    assert unfinished is None, f"found run {unfinished} without an ending after its first touch, expected none"


def _ask_unsure(subject: Subject, serving: Release, place: Place, evidence: Collected) -> None:
    """Whether what was adopted could be kept as it ran; in prod only a forced deployment goes on without."""
    evidence.table("Not kept as it was started", [(one,) for one in serving.unsure])
    if not serving.unsure:
        return
    said = (
        f"the rollback to {serving.id}, which was started by hand, is not sure: found {'; '.join(serving.unsure)}; "
        "expected files as they were when it was started"
    )
    assert subject.force or place.environment.tier is not Tier.PROD, f"{said}. Start it once more as it should run"
    evidence.warn(said)


def _ask_unguarded(subject: Subject, place: Place, evidence: Collected) -> bool:
    """Whether an application runs already, without a release that it could be restored from; red unless forced."""
    services = subject.release.services if subject.release is not None else tuple(place.environment.service)
    found = unguarded(place, services)
    if found and subject.run is None:
        pytest.skip(f"started by hand: {', '.join(found)}; `gonogo deploy` adopts that first, to go back to it")
    evidence.table("Started by hand", [(name,) for name in found])
    said = (
        f"project {place.environment.project} runs already: found {', '.join(found)}, which no release started; "
        "a red first deploy would stop that and could not bring it back"
    )
    if found and subject.force:
        evidence.warn(said)
    assert subject.force or not found, f"{said}; expected a release to go back to, or an empty project"
    return bool(found)


def _ask_health(environment: Environment, http: httpx.Client, evidence: Collected) -> None:
    """Asks liveness and readiness of the environment's URL."""
    health = environment.health
    asked = {path: http.get(path).status_code for path in (health.live, health.ready) if path is not None}
    evidence.table("Health of what serves", [(f"GET {path}", status) for path, status in asked.items()])
    expected = {path: health.alive if path == health.live else range(200, 300) for path in asked}
    wrong = [f"GET {path} answered {status}" for path, status in asked.items() if status not in expected[path]]
    assert not wrong, f"{http.base_url} serves: found {', '.join(wrong)}; expected a healthy release"
