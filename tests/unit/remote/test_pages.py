"""Pages that pytest writes on a host."""

from __future__ import annotations

from pathlib import Path

import pytest

from gonogo.remote.pages import Pages


def test_pages_come_to_where_they_were_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The host writes into its ``reports/``; from there they are put under the names that were given here."""
    monkeypatch.chdir(tmp_path)
    pages = Pages(["-k", "git", "--html", "out/them.html", f"--junit-xml={tmp_path}/them.xml", "--self-contained-html"])

    assert pages.arguments == [
        *("-k", "git", "--html", "reports/.asked/0/them.html"),
        *("--junit-xml=reports/.asked/1/them.xml", "--self-contained-html"),
    ]

    there = tmp_path / "reports" / ".asked"
    for number, name in enumerate(("them.html", "them.xml")):
        (there / str(number)).mkdir(parents=True)
        (there / str(number) / name).write_text(name)
    pages.bring_home(tmp_path / "reports")

    assert (tmp_path / "out" / "them.html").read_text() == "them.html"
    assert (tmp_path / "them.xml").read_text() == "them.xml"
    assert not there.exists()


def test_a_page_that_was_not_written_is_not_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A gate that was refused leaves none."""
    monkeypatch.chdir(tmp_path)
    Pages(["--html=them.html"]).bring_home(tmp_path / "reports")

    assert [*tmp_path.iterdir()] == []
