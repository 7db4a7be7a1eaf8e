"""Backups that tests take."""

from __future__ import annotations

from pathlib import Path

from gonogo.backups.found import Found
from gonogo.backups.manifest import Backup
from gonogo.backups.shelf import Shelf
from gonogo.backups.source import Source
from gonogo.backups.take import Taking, take
from gonogo.config.backups import BackupRule
from gonogo.host.runner import Host, this_machine

__all__ = ["taken", "taking"]


def taking(folder: Path, *, host: Host | None = None, **rule: object) -> Taking:
    """A backup of an environment that works in a folder, kept in one below it."""
    return Taking(
        shelf=Shelf(folder / "backups"),
        host=host or this_machine(timeout=60),
        rule=BackupRule.model_validate(rule),
        app="a",
        env="e",
        folder=folder,
        serving=None,
        redact=str,
    )


def taken(folder: Path, *sources: Source, host: Host | None = None) -> Backup:
    """What is kept of these."""
    return take(taking(folder, host=host), Found(sources=sources))
