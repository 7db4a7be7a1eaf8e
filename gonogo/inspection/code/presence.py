"""Which files and folders must stand in a commit, and which of them do not."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from gonogo.config import App, Environment

__all__ = ["absent", "first", "required"]


def required(app: App, environment: Environment) -> dict[str, str]:
    """Path → the key of gonogo.toml that asks for it."""
    asked = dict.fromkeys(app.required, "app.required")
    for name, service in environment.service.items():
        named = {"required": service.required, "settings": service.settings}
        if service.migrations != "none" and service.migrations_config != "alembic.ini":  # P31 knows the usual places
            named["migrations_config"] = (service.migrations_config,)
        for key, paths in named.items():
            asked |= {path: f"service.{name}.{key}" for path in paths if path not in asked}
    for command in environment.command:
        program = command.run[0]
        if command.service is None and "/" in program and not program.startswith(("/", "~", "{")):
            asked.setdefault(program, f"command.{command.name}")
    return asked


def absent(paths: Mapping[str, str], root: Path, tracked: Collection[str]) -> dict[str, str]:
    """Path → how it is lacking: nothing is there, or something that git does not know."""
    folders = {str(parent) for path in tracked for parent in Path(path).parents}
    known = folders | set(tracked)
    lacking = [path for path in paths if str(Path(path)) not in known]
    return {path: "it on the disk, but not in git" if (root / path).exists() else "nothing" for path in lacking}


def first(things: Sequence[object], *, shown: int = 5) -> str:
    """The first few of a list in one line, and how many more there are."""
    rest = f" and {len(things) - shown} more" if len(things) > shown else ""
    return "; ".join(map(str, things[:shown])) + rest
