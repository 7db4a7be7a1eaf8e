"""Which stages a marker expression asks for, and how a bare run becomes a gate."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

import pytest
from _pytest.mark.expression import Expression

from gonogo.config import find_project, load_project
from gonogo.errors import GonogoError
from gonogo.gate import gate_argv, gate_environment
from gonogo.words import Stage

__all__ = ["become_gate", "is_whole", "selected_stages", "stage_of"]


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
    found = [stage for stage in Stage if item.get_closest_marker(stage.value) is not None]
    if len(found) > 1:
        names = ", ".join(found)
        raise pytest.UsageError(f"{item.nodeid}: found {len(found)} stage markers ({names}), expected exactly one.")
    return found[0] if found else None


def become_gate(arguments: Sequence[str], folder: Path) -> NoReturn:
    """Replace the process by the gate of the project around ``folder``."""
    try:
        project = load_project(find_project(_start(arguments, folder)))
    except GonogoError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)
    app = project.app
    argv = gate_argv(project.root, app=app.root, plugins=app.plugins, arguments=arguments)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(argv[0], argv, gate_environment())  # noqa: S606 (argv is ours, no shell)


def _start(arguments: Sequence[str], folder: Path) -> Path:
    """Where to look for the project: ``--rootdir``, a given path under checks/, or the working folder."""
    for argument in arguments:
        path = folder / argument.split("::")[0]
        if not argument.startswith("-") and "checks" in path.parts and path.exists():
            return path.resolve().parent
    return folder
