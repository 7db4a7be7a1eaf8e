"""Settle a run that was cut off: find a command that survived it, and close its journal."""

from __future__ import annotations

from pathlib import Path

import psutil

from gonogo.host import kill_group
from gonogo.journal import Journal, read_journal

__all__ = ["settle_run", "survivors"]


def survivors(folder: Path) -> list[tuple[int, str]]:
    """Commands of a run that began, never ended, and still run: (pid, command line)."""
    open_commands: dict[int, tuple[float, str]] = {}
    for line in read_journal(folder / "journal.jsonl"):
        if line.get("event") == "command-began":
            open_commands[int(line["pid"])] = (float(line.get("started", 0)), str(line.get("argv", "")))
        elif line.get("event") == "command-ended":
            open_commands.pop(int(line["pid"]), None)
    return [(pid, argv) for pid, (started, argv) in open_commands.items() if _is(pid, started)]


def settle_run(folder: Path, journal: Journal) -> list[str]:
    """End what survived, note it in both journals, and return what was found as sentences."""
    notes = []
    for pid, argv in survivors(folder):
        kill_group(pid)
        notes.append(f"A command of the run {folder.name} still ran and was ended: `{argv}` (pid {pid}).")
    journal.write("settled", run=folder.name, notes=notes)
    Journal(folder / "journal.jsonl").write("run-settled", by=str(journal.path))
    return notes or [f"The run {folder.name} was cut off; no command of it still ran."]


def _is(pid: int, started: float) -> bool:
    try:
        process = psutil.Process(pid)
        return abs(process.create_time() - started) < 1.0 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
