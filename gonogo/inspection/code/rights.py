"""Whether a user may read files and start programs, by the modes and owners that an image has. Pure."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["Identity", "Rights", "identity_of", "is_under", "started_paths", "unreadable", "unstartable"]

_READ, _EXECUTE = 4, 1
_SHELLS = frozenset({"sh", "bash", "ash", "dash"})
_NEXT = re.compile(r"&&|\|\||[;|\n]")
_SET = re.compile(r"\w+=.*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """Mode and owner of one file or folder."""

    mode: int
    uid: int
    gid: int
    is_folder: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who a service runs as."""

    uid: int
    gids: frozenset[int]

    def may(self, what: int, file: Rights) -> bool:
        """Whether the first of owner, group and others that it is may do it; root may read all."""
        if self.uid == 0:
            return what == _READ or file.is_folder or bool(file.mode & 0o111)
        shift = 6 if file.uid == self.uid else 3 if file.gid in self.gids else 0
        return bool(file.mode >> shift & what)


def identity_of(user: str, passwd: str, group: str, *, more: Iterable[str] = ()) -> Identity | None:
    """Who ``USER`` means, by the image's own lists; None where they do not know the name."""
    name, _, own = user.partition(":")
    people = [line.split(":") for line in passwd.splitlines() if line.count(":") >= 3]  # noqa: PLR2004 (uid and gid)
    groups = [line.split(":") for line in group.splitlines() if line.count(":") >= 3]  # noqa: PLR2004 (its members)
    known = {entry[0]: entry[2] for entry in groups}
    one = next((entry for entry in people if (name or "0") in (entry[0], entry[2])), None)
    uid = name or "0" if (name or "0").isdecimal() else one[2] if one else ""
    if not uid.isdecimal():
        return None
    login = one[0] if one else ""
    mine = [entry[2] for entry in groups if login and login in entry[3].split(",")] if not own else []
    wanted = [known.get(own, own) if own else one[3] if one else "0", *mine, *(known.get(str(g), str(g)) for g in more)]
    return Identity(uid=int(uid), gids=frozenset(int(gid) for gid in wanted if gid.isdecimal()))


def unreadable(rights: Mapping[str, Rights], who: Identity, wanted: Collection[str]) -> list[str]:
    """Those of some paths that a user cannot read, or not reach through the folders that are known."""
    return [
        path
        for path in wanted
        if path in rights and not (who.may(_READ, rights[path]) and all(_open(rights, who, path)))
    ]


def unstartable(rights: Mapping[str, Rights], who: Identity, started: Iterable[tuple[str, bool]]) -> list[str]:
    """Those of some programs that a user cannot start; a script that a shell is given need only be read."""
    return [
        path
        for path, is_program in started
        if (one := rights.get(path)) is not None
        and not one.is_folder
        and not (who.may(_EXECUTE if is_program else _READ, one) and all(_open(rights, who, path)))
    ]


def started_paths(words: Sequence[str], workdir: str) -> Iterator[tuple[str, bool]]:
    """The files that a start command names by their path, and whether each is started itself, or read by a shell."""
    if not words:
        return
    first, shell = words[0], posixpath.basename(words[0])
    if shell not in _SHELLS:
        yield from _path(first, workdir, is_program=True)
        return
    rest = [word for word in words[1:] if not word.startswith("-")]
    if any(re.fullmatch(r"-\w*c", word) for word in words[1:]):
        for part in _NEXT.split(rest[0] if rest else ""):
            command = [word for word in _split(part) if not _SET.fullmatch(word) and word != "exec"]
            yield from started_paths(command[:2], workdir)
    elif rest:
        yield from _path(rest[0], workdir, is_program=False)


def is_under(path: str, folders: Iterable[str]) -> bool:
    """Whether a path is one of some folders or lies below one."""
    place = posixpath.normpath(path)
    return any(place == one.rstrip("/") or place.startswith(f"{one.rstrip('/')}/") for one in folders)


def _path(word: str, workdir: str, *, is_program: bool) -> Iterator[tuple[str, bool]]:
    if ("/" in word or not is_program) and "$" not in word:
        yield posixpath.normpath(posixpath.join(workdir or "/", word)), is_program


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return []


def _open(rights: Mapping[str, Rights], who: Identity, path: str) -> Iterator[bool]:
    parent = posixpath.dirname(path)
    while parent not in {"/", ""}:
        if parent in rights:
            yield who.may(_EXECUTE, rights[parent])
        parent = posixpath.dirname(parent)
