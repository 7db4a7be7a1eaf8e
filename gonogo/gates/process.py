"""How a gate is started: one pytest process with its own settings, away from the team's unit-test set-up."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["ACTIVE", "EMPTIED", "checks_of", "gate_argv", "gate_environment", "imports_of_gates", "stage_options"]

ACTIVE = "GONOGO_GATE"
"""Set in the environment of a gate's process and its workers: the run that asks it."""
BARE = "bare"
"""What stands there when no run asks."""

_PLUGIN = "gonogo.plugins.plugin"
"""Ours by its module: pytest rewrites whatever stands below a plugin's name, and below ``gonogo`` stands the library.
It brings those that every gate needs."""
_IMPORTS = (
    *("pytest", "gonogo.plugins.gate", "gonogo.plugins.html"),
    *("xdist.plugin", "pytest_metadata.plugin", "pytest_html.plugin", "pytest_timeout"),
    *("_pytest.config:get_config", "gonogo.records.page:load_parts"),
)
"""All but our plugin itself, since pytest warns of hooks that are there before it is; its own; a page's templates."""
_PAGES = ("--html", "--css", "--self-contained-html", "-h", "--help")
"""Words without which nobody asks for pytest-html and pytest-metadata, which load Jinja and ask ``uname``; a team's own
checks may."""
_OF_PAGES = ("no:html", "no:metadata")
_COVERAGE = ("COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")
_OF_XDIST = "PYTEST_XDIST_"
"""A gate that is asked by a test of somebody's is no worker of that session."""
EMPTIED = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTHONWARNINGS", *_COVERAGE)
"""Variables of the team's own test set-up that a gate is started without."""


def checks_of(root: Path, app: str) -> Path:
    """The folder of the team's own checks: ``checks/`` in the application's folder."""
    return root / app / "checks"


def gate_argv(
    root: Path, *, app: str = ".", plugins: Sequence[str] = (), arguments: Sequence[str] = ()
) -> tuple[str, ...]:
    """The command of a gate whose configuration stands in ``root``, and its application in ``root / app``.

    The team's ini file, addopts, root conftest and auto-loaded plugins have no part in it, and no folder above is read.
    """
    checks = checks_of(root, app)
    conftests = (f"--confcutdir={checks}",) if checks.is_dir() else ("--noconftest", f"--confcutdir={root}")
    no_pages = not plugins and not checks.is_dir() and not any(word.startswith(_PAGES) for word in arguments)
    names = (*(_OF_PAGES if no_pages else ()), _PLUGIN, *plugins)
    loaded = [word for name in names for word in ("-p", name)]
    return (
        *(sys.executable, "-P", "-m", "pytest"),
        *("-c", str(Path(__file__).with_name("gate.ini")), f"--rootdir={root}", *conftests),
        *("-o", f"pythonpath={shlex.quote(str(checks))}"),
        *("-p", "no:cacheprovider", "--import-mode=importlib", "--continue-on-collection-errors"),
        *loaded,
        *arguments,
    )


def gate_environment(environ: Mapping[str, str] = os.environ, *, run: str = BARE) -> dict[str, str]:
    """The environment of a gate's process: no plugins, options or coverage from outside, no bytecode left."""
    emptied = dict.fromkeys((name for name in EMPTIED if name in environ), "")
    kept = {name: value for name, value in environ.items() if not name.startswith(_OF_XDIST)}
    return {**kept, **emptied, ACTIVE: run, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"}


def imports_of_gates() -> tuple[str, ...]:
    """What every gate of a run imports: our plugins, and the checks as installed.

    Where Python leaves out asserts that are not rewritten, each gate rewrites the checks for itself.
    """
    from gonogo.config.builtin import checks_folder  # noqa: PLC0415 (pydantic: a bare pytest needs none to become a gate)

    checks = () if sys.flags.optimize else sorted(checks_folder().glob("*/test_*.py"))
    return (*_IMPORTS, *(f"gonogo.checks.{path.parent.name}.{path.stem}" for path in checks))


def stage_options(stage: str, *, env: str, subject: Path, results: Path, timeout: float) -> tuple[str, ...]:
    """What the wrapper asks of a gate."""
    return (
        *("-m", stage, f"--gonogo-env={env}", f"--gonogo-subject={subject}", f"--gonogo-results={results}"),
        *(f"--timeout={timeout:g}", "--no-header", "-q"),
    )
