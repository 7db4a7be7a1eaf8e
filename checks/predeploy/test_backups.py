"""Whether what the databases hold can be kept before they are touched."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gonogo.backups.wanted import is_asked, is_proven
from gonogo.config import Environment
from gonogo.config.backups import BackupRule
from gonogo.errors import CommandError, RefusedError
from gonogo.host.disk import MIB, free_on
from gonogo.host.runner import Command
from gonogo.plugins.evidence import Collected
from gonogo.runtimes import runtime_of
from gonogo.runtimes.base import Place
from gonogo.state.release import Release
from gonogo.state.store import State
from gonogo.words import Tier

if TYPE_CHECKING:
    from gonogo.backups.shelf import Shelf
    from gonogo.backups.source import Source

__all__: list[str] = []

_HOUR, _DAY = 3600.0, 86400.0
_READ = 64 * 1024
"""Bytes of a backup's file in which ``success`` is looked for."""


@pytest.mark.predeploy(
    "P29",
    needs=("backup",),
    in_prod="stricter",
    remedy="Try it by hand: gonogo backup --env {env}; what [env.{env}.backup] may say stands in docs/configuration.md",
)
def test_a_backup_can_be_made_now(
    place: Place, environment: Environment, state: State, serving: Release | None, evidence: Collected
) -> None:
    """A backup can be made and kept now, or one of the team's own is fresh: databases, their programs, the folder.

    Catches the dump program that is older than the server, the role that may not read a table's schema, and the folder
    of backups that is another user's: each is found when a deployment has built for minutes, or when nobody looks. Told
    in prodrigestivill/docker-postgres-backup-local#63, inventree/InvenTree#10936.

    Before (gonogo.toml; the folder is another user's):

        [env.prod.backup]
        folder = "/root/backups"

    After (gonogo.toml):

        [env.prod.backup]
        folder = "/srv/backups"
    """
    if not is_asked(environment):
        pytest.skip("backup.off: no backup is wanted")
    from gonogo.backups.shelf import shelf_of  # noqa: PLC0415 (a gate that asks nothing of backups does without)

    rule = environment.backup or BackupRule()
    shelf = shelf_of(place.project, environment, state)
    if rule.made is not None:
        stale = _stale(rule, environment.tier, place.path, evidence)
        assert not stale, stale
        return
    wrong = [_unwritable(shelf)]
    if rule.command is not None:
        evidence.text("Backup", f"the team's command {' '.join(rule.command)}")
        wrong.append(_no_program(rule.command[0], place.path))
    else:
        wrong += _unready(place, serving, evidence)
    found = [one for one in wrong if one]
    assert not found, "; ".join(found)


@pytest.mark.predeploy(
    "P30",
    needs=("backup",),
    refuses="a backup that cannot be put back",
    remedy="gonogo backups --env {env} says what was found; prove = false in [env.{env}.backup] does without the proof",
)
def test_a_backup_can_be_put_back(
    place: Place, environment: Environment, serving: Release | None, evidence: Collected
) -> None:
    """A backup of this environment can be put back: here the scratch server that proves it, and later the proof itself.

    Catches the dump that lacks a table, rows or its end, and the database image that is gone or has no room to be
    started once more: a backup that nobody has restored is none.

    No before and after: whether the dump, the image or the room is to be mended is said by what was found.
    """
    if not is_proven(environment) or (environment.backup or BackupRule()).command is not None:
        pytest.skip("no proof by a restore is wanted (backup.prove)")
    from gonogo.backups.found import databases  # noqa: PLC0415 (a gate that asks nothing of backups does without)

    try:
        found = databases(place, runtime_of(environment.runtime), serving)
        size = sum(one.size(place.host) for one in found.sources)
    except (RefusedError, CommandError):
        pytest.skip("what would be put back is not known (see P29)")
    evidence.text("Restored", f"{', '.join(one.name for one in found.sources) or 'nothing yet'}: {size // MIB} MiB")
    wrong = _no_room(place, [one for one in found.sources if one.image], environment.min_free_disk)
    assert not wrong, wrong


def _no_room(place: Place, sources: Sequence[Source], spare: int) -> str:
    """Why the Engine's disk cannot hold the databases once more."""
    if not sources:
        return ""
    asked = place.host.run(Command(argv=("docker", "info", "--format", "{{.DockerRootDir}}"), timeout=20.0)).require()
    root, need = Path(asked.output.strip()), sum(one.size(place.host) for one in sources) // MIB + 1
    free = free_on("the Docker Engine", root).free if root.is_dir() else need + spare
    if free >= need + spare:
        return ""
    return (
        f"{root}: found {free} MiB free, expected {need} for a scratch server with the databases and {spare} to spare"
    )


def _unready(place: Place, serving: Release | None, evidence: Collected) -> list[str]:
    from gonogo.backups.found import databases  # noqa: PLC0415 (a gate that asks nothing of backups does without)

    try:
        found = databases(place, runtime_of(place.environment.runtime), serving)
    except RefusedError as error:
        return [str(error)]
    ready: list[tuple[str, str]] = []
    wrong: list[str] = []
    for one in found.sources:
        try:
            ready.append((one.name, one.ready(place.host)))
        except CommandError as error:
            wrong.append(" ".join(str(error).split()))
    evidence.table("Databases", [*ready, *(("not in it", left) for left in found.left)])
    if not found.sources and serving is not None:
        wrong.append("found no database of what serves, expected one; name it under databases")
    return wrong


def _stale(rule: BackupRule, tier: Tier, folder: Path, evidence: Collected) -> str:
    """Why the newest of the team's own backups does not count; nothing where it does."""
    pattern = Path(rule.made or "").expanduser()
    root = Path(pattern.anchor) if pattern.is_absolute() else folder
    kept = [one for one in root.glob(str(pattern.relative_to(pattern.anchor))) if one.is_file()]
    newest = max(kept, key=lambda one: one.stat().st_mtime, default=None)
    if newest is None:
        return f"{root / pattern}: found no backup, expected one"
    age, most = time.time() - newest.stat().st_mtime, rule.fresh or (_HOUR if tier is Tier.PROD else _DAY)
    evidence.table("Backups", [(str(newest), f"{newest.stat().st_size} bytes", f"{age:.0f} s old")])
    if newest.stat().st_size == 0:
        return f"{newest}: found an empty file, expected a backup"
    if age > most:
        return f"{newest}: found a backup that is {age / _HOUR:.1f} h old, expected at most {most / _HOUR:g} h (fresh)"
    with newest.open("rb") as stream:
        text = stream.read(_READ).decode(errors="replace")
    if rule.success is not None and not re.search(rule.success, text, re.MULTILINE):
        return f"{newest}: found no line that matches {rule.success!r}, expected one"
    return ""


def _unwritable(shelf: Shelf) -> str:
    """Why a backup could not be written; nothing where it could, also where the folder is still to be made."""
    there = next(one for one in (shelf.folder, *shelf.folder.parents) if one.exists())
    if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
        return ""
    return f"{there}: found no folder that this user may write into, expected one for the backups"


def _no_program(name: str, folder: Path) -> str:
    here = shutil.which(folder / name) if os.sep in name else shutil.which(name)
    return "" if here else f"backup.command: found no program {name} that can be run, expected one"
