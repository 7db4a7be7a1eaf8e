"""The first look at a new configuration: what predeploy says of it, and what serves now."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gonogo.config import load_project
from gonogo.config.builtin import built_in
from gonogo.gates.process import gate_argv, gate_environment
from gonogo.host.runner import Command, Host
from gonogo.records.results import CheckResult, GateResult, read_gate
from gonogo.records.terminal import gate_lines
from gonogo.words import CONFIG_NAME, Exit

__all__ = ["Looked", "look"]


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What was said, and how it ends."""

    lines: tuple[str, ...] = ()
    exit_code: Exit = Exit.GO
    asked: bool = False


def look(folder: Path, env: str, *, serves: bool, host: Host) -> Looked:
    """Asks predeploy of the checkout, and postdeploy of what serves where something does."""
    lines: list[str] = []
    red = False
    for stage in ("predeploy", *(("postdeploy",) if serves else ())):
        gate = _ask(folder, env, stage, host)
        if gate is None:
            lines.append(f"{stage} could not be asked: python -m pytest -m {stage} --env {env} shows why")
            red = True
            continue
        lines += gate_lines(gate)
        lines += list(_changes(folder, gate))
        red = red or bool(gate.blocking or gate.problem)
    return Looked(lines=tuple(lines), exit_code=Exit.NO_GO if red else Exit.GO, asked=True)


def _ask(folder: Path, env: str, stage: str, host: Host) -> GateResult | None:
    """One gate, as somebody would ask it by hand."""
    app = load_project(folder).app
    with tempfile.TemporaryDirectory(prefix="gonogo-init-") as name:
        results = Path(name) / "results.json"
        arguments = ("-m", stage, f"--gonogo-env={env}", f"--gonogo-results={results}", "-q", "--no-header")
        argv = gate_argv(folder, app=app.root, plugins=app.plugins, arguments=arguments)
        host.run(Command(argv=argv, cwd=str(folder), env=gate_environment(), timeout=600.0))
        return read_gate(results)


def _changes(folder: Path, gate: GateResult) -> Iterator[str]:
    """For each red check the line of gonogo.toml that it rests on."""
    text = (folder / CONFIG_NAME).read_text(encoding="utf-8")
    for check in gate.blocking:
        number = _line(text, check)
        if number:
            yield f"line     {CONFIG_NAME}:{number}: {text.splitlines()[number - 1].strip()}"


def _line(text: str, check: CheckResult) -> int:
    code, _, parameter = (check.code or "").partition("[")
    key = next((one.rests_on for one in built_in() if one.code == code), "")
    wanted = parameter.rstrip("]") if key == "request" else ""
    for number, line in enumerate(text.splitlines(), 1):
        if key and line.lstrip("# ").startswith(f"{key} =") and wanted in line:
            return number
    return 0
