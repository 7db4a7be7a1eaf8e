"""Where a service's migrations stand in a source tree, and in which folder their tool is run."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from pathlib import Path

from gonogo.migrations.base import MigrationTool

__all__ = ["Layout", "layout_of"]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Paths are relative to the application's folder, ``config`` to ``folder``."""

    folder: str
    """Where the tool is run, as the team does: beside its config file, if the scripts stand below it; else ``.``."""
    config: str
    versions: tuple[str, ...]
    """The folders that hold the revisions."""


def layout_of(root: Path, tool: MigrationTool, config: str) -> Layout:
    """Read the tool's config file; relative paths in it are relative to where the tool is run.

    ``cd backend && alembic upgrade head`` and ``alembic -c config/alembic.ini upgrade head`` are both usual.
    """
    path = root / config
    written = tool.folders(config, path.read_text(encoding="utf-8", errors="replace") if path.is_file() else None)
    here = posixpath.dirname(config)
    below = tuple(one if _is_below(one, here) else posixpath.join(here, one) for one in written)
    if here and all((root / one).is_dir() for one in below):
        return Layout(folder=here, config=posixpath.basename(config), versions=below)
    return Layout(folder=".", config=config, versions=written)


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")
