"""``gonogo rollback`` and ``restart`` by hand, for real under the runtime ``process``: what is not proven does not stay."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.sites import eventually, runs

from .conftest import GREEN, App, Ended

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]

NEEDY = """
    import pathlib, sys
    gone = pathlib.Path(__file__).resolve().parents[4] / "gone"
    if gone.exists():
        sys.exit("the old mail server is gone")
"""
"""An application that was good until something outside went away."""


class Kept:
    """A first release that a file outside can break, and a second one that does not mind; each test leaves the second."""

    def __init__(self, folder: Path) -> None:
        """Deploy both."""
        self.app = app = App(folder)
        self.gone = app.state.parent / "gone"
        app.configure(options='env_file = ".env"')
        self.settings = app.root / ".env"
        self.settings.write_text("LEVEL=1\nUNUSED=1\n")
        text = (app.root / "app.py").read_text()
        main = 'if __name__ == "__main__":\n'
        (app.root / "app.py").write_text(text.replace(main, main + NEEDY.lstrip("\n")))
        app.commit("first")
        self.first = self._deployed()
        app.pages({**GREEN, "/second": (200, "second")})
        self.second = self._deployed()

    def _deployed(self) -> str:
        ended, record = self.app.deploy()
        assert ended.code == 0, ended
        return str(record["release"])

    def back(self, *arguments: str) -> Ended:
        """Roll back by hand."""
        return self.app.gonogo("rollback", "--env", "test", "--json", *arguments)

    def pid(self) -> int:
        """The process that serves."""
        return int(json.loads((self.app.state / "instances/web.json").read_text())["pid"])

    def status(self) -> Ended:
        """What ``gonogo status`` says."""
        return self.app.gonogo("status", "--env", "test")

    def serving(self) -> tuple[str, str]:
        """The release that answers, and the one that the state names."""
        answer = self.app.ask("/healthz")
        return str(answer[1]["release"]) if answer else "", (self.app.state / "current").read_text().strip()


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    """Both releases; the second one serves."""
    made = Kept(tmp_path_factory.mktemp("rollbacks"))
    yield made
    made.app.close()


@pytest.mark.thorough
def test_target_that_does_not_start_gives_way_to_what_served(kept: Kept) -> None:
    """Exit 1, and what served serves again, proven; the record says why."""
    kept.gone.touch()
    ended = kept.back()
    record = ended.json()

    assert ended.code == 1, ended
    assert record["ending"].startswith(f"REVERTED to {kept.second[-7:]} after ")
    assert "the old mail server is gone" in record["reason"]
    assert f"{kept.first} was asked for and is not proven, so {kept.second}, which served before" in " ".join(
        record["notes"]
    )
    assert [step["name"] for step in record["steps"]] == ["baseline", "restore", "restore", "verify"]
    assert kept.serving() == (kept.second, kept.second)
    assert record["serving_after"] == kept.second


@pytest.mark.thorough
def test_rollback_that_was_killed_on_its_return_returns(kept: Kept) -> None:
    """What is resumed is the rollback to what served, not another try of the target that was not proven."""
    run = max(kept.app.state.glob("runs/*-rollback"))
    lines = (run / "journal.jsonl").read_text().splitlines(keepends=True)
    cut = next(number for number, line in enumerate(lines) if json.loads(line)["event"] == "rollback")
    (run / "journal.jsonl").write_text("".join(lines[: cut + 1]))
    ended = kept.app.gonogo("resume", "--env", "test", "--json")

    assert ended.code == 0, ended
    assert ended.json()["release"] == kept.second
    assert kept.serving() == (kept.second, kept.second)


@pytest.mark.thorough
def test_target_whose_gate_is_red_gives_way_to_what_served(kept: Kept) -> None:
    """A release that starts and answers wrongly is not proven either, although somebody insists on starting it."""
    kept.gone.unlink(missing_ok=True)
    kept.app.pages({**GREEN, "/page": (500, "boom")})
    red, record = kept.app.deploy()
    assert red.code == 1, red
    ended = kept.back("--to", record["release"], "--force")

    assert ended.code == 1, ended
    assert [cause["code"] for cause in ended.json()["causes"]] == ["D09[GET /page]"]
    assert kept.serving() == (kept.second, kept.second)


@pytest.mark.thorough
def test_what_died_is_seen_and_started_again(kept: Kept) -> None:
    """Status ends 1, and names the command; that ends 0, and then status does: the same release, another process."""
    psutil.Process(kept.pid()).kill()
    eventually(lambda: not runs(kept.pid()))
    dead, before = kept.status(), kept.pid()
    ended = kept.app.gonogo("restart", "--env", "test", "--json")
    unknown = kept.app.gonogo("restart", "nobody", "--env", "test")

    assert dead.code == 1, dead
    assert "NOT WELL    web: `gonogo restart --env test` starts what serves again" in dead.err
    assert ended.code == 0, ended
    assert ended.json()["ending"].startswith(f"GO  {kept.second[-7:]} serves test again")
    assert [step["name"] for step in ended.json()["steps"]] == ["restart", "verify"]
    assert kept.pid() != before
    assert kept.serving() == (kept.second, kept.second)
    assert kept.status().code == 0
    assert (unknown.code, "expected services of" in unknown.err) == (4, True), unknown


@pytest.mark.thorough
def test_new_settings_arrive_or_are_taken_back(kept: Kept) -> None:
    """They are seen in the process; where it does not live with them, it has the former ones again, and exit is 1."""
    kept.settings.write_text("LEVEL=2\nUNUSED=1\n")
    plain = kept.app.gonogo("restart", "web", "--env", "test")
    former = psutil.Process(kept.pid()).environ()["LEVEL"]
    ended = kept.app.gonogo("restart", "--env", "test", "--new-settings", "--json")
    now = psutil.Process(kept.pid()).environ()["LEVEL"]
    kept.settings.write_text("LEVEL=2\nPYTHONHOME=/nowhere\n")
    red = kept.app.gonogo("restart", "--env", "test", "--new-settings", "--json")
    back = psutil.Process(kept.pid()).environ()
    kept.settings.write_text("LEVEL=2\nUNUSED=1\n")

    assert (plain.code, former) == (0, "1"), plain
    assert (ended.code, now) == (0, "2"), ended
    assert "New values are seen in the running instances of web (LEVEL)." in ended.json()["notes"]
    assert red.code == 1, red
    assert red.json()["ending"].startswith(f"REVERTED to {kept.second[-7:]} after ")
    assert "started with the former ones again" in " ".join(red.json()["notes"])
    assert (back["LEVEL"], back.get("PYTHONHOME")) == ("2", None)
    assert kept.serving() == (kept.second, kept.second)


@pytest.mark.thorough
def test_what_was_held_gives_way_to_what_went_go(kept: Kept) -> None:
    """A red deployment goes back to what served; where that never went GO and does not start, to what did: exit 1."""
    kept.gone.unlink(missing_ok=True)
    kept.app.pages({**GREEN, "/third": (200, "third")})
    red_page = '[[env.test.endpoint]]\nrequest = "GET /soon"\non_red = "hold"\n'
    kept.app.configure(options='env_file = ".env"', tables=red_page)
    text = (kept.app.root / "app.py").read_text()
    main = 'if __name__ == "__main__":\n'
    (kept.app.root / "app.py").write_text(text.replace(main, main + NEEDY.lstrip("\n")))
    kept.app.commit("held")
    held, record = kept.app.deploy()
    assert (held.code, kept.serving()) == (6, (record["release"], record["release"])), held
    kept.app.configure(options='env_file = ".env"')
    (kept.app.root / "app.py").write_text("raise SystemExit('broken')\n")
    kept.app.commit("broken")
    kept.gone.touch()
    ended, after = kept.app.deploy("--hotfix")

    assert ended.code == 1, ended
    assert "broken" in after["reason"]
    assert f"so {kept.second}, which served before, was started again" in " ".join(after["notes"])
    assert after["ending"].startswith(f"REVERTED to {kept.second[-7:]} after ")
    assert kept.serving() == (kept.second, kept.second)
    assert kept.status().code == 0


@pytest.mark.thorough
def test_neither_release_starts(kept: Kept) -> None:
    """Exit 6: both reasons are told, and the next step is a command, a restart's too; nothing is said to serve."""
    kept.gone.touch()
    folder = Path(json.loads((kept.app.state / "releases" / kept.second / "process.json").read_text())["folder"])
    text = (folder / "app.py").read_text()
    (folder / "app.py").write_text("raise SystemExit('lost half of it')\n")
    ended = kept.back()
    record = ended.json()

    assert ended.code == 6, ended
    assert "the old mail server is gone" in record["reason"]
    assert "lost half of it" in " ".join(record["notes"])
    assert f"`gonogo rollback --env test --to {kept.second}` starts and proves" in " ".join(ended.err.split())
    assert record["serving_after"] is None
    again = kept.app.gonogo("restart", "--env", "test", "--json")
    assert again.code == 6, again
    assert f"`gonogo rollback --env test` starts {kept.first[-7:]}" in " ".join(again.json()["notes"])
    kept.gone.unlink()
    (folder / "app.py").write_text(text)
    assert kept.back("--to", kept.second).code == 0
    assert kept.serving() == (kept.second, kept.second)
