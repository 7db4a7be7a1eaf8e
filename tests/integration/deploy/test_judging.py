"""How red and unknown answers are judged, each rule by real deployments of one application behind a network of its own.

Every test leaves a release that serves and is well; ``desk.serving`` names it.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from gonogo.demo.ports import free_port
from gonogo.state.store import State

from .conftest import Ended
from .world import HOST, World

pytestmark = [pytest.mark.integration, pytest.mark.thorough]

PAGE = "D09[GET /page]"
WARNS = """\
import pytest


@pytest.mark.postdeploy("S02", on_red="warn")
def test_new_prices_are_published():
    \"\"\"The new prices are published.\"\"\"
    assert False, "they are not"
"""
UNTIL = """\
[[env.test.step]]
name = "until"
after = "start"
run = "sh -c 'until [ -e {} ]; do sleep 0.05; done'"
undo = "true"
"""


@dataclass
class Desk:
    """The application, and the name of the release that serves."""

    world: World
    serving: str = ""
    target: str = ""

    def finish(self, process: subprocess.Popen[str]) -> tuple[Ended, dict[str, Any]]:
        """How a deployment ended; remembers what serves."""
        ended = self.world.finish(process)
        record: dict[str, Any] = json.loads(ended.out)
        if record["exit_code"] == 0:
            self.serving, self.target = record["commit"][:7], record["release"]
        return ended, record

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Begin to deploy."""
        words = ("deploy", "--env", "test", "--json", *arguments)
        return self.world.start(*words, environ=self.world.network.environ)

    def deploy(self, *arguments: str) -> tuple[Ended, dict[str, Any]]:
        """Deploy what was committed."""
        return self.finish(self.start(*arguments))

    def rollback(self) -> None:
        """Go back by hand to what served, after a hold."""
        words = ("rollback", "--env", "test", "--to", self.target)
        ended = self.world.finish(self.world.start(*words, environ=self.world.network.environ))
        assert ended.code == 0, ended

    def warnings(self, record: dict[str, Any]) -> list[tuple[str, str]]:
        """The warnings of a run's last gate: code and words."""
        gate = record["steps"][-1]["gate"]
        return [(check["code"], check["found"]) for check in gate["checks"] if check["outcome"] == "warned"]


@pytest.fixture(scope="module")
def module_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The application with its first release."""
    made = Desk(World(tmp_path_factory.mktemp("judging")))
    made.world.release("first")
    ended, _ = made.deploy()
    assert ended.code == 0, ended
    yield made
    made.world.close()
    made.world.network.cut()


@pytest.fixture
def desk(module_desk: Desk) -> Iterator[Desk]:
    """It answers well and the network is whole, before and after."""
    yield module_desk
    module_desk.world.answer()
    module_desk.world.network.leads_to = module_desk.world.port
    module_desk.world.network.cut()
    module_desk.world.network.mend()


def test_red_once_does_not_turn_back(desk: Desk) -> None:
    """Exit 0, with a warning that says how often it was red."""
    desk.world.release("once")
    desk.world.answer(
        {"path": "/page", "status": 500, "only": "once", "left": 1},
    )
    ended, record = desk.deploy()

    assert ended.code == 0, ended
    assert record["ending"].startswith(f"GO with warnings  {desk.serving} serves test (was ")
    warned = dict(desk.warnings(record))
    assert warned[PAGE] == "unstable: red 1 of 3 times (GET /page: status: found 500, expected 200)"
    assert record["steps"][-1]["gate"]["exitstatus"] == 0
    assert desk.world.serving_text() == "once"


def test_unstable_before_does_not_turn_back_alone(desk: Desk) -> None:
    """Exit 6: the serving release was red once, the new one is red for good; a person decides."""
    before = desk.world.serving_text()
    new = desk.world.release("shaky")
    desk.world.answer(
        {"path": "/page", "status": 500, "only": before, "left": 1},
        {"path": "/page", "status": 500, "only": "shaky"},
    )
    ended, record = desk.deploy()

    assert ended.code == 6, ended
    assert record["ending"].startswith(f"HELD: {new} serves, a person decides: {PAGE} is red, and was unstable before")
    assert [name for name, _ in desk.warnings(record["steps"][1] | {"steps": [record["steps"][1]]})] == [PAGE]
    assert desk.world.serving_text() == "shaky"
    desk.world.answer()
    desk.rollback()


def test_red_before_and_after_is_told_before_and_ends_as_a_warning(desk: Desk) -> None:
    """Exit 1 untouched: production is broken already. With --hotfix exit 0; what was red is the first warning."""
    desk.world.release("hotfix", checks=WARNS)
    desk.world.answer({"path": "/page", "status": 500})
    refused, early = desk.deploy()
    before = desk.world.serving_text()
    ended, record = desk.deploy("--hotfix")

    assert refused.code == 1, refused
    assert early["ending"].startswith("NO-GO before the first touch")
    assert [cause["code"] for cause in early["causes"]] == ["P36"]
    assert f"serves: found {PAGE} (GET /page: status: found 500, expected 200)" in early["reason"]
    assert before != "hotfix"
    assert ended.code == 0, ended
    assert record["ending"].startswith(f"GO with warnings  {desk.serving} serves test (was ")
    warned = desk.warnings(record)
    assert warned[0] == (
        PAGE,
        "was red before this release too, so it does not turn it back: GET /page: status: found 500, expected 200",
    )
    assert ("S02", "is red and only warns: they are not") in warned
    first = next(line for line in ended.err.splitlines() if line.startswith("warning"))
    assert first.startswith(f"warning  {PAGE}  was red before this release too")
    assert desk.world.serving_text() == "hotfix"


def test_release_that_is_not_alive_is_never_excused(desk: Desk) -> None:
    """Exit 6: D06 was red before, is red after, and is red in the rollback; nobody calls that target safe."""
    desk.world.release("quiet")
    desk.world.answer({"path": "/healthz", "status": 500})
    ended, record = desk.deploy("--hotfix")

    assert ended.code == 6, ended
    assert [cause["code"] for cause in record["causes"]] == ["D06"]
    assert record["ending"].startswith(f"NEEDS A HUMAN: {desk.serving} is back after ")
    assert "but its gate is red: " in record["ending"]
    assert desk.world.serving_text() != "quiet"


def test_unknown_before_the_first_touch_stops_and_is_not_called_broken(desk: Desk) -> None:
    """Exit 1 untouched: nobody knows whether what serves is healthy, since there is no way to it."""
    before = desk.world.serving_text()
    desk.world.release("unknown")
    desk.world.network.cut()
    ended, record = desk.deploy()

    assert ended.code == 1, ended
    assert record["ending"].startswith("NO-GO before the first touch: nothing that serves was changed")
    (cause,) = record["causes"]
    assert (cause["code"], cause["outcome"]) == ("P36", "inconclusive")
    assert "serves: it is not known whether it is healthy: " in cause["found"]
    assert "could not be asked through the proxy of this machine" in cause["found"]
    assert "expected a healthy release" not in ended.err
    assert "(inconclusive: could not be found out)" in ended.err
    assert desk.world.serving_text() == before


def test_new_page_with_its_endpoint_does_not_accuse_the_serving_release(desk: Desk) -> None:
    """Exit 0: a check that is new with this release is red in the baseline, and no sign that production is broken."""
    desk.world.release("with a page", tables='[[env.test.endpoint]]\nrequest = "GET /new"\n', pages=("/new",))
    ended, record = desk.deploy()

    assert ended.code == 0, ended
    assert record["steps"][1]["ok"] is False
    assert "D09[GET /new]" not in dict(desk.warnings(record))


def test_release_that_moves_to_another_address_is_no_outage(desk: Desk) -> None:
    """Exit 0: the serving release is asked where it was asked when it went GO, before and while it is replaced."""
    desk.world.port = free_port()
    desk.world.release("moved", tables='[[env.test.endpoint]]\nrequest = "GET /live"\n', pages=("/live",))
    toml = desk.world.root / "gonogo.toml"
    address = f"http://127.0.0.1:{desk.world.port}"
    toml.write_text(toml.read_text().replace(f"http://{HOST}", address).replace('"/healthz"', '"/live"'))
    desk.world.commit("Move")
    ended, record = desk.deploy()

    assert ended.code == 0, ended
    assert [check["code"] for check in record["steps"][1]["gate"]["checks"] if check["outcome"] == "failed"] == [
        "D09[GET /live]"
    ]


def test_new_endpoint_that_nobody_answers_is_turned_back(desk: Desk) -> None:
    """Exit 1: red before and after, but new; it was written for this release and counts."""
    before = desk.world.serving_text()
    desk.world.release("without it", tables='[[env.test.endpoint]]\nrequest = "GET /forgotten"\n', pages=("/new",))
    ended, record = desk.deploy()

    assert ended.code == 1, ended
    assert record["ending"].startswith(f"REVERTED to {desk.serving} after ")
    assert [cause["code"] for cause in record["causes"]] == ["D09[GET /forgotten]"]
    assert desk.world.serving_text() == before


def test_network_that_is_cut_after_the_first_touch_holds(desk: Desk) -> None:
    """Exit 6 after bounded asking: the release was last seen to be well, so it stays; nobody says that it is broken."""
    flag = desk.world.rules.with_name("cut")
    new = desk.world.release("unseen", tables=UNTIL.format(flag))
    process = desk.start()
    desk.world.wait_for(str(flag))
    desk.world.network.cut()
    flag.touch()
    ended, record = desk.finish(process)

    assert ended.code == 6, ended
    said = "could not be asked through the proxy of this machine, HTTP_PROXY"
    unknown = f"HELD: {new} was left there, and whether it answers could not be found out, a person decides: "
    assert record["ending"].startswith(f"{unknown}D06 could not be found out: ")
    assert {cause["outcome"] for cause in record["causes"]} == {"inconclusive"}
    assert {cause["code"] for cause in record["causes"]} == {"D06", PAGE, "D08"}
    assert all(said in cause["found"] for cause in record["causes"])
    assert "is red" not in ended.err[ended.err.index("HELD") :]
    asked = sorted(path.name for path in (desk.world.state / "runs" / record["run"]).glob("postdeploy*.html"))
    assert asked == []
    assert desk.world.serving_text() == "unseen"
    assert State(desk.world.state).load(record["release"]).bad is None  # type: ignore[union-attr]
    desk.world.network.mend()
    desk.rollback()


def test_answer_of_the_old_release_is_no_pass_of_the_new_one(desk: Desk) -> None:
    """Exit 1: the public way leads to a process of the old release that was left; every page is good, and it is red."""
    old = State(desk.world.state).load(desk.target)
    assert old is not None
    environ = {**os.environ, "GONOGO_RELEASE": old.id, "PORT": str(free_port())}
    left = subprocess.Popen([sys.executable, "app.py"], cwd=old.root, env=environ)
    try:
        flag = desk.world.rules.with_name("led")
        desk.world.release("behind", tables=UNTIL.format(flag))
        process = desk.start()
        desk.world.wait_for(str(flag))
        desk.world.network.leads_to = int(environ["PORT"])
        flag.touch()
        ended, record = desk.finish(process)
    finally:
        left.send_signal(signal.SIGTERM)
        left.wait(10)

    assert ended.code == 1, ended
    assert record["ending"].startswith(f"REVERTED to {desk.serving} after ")
    assert [cause["code"] for cause in record["causes"]] == ["D06"]
    assert f"found {old.id}, expected {record['release']}" in record["causes"][0]["found"]
