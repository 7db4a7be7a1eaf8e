"""Which mounts of a service hold data that it writes, and which of them it can no longer write to. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from gonogo.runtimes.compose.model.mounts import PLACEHOLDERS, is_configuration, is_like_file
from gonogo.runtimes.compose.model.roles import volumes_declared, volumes_used

__all__ = ["Data", "data_mounts", "judged", "tracked_folders"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """A named volume or a folder of the host that a service mounts."""

    source: str
    """The volume's name, or the folder."""
    target: str
    is_here: bool
    """The model mounts it writable here."""
    is_elsewhere: bool
    """The model mounts it writable in another service."""

    def __str__(self) -> str:
        """Says it: ``/app/uploads (volume shop_uploads)``."""
        return f"{self.target} ({'folder' if self.source.startswith('/') else 'volume'} {self.source})"


def data_mounts(
    model: Mapping[str, Any], service: str, *, of_release: Collection[str], tracked: Collection[str]
) -> Iterator[Data]:
    """The mounts of a service that may hold data; not configuration, single files, sockets, or a release's own.

    Args:
        model: the pinned model.
        service: whose mounts.
        of_release: folders below which all is the release's.
        tracked: folders of the host that git knows.
    """
    external = {one.name for one in volumes_declared(model) if one.external}
    names = {one.key: one.name for one in volumes_declared(model)}
    written = volumes_used(model)
    definition = (model.get("services") or {}).get(service) or {}
    for one in definition.get("volumes") or ():
        target, source, free = str(one.get("target")), str(one.get("source") or ""), not one.get("read_only")
        name = names.get(source, source)
        if one.get("type") == "volume" and source and (free or name not in external):
            others = any(name in used for other, used in written.items() if other != service)
            yield Data(source=name, target=target, is_here=free, is_elsewhere=others)
        elif one.get("type") == "bind" and free and not is_configuration(target) and not is_like_file(target):
            own = source in tracked or any(source == folder or source.startswith(f"{folder}/") for folder in of_release)
            yield from () if own else [Data(source=source, target=target, is_here=True, is_elsewhere=False)]


def tracked_folders(tracked: Collection[str]) -> frozenset[str]:
    """The folders in which git knows more than the files that keep them there."""
    files = (path for path in tracked if posixpath.basename(path) not in PLACEHOLDERS)
    return frozenset(str(parent) for path in files for parent in PurePosixPath(path).parents)


def judged(
    mounts: Collection[Data], writable: Mapping[str, bool], before: Mapping[str, bool]
) -> tuple[list[str], list[str]]:
    """What was writable before and is no more, and what is not and may never have been: one text each.

    Args:
        mounts: of ``data_mounts``.
        writable: target → whether the service can write there now.
        before: source → the same of the serving release; nothing where nobody knows.
    """
    red, unknown = [], []
    for one in mounts:
        if writable.get(one.target, True) or (not one.is_here and one.is_elsewhere):
            continue  # it can, or it is another service that writes there
        how = "cannot be written to by its user" if one.is_here else "is mounted read-only by every service"
        if before.get(one.source):
            red.append(f"{one} {how}; expected as before, where it could")
        elif one.source not in before and not one.is_elsewhere:
            unknown.append(f"{one} {how}")
    return red, unknown
