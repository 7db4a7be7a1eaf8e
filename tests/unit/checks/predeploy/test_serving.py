"""P36, P37 and P38: what serves, the rollback, and who else is at it."""

from __future__ import annotations

import http.server
import os
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from gonogo.records.results import CheckResult, GateResult
from gonogo.state import lock
from gonogo.state.journal import Journal
from gonogo.state.release import Release
from gonogo.state.store import State
from gonogo.words import Outcome, Severity, Stage
from tests.support.loopback import listening
from tests.support.traits import traits_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.gates import Gates, Repository

__all__: list[str] = []

HEALTHY = ("-m", "predeploy", "-k", "serving_release_is_healthy")
WAY_BACK = ("-m", "predeploy", "-k", "release_to_go_back_to")
FREE = ("-m", "predeploy", "-k", "nobody_else_holds")
NOW = datetime(2026, 11, 21, 22, 10, tzinfo=UTC)
ID = "20261121T221000-2f1c9e0"
needs_docker = pytest.mark.skipif(shutil.which("docker") is None, reason="no Docker client is installed")


def serving(state: State, **facts: Any) -> Release:
    """A release that is recorded as the one that serves."""
    folder = state.release_folder(ID)
    given = {"runtime": "process", "root": folder / "source", "created": NOW, **facts}
    release = Release(id=ID, commit="2f1c9e0" * 5 + "abcde", env="test", folder=folder, **given)
    state.save(release)
    state.set_current(ID)
    return release


def result(code: str, outcome: Outcome, found: str = "", severity: Severity = Severity.BLOCKER) -> CheckResult:
    """The result of one check of a baseline."""
    traits = traits_of(code)
    return CheckResult(
        id=code, code=code, stage=Stage.POSTDEPLOY, outcome=outcome, found=found, severity=severity, **traits
    )


def baseline(folder: Path, *checks: CheckResult, problem: str = "") -> None:
    """Write what the baseline gate left."""
    gate = GateResult(stage=Stage.POSTDEPLOY, env="test", started=NOW, checks=checks, problem=problem)
    (folder / "baseline.json").write_text(gate.model_dump_json(), encoding="utf-8")


@pytest.fixture
def state(gate: Gates) -> State:
    """The state of project ``shop``, environment ``test``."""
    found = State(gate.state_home / "gonogo/shop/test")
    found.create()
    return found


@pytest.fixture
def health() -> Iterator[tuple[dict[str, int], str]]:
    """What each path of a server answers, and its URL."""
    answers: dict[str, int] = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(answers.get(self.path, 404))
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with listening(http.server.HTTPServer(("127.0.0.1", 0), Handler)) as server:
        yield answers, f"http://127.0.0.1:{server.server_port}"


def test_the_first_deploy_has_nothing_to_ask(repository: Repository, gate: Gates) -> None:
    """P36 and P37 skip before the first deploy."""
    run = gate(
        repository({"gonogo.toml": repository.process}), "-m", "predeploy", "-k", f"{HEALTHY[-1]} or {WAY_BACK[-1]}"
    )

    assert run.check("P36").found == "first deploy: nothing serves yet"
    assert run.check("P37").found == "first deploy: there is nothing to go back to"


def test_a_green_baseline_passes(repository: Repository, gate: Gates, state: State) -> None:
    """P36 is green in a deploy whose baseline has no red blocker; a red advisory check is none."""
    root = repository({"gonogo.toml": repository.process})
    subject = gate.subject(root, serving=serving(state))
    red = result("D17", Outcome.WARNED, "too much memory", Severity.ADVISORY)
    baseline(gate.folder / "run", result("D06", Outcome.PASSED), red)

    check = gate(root, *HEALTHY, subject=subject).only()

    assert (check.outcome, check.evidence[0].value) == (Outcome.PASSED, "1 passed, 1 with warnings")


def test_a_red_baseline_is_named(repository: Repository, gate: Gates, state: State) -> None:
    """P36 names the red blockers of the baseline; with --hotfix it only warns."""
    root = repository({"gonogo.toml": repository.process})
    release = serving(state)
    checks = (result("D06", Outcome.FAILED, "found 500\nmore"), result("D09[GET /]", Outcome.FAILED, "found 502"))
    subject = gate.subject(root, serving=release)
    baseline(gate.folder / "run", result("D01", Outcome.PASSED), *checks)

    run = gate(root, *HEALTHY, subject=subject)
    hotfix = gate(root, *HEALTHY, subject=gate.subject(root, serving=release, hotfix=True))

    message = f"{ID} serves: found D06 (found 500), D09[GET /] (found 502), expected a healthy release"
    assert (run.code, run.only().outcome, run.only().found) == (1, Outcome.FAILED, message)
    assert (hotfix.code, hotfix.only().outcome, hotfix.only().found) == (0, Outcome.WARNED, message)
    assert run.only().remedy == (
        "python -m pytest -m postdeploy --env test; where it only stopped (a reboot), start it again: gonogo restart "
        "--env test; mend what serves first, or deploy the mend: gonogo deploy --env test --hotfix"
    )


@pytest.mark.parametrize(
    ("checks", "problem", "why"),
    [
        ((result("D06", Outcome.INCONCLUSIVE, "no name"),), "", "D06 (no name)"),
        ((result("D06", Outcome.SKIPPED),), "", "no check was asked"),
        ((), "no end within 600 s", "no end within 600 s"),
    ],
)
def test_an_unclear_baseline_is_inconclusive(
    repository: Repository, gate: Gates, state: State, checks: tuple[CheckResult, ...], problem: str, why: str
) -> None:
    """P36 does not call a release broken when the baseline could not find out."""
    root = repository({"gonogo.toml": repository.process})
    subject = gate.subject(root, serving=serving(state))
    baseline(gate.folder / "run", *checks, problem=problem)

    check = gate(root, *HEALTHY, subject=subject).only()

    assert check.outcome is Outcome.INCONCLUSIVE
    assert check.found == f"{ID} serves: it is not known whether it is healthy: {why}"


def test_a_lost_baseline_is_inconclusive(repository: Repository, gate: Gates, state: State) -> None:
    """P36 does not pass without a baseline where something serves."""
    root = repository({"gonogo.toml": repository.process})

    check = gate(root, *HEALTHY, subject=gate.subject(root, serving=serving(state))).only()

    assert check.outcome is Outcome.INCONCLUSIVE
    assert check.found == f"the baseline gate of {ID} left no result in {gate.folder}/run"


def test_a_bare_run_asks_health_itself(
    repository: Repository, gate: Gates, state: State, health: tuple[dict[str, int], str]
) -> None:
    """P36 asks liveness and readiness in a bare run, and tells which of them is wrong."""
    answers, url = health
    toml = repository.process + f'url = "{url}"\nhealth = {{ live = "/live", ready = "/ready" }}\n'
    root = repository({"gonogo.toml": toml})
    serving(state)
    answers.update({"/live": 200, "/ready": 204})
    green = gate(root, *HEALTHY)
    answers["/ready"] = 503
    red = gate(root, *HEALTHY)

    assert green.only().outcome is Outcome.PASSED
    assert red.only().outcome is Outcome.FAILED
    assert red.only().found == f"{url} serves: found GET /ready answered 503; expected a healthy release"


def test_a_whole_release_can_be_gone_back_to(repository: Repository, gate: Gates, state: State) -> None:
    """P37 is green where everything that starts the serving release is there, and names what is not."""
    root = repository({"gonogo.toml": repository.process})
    release = serving(state)
    repository.write(release.folder, {"process.json": "{}", "source/a.py": "", "venv/bin/python": ""})
    green = gate(root, *WAY_BACK)
    shutil.rmtree(release.folder / "venv")
    red = gate(root, *WAY_BACK)

    assert green.only().outcome is Outcome.PASSED
    assert red.only().outcome is Outcome.FAILED
    assert red.only().found == (
        f"{ID} could not be started again: the release's own Python ({release.folder}/venv/bin/python) not found; "
        "expected all its parts"
    )


@needs_docker
def test_images_are_not_known_without_a_daemon(repository: Repository, gate: Gates, state: State) -> None:
    """P37 is inconclusive about images where no daemon answers."""
    root = repository({"gonogo.toml": repository.minimal})
    release = serving(state, runtime="compose", images={"web": "sha256:" + "0" * 64})
    repository.write(release.folder, {"compose.json": "{}"})

    check = gate(root, *WAY_BACK, environ=gate.no_daemon(root)).only()

    assert check.outcome is Outcome.INCONCLUSIVE
    assert "Cannot connect to the Docker daemon" in check.found


def test_an_application_that_runs_by_hand_is_named(
    repository: Repository, gate: Gates, tmp_path: Path, state: State
) -> None:
    """P37 stops a first deploy over containers that were not adopted, warns with --force, and skips without a run.

    A release that this state folder keeps is not among them; one of another's is.
    """
    state.release_folder(ID).mkdir(parents=True)
    root = repository({"gonogo.toml": repository.minimal + "\n[service.web]\n"})
    path = gate.path_without(tmp_path / "bin", "docker")
    docker = tmp_path / "bin/docker"
    rows = ("shop_web\\tshop:latest\\tweb\\t", "shop_db\\tpostgres:15\\tdb\\t", f"shop_web2\\tshop:2\\tweb\\t{ID}")
    docker.write_text("#!/bin/sh\n" + "".join(f"printf '{row}\\n'\n" for row in rows), "utf-8")
    docker.chmod(0o755)

    red = gate(root, *WAY_BACK, subject=gate.subject(root), environ=path).only()
    forced = gate(root, *WAY_BACK, subject=gate.subject(root, force=True), environ=path).only()
    bare = gate(root, *WAY_BACK, environ=path).only()

    said = (
        "project shop-test runs already: found shop_web (shop:latest), which no release started; "
        "a red first deploy would stop that and could not bring it back"
    )
    assert (red.outcome, red.found) == (
        Outcome.FAILED,
        f"{said}; expected a release to go back to, or an empty project",
    )
    assert (forced.outcome, forced.found) == (Outcome.WARNED, said)
    assert (bare.outcome, bare.found) == (
        Outcome.SKIPPED,
        "started by hand: shop_web (shop:latest); `gonogo deploy` adopts that first, to go back to it",
    )


def test_a_lost_image_is_named(repository: Repository, gate: Gates, state: State, tmp_path: Path) -> None:
    """P37 names the image that the engine no longer has, by its tag."""
    root = repository({"gonogo.toml": repository.minimal})
    release = serving(state, runtime="compose", images={"web": "sha256:1"}, tags={"web": f"shop-web:{ID}"})
    repository.write(release.folder, {"compose.json": "{}"})
    path = gate.path_without(tmp_path / "bin", "docker")
    docker = tmp_path / "bin/docker"
    docker.write_text("#!/bin/sh\necho 'Error response from daemon: No such image: sha256:1' >&2\nexit 1\n", "utf-8")
    docker.chmod(0o755)

    check = gate(root, *WAY_BACK, environ=path).only()

    assert check.outcome is Outcome.FAILED
    assert check.found == (
        f"{ID} could not be started again: the image of web (shop-web:{ID}) not found; expected all its parts"
    )


def test_a_free_environment_passes(repository: Repository, gate: Gates) -> None:
    """P38 is green where nobody holds the environment and no run was left unfinished."""
    check = gate(repository({"gonogo.toml": repository.process}), *FREE).only()

    assert (check.outcome, [piece.value for piece in check.evidence]) == (Outcome.PASSED, ["free", "none"])


def test_a_held_environment_is_red(repository: Repository, gate: Gates, state: State) -> None:
    """P38 says who holds the environment; the run that asks may hold it itself."""
    root = repository({"gonogo.toml": repository.process})

    with lock.hold(state.lock, project="shop", env="test", why="deploy 2f1c9e0") as holder:
        mine = gate(root, *FREE, subject=gate.subject(root, lock_pid=os.getpid()))
        foreign = gate(root, *FREE, subject=gate.subject(root, lock_pid=1))

    assert mine.only().outcome is Outcome.PASSED
    assert foreign.only().outcome is Outcome.FAILED
    told = re.sub(r"heartbeat \d+ s", "heartbeat N s", foreign.only().found)
    assert told == f"found: {str(holder).rpartition('; ')[0]}; last heartbeat N s ago; expected a free environment"


def test_a_dead_holder_is_told_from_a_living_one(repository: Repository, gate: Gates, state: State) -> None:
    """P38 says when the process that holds the environment is gone, and how to go on."""
    root = repository({"gonogo.toml": repository.process})
    with lock.hold(state.lock, project="shop", env="test", why="deploy") as holder:
        text = holder.model_copy(update={"ticks": 1}).model_dump_json()
    state.lock.write_text(text, encoding="utf-8")

    check = gate(root, *FREE).only()

    assert check.found.endswith(", but that process is gone; expected a free environment")
    assert check.remedy == (
        "gonogo status --env test; wait for that run; when its process is gone: gonogo unlock --env test; "
        "a run without an ending: gonogo resume --env test, or gonogo rollback --env test"
    )


def test_a_torn_lock_is_red(repository: Repository, gate: Gates, state: State) -> None:
    """P38 does not take a lock that cannot be read for none."""
    state.lock.write_text("{", encoding="utf-8")

    check = gate(repository({"gonogo.toml": repository.process}), *FREE).only()

    assert check.found == f"{state.lock}: found a lock that cannot be read, expected none"


def test_an_unfinished_run_is_red(repository: Repository, gate: Gates, state: State) -> None:
    """P38 names a run that touched the target and has no ending."""
    Journal(state.run_folder("20261121T220000-1111111") / "journal.jsonl").write("first-touch")

    check = gate(repository({"gonogo.toml": repository.process}), *FREE).only()

    assert check.found == "found run 20261121T220000-1111111 without an ending after its first touch, expected none"


@pytest.mark.parametrize(
    ("tier", "force", "outcome"),
    [("staging", False, Outcome.WARNED), ("prod", False, Outcome.FAILED), ("prod", True, Outcome.WARNED)],
)
def test_a_way_back_that_is_not_sure_is_said_and_refused_in_prod(
    repository: Repository,
    gate: Gates,
    state: State,
    tier: str,
    force: bool,  # noqa: FBT001 (a fact)
    outcome: Outcome,
) -> None:
    """P37 names what of an adopted application could not be kept; prod goes on without it only when it is forced."""
    root = repository({"gonogo.toml": repository.process.replace('tier = "dev"', f'tier = "{tier}"')})
    adopted = serving(state, adopted=True, unsure=("web: main.py at /srv/app (changed since)",))
    for name in ("process.json", "venv/bin/python"):
        (adopted.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (adopted.folder / name).touch()
    adopted.root.mkdir()

    check = gate(root, *WAY_BACK, subject=gate.subject(root, serving=adopted, release=None, force=force)).only()

    assert check.outcome is outcome, check
    assert check.found.startswith(
        f"the rollback to {ID}, which was started by hand, is not sure: found web: main.py at /srv/app (changed since); "
    )


def test_checks_of_another_commits_configuration_do_not_call_an_adopted_application_broken(
    repository: Repository, gate: Gates, state: State
) -> None:
    """P36 of what was started by hand counts what holds for anything; an endpoint that only comes now is no fault."""
    root = repository({"gonogo.toml": repository.process})
    adopted = serving(state, adopted=True, foreign=True)
    asked = gate.subject(root, serving=adopted)
    assert asked.run is not None
    baseline(asked.run, result("D06", Outcome.PASSED), result("D09[GET /new]", Outcome.FAILED, "found 404"))
    fresh = gate(root, *HEALTHY, subject=asked).only()
    baseline(asked.run, result("D06", Outcome.FAILED, "found 502"))
    down = gate(root, *HEALTHY, subject=asked).only()

    assert (fresh.outcome, down.outcome) == (Outcome.PASSED, Outcome.FAILED), fresh
