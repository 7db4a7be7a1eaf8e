"""Runs that were cut off: what their journals say, which commands survived them, and how they are closed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gonogo.host.identity import process_of
from gonogo.host.tree import end_family, family_of, kill_group
from gonogo.state.journal import Journal, read_journal
from gonogo.state.progress import Progress

__all__ = ["CutOff", "close_run", "end_survivors", "read_cut_off", "survivors"]


@dataclass(frozen=True, kw_only=True)
class CutOff:
    """How far a run came, by its journal and by those of the runs that tried to mend it."""

    run: str
    kind: str
    release: str
    serving: str | None
    """What served before it; None in a first deploy."""
    progress: Progress = field(default_factory=Progress)
    """What began, and what of it went well to its end."""
    rung: int = 0
    ladder: str = ""
    proven_downgrade: Mapping[str, Any] = field(default_factory=dict)
    """The downgrades that a rehearsal has shown to lose nothing, as the run noted them."""
    returning: str | None = None
    """Why it was in its rollback already, if it was."""
    excuse: str = ""
    """What had failed under the release then."""
    restores: str = ""
    """The backup whose data a rollback puts back; empty where it leaves them."""
    stamp: str = ""
    """What the databases that it names have in common."""
    epoch: str = ""
    """The runtime's, when the first of these runs touched the target."""


def read_cut_off(runs: Sequence[Path]) -> CutOff | None:
    """What the run folders say, the oldest first; None when the oldest does not even say what it was."""
    lines = [line for run in runs for line in read_journal(run / "journal.jsonl")]
    first: Mapping[str, Any] = next((line for line in lines if line.get("event") == "run-began"), {})
    if "release" not in first:
        return None
    ladder = _last(lines, "ladder")
    back = _last(lines, "rollback")
    touch: Mapping[str, Any] = next((line for line in lines if line.get("event") == "first-touch"), {})
    return CutOff(
        run=runs[0].name,
        kind=str(first.get("kind")),
        release=str(first["release"]),
        serving=first.get("serving") or first.get("outgoing"),
        progress=Progress.of(lines),
        rung=int(ladder.get("rung", 0)),
        ladder=str(ladder.get("said", "")),
        proven_downgrade=_last(lines, "proven-downgrade").get("found", {}),
        returning=str(back.get("reason", "")) if back else None,
        excuse=str(back.get("excuse", "")),
        restores=str(first.get("restores", "")),
        stamp=str(first.get("stamp", "")),
        epoch=str(touch.get("epoch", "")),
    )


def _last(lines: Sequence[Mapping[str, Any]], event: str) -> Mapping[str, Any]:
    return next((line for line in reversed(lines) if line.get("event") == event), {})


def survivors(folder: Path) -> list[tuple[int, str]]:
    """Commands of a run that began, never ended, and still run: (pid, command line); instances are no commands.

    Of a command that is gone itself, the children that go on without it.
    """
    found = []
    for pid, line in _open_commands(folder).items():
        argv = str(line.get("argv", ""))
        if _still_runs(pid, line):
            found.append((pid, argv))
        else:
            found += [(child.pid, f"child of {argv}") for child in family_of(pid, str(line.get("mark", "")))]
    return found


def _open_commands(folder: Path) -> dict[int, Mapping[str, Any]]:
    found: dict[int, Mapping[str, Any]] = {}
    for line in read_journal(folder / "journal.jsonl"):
        if line.get("event") == "command-began" and not line.get("detached"):
            found[int(line["pid"])] = line
        elif line.get("event") == "command-ended":
            found.pop(int(line["pid"]), None)
    return found


def _still_runs(pid: int, line: Mapping[str, Any]) -> bool:
    return process_of(pid, started=float(line.get("started", 0)), ticks=int(line.get("ticks", 0))) is not None


def end_survivors(folder: Path, journal: Journal, *, elsewhere: Callable[[], Sequence[str]] = tuple) -> list[str]:
    """Ends what survived, notes it in the journal of the run that does so, and returns what was found as sentences.

    ``elsewhere`` ends what is no process of this machine, once the commands that made it are gone.
    """
    notes = []
    for pid, line in _open_commands(folder).items():
        notes += _ended(pid, line, folder.name)
    notes += elsewhere()
    journal.write("settled", run=folder.name, notes=notes)
    return notes or [f"The run {folder.name} was cut off; no command of it still ran."]


def _ended(pid: int, line: Mapping[str, Any], run: str) -> list[str]:
    """Ends a command, and its children whether or not it is there itself; what was found, as sentences."""
    argv, mark = str(line.get("argv", "")), str(line.get("mark", ""))
    found = []
    if _still_runs(pid, line):
        kill_group(pid)
        found = [f"A command of the run {run} still ran and was ended: `{argv}` (pid {pid})."]
    elif children := family_of(pid, mark):
        pids = ", ".join(str(child.pid) for child in children)
        found = [f"What a command of the run {run} had started still ran and was ended: `{argv}` (pid {pids})."]
    stuck = end_family(pid, mark)
    return found + [f"pid {one.pid} is still there after KILL; look at it: `ps -fp {one.pid}`." for one in stuck]


def close_run(folder: Path, journal: Journal) -> None:
    """Says in a cut-off run's own journal that it needs nobody any more; only once that is so."""
    Journal(folder / "journal.jsonl").write("run-settled", by=str(journal.path))
