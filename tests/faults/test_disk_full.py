"""A disk that is full from one line of the journal on: the ending stays true, nothing is half written."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gonogo.host import disk
from gonogo.state.journal import read_journal
from tests.faults.crashing import BROKEN, SECOND, Crashing
from tests.faults.driver import fill
from tests.integration.deploy.conftest import Ended

ALL = bool(os.environ.get("GONOGO_ALL_CRASHES"))
pytestmark = [pytest.mark.integration, pytest.mark.timeout(3600 if ALL else 300)]
every = pytest.mark.skipif(not ALL, reason="GONOGO_ALL_CRASHES=1 fills the disk at every line")

_ENDINGS = ("GO", "NO-GO", "REVERTED", "HELD", "STOPPED", "ROLLED", "ABORTED", "NOT ")
_MISTAKES = ("Traceback", "internal error")


@contextmanager
def small_disk(place: Path) -> Iterator[Path]:
    """A real file system of 24 MiB, mounted there."""
    place.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m,mode=0700", "gonogo-test", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("a file system of its own can be mounted by root alone")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@dataclass
class Full(Crashing):
    """Its state stands on a small disk, which becomes full during a deployment."""

    around: ExitStack = field(default_factory=ExitStack)

    def prepare(self) -> None:
        """Move the state there; P05 asks for a gibibyte unless told otherwise."""
        self.disk = self.around.enter_context(small_disk(self.folder / "disk"))
        config = self.app.root / "gonogo.toml"
        text = config.read_text().replace(f'state = "{self.app.state}"', f'state = "{self.disk / "state"}"')
        config.write_text(text.replace("keep = 2\n", "keep = 2\nmin_free_disk = 1\n"))
        self.app.state = self.disk / "state"

    def full_at(self, at: int, *arguments: str, real: str) -> Ended:
        """Run a command; from that line on there is no room, after the run's end there is again."""
        filler = self.disk / "filler"
        os.environ["GONOGO_FILL"] = str(filler)
        ended = self.drive(at, "full", *arguments, "--json", real=real)
        assert filler.exists(), f"line {at} was not reached: {ended}"
        filler.unlink()
        return ended

    def assert_true(self, ended: Ended, *, old: str | None, new: str | None) -> None:
        """What serves is what the ending says: with 0 the new one, with 1 the old one; every file of the state is whole."""
        serving, current = self.serving(), named(self)
        assert not any(word in ended.out + ended.err for word in _MISTAKES), ended
        for path in self.app.state.rglob("*.json"):
            assert "source" in path.parts or json.loads(path.read_text()), path
        assert ended.code in {0, 1, 6}, ended
        if ended.code != 6:
            assert serving == current == (new if ended.code == 0 else old), ended
            return
        assert "no space left" in ended.json()["ending"], ended
        if "could not be recorded" not in ended.err:
            assert serving in {old, new}, ended
            assert self.status().unfinished is None or current in {old, new}, ended

    def row(self, line: dict[str, Any], at: int, ended: Ended) -> None:
        """One row of the table."""
        said = next((line for line in ended.err.splitlines() if line.startswith(_ENDINGS)), ended.err)
        self.note(line, at, ended.code, "first" if self.serving() == self.first else self.serving(), said[:90])

    def forget(self) -> None:
        """Nothing was ever deployed."""
        self.app.close()
        for name in ("releases", "instances", "runs"):
            kept = self.replay.name if self.replay is not None and name == "runs" else ""
            for path in (self.app.state / name).glob("*"):
                if path.name != kept:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
        (self.app.state / "current").unlink(missing_ok=True)

    def mend(self) -> None:
        """With room again, the first release comes back by the commands that a person has."""
        if self.status().unfinished is not None:
            code, record, said = self.run("rollback")
            assert code in {0, 1}, (record, said)
        if named(self) != self.first or self.serving() != self.first:
            code, record, said = self.run("rollback", "--to", self.first)
            assert code == 0, (record, said)
        assert self.serving() == named(self) == self.first


def named(crashing: Crashing) -> str | None:
    """The release that the state names."""
    path = crashing.app.state / "current"
    return path.read_text().strip() if path.exists() else None


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Full]:
    """An application with one good release; the table is printed at the end."""
    made = Full(tmp_path / "full")
    with made.around:
        yield made
        made.app.close()
        print("\n".join(made.table))  # noqa: T201 (pytest -s shows it)


def named_in(lines: list[dict[str, Any]], *names: str) -> list[int]:
    """The numbers of the lines that these step and event name, ``start:step-began``."""
    known = [f"{line['step']}:{line['event']}" for line in lines]
    return [known.index(name) for name in names]


def try_each(full: Full, lines: list[dict[str, Any]], numbers: Iterable[int], *, real: str = "") -> list[str]:
    """Deploy once for each line; what went wrong, in words. ``real``: the gate to ask, if not that of the line."""
    wrong = []
    for at in numbers:
        ended = full.full_at(at, "deploy", "--force", "--reason", "a test", real=real or lines[at]["step"])
        try:
            full.row(lines[at], at, ended)
            full.assert_true(ended, old=full.first, new=ended.json().get("release"))
            full.mend()
        except AssertionError as error:
            wrong.append(f"line {at}: {error}")
    return wrong


@pytest.mark.thorough
def test_disk_is_full_in_a_deployment_that_would_go_go(full: Full) -> None:
    """Exit 1 and the old release, or 0 and the new one; afterwards status, rollback and deploy work."""
    lines = full.learn(SECOND, code=0)
    some = named_in(lines, "checkout:command-ended", ":first-touch", "start:command-began", "postdeploy:step-ended")

    assert try_each(full, lines, range(len(lines)) if ALL else some) == []
    code, _, said = full.run("deploy", "--force", "--reason", "a test")
    assert code == 0, said
    full.assert_clean()


@pytest.mark.thorough
def test_disk_is_full_on_the_way_back(full: Full) -> None:
    """Exit 1 and the old release, or 6 where it could not be proven; afterwards status, rollback and deploy work."""
    lines = full.learn(BROKEN, code=1)
    (red, some) = named_in(lines, "postdeploy:step-ended", "restore:step-began")

    assert try_each(full, lines, range(red, len(lines)) if ALL else [some], real="verify") == []
    code, _, said = full.run("deploy", "--force", "--reason", "a test")
    assert code == 1, said
    full.assert_clean()


@pytest.mark.thorough
def test_disk_is_full_during_a_rollback(full: Full) -> None:
    """Exit 0 and the release that was named, while it is not asked yet; then 6 at the worst; afterwards rollback works.

    The line of the first touch may still fit into the journal's last page, or not: 1 then, with nothing touched.
    """
    full.learn(SECOND, code=0)
    second = full.replay.name if full.replay is not None else ""
    full.replay = None
    lines, wrong = full.rollback_lines(), []
    (touched, asked) = named_in(lines, ":first-touch", "verify:step-began")
    for at in range(len(lines)) if ALL else [touched + 1]:
        code, _, said = full.run("rollback", "--to", second, "--force")
        assert code == 0, said
        ended = full.full_at(at, "rollback", "--to", full.first, real="verify")
        try:
            full.row(lines[at], at, ended)
            full.assert_true(ended, old=second, new=full.first)
            assert at >= asked or at == touched or ended.code == (0 if at > touched else 1)
            full.mend()
        except AssertionError as error:
            wrong.append(f"line {at}: {error}")

    assert wrong == []


@every
def test_disk_is_full_while_a_run_is_resumed(full: Full) -> None:
    """A run that was killed in its last gate: 0 and the new release, 1 and the old one, or 6; refused, it stays to be resumed."""
    lines = full.learn(SECOND, code=0)
    (killed,) = named_in(lines, "postdeploy:step-began")
    full.deploy_until(killed, "after", lines)
    code, record, said = full.run("resume")
    assert code == 0, said
    journal, wrong = read_journal(full.state.run_folder(record["run"]) / "journal.jsonl"), []
    resumed = [line for line in journal if line["event"] not in {"settled", "run-settled"}]  # not counted
    for at in range(len(resumed)):
        full.mend()
        full.deploy_until(killed, "after", lines)
        new = full.status().unfinished
        ended = full.full_at(at, "resume", real="postdeploy")
        try:
            full.row(resumed[at], at, ended)
            if resumed[at]["event"] == "run-began":
                assert (ended.code, full.status().unfinished, full.serving()) == (1, new, new), ended
                continue
            full.assert_true(ended, old=full.first, new=new)
        except AssertionError as error:
            wrong.append(f"line {at}: {error}")

    full.mend()
    assert wrong == []


@every
def test_disk_is_full_in_a_first_deploy(tmp_path: Path) -> None:
    """Exit 0 and it serves, 1 and nothing does, or 6; afterwards a deployment goes GO."""
    full = Full(tmp_path / "full", first_deploy=False)
    with full.around:
        try:
            ended, record = full.app.deploy()
            assert ended.code == 0, ended
            full.replay = full.state.run_folder(str(record["run"]))
            lines, wrong = read_journal(full.replay / "journal.jsonl"), []
            for at in range(len(lines)):
                full.forget()
                ended = full.full_at(at, "deploy", real=lines[at]["step"])
                try:
                    full.row(lines[at], at, ended)
                    full.assert_true(ended, old=None, new=ended.json().get("release"))
                except AssertionError as error:
                    wrong.append(f"line {at}: {error}")
            if full.status().unfinished is not None:
                assert full.run("rollback")[0] in {0, 1}
            code, _, said = full.run("deploy", "--force", "--reason", "a test")
            print("\n".join(full.table))  # noqa: T201 (pytest -s shows it)

            assert wrong == []
            assert code == 0, said
        finally:
            full.app.close()


WRITES = """\
def do_GET(self, answer=Handler.do_GET):
    try:
        with open({path!r} if self.path == "/page" else "/dev/null", "ab") as stream:
            stream.write(bytes(65536))
    except OSError as error:
        PAGES["/page"] = (500, str(error))
    answer(self)


Handler.do_GET = do_GET
"""


@pytest.mark.thorough
def test_release_whose_own_disk_is_full_is_not_called_bad(tmp_path: Path) -> None:
    """Exit 1: its page failed because nothing could be written; the record says so."""
    crashing = Crashing(tmp_path / "crashing")
    app = crashing.app
    try:
        with small_disk(tmp_path / "data") as data:
            text = (app.root / "app.py").read_text()
            head, main, tail = text.partition("if __name__")
            (app.root / "app.py").write_text(head + WRITES.format(path=str(data / "written")) + main + tail)
            app.commit("writes")
            os.environ["GONOGO_FILL"] = str(data / "filler")
            red = crashing.drive("postdeploy:step-began", "full", "deploy", "--json")
            record, seen = red.json(), disk.full({"the data": data})
    finally:
        app.close()

    assert red.code == 1, red
    assert seen == [f"the disk of the data ({data}) was full: 0 KiB free"]
    assert record["ending"].startswith("REVERTED")
    assert any(note.startswith(f"{record['release']} is not called bad: something said ") for note in record["notes"])
    assert "[Errno 28] No space left on device" in record["notes"][-1]
    kept = crashing.state.load(record["release"])
    assert kept is not None
    assert kept.bad is None


@pytest.mark.thorough
@pytest.mark.parametrize("how", ["file", pytest.param("full", marks=every)])
def test_reports_that_cannot_be_written_cost_no_verdict(tmp_path: Path, how: str) -> None:
    """A file in the place of ``reports/``, or a full disk there: GO and REVERTED are asked, proven, told and kept."""
    crashing = Crashing(tmp_path / "crashing")
    app = crashing.app
    try:
        with no_reports(app.root / "reports", how):
            for pages, code, word in ((SECOND, 0, "GO"), (BROKEN, 1, "REVERTED")):
                app.pages(pages)
                ended, record = app.deploy()
                kept = json.loads((crashing.state.run_folder(record["run"]) / "result.json").read_text())

                assert (ended.code, record["ending"].split()[0]) == (code, word), ended
                assert kept["ending"] == record["ending"]
                assert (
                    "reports could not be written: " in record["notes"][-1] or "Not all reports" in record["notes"][-1]
                )
                assert crashing.serving() == named(crashing)
        assert record["verified"]["exitstatus"] == 0
        assert [cause["code"] for cause in record["causes"]] == ["D09[GET /page]"]
    finally:
        app.close()


@contextmanager
def no_reports(folder: Path, how: str) -> Iterator[None]:
    """Nothing can be written there."""
    shutil.rmtree(folder)
    if how == "file":
        folder.touch()
        yield
        return
    with small_disk(folder):
        fill(folder / "filler")
        yield
