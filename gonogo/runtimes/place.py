"""Where an environment stands on its host, and what its env file says."""

from __future__ import annotations

from pathlib import Path

from gonogo.config import Environment, Project
from gonogo.inspection.envfile import parse
from gonogo.runtimes.base import Place

__all__ = ["env_file_of", "host_path", "make_place", "read_variables"]


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


def env_file_of(path: Path, environment: Environment) -> Path | None:
    """The env file on the host: the configured one, or the ``.env`` that Compose would read by itself."""
    if environment.env_file is not None:
        return path / environment.env_file
    usual = (path / environment.compose[0]).parent / ".env" if environment.runtime == "compose" else None
    return usual if usual is not None and usual.is_file() else None


def read_variables(path: Path, environment: Environment) -> dict[str, str]:
    """What the env file says; empty when there is none (P19 tells that)."""
    env_file = env_file_of(path, environment)
    try:
        text = env_file.read_text(encoding="utf-8", errors="replace") if env_file is not None else ""
    except OSError:
        return {}
    return {name: value for name, value in parse(text).values.items() if value is not None}
