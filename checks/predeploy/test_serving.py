"""Whether the environment may be touched: what serves is healthy, a way back exists, nobody else is at it."""

from __future__ import annotations

import pytest

from gonogo import lock
from gonogo.plugins.evidence import Collected
from gonogo.state import State
from gonogo.subject import Subject

__all__: list[str] = []


@pytest.mark.predeploy(
    "P36",
    remedy="Mend what serves, or deploy the mend: gonogo deploy --env {env} --hotfix; look at it: "
    "python -m pytest -m postdeploy --env {env}",
)
def test_the_serving_release_is_healthy(
    subject: Subject,
    environment: Environment,
    baseline: GateResult | None,
    request: pytest.FixtureRequest,
    evidence: Collected,
) -> None:
    """The release that serves now is healthy before anything is touched.

    Catches a deployment into an outage, after which nobody knows which of the two broke it, and going back mends nothing.
    """
    if subject.serving is None:
        pytest.skip("first deploy: nothing serves yet")
    if subject.run is None:
        _ask_health(environment, request.getfixturevalue("http"), evidence)
        return
    if baseline is None:
        raise InconclusiveError(f"the baseline gate of {subject.serving.id} left no result in {subject.run}")
    evidence.text(f"Baseline of {subject.serving.id}", baseline.summary())
    red, unknown = baselines.red(baseline), baselines.unknown(baseline)
    message = (
        f"{subject.serving.id} serves, and is red already: found {baselines.named(red)}; expected a healthy release"
    )
    if subject.hotfix and (red or unknown):
        evidence.warn(message if red else f"{subject.serving.id}: not known whether it is healthy: {unknown}")
        return
    assert not red, message
    if unknown:
        raise InconclusiveError(f"{subject.serving.id}: not known whether it is healthy: {unknown}")


def _ask_health(environment: Environment, http: httpx.Client, evidence: Collected) -> None:
    """Liveness and readiness of the environment's URL."""
    health = environment.health
    asked = {path: http.get(path).status_code for path in (health.live, health.ready) if path is not None}
    evidence.table("Health of what serves", [(f"GET {path}", status) for path, status in asked.items()])
    wanted = {health.live: (health.live_status,)}
    ok = tuple(range(200, 300))
    wrong = [f"GET {path}: found {status}" for path, status in asked.items() if status not in wanted.get(path, ok)]
    assert not wrong, f"{http.base_url} serves, and is red already: {'; '.join(wrong)}, expected a healthy release"


@pytest.mark.predeploy(
    "P37",
    remedy="gonogo history --env {env}; deploy the serving commit once more, so that there is something to go back to: "
    "gonogo deploy --env {env} --ref COMMIT",
)
def test_there_is_a_release_to_go_back_to(
    serving: Release | None, place: Place, runner: LocalHost, evidence: Collected
) -> None:
    """Everything that a rollback would start is still there: images, pinned files, the release's own environment.

    Catches ``docker system prune -a`` after the last deployment.
    """
    if serving is None:
        pytest.skip("first deploy: there is nothing to go back to")
    parts = wayback.parts(serving)
    lost = [part for part in parts if not wayback.is_there(part, runner)]
    evidence.table(f"What starts {serving.id}", [(part, "missing" if part in lost else "there") for part in parts])
    assert not lost, (
        f"{serving.id} could not be started again: found no {', '.join(map(str, lost))}; expected all its parts"
    )


@pytest.mark.predeploy(
    "P38",
    remedy="gonogo status --env {env}; wait for that run, or when its process is gone: gonogo unlock --env {env}; "
    "an unfinished run is settled by: gonogo rollback --env {env}",
)
def test_nobody_else_holds_the_environment(state: State, subject: Subject, evidence: Collected) -> None:
    """No other run holds the environment, and none was left unfinished.

    Catches two deployments at once, and a deployment on top of one that died half-way.
    """
    holder = lock.holder(state.lock)
    unfinished = state.unfinished()
    evidence.text("Lock", holder or ("cannot be read" if state.lock.exists() else "free"))
    evidence.text("Unfinished run", unfinished or "none")
    assert holder is not None or not state.lock.exists(), (
        f"{state.lock}: found a lock that cannot be read, expected none"
    )
    if holder is not None and holder.pid != subject.lock_pid:
        gone = "" if holder.is_alive() else ", but that process is gone"
        raise AssertionError(f"found: {holder}{gone}; expected a free environment")
    assert unfinished is None, f"found run {unfinished} without an ending after its first touch, expected none"
