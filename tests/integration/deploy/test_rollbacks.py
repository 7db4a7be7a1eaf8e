"""``gonogo rollback`` by hand, for real under the runtime ``process``: what is not proven does not stay."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import GREEN, App, Ended

pytestmark = pytest.mark.integration

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


def test_target_that_does_not_start_gives_way_to_what_served(kept: Kept) -> None:
    """Exit 1, and what served serves again, proven; the record says why."""
    kept.gone.touch()
    ended = kept.back()
    record = ended.json()

    assert ended.code == 1, ended
    assert record["ending"].startswith(f"REVERTED to {kept.second[-7:]} after ")
    assert "the old mail server is gone" in record["reason"]
    assert f"{kept.first} was asked for and is not proven, so {kept.second}, which served" in " ".join(record["notes"])
    assert [step["name"] for step in record["steps"]] == ["baseline", "restore", "restore", "verify"]
    assert kept.serving() == (kept.second, kept.second)
    assert record["serving_after"] == kept.second


def test_rollback_that_was_killed_on_its_return_returns(kept: Kept) -> None:
    """What is resumed is the way back to what served, not another try of the target that was not proven."""
    run = max(kept.app.state.glob("runs/*-rollback"))
    lines = (run / "journal.jsonl").read_text().splitlines(keepends=True)
    cut = next(number for number, line in enumerate(lines) if json.loads(line)["event"] == "rollback")
    (run / "journal.jsonl").write_text("".join(lines[: cut + 1]))
    ended = kept.app.gonogo("resume", "--env", "test", "--json")

    assert ended.code == 0, ended
    assert ended.json()["release"] == kept.second
    assert kept.serving() == (kept.second, kept.second)


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


def test_neither_release_starts(kept: Kept) -> None:
    """Exit 6: both reasons are told, and the next step is a command; nothing is said to serve; mended, both start."""
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
    kept.gone.unlink()
    (folder / "app.py").write_text(text)
    assert kept.back("--to", kept.second).code == 0
    assert kept.serving() == (kept.second, kept.second)
