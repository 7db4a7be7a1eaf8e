"""The pytest entry point: inert until a stage is selected, then it hands over to a gate of its own.

Nothing heavy is imported here: a team's unit tests load this module too.
"""

from __future__ import annotations

import functools
import gc
import importlib
import os
import sys
from collections.abc import Generator
from pathlib import Path
from types import ModuleType

import pytest

__all__ = ["pytest_addoption", "pytest_configure", "pytest_ignore_collect", "pytest_load_initial_conftests"]

_STAGES = ("predeploy", "build", "postdeploy", "watch")
_BROUGHT = {
    "xdist": "xdist.plugin",
    "metadata": "pytest_metadata.plugin",
    "html": "pytest_html.plugin",
    "html_fixtures": "pytest_html.fixtures",
    "timeout": "pytest_timeout",
}
"""What every gate loads, by its entry point's name. For each ``-p`` pytest would read the metadata of all that is
installed, and rewrite the asserts of the module."""


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Registers the options; ``--env`` only inside a gate, where no team conftest can own it.

    A bare ``pytest -m STAGE`` becomes a gate here already, before pytest looks for the plugins that a team's unit tests
    require.
    """
    config = pluginmanager.get_plugin("pytestconfig")
    if not _in_gate() and isinstance(config, pytest.Config) and _is_pytest() and _selected(config):
        _become_gate(config)
    if _in_gate():
        gc.disable()  # until its checks are collected: what is imported stays
    for name, module in _BROUGHT.items() if _in_gate() else ():
        if not pluginmanager.hasplugin(name) and not pluginmanager.is_blocked(name):
            pluginmanager.register(importlib.import_module(module), name)
    group = parser.getgroup("gonogo", "deployment gates")
    names = ["--gonogo-env"]
    if _in_gate():
        names.append("--env")
    group.addoption(*names, dest="gonogo_env", metavar="NAME", help="environment of gonogo.toml (with -m STAGE: --env)")
    names = ["--gonogo-attest", *(["--attest"] if _in_gate() else [])]
    said = "say what the environment asks for (with -m predeploy: --attest)"
    group.addoption(*names, dest="gonogo_attest", metavar="ID", action="append", default=[], help=said)
    group.addoption("--gonogo-subject", metavar="FILE", help="what the gate is asked about (written by the wrapper)")
    group.addoption("--gonogo-results", metavar="FILE", help="write the gate's results here as JSON")
    group.addoption("--gonogo-traces", metavar="PAGE", help="leave traces of red pages beside this file")
    group.addoption("--gonogo-early", action="store_true", help="leave out the checks that ask for the baseline")
    group.addoption("--gonogo-then", metavar="FILE", help="go on after this part of the gate: ask the other checks")
    group.addoption("--gonogo-only", metavar="FILE", help="ask only the checks whose ids this file lists")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]) -> Generator[None]:
    """Turns a bare ``pytest -m STAGE`` into a gate before any conftest or output capture exists.

    Inside a gate, conftests are looked for in the team's ``checks/`` alone: pytest would also import those of every
    ``test*`` folder beside the place that it was called from.
    """
    given = early_config.known_args_namespace
    if _in_gate():
        here = str(Path.cwd())
        sys.path += [] if here in sys.path else [here]  # the last: a team's types.py is not the library's
        given.file_or_dir = given.file_or_dir or [given.confcutdir or str(early_config.rootpath)]
        if not given.gonogo_subject and "PYTEST_XDIST_WORKER" not in os.environ:
            from gonogo.plugins import output, stages  # noqa: PLC0415 (heavy: only in a gate)

            early_config.stash[stages.PROJECT] = project = stages.project_of(early_config.rootpath)
            args[:0] = stages.workers(project, given)
            early_config.stash[output.OUTPUT] = output.RedactedOutput(early_config.rootpath)
    elif _selected(early_config):
        _become_gate(early_config)
    yield


def pytest_configure(config: pytest.Config) -> None:
    """Inside a gate, bring in the rest of the plugin."""
    for stage in _STAGES:
        config.addinivalue_line("markers", f"{stage}(code=None, *, remedy, severity, on_red): a check of this stage")
    config.addinivalue_line("markers", "late: asked after the other checks of its stage (it observes over time)")
    if _in_gate():
        from gonogo.plugins import gate  # noqa: PLC0415 (heavy: only in a gate)

        gate.activate(config)


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Outside a gate, a project's ``checks/`` are none of the team's unit tests."""
    return True if not _in_gate() and _is_checks(collection_path) else None


def _in_gate() -> bool:
    return bool(os.environ.get("GONOGO_GATE"))


def _selected(config: pytest.Config) -> bool:
    """Whether the marker expression or a path asks for checks."""
    given = config.known_args_namespace
    arguments = [str(argument) for argument in config.invocation_params.args]
    expression = getattr(given, "markexpr", "") or ""
    if expression and any(stage in expression for stage in _STAGES):
        from gonogo.plugins.stages import selected_stages  # noqa: PLC0415

        return bool(selected_stages(expression))
    return _names_checks(arguments, config.invocation_params.dir)


def _names_checks(arguments: list[str], folder: Path) -> bool:
    """Whether a path under a project's ``checks/`` folder is given."""
    for argument in arguments:
        path = (folder / argument.split("::")[0]).resolve()
        if argument.startswith("-") or not path.exists():
            continue
        if any(_is_checks(parent) for parent in (path, *path.parents)):
            return True
    return False


def _is_checks(folder: Path) -> bool:
    """Whether a folder holds a project's checks: it is called ``checks`` and stands in the application's folder."""
    return folder.name == "checks" and any(_application(parent) == folder.parent for parent in folder.parents)


@functools.cache
def _application(folder: Path) -> Path | None:
    """The application's folder of the gonogo.toml that stands here; None where none stands."""
    try:
        text = (folder / "gonogo.toml").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    import tomllib  # noqa: PLC0415 (only where there is a gonogo.toml: a plain pytest starts faster)

    try:
        return Path(os.path.normpath(folder / tomllib.loads(text)["app"]["root"]))
    except (ValueError, LookupError, TypeError):
        return folder


def _is_pytest() -> bool:
    """Whether this process is pytest's own."""
    return Path(sys.argv[0]).name in {"pytest", "py.test", "__main__.py"}


def _become_gate(config: pytest.Config) -> None:
    """Makes this process the gate's.

    Raises:
        pytest.UsageError: pytest runs inside another program, which must not be replaced.
    """
    from gonogo.plugins.stages import become_gate  # noqa: PLC0415

    if not _is_pytest():
        name = Path(sys.argv[0]).name
        raise pytest.UsageError(
            f"found pytest running inside {name or 'a program'}, expected a process of its own for a gate. "
            "Run it as: python -m pytest -m STAGE --env NAME"
        )
    plugins = config.pluginmanager.get_plugins()
    loaded = (one.__name__ if isinstance(one, ModuleType) else type(one).__module__ for one in plugins)
    arguments = [str(argument) for argument in config.invocation_params.args]
    become_gate(arguments, config.invocation_params.dir, loaded=loaded)
