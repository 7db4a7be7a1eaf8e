"""What is wrong with the mounts of a rendered model, and what of it a release cannot keep: one line each."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gonogo.runtimes.compose.copies import written_into
from gonogo.runtimes.compose.files import COMPOSE, read_model, services_of
from gonogo.runtimes.compose.model import roles
from gonogo.runtimes.compose.model.mounts import is_like_file
from gonogo.runtimes.compose.mounts import Kept, Mounts
from gonogo.state.release import Release

__all__ = ["Mounted", "all_mounts", "left_behind"]

_SHOWN = 3
_COUNTED = 50
_STORES = frozenset({".db", ".sqlite", ".log"})
"""Suffixes that folders of some data stores have, too; one that Docker made is empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mounted:
    """One mount of a model, as a release will have it."""

    service: str
    source: str
    target: str
    stands: str
    """``the commit's``, ``the host's``, or ``the commit's, with 2 of the host's in it``."""
    wrong: str = ""
    """Why it cannot be what the release means; empty where it can."""
    loose: str = ""
    """What of it is not the commit's although the commit has it."""


def all_mounts(model: Mapping[str, Any], mounts: Mounts) -> Iterator[Mounted]:
    """Every bind mount, configuration and secret that is a file of this machine."""
    makes = {(name, one["source"]) for name, one in _volumes(model) if (one.get("bind") or {}).get("create_host_path")}
    for one in roles.bind_mounts(model):
        source = Path(one.source)
        kept = mounts.where(source, read_only=one.read_only, target=one.target)
        shown = f"./{mounts.relative(source)}" if kept is not None else one.source
        kept = kept or Kept(source=source)
        wrong = _missing(kept) or _kind(kept.source, one.target, is_made=(one.service, one.source) in makes)
        wrong = wrong or _other_code(kept, mounts, source)
        yield Mounted(
            service=one.service,
            source=shown,
            target=one.target,
            stands=_stands(kept, mounts, source),
            wrong=f"{shown} at {one.target}: {wrong}" if wrong else "",
            loose=_loose(kept, shown, mounts, source),
        )


def left_behind(model: Mapping[str, Any], serving: Release, mounts: Mounts) -> Iterator[str]:
    """What containers of the serving release wrote into copies of tracked folders, which the next one does not see."""
    if not (serving.folder / COMPOSE).is_file():
        return
    for name, volume in _volumes(read_model(serving)):
        written = written_into(Path(volume["source"])) if not volume.get("read_only") else ()
        now = _again(model, name, str(volume["target"]))
        own = mounts.own(mounts.relative(Path(now))) if now and Path(now).is_relative_to(mounts.folder) else None
        lost = [one for one in written if own is not None and not (own / one).exists()]
        if lost:
            yield (
                f"{name} wrote {_some(lost)} at {volume['target']}, which stands in {volume['source']} only, "
                f"and belongs into {own} (cp --archive --no-clobber)"
            )


def _volumes(model: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, service in services_of(model).items():
        yield from ((name, one) for one in service.get("volumes") or () if one.get("type") == "bind")


def _again(model: Mapping[str, Any], service: str, target: str) -> str:
    """What the new release mounts there again; empty for nothing."""
    return next((str(one["source"]) for name, one in _volumes(model) if (name, one["target"]) == (service, target)), "")


def _missing(kept: Kept) -> str:
    if not kept.missing:
        return ""
    return (
        f"found no such file in this commit, but {kept.source} of another commit; "
        "expected the commit's own, or one that no commit ever tracked"
    )


def _kind(source: Path, target: str, *, is_made: bool) -> str:
    file = is_like_file(target) and is_like_file(source.name)
    if source.is_dir() and file and (source.suffix not in _STORES or not any(source.iterdir())):
        return f"found a folder ({source}), expected a file, which is what stands there in the container"
    if source.exists() or source.is_symlink():
        return ""
    if file:
        return f"found nothing at {source}, of which Docker makes a folder; expected a file"
    return "" if is_made else f"found nothing at {source}, which Docker refuses to mount; expected a file or a folder"


def _other_code(kept: Kept, mounts: Mounts, source: Path) -> str:
    if not kept.loose:
        return ""
    other = [path for path in mounts.differing(mounts.relative(source)) if path.endswith(".py")]
    if not other:
        return ""
    return f"found {_some(other)} in {kept.source} other than this commit has it ({kept.loose}), expected the commit's"


def _some(paths: list[str]) -> str:
    return ", ".join(paths[:_SHOWN]) + (f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else "")


def _stands(kept: Kept, mounts: Mounts, source: Path) -> str:
    if kept.loose or not source.is_relative_to(mounts.folder) or not mounts.below(mounts.relative(source)):
        return "the host's"
    names = sorted(kept.holes)
    inside = [name for name in names if posixpath.dirname(name) not in kept.holes][:_COUNTED]
    return f"the commit's; the host's are in it: {', '.join(inside)}" if inside else "the commit's"


def _loose(kept: Kept, shown: str, mounts: Mounts, source: Path) -> str:
    if not kept.loose:
        return ""
    other = mounts.differing(mounts.relative(source))
    differs = f"; {_some(other)} differ from this commit's" if other else ""
    return (
        f"{shown} stays the host's as it is, whichever release runs, and a rollback does not take it back: "
        f"{kept.loose}{differs}"
    )
