"""Ask one gate beside any run: nothing is kept, no lock is taken, nothing is journaled."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from gonogo.commands.prepare import Where
from gonogo.gates.process import gate_argv, gate_environment
from gonogo.gates.subject import Subject
from gonogo.host.runner import Command, Completed, this_machine
from gonogo.records.results import GateResult, read_gate
from gonogo.state.store import write_atomically
from gonogo.words import Role, Stage

__all__ = ["ask_beside"]

_LINES = 15


def ask_beside(at: Where, stage: Stage, *, subject: Subject | None = None) -> GateResult:
    """What a gate says: of ``subject``, or of what a bare ``pytest -m STAGE`` in the checkout would ask about.

    A gate that leaves no results, or has no end in time, is a result with its ``problem``.
    """
    root = subject.root if subject is not None else at.project.root
    environment = at.environment
    began = datetime.now(UTC)
    with tempfile.TemporaryDirectory(prefix="gonogo-gate-") as aside:
        results = Path(aside) / "results.json"
        options = [*("-m", stage, f"--gonogo-env={environment.name}", f"--gonogo-results={results}", "-q")]
        watched = 1.5 * subject.watch if subject is not None else 0.0
        options.append(f"--timeout={environment.check_timeout + watched:g}")
        if subject is not None:
            write_atomically(Path(aside) / "subject.json", subject.model_dump_json(indent=1))
            options.append(f"--gonogo-subject={aside}/subject.json")
        argv = gate_argv(root, app=at.project.app.root, plugins=at.project.app.plugins, arguments=options)
        host = this_machine(redact=at.redactor.text, timeout=environment.gate_timeout + watched)
        done = host.run(Command(argv=argv, cwd=str(root), env=gate_environment()))
        found = read_gate(results)
    if found is not None and not done.timed_out:
        return found.model_copy(update={"seconds": done.seconds})
    return GateResult(
        stage=stage, env=environment.name, role=Role.BARE, started=began, seconds=done.seconds, problem=_why(done)
    )


def _why(done: Completed) -> str:
    how = f"had no end within {done.command.timeout or 0:g} s" if done.timed_out else f"ended with code {done.code}"
    said = "\n".join((done.output + done.errors).strip().splitlines()[-_LINES:]) or "(nothing)"
    return f"the gate left no results: it {how}. What it said:\n{said}"
