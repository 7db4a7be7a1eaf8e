"""Every exit code, each by real deployments of one application: what is said, what serves, what is remembered.

The cases stand in the order of a story: first nothing serves, from ``first_go`` on the release that says "hello" does.
Each stands alone as well: what the story had made before it is made where it is not there (``-k held``).
"""

from __future__ import annotations

import json
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from gonogo.commands.history import history
from gonogo.commands.status import status
from gonogo.records.past_runs import PastRun
from gonogo.records.status import EnvStatus
from gonogo.state.journal import read_journal
from gonogo.state.lock import hold
from gonogo.words import Exit
from tests.support.sites import eventually

from .conftest import GREEN, App, Ended

pytestmark = pytest.mark.integration

BROKEN = {**GREEN, "/page": (500, "boom")}
SECOND = {**GREEN, "/page": (200, "hello"), "/second": (200, "second")}
OPTIONS = 'attempts = 1\nmax_downtime = "1h"'
DROP_ALL = """\
def pytest_collection_modifyitems(items):
    items[:] = [item for item in items if not item.get_closest_marker("{}")]
"""
SKIP_ALL = """\
import pathlib
import pytest


def pytest_collection_modifyitems(items):
    for item in items if pathlib.Path({!r}).exists() else ():
        item.add_marker(pytest.mark.skip(reason="not today"))
"""
STEP = """\
[[env.test.step]]
name = "ours"
{where}
run = "{run}"
"""
CHECK = """\
import pathlib
import pytest


@pytest.mark.postdeploy("S01"{options})
def test_ours():
    \"\"\"Ours is well.\"\"\"
    assert pathlib.Path("{path}").read_text() == "well"
"""
SLOW = """\
import pathlib
import time
import pytest


@pytest.mark.postdeploy
def test_slow():
    \"\"\"Takes its time with the new release.\"\"\"
    if pathlib.Path("{started}").exists():
        pathlib.Path("{asked}").touch()
        time.sleep(600)
"""


@dataclass
class Desk:
    """The application, and what serves."""

    app: App
    folder: Path
    serving: str = ""
    """The commit that serves; from the first GO on."""
    target: str = ""
    """The id of its release."""
    made: Callable[[Desk], Ended] | None = None
    """The case whose commit is the newest."""

    @property
    def licence(self) -> Path:
        """Without this file the release that serves cannot be started."""
        return self.folder / "licence"

    @property
    def ours(self) -> Path:
        """Without this file its own check crashes."""
        return self.folder / "ours"

    def commit(
        self,
        pages: dict[str, tuple[int, str]],
        *,
        extra: str = "",
        checks: dict[str, str] | None = None,
        **configured: Any,
    ) -> None:
        """Commit a release of its own."""
        self.app.configure(options=OPTIONS, **configured)
        toml = self.app.root / "gonogo.toml"
        toml.write_text(toml.read_text().replace('stable_for = "200ms"', 'stable_for = "100ms"'))
        shutil.rmtree(self.app.root / "checks", ignore_errors=True)
        for name, text in (checks or {}).items():
            (self.app.root / "checks").mkdir(exist_ok=True)
            (self.app.root / "checks" / name).write_text(text)
        self.app.pages(pages)
        source = (self.app.root / "app.py").read_text()
        (self.app.root / "app.py").write_text(source.replace("\nif __name__", f"{extra}\nif __name__"))
        self.app.commit("as the case wants it")

    def deploy(self, *mistakes: str) -> Ended:
        """Deploy what was committed."""
        return self.app.deploy(mistakes=mistakes)[0]

    def interrupted(self, number: int, when: Callable[[], bool]) -> Ended:
        """Deploy, and send a signal when something is so."""
        process = self.app.start("deploy", "--env", "test", "--json")
        eventually(when, within=60)
        self.app.interrupt(process, number)
        return self.app.finish(process)

    def rollback(self) -> None:
        """Go back by hand to what served, as the record says how, and prove it."""
        self.licence.touch()
        self.ours.write_text("well")
        ended = self.app.gonogo("rollback", "--env", "test", "--to", self.target, "--json")
        found = json.loads(ended.out)
        assert (ended.code, found["exit_code"]) == (0, 0), ended
        assert found["ending"].startswith(f"GO  {self.serving} serves test again"), found["ending"]
        assert self.app.serving_text() == "hello"

    def pids(self) -> list[int]:
        """The instances that are on record."""
        return [json.loads(path.read_text())["pid"] for path in sorted(self.app.state.glob("instances/*.json"))]

    def status(self) -> EnvStatus:
        """What ``gonogo status`` says."""
        return status(self.app.root, "test")[0]

    def history(self) -> tuple[PastRun, ...]:
        """What ``gonogo history`` says, the newest first."""
        return history(self.app.root, "test")[0]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The application that the story is about."""
    folder = tmp_path_factory.mktemp("codes")
    made = Desk(App(folder), folder)
    yield made
    made.app.close()


def running(argv: list[str]) -> list[psutil.Process]:
    """The processes of this command line."""
    return [one for one in psutil.process_iter(["cmdline"]) if one.info["cmdline"] == argv]


def nothing_checked(desk: Desk) -> Ended:
    """A team's conftest drops every check of the first gate."""
    desk.commit(GREEN, checks={"conftest.py": DROP_ALL.format("predeploy")})
    return desk.deploy()


def first_red(desk: Desk) -> Ended:
    """The page is broken."""
    desk.commit(BROKEN)
    return desk.deploy()


def first_red_stored(desk: Desk) -> Ended:
    """The page is broken, and a step that nothing undoes had run."""
    desk.commit(BROKEN, tables=STEP.format(where='before = "start"', run="true"))
    return desk.deploy()


def first_internal(desk: Desk) -> Ended:
    """A mistake of ours in the build."""
    desk.commit(GREEN)
    return desk.deploy("gonogo.run.moves.build:Build.do")


def damaged(desk: Desk) -> Ended:
    """A module of the installation cannot be imported."""
    (desk.folder / "damaged").mkdir()
    (desk.folder / "damaged" / "httpx.py").write_text("raise ImportError('the file is damaged')\n")
    environ = {"PYTHONPATH": str(desk.folder / "damaged")}
    return desk.app.finish(desk.app.start("deploy", "--env", "test", "--json", environ=environ))


def usage(desk: Desk) -> Ended:
    """No such environment."""
    return desk.app.gonogo("deploy", "--env", "nowhere", "--json")


def first_go(desk: Desk) -> Ended:
    """A release that is well; from now on it is what serves."""
    desk.licence.touch()
    desk.ours.write_text("well")
    needs = f"\nimport pathlib\nassert pathlib.Path({str(desk.licence)!r}).exists(), 'the licence is gone'\n"
    desk.commit(GREEN, extra=needs, checks={"test_ours.py": CHECK.format(options="", path=desk.ours)})
    ended = desk.deploy()
    record = json.loads(ended.out)
    desk.serving, desk.target = record["commit"][:7], record["release"]
    return ended


def red_untouched(desk: Desk) -> Ended:
    """It does not compile."""
    desk.commit(GREEN, extra="\ndef broken(:\n")
    return desk.deploy()


def locked(desk: Desk) -> Ended:
    """Somebody else is at it."""
    with hold(desk.app.state / "lock", project="tiny", env="test", why="a look"):
        return desk.deploy()


def build_fails(desk: Desk) -> Ended:
    """The build command says why."""
    desk.commit(GREEN, commands="build = \"sh -c 'echo no room left >&2; exit 28'\"")
    return desk.deploy()


def interrupted_untouched(desk: Desk) -> Ended:
    """A cancelled job, while it builds."""
    desk.commit(GREEN, commands='build = "sleep 621"')
    ended = desk.interrupted(signal.SIGTERM, lambda: bool(running(["sleep", "621"])))
    assert running(["sleep", "621"]) == []
    return ended


def interrupted_after(desk: Desk) -> Ended:
    """The terminal hangs up while the new release is asked."""
    started, asked = desk.folder / "started", desk.folder / "asked"
    step = STEP.format(where='after = "start"', run=f"touch {started}")
    desk.commit(SECOND, checks={"test_slow.py": SLOW.format(started=started, asked=asked)}, tables=step)
    ended = desk.interrupted(signal.SIGHUP, asked.exists)
    cut = [(step["name"], step["said"]) for step in json.loads(ended.out)["steps"] if not step["ok"]]
    assert cut == [("postdeploy", "interrupted by SIGHUP")]
    return ended


def start_fails(desk: Desk) -> Ended:
    """It ends as soon as it is started."""
    desk.commit(GREEN, extra="\nraise SystemExit('cannot start')\n")
    return desk.deploy()


def red(desk: Desk) -> Ended:
    """The page is broken."""
    desk.commit(BROKEN)
    return desk.deploy()


def red_again(desk: Desk) -> Ended:
    """The very commit that was turned back."""
    return desk.deploy()


def rollback_to_bad(desk: Desk) -> Ended:
    """The release that was turned back, by its commit."""
    return desk.app.gonogo("rollback", "--env", "test", "--to", desk.app.git("rev-parse", "HEAD"), "--json")


def all_skipped(desk: Desk) -> Ended:
    """From the new release's start on, a team's conftest skips every check."""
    flag = desk.folder / "skip"
    step = STEP.format(where='after = "start"', run=f"touch {flag}")
    desk.commit(SECOND, checks={"conftest.py": SKIP_ALL.format(str(flag))}, tables=step)
    return desk.deploy()


def internal(desk: Desk) -> Ended:
    """A mistake of ours in the start."""
    desk.commit(SECOND)
    return desk.deploy("gonogo.run.moves.start:Start.do")


def internal_on_the_way_back(desk: Desk) -> Ended:
    """Two mistakes of ours: in the start, and in the rollback."""
    return desk.deploy("gonogo.run.moves.start:Start.do", "gonogo.run.recipes:Recipe.rollback")


def rollback_fails(desk: Desk) -> Ended:
    """The new release is broken, and took away what the old one needs to start."""
    desk.commit(BROKEN, tables=STEP.format(where='before = "start"', run=f"rm {desk.licence}"))
    return desk.deploy()


def rollback_unproven(desk: Desk) -> Ended:
    """The new release is broken, and took away what the old one's own check looks at."""
    desk.commit(BROKEN, tables=STEP.format(where='before = "start"', run=f"rm {desk.ours}"))
    return desk.deploy()


def held(desk: Desk) -> Ended:
    """A team's check is red that says: hold."""
    desk.ours.write_text("ill")
    desk.commit(SECOND, checks={"test_ours.py": CHECK.format(options=', on_red="hold"', path=desk.ours)})
    return desk.deploy()


def rollback_unproven_by_hand(desk: Desk) -> Ended:
    """A person goes back, and what the old release's own check looks at is gone."""
    desk.ours.unlink()
    return desk.app.gonogo("rollback", "--env", "test", "--to", desk.target, "--json")


def forward_only(desk: Desk) -> Ended:
    """The page is broken, and the release had migrated by itself when it was started."""
    files = {
        "start.sh": "$1 manage.py migrate && exec $1 app.py\n",
        "manage.py": "print('migrated')\n",
        "migrations/0002.sql": "ALTER TABLE homes DROP COLUMN price;\n",
    }
    for name, text in files.items():
        (desk.app.root / name).parent.mkdir(exist_ok=True)
        (desk.app.root / name).write_text(text)
    desk.commit(BROKEN)
    toml = desk.app.root / "gonogo.toml"
    toml.write_text(toml.read_text().replace('"{python} app.py"', '"sh start.sh {python}"'))
    desk.app.commit("migrates by itself")
    return desk.deploy()


@dataclass(frozen=True, kw_only=True)
class Case:
    """One line of the table."""

    run: Callable[[Desk], Ended]
    code: Exit
    ending: str
    """A regular expression for the whole of it; ``OLD`` is what serves, ``NEW`` what is deployed."""
    reason: str = ""
    """Part of it."""
    text: str | None = "hello"
    """What ``/page`` says afterwards; None: nobody answers."""
    serving: str | None = "OLD"
    """What ``gonogo status`` says that serves."""
    instance: str | None = "running"
    ran: bool = True
    """Whether there was a run, which history knows."""
    events: tuple[str, ...] = ()
    """What the journal has, besides."""
    notes: tuple[str, ...] = ()
    """Parts of what the operator is told besides."""
    bad: bool = False
    """Whether the release is marked as one that was turned back."""
    mend: bool = False
    """Whether a person has to go back by hand, and can."""
    after: Callable[[Desk], Ended] | None = None
    """The case that it goes on from: its commit is the newest one, and what it left is there."""


NOTHING: dict[str, Any] = {"text": None, "serving": None, "instance": None}
UNTOUCHED = "nothing that serves was changed; OLD still serves"
BACK = r"REVERTED to OLD after \d+\.\d s, .*; its gate: \d+ passed, \d+ skipped"
TABLE = [
    Case(
        run=nothing_checked,
        code=Exit.NOTHING_CHECKED,
        ending=r"NO-GO: nothing was checked \(exit 5\), nothing that serves was changed; nothing serves yet",
        reason="nothing was checked",
        **NOTHING,
    ),
    Case(
        run=first_red,
        code=Exit.NO_GO,
        ending="STOPPED: the first deploy went red; nothing serves, what it had started is stopped",
        reason="D09[GET /page] is red: GET /page: status: found 500, expected 200",
        events=("first-touch", "rollback"),
        bad=True,
        **NOTHING,
    ),
    Case(
        run=first_red_stored,
        code=Exit.NEEDS_HUMAN,
        ending="NEEDS A HUMAN: the first deploy went red and was stopped; nothing serves, "
        "what it stored was left as it is",
        events=("first-touch", "rollback"),
        bad=True,
        **NOTHING,
    ),
    Case(
        run=first_internal,
        code=Exit.INTERNAL,
        ending="INTERNAL ERROR before the first touch: nothing that serves was changed; nothing serves yet",
        reason="internal error: TypeError: unsupported operand (traceback: ",
        events=("internal-error",),
        **NOTHING,
    ),
    Case(
        run=damaged,
        code=Exit.INTERNAL,
        ending="NOT STARTED: internal error",
        reason="internal error: ImportError: the file is damaged. `gonogo status` tells what serves.",
        ran=False,
        **NOTHING,
    ),
    Case(
        run=usage,
        code=Exit.USAGE,
        ending="NOT STARTED: wrong usage or configuration",
        reason='--env: found "nowhere", expected one of test.',
        ran=False,
        **NOTHING,
    ),
    Case(run=first_go, code=Exit.GO, ending=r"GO  NEW serves test \(first deploy\)"),
    Case(run=red_untouched, code=Exit.NO_GO, ending=f"NO-GO before the first touch: {UNTOUCHED}", reason="P06"),
    Case(
        run=build_fails,
        code=Exit.NO_GO,
        ending=f"NO-GO before the first touch: {UNTOUCHED}",
        reason="no room left",
    ),
    Case(
        run=locked,
        code=Exit.LOCKED,
        ending="NOT STARTED: another run holds the environment",
        reason="holds tiny/test since",
        ran=False,
    ),
    Case(
        run=interrupted_untouched,
        code=Exit.INTERRUPTED,
        ending=f"INTERRUPTED before the first touch: {UNTOUCHED}",
        reason="interrupted by SIGTERM",
    ),
    Case(
        run=interrupted_after,
        code=Exit.INTERRUPTED,
        ending=f"{BACK}; the run was interrupted",
        reason="interrupted by SIGHUP",
        events=("first-touch", "rollback"),
    ),
    Case(
        run=start_fails,
        code=Exit.NO_GO,
        ending=BACK,
        reason="cannot start",
        events=("first-touch", "rollback"),
    ),
    Case(
        run=red,
        code=Exit.NO_GO,
        ending=BACK,
        reason="D09[GET /page] is red: GET /page: status: found 500, expected 200",
        events=("first-touch", "rollback"),
        bad=True,
    ),
    Case(
        run=red_again,
        code=Exit.NO_GO,
        ending="NOT STARTED: refused",
        reason="found a commit that was turned back before",
        ran=False,
        after=red,
    ),
    Case(
        run=rollback_to_bad,
        code=Exit.NO_GO,
        ending="NOT STARTED: refused",
        reason="found a release that was turned back",
        ran=False,
        after=red,
    ),
    Case(
        run=all_skipped, code=Exit.NO_GO, ending=BACK, reason="nothing was checked", events=("first-touch", "rollback")
    ),
    Case(
        run=internal,
        code=Exit.NO_GO,
        ending=BACK,
        reason="internal error: TypeError: unsupported operand (traceback: ",
        events=("first-touch", "internal-error", "rollback"),
    ),
    Case(
        run=internal_on_the_way_back,
        code=Exit.NEEDS_HUMAN,
        ending="NEEDS A HUMAN: the rollback was cut short, what serves is not known: "
        "internal error: TypeError: unsupported operand .*",
        events=("first-touch", "internal-error", "rollback"),
        after=internal,
    ),
    Case(
        run=rollback_fails,
        code=Exit.NEEDS_HUMAN,
        ending=r"NEEDS A HUMAN: OLD could not be started again: .*",
        text=None,
        instance="exited",
        events=("first-touch", "rollback"),
        notes=("Once it is mended, `gonogo rollback --env test --to ",),
        bad=True,
        mend=True,
    ),
    Case(
        run=rollback_unproven,
        code=Exit.NEEDS_HUMAN,
        ending=r"NEEDS A HUMAN: OLD is back after \d+\.\d s, .* but its gate could not find out whether it is well: "
        r"\d+ passed, 1 inconclusive, \d+ skipped",
        events=("first-touch", "rollback"),
        bad=True,
        mend=True,
    ),
    Case(
        run=held,
        code=Exit.NEEDS_HUMAN,
        ending="HELD: NEW serves, a person decides: S01 is red: .*",
        reason="S01 is red",
        serving="NEW",
        events=("first-touch",),
    ),
    Case(
        run=rollback_unproven_by_hand,
        code=Exit.NEEDS_HUMAN,
        ending=r"NEEDS A HUMAN: OLD is back after \d+\.\d s, .* but its gate could not find out whether it is well: "
        r"\d+ passed, 1 inconclusive, \d+ skipped",
        reason="S01",
        events=("first-touch",),
        mend=True,
        after=held,
    ),
    Case(
        run=forward_only,
        code=Exit.NEEDS_HUMAN,
        ending=r"HELD: NEW serves, a person decides: D09\[GET /page\] is red: .*",
        text="boom",
        serving="NEW",
        events=("first-touch",),
        notes=(
            "forward-only and may have begun: the databases could not be asked, so nothing was turned back",
            "`gonogo deploy --env test --hotfix`): loses no data",
            "`gonogo rollback --env test`: deletes no data, but ",
            "loses what was written since (estimate: the writes of ",
        ),
        mend=True,
    ),
]


def begin(desk: Desk, case: Case) -> None:
    """What the story had made before a case, where it was not asked."""
    if case.serving is None or case.run is first_go:
        return
    if not desk.serving:
        assert first_go(desk).code == Exit.GO
    if case.after is not None and desk.made is case.after:
        return
    if (desk.status().commit or "")[:7] != desk.serving:
        desk.rollback()
    if case.after is not None:
        case.after(desk)
        desk.made = case.after


QUICK = {red, held}
"""Those whose ending no other quick test meets; the others are thorough."""


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=case.run.__name__, marks=() if case.run in QUICK else pytest.mark.thorough)
        for case in TABLE
    ],
)
def test_ending(desk: Desk, case: Case) -> None:
    """The exit code, the document, what serves, status and history all tell the same."""
    begin(desk, case)
    before, pids, needs_human = desk.history(), desk.pids(), desk.status().needs_human
    head = desk.app.git("rev-parse", "HEAD")
    ended = case.run(desk)
    document = json.loads(ended.out)
    new = desk.app.git("rev-parse", "HEAD")[:7]
    desk.made = desk.made if head.startswith(new) else case.run
    names = {"OLD": desk.serving, "NEW": new, None: None}
    ending = case.ending.replace("OLD", desk.serving).replace("NEW", new)
    now, past = desk.status(), desk.history()

    assert (ended.code, document["exit_code"]) == (case.code, case.code), ended
    assert re.fullmatch(ending, document["ending"]), document["ending"]
    assert case.reason in document["reason"], document["reason"]
    assert re.search(r'File ".*/gonogo/', ended.err) is None, ended
    assert desk.app.serving_text() == case.text
    assert (now.commit or "")[:7] == (names[case.serving] or "")
    assert [one.status for one in now.instances] == [case.instance] * (case.instance is not None)
    assert (now.lock, now.unfinished, now.untouched) == (None, None, ())
    if case.code == Exit.NEEDS_HUMAN:
        assert now.needs_human == f"{document['ending']} (run {document['run']})"
    else:
        assert now.needs_human == ("" if document.get("first_touch") else needs_human)
    assert len(past) == len(before) + case.ran
    if case.ran:
        assert (past[0].exit_code, past[0].ending) == (case.code, document["ending"])
        assert document["ending"] in ended.err
        assert [note for note in case.notes if note not in " ".join(document["notes"])] == []
        assert_journal(desk, document, case)
    if "first-touch" not in case.events and case.run is not first_go:
        assert desk.pids() == pids
    if case.mend:
        desk.rollback()


def assert_journal(desk: Desk, document: dict[str, Any], case: Case) -> None:
    """The journal tells of one way back at most, ends with the ending, and the release is marked as it should be."""
    lines = read_journal(desk.app.state / "runs" / document["run"] / "journal.jsonl")
    events = [str(line["event"]) for line in lines]
    ended = lines[events.index("run-ended")]
    release = desk.app.state / "releases" / document["release"] / "release.json"

    assert events.count("rollback") <= 1
    assert set(case.events) <= set(events)
    assert ("first-touch" in events) == (document["first_touch"] is not None)
    assert (ended["exit"], ended["ending"]) == (case.code, document["ending"])
    assert bool(json.loads(release.read_text())["bad"] if release.exists() else None) == case.bad
