"""Which stages a marker expression asks for, and how a bare run becomes a gate."""

from __future__ import annotations

import argparse
import os
import runpy
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NoReturn

import pytest
from _pytest.assertion.rewrite import AssertionRewritingHook
from _pytest.mark.expression import Expression

from gonogo.errors import GonogoError
from gonogo.gates.process import EMPTIED, gate_argv, gate_environment
from gonogo.words import CONFIG_NAME, Stage

if TYPE_CHECKING:
    from gonogo.config import Project

__all__ = ["PROJECT", "become_gate", "is_whole", "project_of", "selected_stages", "stage_of", "workers"]

PROJECT = pytest.StashKey["Project"]()
"""What a bare gate read when it began."""
_PLUGIN = "gonogo.plugins.plugin"
_ITS_OWN = {"_pytest", "anyio", "gonogo", "pytest_html", "pytest_metadata", "pytest_timeout", "testinfra", "xdist"}
"""The packages of pytest's plugins that gonogo brings: what they do when they are imported is known."""


def selected_stages(expression: str) -> tuple[Stage, ...]:
    """The stages that a marker expression is true for, if it is false for an unmarked test."""
    try:
        compiled = Expression.compile(expression)
        if compiled.evaluate(lambda _name, /, **_: False):
            return ()
        return tuple(stage for stage in Stage if compiled.evaluate(_is(stage)))
    except SyntaxError:
        return ()


def _is(stage: Stage) -> Callable[..., bool]:
    return lambda name, /, **_: name == stage.value


def is_whole(expression: str) -> bool:
    """Whether the expression names one stage and nothing else."""
    return expression.strip() in {stage.value for stage in Stage}


def stage_of(item: pytest.Item) -> Stage | None:
    """The stage that an item is marked with.

    Raises:
        pytest.UsageError: it carries more than one stage marker.
    """
    marked = {mark.name for mark in item.iter_markers()}
    found = [stage for stage in Stage if stage.value in marked]
    if len(found) > 1:
        names = ", ".join(found)
        raise pytest.UsageError(f"{item.nodeid}: found {len(found)} stage markers ({names}), expected exactly one.")
    return found[0] if found else None


def become_gate(arguments: Sequence[str], folder: Path, *, loaded: Iterable[str]) -> NoReturn:
    """Makes the process the gate of the project around ``folder``.

    Where nothing but pytest and what gonogo brings has been here, the gate begins in this process; it is replaced
    otherwise. ``loaded`` are the modules of the plugins that pytest has loaded.
    """
    start = _start(arguments, folder)
    _go_there(arguments, start)
    root, app, plugins = _at_a_glance(start) or _with_care(start)
    argv = gate_argv(root, app=app, plugins=plugins, arguments=arguments)
    environment = gate_environment()
    sys.stdout.flush()
    sys.stderr.flush()
    if _is_clean(loaded):
        _begin_here(argv, environment)
    os.execve(argv[0], argv, environment)  # noqa: S606 (argv is ours, no shell)


def _is_clean(loaded: Iterable[str]) -> bool:
    """Whether this process is as a new one would be: no plugin, warning filter, tracer or module of anybody else's."""
    if sys.warnoptions or any(os.environ.get(name) for name in EMPTIED) or sys.gettrace() or sys.getprofile():
        return False
    if not {name.partition(".")[0] for name in loaded} <= _ITS_OWN:
        return False
    return sys.flags.safe_path or not any(
        _folder_of(module) == Path(sys.path[0]) for name, module in sys.modules.items() if name != "gonogo"
    )


def _folder_of(module: ModuleType) -> Path | None:
    """The folder that a module or package of the top level was found in."""
    file = getattr(module, "__file__", None)
    if file is None or "." in module.__name__:
        return None
    return Path(file).parents[1 if hasattr(module, "__path__") else 0]


def _begin_here(argv: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """Is ``python -P -m pytest …`` from here on."""
    os.environ.clear()
    os.environ.update(environment)
    sys.dont_write_bytecode = True
    if not sys.flags.safe_path:
        del sys.path[0]
    sys.meta_path[:] = [one for one in sys.meta_path if not isinstance(one, AssertionRewritingHook)]
    sys.modules.pop(_PLUGIN, None)  # pytest warns of a plugin whose asserts it cannot rewrite any more
    words = argv[argv.index("-m") + 1 :]
    sys.argv[1:] = words[1:]
    runpy.run_module(words[0], run_name="__main__", alter_sys=True)
    sys.exit()


def _go_there(arguments: Sequence[str], start: Path) -> None:
    """Replaces the process by the question to the environment's host, where that is another machine.

    Raises:
        pytest.UsageError: more than one stage is asked for, or none by its name.
    """
    root = next((one for one in (start, *start.parents) if (one / CONFIG_NAME).is_file()), None)
    if root is None or b"ssh://" not in (root / CONFIG_NAME).read_bytes():
        return
    from gonogo.config.hosts import address_of  # noqa: PLC0415 (as below)

    words = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    words.add_argument("-m", dest="stage", default="")
    words.add_argument("--env", "--gonogo-env", dest="env")
    given, others = words.parse_known_args(list(arguments))
    project = project_of(root)
    try:
        environment = project.environment(given.env)
    except GonogoError:
        return  # which there are is said where the gate begins
    if address_of(environment.host) is None:
        return
    if not is_whole(given.stage):
        raise pytest.UsageError(
            f'found -m "{given.stage}", expected one stage: env.{environment.name} lives on a host.'
        )
    argv = [sys.executable, "-P", "-m", "gonogo", "ask", given.stage.strip(), "--env", environment.name, *others]
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(argv[0], argv)  # noqa: S606 (argv is ours, no shell)


def project_of(start: Path) -> Project:
    """The project around a folder; what is wrong in its configuration is said, and ends the process."""
    from gonogo.config import find_project, load_project  # noqa: PLC0415 (pydantic: 0.2 s, and a bare gate starts twice)

    try:
        return load_project(find_project(start))
    except GonogoError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)


def workers(project: Project, given: argparse.Namespace) -> tuple[str, ...]:
    """The environment's own number of workers, where none is given on the command line."""
    from gonogo.gates.workers import worker_options  # noqa: PLC0415 (as above)

    if getattr(given, "numprocesses", 0) is not None or given.usepdb:
        return ()
    try:
        return worker_options(project.environment(given.gonogo_env), given.markexpr.strip())
    except GonogoError:
        return ()  # which environments there are is said where the gate begins


def _at_a_glance(start: Path) -> tuple[Path, str, tuple[str, ...]] | None:
    """What starts a gate, of a configuration that the gate itself reads with care; None where more has to be known."""
    try:
        root = next(one for one in (start, *start.parents) if (one / CONFIG_NAME).is_file())
        app = tomllib.loads((root / CONFIG_NAME).read_text(encoding="utf-8"))["app"]
        found = app.get("root", ".")
    except (StopIteration, OSError, ValueError, LookupError, TypeError, AttributeError):
        return None
    return (root, found, ()) if isinstance(found, str) and "plugins" not in app else None


def _with_care(start: Path) -> tuple[Path, str, tuple[str, ...]]:
    project = project_of(start)
    return project.root, project.app.root, project.app.plugins


def _start(arguments: Sequence[str], folder: Path) -> Path:
    """Where to look for the project: ``--rootdir``, a given path under checks/, or the working folder."""
    for argument in arguments:
        path = folder / argument.split("::")[0]
        if not argument.startswith("-") and "checks" in path.parts and path.exists():
            return path.resolve().parent
    return folder
