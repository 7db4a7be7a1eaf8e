"""What a release changes in services that are left alone when it starts, and where that would be other data. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gonogo.runtimes.compose.model import roles

__all__ = ["Change", "changes"]

_PLACES = frozenset({"PGDATA", "MYSQL_DATADIR", "MONGO_DATA_DIR"})
"""Variables that say where a data store keeps what it has."""
_COPY = re.compile(r"/files/[0-9a-f]{64}/")
"""A copy of tracked files, in this state folder or in the one of a release that was adopted: it holds no data."""
_WORDS = ("command", "entrypoint")
_APART = frozenset({"image", "volumes", "environment", "build", "labels", "depends_on", "profiles", "develop", *_WORDS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that the new model says of a service otherwise than the serving one."""

    service: str
    what: str
    before: str
    after: str
    volume: str = ""
    """The volume that would be used instead, where it would be other data."""
    is_other_data: bool = False
    held_at: str = ""
    """Where in its container the data stands that it would no longer have."""
    only_reads: bool = False
    """It would have the same, and could not write to it any more."""

    def __str__(self) -> str:
        """Says it in one line."""
        return f"{self.service}: {self.what}: found {self.after or 'none'}, {self.before or 'none'} before"


def changes(
    old: Mapping[str, Any], new: Mapping[str, Any], services: Collection[str], *, alike: bool = True
) -> Iterator[Change]:
    """What ``new`` says otherwise than ``old``: of services left alone everything, of deployed ones where data stands.

    Args:
        old: the model of what serves.
        new: the model of the release.
        services: the services that the release consists of; they are made anew.
        alike: whether both models were made in the same way; otherwise only where data stands can be compared.
    """
    left = roles.backing(new, services)
    before, after = old.get("services") or {}, new.get("services") or {}
    for name in (one for one in after if one in before):
        held = _data(old, name), _data(new, name)
        others = () if name in left else (one for one in after if one != name)
        shared = {source for one in others for source in _data(new, one).values()}
        seen = set(_data(new, name, only_written=False).values())
        yield from _volumes(name, held[0], {**_read(new, name, shared), **held[1]}, shared, seen)
        if name in left and alike:
            yield from _rest(name, old, new)
            yield from _more(name, *held)
    for name in roles.backing(old, services):
        if name not in after:
            yield from _vanished(name, old, new)


def _rest(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    before, after = old["services"][name], new["services"][name]
    images = roles.image_name(old, name), roles.image_name(new, name)
    if images[0] != images[1]:
        yield Change(service=name, what="image", before=images[0], after=images[1])
    yield from _environment(name, before.get("environment") or {}, after.get("environment") or {})
    for key in _WORDS:
        if before.get(key) != after.get(key):
            yield Change(service=name, what=key, before=_said(before.get(key)), after=_said(after.get(key)))
    other = sorted(key for key in {*before, *after} - _APART if before.get(key) != after.get(key))
    if other:
        yield Change(service=name, what="definition", before="another", after=f"changed {', '.join(other)}")


def _environment(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    """Names only: values may be secrets."""
    other = sorted(key for key in {*before, *after} if before.get(key) != after.get(key))
    for key in (one for one in other if one in _PLACES):
        pair = str(before.get(key) or ""), str(after.get(key) or "")
        yield Change(service=name, what=key, before=pair[0], after=pair[1], is_other_data=True)
    plain = [one for one in other if one not in _PLACES]
    if plain:
        yield Change(service=name, what="environment", before="other values", after=f"changed {', '.join(plain)}")


def _volumes(
    name: str, before: Mapping[str, str], after: Mapping[str, str], shared: Collection[str], seen: Collection[str]
) -> Iterator[Change]:
    """Whoever lets go of what is ``shared``, which another service goes on writing to, does not begin with nothing.

    What is ``seen`` still, and only cannot be written to any more, is no place that may be empty.
    """
    for target, source in before.items():
        now = after.get(target, "")
        if now != source and source not in after.values():
            kind = f"what holds its data at {target}"
            other = bool(now) or source not in shared
            only_reads = not now and source in seen
            data = {"volume": now, "held_at": "" if source in seen else target}
            after_it = "the same for reading only" if only_reads else now
            yield Change(
                service=name,
                what=kind,
                before=source,
                after=after_it,
                is_other_data=other,
                only_reads=only_reads,
                **data,
            )
        elif now != source:
            place = next(one for one, held in after.items() if held == source)
            kind = f"where {source} is mounted"
            yield Change(service=name, what=kind, before=target, after=place, is_other_data=True)


def _more(name: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Change]:
    for target in (one for one in after if one not in before and after[one] not in before.values()):
        yield Change(service=name, what=f"what is mounted at {target}", before="", after=after[target])


def _vanished(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Change]:
    """A service that is not in the new model goes on running, beside another one over the same data at worst."""
    held = set(_data(old, name).values())
    for other in new.get("services") or {}:
        if other not in (old.get("services") or {}):
            for source in held & set(_data(new, other).values()):
                yield Change(
                    service=other,
                    what=f"what holds its data ({source})",
                    before=f"in use by {name}, which goes on running over it",
                    after="the same for both",
                    is_other_data=True,
                )


def _data(model: Mapping[str, Any], name: str, *, only_written: bool = True) -> dict[str, str]:
    """Where a service keeps what it writes (or reads): its place there → the volume's name, or the folder."""
    names = {one.key: one.name for one in roles.volumes_declared(model)}
    volumes = model["services"][name].get("volumes") or ()
    written = [one for one in volumes if one.get("source") and not (only_written and one.get("read_only"))]
    found = {
        str(one["target"]).rstrip("/"): str(one["source"])
        for one in written
        if one.get("type") == "bind" and not _COPY.search(str(one["source"]))
    }
    for one in written:
        if one.get("type") == "volume":
            found[str(one["target"]).rstrip("/")] = names.get(str(one["source"]), str(one["source"]))
    return found


def _read(model: Mapping[str, Any], name: str, shared: Collection[str]) -> dict[str, str]:
    """The same of what a service mounts, be it for reading alone, and another one writes to."""
    mounted = _data(model, name, only_written=False)
    return {place: source for place, source in mounted.items() if source in shared}


def _said(words: Any) -> str:
    return " ".join(map(str, words)) if isinstance(words, list) else str(words or "")
