"""Which files of the repository are kept as copies, and which stay the host's own."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from gonogo.runtimes.compose_mounts import Kept, Mounts, keep_copy, lone_copies

__all__: list[str] = []


@dataclass
class Stage:
    """A worktree below a state folder, and the host's folder."""

    worktree: Path
    path: Path
    state: Path

    def tracked(self, **files: str) -> Mounts:
        """Mounts of a worktree with these tracked files (``__`` is a slash)."""
        names = {name.replace("__", "/"): text for name, text in files.items()}
        for name, text in names.items():
            put(self.worktree / name, text)
        return Mounts(folder=self.worktree, path=self.path, state=self.state, tracked=frozenset(names))


def put(path: Path, text: str = "") -> Path:
    """Write a file and its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """Empty folders."""
    stage = Stage(tmp_path / "state/releases/1/source", tmp_path / "host", tmp_path / "state")
    stage.worktree.mkdir(parents=True)
    stage.path.mkdir()
    return stage


def where(mounts: Mounts, name: str, *, read_only: bool) -> Kept:
    """Where a source of the worktree is kept; it must be one of ours."""
    kept = mounts.where(Path(f"{mounts.folder}/{name}"), read_only=read_only)
    assert kept is not None
    return kept


@pytest.mark.parametrize("read_only", [True, False])
def test_tracked_file_is_copied_by_content(stage: Stage, read_only: bool) -> None:  # noqa: FBT001
    """A tracked file becomes a copy with its name and git's mode, at the same path as long as it says the same."""
    mounts = stage.tracked(Caddyfile=":80")
    (stage.worktree / "Caddyfile").chmod(0o600)
    first = where(mounts, "Caddyfile", read_only=read_only)
    again = where(mounts, "Caddyfile", read_only=read_only)
    (stage.worktree / "Caddyfile").write_text(":81")
    changed = where(mounts, "Caddyfile", read_only=read_only)

    assert first == again
    assert first.source.is_relative_to(stage.state / "files")
    assert (first.source.name, first.source.read_text()) == ("Caddyfile", ":80")
    assert first.source.stat().st_mode & 0o777 == 0o644
    assert changed.source.read_text() == ":81"


def test_tracked_folder_is_copied_whole(stage: Stage) -> None:
    """Folders, links and executable files arrive as git has them; what is not tracked does not."""
    mounts = stage.tracked(conf__a="a", conf__sub__run="#!/bin/sh", conf__link="x")
    (stage.worktree / "conf/link").unlink()
    (stage.worktree / "conf/link").symlink_to("a")
    (stage.worktree / "conf/sub/run").chmod(0o700)
    put(stage.worktree / "conf/stray")
    copy = where(mounts, "conf", read_only=True).source

    assert sorted(path.relative_to(copy).as_posix() for path in copy.rglob("*")) == ["a", "link", "sub", "sub/run"]
    assert (copy / "link").readlink() == Path("a")
    assert (copy / "sub/run").stat().st_mode & 0o777 == 0o755
    assert (copy / "sub").stat().st_mode & 0o777 == 0o755


def test_untracked_and_writable_stay_on_the_host(stage: Stage) -> None:
    """Uploads are never copied: neither an untracked folder, nor one of placeholders, nor one with files of its own."""
    mounts = stage.tracked(data__dot="", mixed__a="a")
    put(stage.worktree / "keep/.gitkeep")
    mounts = Mounts(
        folder=stage.worktree, path=stage.path, state=stage.state, tracked={*mounts.tracked, "keep/.gitkeep"}
    )
    put(stage.path / "mixed/upload.jpg")

    assert where(mounts, "uploads", read_only=False) == Kept(source=stage.path / "uploads")
    assert where(mounts, "keep", read_only=False) == Kept(source=stage.path / "keep")
    assert where(mounts, "mixed", read_only=False) == Kept(source=stage.path / "mixed")


def test_certificates_beside_tracked_files_are_mounted_into_the_copy(stage: Stage) -> None:
    """A read-only folder with untracked files of the host is a copy with holes for them."""
    mounts = stage.tracked(nginx__nginx="conf", nginx__conf__site="site")
    put(stage.path / "nginx/nginx", "desk")
    put(stage.path / "nginx/certs/key", "secret")
    put(stage.path / "nginx/conf/local", "own")
    put(stage.path / "nginx/__pycache__/x.pyc")
    kept = where(mounts, "nginx", read_only=True)

    assert kept.holes == {"certs": stage.path / "nginx/certs", "conf/local": stage.path / "nginx/conf/local"}
    assert (kept.source / "nginx").read_text() == "conf"
    assert list((kept.source / "certs").iterdir()) == []
    assert (kept.source / "conf/local").read_text() == ""


def test_foreign_paths_are_left_alone(stage: Stage) -> None:
    """What does not come from the repository keeps its path; one that climbs out of it climbs on the host as well."""
    mounts = stage.tracked(a="a")

    assert mounts.where(Path("/etc/localtime"), read_only=True) is None
    assert mounts.where(stage.worktree.parent / "shared", read_only=False) == Kept(source=stage.path.parent / "shared")


def test_copy_is_made_once(stage: Stage) -> None:
    """The same content is kept once and leaves nothing half-made behind."""
    put(stage.worktree / "a", "text")
    copies = {keep_copy(stage.worktree / "a", ["."], state=stage.state) for _ in range(3)}

    assert len(copies) == 1
    assert len(list((stage.state / "files").iterdir())) == 1


def test_copies_that_one_release_alone_names(tmp_path: Path) -> None:
    """What another kept release mounts too stays, and so does what stands elsewhere."""
    one, two, three = ("1" * 64, "2" * 64, "3" * 64)
    own = f'"{tmp_path}/files/{one}/a.conf" "{tmp_path}/files/{two}/b" "/else/files/{three}/c"'

    assert lone_copies(tmp_path, own, [f'"{tmp_path}/files/{two}/b"']) == (tmp_path / "files" / one,)
