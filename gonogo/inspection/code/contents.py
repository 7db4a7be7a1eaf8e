"""Whether the files in an image are the commit's: byte for byte, none lost, none in a module's place.

A manifest holds the tracked files of the worktree that is built, so what git does to a file on checkout (line endings,
``ident``, LFS) is part of it. Paths of the repository are mapped to paths of the image by their longest prefix.
"""

from __future__ import annotations

import hashlib
import posixpath
import stat
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gonogo.inspection.code import shadows

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

__all__ = [
    "Drift",
    "DriftedFile",
    "FileDigest",
    "Manifest",
    "belongs",
    "compare",
    "digest_of",
    "folder_place",
    "is_cache",
    "looked_at",
    "manifest_of",
    "map_paths",
    "missing_required",
]

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDigest:
    """What a file is: its content's SHA-256, size and mode, or where a symbolic link points."""

    sha256: str
    size: int
    mode: int = 0o644
    link: str | None = None
    blob: str = field(default="", compare=False)
    """Git's id of the content, where it was read from an archive."""
    mtime: float = field(default=0.0, compare=False)
    """When the content was last written, in seconds since the epoch; 0 where that was not read."""

    def same_content(self, other: FileDigest) -> bool:
        """Whether two files hold the same bytes, or two links point to the same place; modes do not count."""
        return (self.sha256, self.size, self.link) == (other.sha256, other.size, other.link)

    def __str__(self) -> str:
        """Says it shortly, for a table."""
        return f"link to {self.link}" if self.link is not None else f"{self.size} bytes, sha256 {self.sha256:.12}"


Manifest = dict[str, FileDigest]
"""Path to digest: of the repository (relative, with ``/``) or of an image (absolute)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftedFile:
    """One file of an image that is not what the commit says."""

    kind: str  # "differs", "missing", "shadows" or "nothing"
    path: str
    image_path: str
    expected: str
    found: str

    def __str__(self) -> str:
        """Says it in one line: where, found, expected."""
        return f"{self.image_path}: found {self.found}, expected {self.expected}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """What is red (``files``; falsy when there is none) and, for the record, what is not."""

    files: tuple[DriftedFile, ...]
    compared: int
    left_out: tuple[str, ...]  # tracked, mapped, not in the image, and nobody asked for them
    untracked: tuple[str, ...]  # below mapped folders, unknown to git, and in no module's place
    unmapped: str = ""  # a mapping under which more files would be compared, as gonogo.toml has it

    def __len__(self) -> int:
        """How many files are red."""
        return len(self.files)

    def __iter__(self) -> Iterator[DriftedFile]:
        """The red files in order."""
        return iter(self.files)

    def of(self, kind: str) -> tuple[DriftedFile, ...]:
        """The red files of one kind."""
        return tuple(file for file in self.files if file.kind == kind)


def digest_of(path: Path) -> FileDigest | None:
    """The digest of a file or symbolic link, or None for anything else and for nothing."""
    try:
        status = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if stat.S_ISLNK(status.st_mode):
        return link_digest(str(path.readlink()))
    if not stat.S_ISREG(status.st_mode):
        return None
    content = hashlib.sha256()
    size = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            content.update(chunk)
            size += len(chunk)
    return FileDigest(sha256=content.hexdigest(), size=size, mode=stat.S_IMODE(status.st_mode), mtime=status.st_mtime)


def link_digest(target: str) -> FileDigest:
    """The digest of a symbolic link: git stores the target as the content."""
    raw = target.encode("utf-8", "surrogateescape")
    return FileDigest(sha256=hashlib.sha256(raw).hexdigest(), size=len(raw), mode=0o777, link=target)


def manifest_of(worktree: Path, tracked: Iterable[str]) -> Manifest:
    """The manifest of the tracked files that stand in a worktree; submodules and sparse paths are left out."""
    digests = ((path, digest_of(worktree / path)) for path in tracked)
    return {path: digest for path, digest in digests if digest is not None}


def map_paths(paths: Iterable[str], code: Mapping[str, str]) -> dict[str, str]:
    """Where each path of the repository lands in the image; a path under no prefix lands nowhere.

    ``code`` maps folders or files of the repository to the image (``{".": "/app"}``); the longest prefix decides.
    """
    prefixes = sorted(((_parts(here), there) for here, there in code.items()), key=lambda pair: -len(pair[0]))
    mapped = {}
    for path in paths:
        parts = _parts(path)
        for prefix, there in prefixes:
            if parts[: len(prefix)] == prefix:
                mapped[path] = posixpath.normpath(posixpath.join("/", there, *parts[len(prefix) :]))
                break
    return mapped


def looked_at(code: Mapping[str, str], paths: Iterable[str]) -> list[str]:
    """What of an image is looked at: where code is mapped; of ``/`` only what the repository has there."""
    mapped = map_paths(paths, code).values()
    tops = (
        sorted({"/" + path.split("/")[1] for path in mapped}) if "/" in map(posixpath.normpath, code.values()) else []
    )
    return list(dict.fromkeys([*(there for there in code.values() if posixpath.normpath(there) != "/"), *tops]))


def folder_place(folder: str, code: Mapping[str, str]) -> str | None:
    """Where a folder of the repository is in the image: mapped itself, or where its parts stand side by side.

    ``COPY backend/app /srv/backend/app`` and ``COPY backend/a.ini /srv/backend/`` put ``backend`` at ``/srv/backend``.
    """
    own = map_paths([folder], code).get(folder)
    if own is not None:
        return own
    inner = {_parts(here): posixpath.normpath(there) for here, there in code.items()}
    kept = [
        posixpath.dirname(at)
        for parts, at in inner.items()
        if parts and parts[:-1] == _parts(folder) and parts[-1] == posixpath.basename(at)
    ]
    return Counter(kept).most_common(1)[0][0] if kept else None


def belongs(path: str, code: Mapping[str, str]) -> bool:
    """Whether a file or folder of the repository, or something in it, lands in the image."""
    parts = _parts(path)
    return bool(map_paths([path], code)) or any(_parts(here)[: len(parts)] == parts for here in code)


def missing_required(required: Iterable[str], image_files: Collection[str], *, code: Mapping[str, str]) -> list[str]:
    """The required paths (files or folders of the repository) that are not in the image, or are not mapped.

    Of a folder that lands in parts one part is enough.
    """
    return [path for path in required if not any(_stands(place, image_files) for place in _places(path, code))]


def _places(path: str, code: Mapping[str, str]) -> list[str]:
    """Where a path of the repository lands, itself or what is in it."""
    parts = _parts(path)
    inner = [posixpath.normpath(there) for here, there in code.items() if _parts(here)[: len(parts)] == parts]
    return [*map_paths([path], code).values(), *inner]


def is_cache(path: str) -> bool:
    """Whether a file is bytecode that Python keeps beside a source; B03 and D05 judge whether it can do harm."""
    folder, name = posixpath.split(path)
    return posixpath.basename(folder) == "__pycache__" and name.endswith(".pyc")


def compare(
    source: Mapping[str, FileDigest],
    image_files: Mapping[str, FileDigest],
    *,
    code: Mapping[str, str],
    lost: Mapping[str, str] | None = None,
    import_roots: Iterable[str] | None = None,
    known_modules: Collection[str] = (),
    allowed: Collection[str] = (),
) -> Drift:
    """How an image's files differ from the commit's.

    Args:
        source: the manifest of the worktree that was built.
        image_files: the image's files below the mapped folders, by absolute path.
        code: where paths of the repository land in the image.
        lost: paths of the repository that are not in the image and should be, each with why.
        import_roots: folders of the image that Python imports from; the mapped folders unless given.
        known_modules: top-level modules installed in the image, beside the standard library's.
        allowed: patterns of image paths of generated modules that may stand in a tracked module's place.
    """
    mapped = map_paths(source, code)
    present = {path: there for path, there in mapped.items() if there in image_files}
    absent = {path: there for path, there in mapped.items() if there not in image_files}
    missing = [_missing(path, mapped.get(path, path), why) for path, why in sorted((lost or {}).items())]
    tracked = set(mapped.values())
    below = [folder for folder in looked_at(code, source) if folder not in tracked]
    untracked = [path for path in image_files if path not in tracked and _stands_below(path, below)]
    roots = list(code.values() if import_roots is None else import_roots)
    taken = shadows.find(untracked, tracked, import_roots=roots, known_modules=known_modules, allowed=allowed)
    files = [*_differing(source, image_files, present), *missing, *map(_shadow, taken)]
    better = _better(source, frozenset(untracked), code, more_than=len(present))
    if not present:
        files.append(_nothing(code, len(source), len(image_files), better=better))
    red = {file.image_path for file in files}
    return Drift(
        files=tuple(files),
        compared=len(present),
        left_out=tuple(sorted(path for path, there in absent.items() if there not in red)),
        untracked=tuple(sorted(path for path in untracked if path not in red)),
        unmapped=better,
    )


def _differing(
    source: Mapping[str, FileDigest], image_files: Mapping[str, FileDigest], present: Mapping[str, str]
) -> Iterator[DriftedFile]:
    """The tracked files whose content in the image is another; a cache is Python's, which writes it anew."""
    for path, there in sorted(present.items()):
        expected, found = source[path], image_files[there]
        if is_cache(path):
            continue
        if not expected.same_content(found) and not _followed(path, expected, found, source):
            yield DriftedFile(kind="differs", path=path, image_path=there, expected=str(expected), found=str(found))


def _followed(path: str, link: FileDigest, found: FileDigest, source: Mapping[str, FileDigest]) -> bool:
    """Whether the image holds what a tracked link points to: COPY follows a link that is named itself."""
    if link.link is None or found.link is not None:
        return False
    target = source.get(posixpath.normpath(posixpath.join(posixpath.dirname(path), link.link)))
    return target is not None and target.same_content(found)


def _missing(path: str, there: str, reason: str) -> DriftedFile:
    """The row of a file that should be in the image."""
    return DriftedFile(kind="missing", path=path, image_path=there, expected=f"the file ({reason})", found="nothing")


def _shadow(shadow: shadows.Shadow) -> DriftedFile:
    """The row of a file in a module's place."""
    return DriftedFile(
        kind="shadows",
        path="",
        image_path=shadow.path,
        expected=f"{shadow.module} from {shadow.instead_of}",
        found=f"a file unknown to git that is imported as {shadow.module}",
    )


def _better(source: Iterable[str], untracked: Collection[str], code: Mapping[str, str], *, more_than: int) -> str:
    """The mapping of one folder of the repository under which the most of an image's unknown files are tracked.

    The text is empty unless these are more than are compared as it is.
    """
    counts: Counter[tuple[str, str]] = Counter()
    for path in source:
        parts = _parts(path)
        for depth in range(1, len(parts)):
            folder, tail = "/".join(parts[:depth]), "/".join(parts[depth:])
            counts.update((folder, there) for there in set(code.values()) if posixpath.join(there, tail) in untracked)
    (folder, there), found = max(counts.items(), key=lambda pair: pair[1], default=(("", ""), 0))
    return f'code = {{ "{folder}" = "{there}" }}' if found > more_than else ""


def _nothing(code: Mapping[str, str], tracked: int, found: int, *, better: str) -> DriftedFile:
    """The row of a comparison that compared nothing: the mapping is wrong, or the image is."""
    mapping = ", ".join(f"{here} = {there}" for here, there in code.items()) or "nothing"
    return DriftedFile(
        kind="nothing",
        path=".",
        image_path=next(iter(code.values()), "/"),
        expected=f"at least one of {tracked} tracked files, mapped as {mapping}",
        found=f"none among {found} files{f' (they fit {better})' if better else ''}",
    )


def _parts(path: str) -> tuple[str, ...]:
    """A path's names; the repository itself has none."""
    return tuple(part for part in posixpath.normpath(path).split("/") if part not in ("", "."))


def _stands(image_path: str, image_files: Collection[str]) -> bool:
    """Whether a path is a file of the image, or a folder with at least one."""
    return image_path in image_files or any(path.startswith(image_path.rstrip("/") + "/") for path in image_files)


def _stands_below(path: str, folders: Iterable[str]) -> bool:
    """Whether an image path lies below one of several folders."""
    return any(path.startswith(folder.rstrip("/") + "/") for folder in folders)
