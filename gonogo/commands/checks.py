"""``gonogo checks``: every check of an environment, whether it applies there, and what would switch it on."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from gonogo.commands.history import recent
from gonogo.commands.prepare import Where, where
from gonogo.config import Environment, needs
from gonogo.errors import UsageError
from gonogo.gates.process import gate_argv, gate_environment
from gonogo.gates.subject import today
from gonogo.gates.waived import is_in_force
from gonogo.host.runner import Command, this_machine
from gonogo.records.listing import Applies, Listed, ListedCheck, Listing, collected
from gonogo.records.run_results import RunResult
from gonogo.words import Outcome

__all__ = ["checks"]

_SECONDS = 60.0


def checks(folder: Path, env: str | None) -> tuple[str, tuple[ListedCheck, ...], tuple[str, ...]]:
    """The environment's name, its checks, the team's own among them, and the files that cannot be collected.

    Raises:
        UsageError: wrong usage or configuration, or pytest could not collect.
    """
    at = where(folder, env)
    listing = _collect(at)
    skipped = _skipped(recent(at.state))
    rows = (_judged(check, at, skipped) for check in listing.checks)
    return at.environment.name, tuple(sorted(rows, key=lambda row: (row.code or "~", row.id))), listing.problems


def _collect(at: Where) -> Listing:
    """Lets a gate's process collect without asking anything."""
    with tempfile.TemporaryDirectory(prefix="gonogo-checks-") as aside:
        results = Path(aside) / "listing.json"
        options = ("--collect-only", "-q", f"--gonogo-env={at.environment.name}", f"--gonogo-results={results}")
        app = at.project.app
        argv = gate_argv(at.project.root, app=app.root, plugins=app.plugins, arguments=options)
        host = this_machine(redact=at.redactor.text, timeout=_SECONDS)
        done = host.run(Command(argv=argv, cwd=str(at.project.root), env=gate_environment()))
        listing = collected(results.read_text(encoding="utf-8")) if results.exists() else None
    if listing is None:
        said = "\n".join((done.output + done.errors).strip().splitlines()[-15:]) or "(nothing)"
        raise UsageError(f"found no list of checks, expected pytest to collect them. It said:\n{said}")
    return listing


def _skipped(runs: Iterable[RunResult]) -> Mapping[str, str]:
    """Checks → why its newest ask skipped it; one that was asked stands there with nothing."""
    found: dict[str, str] = {}
    for run in runs:
        for step in run.steps:
            for check in step.gate.checks if step.gate is not None else ():
                found.setdefault(check.id, check.found if check.outcome is Outcome.SKIPPED else "")
    return found


def _judged(check: Listed, at: Where, skipped: Mapping[str, str]) -> ListedCheck:
    applies, why = _applies(check, at, skipped)
    waiver = next((one for one in at.environment.waive if one.check in {check.code, _base(check.code)}), None)
    until = waiver.until if waiver is not None and is_in_force(waiver.until, today=today()) else None
    return ListedCheck(**check.model_dump(), applies=applies, why=why, waived_until=until)


def _applies(check: Listed, at: Where, skipped: Mapping[str, str]) -> tuple[Applies, str]:
    """By the configuration first: it may have changed since a run skipped the check."""
    app, environment, serving = at.project.app, _about(check, at.environment), at.state.current() is not None
    missing = needs.lacking(check.needs, app=app, environment=environment, serving=serving)
    if missing is not None:
        return "no", f"needs {needs.switch_on(missing, env=environment.name)}"
    if check.skipped:
        return "no", check.skipped
    unknown = [
        need for need in check.needs if needs.held(need, app=app, environment=environment, serving=serving) is None
    ]
    if check.id not in skipped:
        return ("when asked", " and ".join(unknown)) if unknown else ("yes", "")
    return ("no", f"{skipped[check.id]} (in the last run)") if skipped[check.id] else ("yes", "")


def _about(check: Listed, environment: Environment) -> Environment:
    """The environment as a check of one service sees it: what another service has does not help it."""
    name = check.id.partition("[")[2].removesuffix("]")
    service = environment.service.get(name)
    return environment.model_copy(update={"service": {name: service}}) if service is not None else environment


def _base(code: str | None) -> str | None:
    return code.partition("[")[0] if code else None
