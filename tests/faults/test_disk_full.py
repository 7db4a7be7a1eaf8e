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

from tests.faults.crashing import BROKEN, SECOND, Crashing
from tests.faults.driver import fill
from tests.integration.deploy.conftest import Ended

ALL = bool(os.environ.get("GONOGO_ALL_CRASHES"))
pytestmark = [pytest.mark.integration, pytest.mark.timeout(3600 if ALL else 300)]

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

    def full_at(self, at: int, *, real: str) -> Ended:
        """Deploy; from that line on there is no room, after the run's end there is again."""
        filler = self.disk / "filler"
        os.environ["GONOGO_FILL"] = str(filler)
        ended = self.drive(at, "full", "deploy", "--json", "--force", "--reason", "a test", real=real)
        assert filler.exists(), f"line {at} was not reached: {ended}"
        filler.unlink()
        return ended

    def assert_true(self, ended: Ended, before: str | None) -> None:
        """What serves is what the ending says; every file of the state is whole."""
        serving, current = self.serving(), named(self)
        assert not any(word in ended.out + ended.err for word in _MISTAKES), ended
        for path in self.app.state.rglob("*.json"):
            assert "source" in path.parts or json.loads(path.read_text()), path
        assert ended.code in {0, 1, 6}, ended
        if ended.code != 6:
            assert current == serving, ended
            assert (serving == before) is (ended.code == 1), ended
            return
        assert "no space left" in ended.json()["ending"], ended
        if "could not be recorded" not in ended.err:
            assert serving in {before, ended.json()["release"]}, ended
            assert self.status().unfinished is None or current == before, ended

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
        before = full.serving()
        ended = full.full_at(at, real=real or lines[at]["step"])
        said = next((line for line in ended.err.splitlines() if line.startswith(_ENDINGS)), ended.err)
        full.note(lines[at], at, ended.code, "old" if full.serving() == before else "new", said[:90])
        try:
            full.assert_true(ended, before)
            full.mend()
        except AssertionError as error:
            wrong.append(f"line {at}: {error}")
    return wrong


def test_disk_is_full_in_a_deployment_that_would_go_go(full: Full) -> None:
    """Exit 1 and the old release, or 0 and the new one; afterwards status, rollback and deploy work."""
    lines = full.learn(SECOND, code=0)
    some = named_in(lines, "predeploy:step-began", ":first-touch", "start:command-began", "postdeploy:step-ended")

    assert try_each(full, lines, range(len(lines)) if ALL else some) == []
    code, _, said = full.run("deploy", "--force", "--reason", "a test")
    assert code == 0, said
    full.assert_clean()


def test_disk_is_full_on_the_way_back(full: Full) -> None:
    """Exit 1 and the old release, or 6 where it could not be proven; afterwards status, rollback and deploy work."""
    lines = full.learn(BROKEN, code=1)
    (red, some) = named_in(lines, "postdeploy:step-ended", "restore:step-began")

    assert try_each(full, lines, range(red, len(lines)) if ALL else [some], real="verify") == []
    code, _, said = full.run("deploy", "--force", "--reason", "a test")
    assert code == 1, said
    full.assert_clean()


@pytest.mark.parametrize("how", ["file", pytest.param("full", marks=pytest.mark.skipif(not ALL, reason="all faults"))])
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
