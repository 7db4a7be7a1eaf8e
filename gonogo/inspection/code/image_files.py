"""The files of an image or of a folder, as digests: read from a tar stream, never written to disk."""

from __future__ import annotations

import hashlib
import os
import posixpath
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self, cast

from gonogo.inspection.code.contents import FileDigest, digest_of, link_digest
from gonogo.inspection.code.rights import Rights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

__all__ = [
    "TarStreamError",
    "Unpacked",
    "holds_a_file",
    "read_beginning",
    "read_rights",
    "read_tar",
    "read_text",
    "read_tree",
]

_BLOCK = 512
_CHUNK = 1 << 20
_AHEAD = 1 << 16
"""Bytes that ``tarfile`` reads ahead, and copies for each header of theirs: with more, many small files take long."""
_SKIPPED = frozenset({".git"})
_PLAIN = (tarfile.REGTYPE, tarfile.DIRTYPE)
_NUMBERS = ((100, 108), (108, 116), (116, 124), (124, 136), (136, 148), (148, 156))
"""Where a header has mode, owner, group, size, time and checksum."""


class _Member(tarfile.TarInfo):
    """A member whose plain header, one of a file or a folder as nearly all are, is read in a third of the time."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """The member that a header describes."""
        plain = len(buf) == _BLOCK and buf[156:157] in _PLAIN and buf[257:262] == b"ustar"
        try:
            mode, uid, gid, size, mtime, said = (
                int(buf[begin:end].strip(b" \0") or b"0", 8) for begin, end in (_NUMBERS if plain else ())
            )
        except ValueError:  # no plain header, or a number in base 256
            return super().frombuf(buf, encoding, errors)
        if sum(buf) - sum(buf[148:156]) + 8 * ord(" ") != said:
            return super().frombuf(buf, encoding, errors)
        name, prefix = (bytes(part).partition(b"\0")[0].decode(encoding, errors) for part in (buf[:100], buf[345:500]))
        found = cls(f"{prefix}/{name}" if prefix else name)
        found.mode, found.uid, found.gid, found.size, found.mtime, found.chksum = mode, uid, gid, size, mtime, said
        found.type = bytes(buf[156:157])
        if found.type == tarfile.DIRTYPE:
            found.name = found.name.rstrip("/")
        return found


class TarStreamError(ValueError):
    """A tar stream ended early or is none, so nothing is known about the files in it."""


class _Reader:
    """A file object over chunks of bytes: it reads ahead by one chunk at most and keeps the last block."""

    def __init__(self, stream: Iterable[bytes]) -> None:
        """Starts before the first chunk."""
        self._chunks: Iterator[bytes] = iter(stream)
        self._rest = memoryview(b"")
        self.last = b""
        self.count = 0

    def read(self, size: int) -> bytes:
        """The next bytes, fewer than asked only at the end."""
        parts = []
        wanted = size
        while wanted:
            if not self._rest:
                self._rest = memoryview(next((chunk for chunk in self._chunks if chunk), b""))
                if not self._rest:
                    break
            part, self._rest = self._rest[:wanted], self._rest[wanted:]
            parts.append(part)
            wanted -= len(part)
        data = b"".join(parts)
        self.last = (self.last + data[-_BLOCK:])[-_BLOCK:]
        self.count += len(data)
        return data


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """What one pass over an archive saw."""

    files: Mapping[str, FileDigest]
    """Of the files and links, by absolute path."""
    contents: Mapping[str, bytes] = field(repr=False)
    """What the chosen files hold."""
    rights: Mapping[str, Rights] = field(repr=False)
    """Of the files and folders, without links."""


def read_tar(
    stream: Iterable[bytes], *, base: str = "/", chosen: Callable[[str, int], bool] = lambda _path, _size: False
) -> Unpacked:
    """The digests of the files and links in an archive, and what those hold that are chosen by path and size.

    Args:
        stream: the chunks of a tar archive, as docker's ``get_archive`` and ``export`` give them.
        base: the folder that the archive's names are relative to: for ``get_archive("/srv/app")`` it is ``/srv``.
        chosen: whether a file's content is wanted; it must fit into memory.

    Raises:
        TarStreamError: the stream is no tar archive, or it ends before the archive does.
    """
    reader = _Reader(stream)
    found: dict[str, FileDigest] = {}
    contents: dict[str, bytes] = {}
    rights: dict[str, Rights] = {}
    alike: dict[Rights, Rights] = {}
    try:
        with tarfile.open(fileobj=cast("IO[bytes]", reader), mode="r|", bufsize=_AHEAD, tarinfo=_Member) as archive:
            for member in archive:
                path = _absolute(base, member.name)
                if not member.issym():
                    seen = _rights_of(member)
                    rights[path] = alike.setdefault(seen, seen)
                parts: list[bytes] | None = [] if member.isreg() and chosen(path, member.size) else None
                digest = _member_digest(archive, member, found, base, parts)
                if digest is not None:
                    found[path] = digest
                if parts is not None:
                    contents[path] = b"".join(parts)
                archive.members = []  # type: ignore[attr-defined]  # a stream is read once
        while reader.read(_CHUNK):
            pass
    except (tarfile.TarError, EOFError, OSError) as error:
        raise _broken(reader, str(error)) from error
    if reader.last != bytes(_BLOCK):
        raise _broken(reader, "no end-of-archive block")
    return Unpacked(files=found, contents=contents, rights=rights)


def read_rights(stream: Iterable[bytes], *, base: str) -> tuple[dict[str, Rights], str]:
    """Modes and owners of what is in an archive, and where its first member points if it is a link.

    Raises:
        TarStreamError: the stream is no tar archive, or it ends before the archive does.
    """
    reader = _Reader(stream)
    found: dict[str, Rights] = {}
    link = ""
    try:
        with tarfile.open(fileobj=cast("IO[bytes]", reader), mode="r|", bufsize=_AHEAD, tarinfo=_Member) as archive:
            for member in archive:
                path = _absolute(base, member.name)
                if member.issym():
                    link = link or ("" if found else member.linkname)
                else:
                    found[path] = _rights_of(member)
                archive.members = []  # type: ignore[attr-defined]  # a stream is read once
    except (tarfile.TarError, EOFError, OSError) as error:
        raise _broken(reader, str(error)) from error
    return found, link


def holds_a_file(stream: Iterable[bytes]) -> bool:
    """Whether a tar archive holds more than folders; it is read to the first of it.

    Raises:
        TarStreamError: the stream is no tar archive.
    """
    reader = _Reader(stream)
    try:
        with tarfile.open(fileobj=cast("IO[bytes]", reader), mode="r|", bufsize=_AHEAD, tarinfo=_Member) as archive:
            return any(not member.isdir() for member in archive)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise _broken(reader, str(error)) from error


def read_text(stream: Iterable[bytes]) -> str:
    """The text of the one file in an archive; empty where it holds none.

    Raises:
        TarStreamError: the stream is no tar archive.
    """
    return read_beginning(stream, -1).decode("utf-8", "replace")


def read_beginning(stream: Iterable[bytes], size: int) -> bytes:
    """The first bytes of the one file in an archive, all of them for -1; the rest is not waited for.

    Raises:
        TarStreamError: the stream is no tar archive.
    """
    reader = _Reader(stream)
    try:
        with tarfile.open(fileobj=cast("IO[bytes]", reader), mode="r|", bufsize=_AHEAD, tarinfo=_Member) as archive:
            member = archive.next()
            file = archive.extractfile(member) if member is not None and member.isreg() else None
            return file.read(size) if file is not None else b""
    except (tarfile.TarError, EOFError, OSError) as error:
        raise _broken(reader, str(error)) from error


def read_tree(folder: Path, *, at: str | None = None) -> dict[str, FileDigest]:
    """The digests of a folder's files and links, by absolute path, as if the folder stood at ``at``.

    ``.git`` is left out, and links are never followed.
    """
    base = folder.as_posix() if at is None else at
    found = {}
    for parent, folders, names in os.walk(folder, onerror=_raised):
        links = [name for name in folders if (Path(parent) / name).is_symlink()]
        folders[:] = sorted(name for name in folders if name not in _SKIPPED and name not in links)
        for name in sorted([*names, *links]):
            path = Path(parent) / name
            digest = digest_of(path)
            if digest is not None and name not in _SKIPPED:
                found[posixpath.join(base, path.relative_to(folder).as_posix())] = digest
    return found


def _rights_of(member: tarfile.TarInfo) -> Rights:
    return Rights(mode=member.mode & 0o7777, uid=member.uid, gid=member.gid, is_folder=member.isdir())


def _member_digest(
    archive: tarfile.TarFile,
    member: tarfile.TarInfo,
    found: dict[str, FileDigest],
    base: str,
    parts: list[bytes] | None,
) -> FileDigest | None:
    """The digest of a member that is a file or a link; a hard link is the file that came before it.

    Where the content is wanted too, ``parts`` gets it.
    """
    if member.issym():
        return link_digest(member.linkname)
    if member.islnk():
        return found.get(_absolute(base, member.linkname))
    if not member.isreg():
        return None
    content, blob = hashlib.sha256(), hashlib.sha1(b"blob %d\0" % member.size, usedforsecurity=False)
    size = 0
    for chunk in _chunks(archive, member):
        content.update(chunk)
        blob.update(chunk)
        size += len(chunk)
        if parts is not None:
            parts.append(chunk)
    if size != member.size:
        raise tarfile.ReadError(f"{member.name} ends after {size} of {member.size} bytes")
    return FileDigest(
        sha256=content.hexdigest(),
        size=size,
        mode=member.mode & 0o7777,
        blob=blob.hexdigest(),
        mtime=float(member.mtime),
    )


def _chunks(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[bytes]:
    """What a file holds, straight from the stream: a file object for each of many small ones takes longer than they."""
    if archive.fileobj is None or member.issparse():
        file = archive.extractfile(member)
        while file is not None and (chunk := file.read(_CHUNK)):
            yield chunk
        return
    archive.fileobj.seek(member.offset_data)
    left = member.size
    while left and (chunk := archive.fileobj.read(min(left, _CHUNK))):
        left -= len(chunk)
        yield chunk


def _raised(error: OSError) -> None:
    """Raises the error of a folder that cannot be listed: it must not look empty."""
    raise error


def _absolute(base: str, name: str) -> str:
    """The absolute path of an archive's name, which can never climb above the root."""
    return "/" + posixpath.normpath(posixpath.join("/", base, name.lstrip("/"))).lstrip("/")


def _broken(reader: _Reader, reason: str) -> TarStreamError:
    """The error for a stream that is no whole archive."""
    return TarStreamError(
        f"tar stream: found {reader.count} bytes that are no whole archive ({reason}), expected a complete one; "
        "ask the Engine again, and look at its free disk space"
    )
