"""Write a run's record beside its gates' pages; what cannot be written never loses the verdict."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gonogo.errors import explain
from gonogo.records.markdown import render
from gonogo.records.page import render_record
from gonogo.records.run_results import RunResult
from gonogo.state.journal import read_journal
from gonogo.state.store import write_atomically

__all__ = ["keep_out_of_git", "write_run"]

_MODE = 0o644
"""Everything in a report is redacted."""


def write_run(folder: Path, run: RunResult, journal: Path) -> str:
    """Writes the record in its three forms and copies the journal; returns what could not be written, or nothing."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        keep_out_of_git(folder.parents[1])
    except OSError as error:
        return f"The reports could not be written: {explain(error)}"
    texts: dict[str, Callable[[], str]] = {
        "results.json": lambda: run.model_dump_json(indent=1) + "\n",
        "record.md": lambda: render(run),
        "index.html": lambda: render_record(run, read_journal(journal)),
        "journal.jsonl": lambda: journal.read_text(encoding="utf-8", errors="replace"),
    }
    problems = [problem for name, text in texts.items() if (problem := _write(folder / name, text))]
    return f"Not all reports could be written: {'; '.join(problems)}" if problems else ""


def keep_out_of_git(reports: Path) -> None:
    """A ``reports/`` that nobody prepared ignores itself, so that the next deploy does not list it as uncommitted."""
    ignore = reports / ".gitignore"
    if not ignore.exists() and not (reports / "README.md").exists():
        ignore.write_text("*\n", encoding="utf-8")


def _write(path: Path, text: Callable[[], str]) -> str:
    try:
        write_atomically(path, text(), mode=_MODE)
    except Exception as error:  # noqa: BLE001 (a mistake in a page must not lose the verdict)
        return f"{path.name} ({error})"
    return ""
