from __future__ import annotations

from pathlib import Path

import pytest

import gonogo.records.write
from gonogo.records.markdown import render
from gonogo.records.run_results import RunResult
from gonogo.records.write import write_run

from .samples import the_reverted_run


def journal(tmp_path: Path, content: bytes = b'{"event": "run-began"}\n') -> Path:
    """A journal in the state."""
    path = tmp_path / "state" / "journal.jsonl"
    path.parent.mkdir()
    path.write_bytes(content)
    return path


def test_run_is_written_in_every_form(tmp_path: Path) -> None:
    """For programs, for people, for a pull request, and as it happened; everybody may read them, no scratch file stays."""
    folder, run = tmp_path / "reports" / "staging" / "run", the_reverted_run()

    assert write_run(folder, run, journal(tmp_path)) == ""
    assert RunResult.model_validate_json((folder / "results.json").read_text()) == run
    assert (folder / "record.md").read_text(encoding="utf-8") == render(run)
    assert (folder / "journal.jsonl").read_bytes() == b'{"event": "run-began"}\n'
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in folder.iterdir()} == dict.fromkeys(
        ("results.json", "record.md", "index.html", "journal.jsonl"), "0o644"
    )


def test_run_is_written_over_an_older_record(tmp_path: Path) -> None:
    """A second write (after a late note) replaces the first."""
    folder, path = tmp_path / "reports", journal(tmp_path)
    write_run(folder, the_reverted_run(), path)

    assert write_run(folder, the_reverted_run(notes=("late",)), path) == ""
    assert "- late\n" in (folder / "record.md").read_text(encoding="utf-8")


def test_unwritable_folder_is_told_not_raised(tmp_path: Path) -> None:
    """A verdict is worth more than its page."""
    (tmp_path / "reports").write_text("a file stands where the folder should be")
    folder = tmp_path / "reports" / "staging"

    assert write_run(folder, the_reverted_run(), journal(tmp_path)) == (
        f"The reports could not be written: {folder}: found something else there (Not a directory), "
        "expected a folder or nothing. Move it away."
    )


def test_one_unwritable_file_does_not_keep_the_others(tmp_path: Path) -> None:
    """What can be written is written; what cannot is named."""
    folder = tmp_path / "reports"
    (folder / "record.md").mkdir(parents=True)
    problem = write_run(folder, the_reverted_run(), tmp_path / "gone.jsonl")

    assert problem.startswith("Not all reports could be written: record.md ([Errno 21] Is a directory: ")
    assert problem.endswith(f"; journal.jsonl ([Errno 2] No such file or directory: '{tmp_path}/gone.jsonl')")
    assert (folder / "results.json").is_file()
    assert sorted(path.name for path in folder.iterdir()) == ["index.html", "record.md", "results.json"]


def test_mistake_in_a_page_keeps_the_other_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever goes wrong while a page is made is told; the verdict and the other files stand."""

    def broken(*_: object) -> str:
        raise LookupError("no such template")

    monkeypatch.setattr(gonogo.records.write, "render_record", broken)
    folder = tmp_path / "reports"

    assert write_run(folder, the_reverted_run(), journal(tmp_path)) == (
        "Not all reports could be written: index.html (no such template)"
    )
    assert sorted(path.name for path in folder.iterdir()) == ["journal.jsonl", "record.md", "results.json"]


def test_torn_bytes_in_the_journal_do_not_matter(tmp_path: Path) -> None:
    """A journal cut inside a character is copied with a mark there."""
    folder = tmp_path / "reports"

    assert write_run(folder, the_reverted_run(), journal(tmp_path, b'{"a": 1}\n{"b": "\xe2\x82')) == ""
    assert (folder / "journal.jsonl").read_text(encoding="utf-8") == '{"a": 1}\n{"b": "\ufffd'
