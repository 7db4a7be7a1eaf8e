"""``gonogo ask STAGE``: one stage alone, as a gate's own process; no configuration of the team's pytest is read."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from gonogo.config import find_project, load_project
from gonogo.gates.process import gate_argv, gate_environment
from gonogo.words import Stage

__all__ = ["ask"]


def ask(folder: Path, stage: Stage, env: str | None, arguments: Sequence[str]) -> NoReturn:
    """Replaces this process by the gate; ``arguments`` are pytest's own.

    Raises:
        ConfigError: gonogo.toml is missing or broken.
    """
    project = load_project(find_project(folder))
    app = project.app
    words = ("-m", stage.value, *((f"--gonogo-env={env}",) if env is not None else ()), *arguments)
    argv = gate_argv(project.root, app=app.root, plugins=app.plugins, arguments=words)
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(argv[0], argv, gate_environment())  # noqa: S606 (argv is ours, no shell)
