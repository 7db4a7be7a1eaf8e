"""Where a service's migrations stand in a source tree, and in which folder their tool is run."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from gonogo.migrations.base import MigrationTool, Upgrade

__all__ = ["Layout", "layout_of"]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Paths are relative to the application's folder, ``config`` to ``folder``."""

    folder: str
    """Where the tool is run, as the team does: beside its config file, if that names scripts below it; else ``.``."""
    config: str
    versions: tuple[str, ...]
    """The folders that hold the revisions."""
    script: str = ""
    """The folder with the migrations' environment."""
    recursive: bool = False
    configured: bool = True
    """Whether the tool's configuration was found."""
    unsure: str = ""
    """Why reading may not show all revisions."""
    upgrade: Upgrade = field(default_factory=Upgrade)

    def holds(self, path: str) -> bool:
        """Whether a file stands where revisions are looked for."""
        folder = posixpath.dirname(path)
        if not self.versions:  # Django's stand in a folder of each application
            return posixpath.basename(folder) == "migrations" and not path.endswith("/__init__.py")
        if self.recursive:
            return any(_is_below(folder, one) for one in self.versions) and "__pycache__" not in folder.split("/")
        return folder in self.versions


def layout_of(root: Path, tool: MigrationTool, config: str, own: Sequence[str] = ()) -> Layout:
    """Reads the tool's config file; relative paths in it are relative to where the tool is run.

    ``cd backend && alembic upgrade head`` and ``alembic -c config/alembic.ini upgrade head`` are both usual. ``own`` is
    the team's own command for the migrate move, if there is one.
    """
    config = tool.config if config == "alembic.ini" else config
    upgrade = tool.upgrade(own)
    if upgrade.config and (root / upgrade.config).is_file():
        config = upgrade.config
    read = tool.located(config, lambda path: _text(root / path), section=upgrade.section)
    here = posixpath.dirname(config)
    found = Layout(
        folder=".",
        config=config,
        versions=read.versions,
        script=read.script,
        recursive=read.recursive,
        configured=read.configured,
        unsure=read.unsure,
        upgrade=upgrade,
    )
    below = _joined(here, (read.script, *read.versions))
    if here and read.script and not read.beside and (root / below[0]).is_dir():
        return replace(found, folder=here, config=posixpath.basename(config), versions=below[1:], script=below[0])
    return found


def _joined(here: str, paths: Sequence[str]) -> tuple[str, ...]:
    return tuple(one if _is_below(one, here) else posixpath.normpath(posixpath.join(here, one)) for one in paths)


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else None
    except OSError:
        return None


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")
