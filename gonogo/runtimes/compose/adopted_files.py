"""What hand-started containers mount of the repository, kept as it was when they were started, as far as that is known.

The checkout may stand at another commit by now. A file that is older than its container is what that was started with;
a file that was mounted alone is read in the container; the rest is asked of git: where the checkout stood then, by its
reflog, or the commit that the images were built from.
"""

from __future__ import annotations

import copy
import shutil
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from gonogo import git
from gonogo.errors import CommandError
from gonogo.host.runner import Command, Host, this_machine
from gonogo.runtimes.base import Place
from gonogo.runtimes.compose.files import services_of
from gonogo.runtimes.compose.history import History
from gonogo.runtimes.compose.model.from_engine import SERVICE
from gonogo.runtimes.compose.model.mounts import mounted, written
from gonogo.runtimes.compose.mounts import Mounts
from gonogo.state.release import Release

__all__ = ["KeptMounts", "keep_mounted"]

_SECONDS = 60.0
_SHOWN = 3


@dataclass(kw_only=True)
class KeptMounts:
    """The model with its tracked files at their copies, and what could not be kept as it was."""

    model: Mapping[str, Any]
    unsure: tuple[str, ...] = ()


def keep_mounted(
    place: Place, release: Release, model: Mapping[str, Any], containers: Collection[Mapping[str, Any]]
) -> KeptMounts:
    """Copies every tracked file that the containers mount; ``release`` has a worktree at their commit."""
    from gonogo.runtimes.compose.pinning import relocate  # noqa: PLC0415 (it knows of releases that are rendered)

    aside = release.folder / "mounted"
    moved = _moved(model, place.path, aside)
    if not mounted(moved):
        return KeptMounts(model=model)
    source = release.source_root(place.project.app.root)
    then = _Then(place=place, source=source, known=not release.assumed, containers=tuple(containers))
    aside.mkdir(mode=0o700)
    unsure = list(then.write(aside))
    mounts = Mounts(
        folder=aside,
        path=place.path,
        state=place.state,
        tracked=frozenset(path.relative_to(aside).as_posix() for path in aside.rglob("*") if not path.is_dir()),
        written=written(moved),
        named=mounted(moved),
        history=History(source, place.host),
    )
    try:
        unsure += _left(moved, mounts)
        return KeptMounts(model=relocate(moved, mounts), unsure=tuple(dict.fromkeys(unsure)))
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _moved(model: Mapping[str, Any], path: Path, aside: Path) -> dict[str, Any]:
    """The model whose sources in the application's folder stand aside."""
    moved = copy.deepcopy(dict(model))
    for service in services_of(moved).values():
        for volume in service.get("volumes") or ():
            if volume.get("type") == "bind":
                volume["source"] = str(_aside(Path(volume["source"]), path, aside))
    for kind in ("configs", "secrets"):
        for entry in (moved.get(kind) or {}).values():
            if entry and "file" in entry:
                entry["file"] = str(_aside(Path(entry["file"]), path, aside))
    return moved


def _aside(source: Path, path: Path, aside: Path) -> Path:
    for folder in (path, path.resolve()):
        if source.is_relative_to(folder):
            return aside / source.relative_to(folder)
    return source


def _left(model: Mapping[str, Any], mounts: Mounts) -> Iterator[str]:
    """What stays the host's although it is no longer what the containers were started with."""
    for name, service in services_of(model).items():
        for volume in service.get("volumes") or ():
            source = Path(str(volume.get("source") or ""))
            kept = mounts.where(source, read_only=bool(volume.get("read_only")), target=str(volume["target"]))
            other = mounts.differing(mounts.relative(source)) if kept is not None and kept.loose else []
            if kept is not None and other:
                yield f"{name}: {', '.join(other[:_SHOWN])} at {volume['target']} ({kept.loose})"


@dataclass(kw_only=True)
class _Then:
    """The files as they were when the containers were started."""

    place: Place
    source: Path
    """The application's folder in a worktree at the commit that the images are of."""
    known: bool
    containers: tuple[Mapping[str, Any], ...]
    _git: Host = field(default_factory=lambda: this_machine(timeout=_SECONDS))
    """Redacts nothing: contents are kept."""

    def write(self, aside: Path) -> Iterator[str]:
        """Writes every mounted, tracked file aside; one sentence for what is only as it is now."""
        known = self._tracked(self.place.path) | self._tracked(self.source)
        for container in self.containers:
            commit = self._stood_at(_started(container))
            names = known | self._tree(commit)
            for mount in container.get("Mounts") or ():
                relative = self._relative(mount)
                inside = [name for name in names if relative in {".", name} or name.startswith(f"{relative}/")]
                lost = [name for name in sorted(inside) if not self._one(name, aside, container, mount, commit)]
                if lost:
                    more = f" and {len(lost) - _SHOWN} more" if len(lost) > _SHOWN else ""
                    service = container["Config"]["Labels"][SERVICE]
                    yield (
                        f"{service}: {', '.join(lost[:_SHOWN])}{more} at {mount['Destination']} (changed since it was "
                        "started, and nothing says from which commit that was)"
                    )

    def _one(self, name: str, aside: Path, container: Mapping[str, Any], mount: Mapping[str, Any], commit: str) -> bool:
        """Writes one file aside as it was; False where only its present content is known."""
        there, target = self.place.path / name, aside / name
        if target.exists() or target.is_symlink():
            return True
        if there.is_symlink() or (there.is_file() and there.lstat().st_ctime <= _started(container).timestamp()):
            _copy(there, target)
            return True
        content = self._inside(container, mount) if self._relative(mount) == name else None
        if content is None and commit:
            shown = self._ask(self.place.path, "show", f"{commit}:./{name}")
            if shown is None:
                return True  # the checkout had no such file then
            content = shown
        if content is not None:
            _write(target, content, like=there)
            return True
        if self.known:
            if (self.source / name).is_file():
                _copy(self.source / name, target)
            return True
        if there.is_file():
            _copy(there, target)
        return not there.is_file()

    def _relative(self, mount: Mapping[str, Any]) -> str:
        """A bind mount's source below the application's folder; empty for another mount."""
        source = Path(str(mount.get("Source") or ""))
        for folder in (self.place.path, self.place.path.resolve()):
            if mount.get("Type") == "bind" and source.is_relative_to(folder):
                return source.relative_to(folder).as_posix()
        return ""

    def _inside(self, container: Mapping[str, Any], mount: Mapping[str, Any]) -> bytes | None:
        """A file that is mounted alone, as the container sees it, where another file replaced it on the host."""
        command = Command(argv=("docker", "exec", container["Id"], "cat", mount["Destination"]), timeout=_SECONDS)
        done = self._git.run(command, output_limit=None, exact=True)
        seen = done.output.encode("utf-8", "surrogateescape") if done.ok else None
        there = self.place.path / self._relative(mount)
        return seen if not there.is_file() or seen != there.read_bytes() else None  # it was changed in its place

    def _stood_at(self, moment: datetime) -> str:
        """The commit at which the checkout stood, by its reflog; empty where that does not go back so far."""
        words = ("rev-parse", "--verify", f"HEAD@{{{moment.isoformat(timespec='seconds')}}}")
        try:
            done = self._git.run(git.ask(self.place.path, *words, timeout=_SECONDS))
        except CommandError:
            return ""
        return done.output.strip() if done.ok and not done.errors.strip() else ""

    def _tracked(self, folder: Path) -> set[str]:
        said = self._ask(folder, "ls-files", "-z") or b""
        return set(filter(None, said.decode("utf-8", "surrogateescape").split("\0")))

    def _tree(self, commit: str) -> set[str]:
        said = self._ask(self.place.path, "ls-tree", "-r", "--name-only", "-z", commit) if commit else None
        return set(filter(None, (said or b"").decode("utf-8", "surrogateescape").split("\0")))

    def _ask(self, folder: Path, *words: str) -> bytes | None:
        try:
            done = self._git.run(git.ask(folder, *words, timeout=_SECONDS), output_limit=None, exact=True)
        except CommandError:
            return None
        return done.output.encode("utf-8", "surrogateescape") if done.ok else None


def _started(container: Mapping[str, Any]) -> datetime:
    whole, _, fraction = str(container["State"]["StartedAt"]).rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{whole[:19]}.{fraction[:6]:0<6}+00:00")


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target, follow_symlinks=False)


def _write(target: Path, content: bytes, *, like: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    target.chmod(0o755 if like.is_file() and like.stat().st_mode & 0o100 else 0o644)
