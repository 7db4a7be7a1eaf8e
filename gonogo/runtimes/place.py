"""Where an environment stands on its host, and what its env file says."""

from __future__ import annotations

from pathlib import Path

from gonogo.config import Environment, Project
from gonogo.inspection.envfile import parse
from gonogo.runtimes.base import Place

__all__ = ["host_path", "make_place", "read_variables"]


def host_path(project: Project, environment: Environment) -> Path:
    """The folder on the host that holds the env file and what is not in git."""
    if environment.path is None:
        return project.source_root
    return project.root / Path(environment.path).expanduser()


def make_place(project: Project, environment: Environment, *, state: Path, path: Path) -> Place:
    """Where a runtime works, with the env file's variables."""
    return Place(
        project=project,
        environment=environment,
        state=state,
        path=path,
        variables=read_variables(path, environment),
    )


def read_variables(path: Path, environment: Environment) -> dict[str, str]:
    """What the env file says; empty when there is none (P19 tells that)."""
    if environment.env_file is None:
        return {}
    try:
        text = (path / environment.env_file).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    return {name: value for name, value in parse(text).values.items() if value is not None}
