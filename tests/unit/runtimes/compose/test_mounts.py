"""Which files of the repository are kept as copies, and which stay the host's own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gonogo import git
from gonogo.host.runner import LocalHost
from gonogo.runtimes.compose.copies import keep_copy, lone_copies, written_into
from gonogo.runtimes.compose.history import History
from gonogo.runtimes.compose.mounts import Kept, Mounts

if TYPE_CHECKING:
    from tests.support.gates import Repository

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


def shared(mounts: Mounts, *written: str, named: tuple[str, ...] = ()) -> Mounts:
    """The same, where containers write to these sources, and mount those too."""
    at = {name: f"{mounts.folder}/{name}" for name in (*written, *named)}
    return replace(mounts, written={at[name] for name in written}, named=set(at.values()))


def test_what_is_written_below_a_pinned_folder_is_the_hosts(stage: Stage) -> None:
    """Through a read-only copy the host's own folders are seen: placeholders only, or written by some service."""
    mounts = stage.tracked(static__app="css", static__uploads__DOTgitkeep="", static__cache__seed="s")
    mounts = shared(keeps(mounts), "static/cache")
    kept = where(mounts, "static", read_only=True)

    assert kept.holes == {"uploads": stage.path / "static/uploads", "cache": stage.path / "static/cache"}
    assert kept.source.is_relative_to(stage.state)
    assert sorted(one.name for one in kept.source.iterdir()) == ["app", "cache", "uploads"]
    assert kept.loose == ""


def test_content_that_a_service_writes_to_is_the_hosts_for_everybody(stage: Stage) -> None:
    """Where one service may write and nothing is code, all that mount it see the same folder, and the reason is told."""
    mounts = shared(stage.tracked(static__style="css"), "static")
    readers = where(mounts, "static", read_only=True)
    pinned = mounts.where(mounts.folder / "static", read_only=True, target="/etc/nginx/static")

    assert readers == where(mounts, "static", read_only=False) == Kept(source=stage.path / "static")
    assert readers.loose == "containers may write there, and none of its files is code"
    assert pinned is not None
    assert pinned.source.is_relative_to(stage.state)


def test_code_that_may_be_written_is_pinned_and_shared(stage: Stage) -> None:
    """Code mounted writable is a copy; what another service mounts of it, there or below, is in that same copy."""
    files = {"app/main.py": "x", "app/static/style": "s", "app/media/.gitkeep": ""}
    for name, text in files.items():
        put(stage.worktree / name, text)
    mounts = shared(replace(stage.tracked(), tracked=set(files)), "app", named=("app/made",))
    code, inner = where(mounts, "app", read_only=False), where(mounts, "app/static", read_only=True)

    assert code.source.is_relative_to(stage.state)
    assert code.holes == {"media": stage.path / "app/media", "made": stage.path / "app/made"}
    assert inner.source == code.source / "static"
    assert where(mounts, "app/media", read_only=True).source == stage.path / "app/media"


def test_code_beside_data_of_the_host_is_loose_and_readers_keep_the_commits(stage: Stage) -> None:
    """A writable folder with files of the host's own stays there, and says why; a reader of code has the commit's."""
    mounts = shared(stage.tracked(**{"app__main.py": "x"}), "app")
    put(stage.path / "app/data.db")
    writer, reader = where(mounts, "app", read_only=False), where(mounts, "app", read_only=True)

    assert writer == Kept(source=stage.path / "app")
    assert writer.loose == "the host has files of its own in it (data.db)"
    assert (reader.source / "main.py").read_text() == "x"
    assert reader.holes == {"data.db": stage.path / "app/data.db"}


def test_env_files_and_environments_are_no_data_of_the_hosts(stage: Stage) -> None:
    """A checkout that is mounted whole has its env file beside the code: the code is pinned, and the file is seen."""
    mounts = shared(stage.tracked(**{"app__main.py": "x"}), "app")
    put(stage.path / "app/.env")
    put(stage.path / "app/.env.local")
    put(stage.path / "app/.venv-desk/pyvenv.cfg")
    kept = where(mounts, "app", read_only=False)

    assert kept.loose == ""
    assert kept.source.is_relative_to(stage.state)
    assert kept.holes == {name: stage.path / "app" / name for name in (".env", ".env.local", ".venv-desk")}


def keeps(mounts: Mounts) -> Mounts:
    """``DOT`` at the beginning of a name is a dot."""
    for name in [name for name in mounts.tracked if "DOT" in name]:
        (mounts.folder / name).rename(mounts.folder / name.replace("DOT", "."))
    return replace(mounts, tracked={name.replace("DOT", ".") for name in mounts.tracked})


@pytest.fixture
def deleted(stage: Stage, repository: Repository) -> tuple[Mounts, Path]:
    """A commit that has deleted ``app/old.py``, all of ``app/gone`` and ``nginx.conf``, and a host that has them."""
    files = {"app/main.py": "new", "app/old.py": "old", "app/gone/a.py": "a", "nginx.conf": "conf", ".env": "x"}
    root = repository(files | {"app/gone/__init__.py": "", "etc/a.conf": "a", ".gitignore": "*.local\n"}, name="host")
    for name in ("app/old.py", "app/gone", "nginx.conf", ".env", "etc"):
        repository.git(root, "rm", "-r", "--quiet", "--cached", name)
    repository.write(root, {".gitignore": "*.local\n.env\n"})
    repository.git(root, "add", ".gitignore")
    repository.git(root, "commit", "--quiet", "--message=deleted")
    repository.git(root, "worktree", "add", "--quiet", "--detach", str(stage.worktree / "at"), "HEAD")
    host = LocalHost()
    folder = stage.worktree / "at"
    listed = host.run(git.ask(folder, "ls-files", "-z"), exact=True).require().output
    tracked = {path for path in listed.split("\0") if path}
    return Mounts(folder=folder, path=root, state=stage.state, tracked=tracked, history=History(folder, host)), root


def test_what_a_former_commit_tracked_is_not_the_hosts(deleted: tuple[Mounts, Path]) -> None:
    """A file that this commit deletes keeps no folder of code from being pinned; one of other bytes is the host's."""
    mounts, root = shared(deleted[0], "app"), deleted[1]
    put(root / "app/gone/__pycache__/a.cpython-311.pyc")
    pinned = where(mounts, "app", read_only=False)
    put(root / "app/old.py", "written by hand")
    loose = where(mounts, "app", read_only=False)

    assert (pinned.loose, pinned.holes) == ("", {})
    assert [one.name for one in pinned.source.rglob("*")] == ["main.py"]
    assert loose.loose == "the host has files of its own in it (old.py)"


def test_kept_releases_say_what_was_tracked_where_git_does_not(stage: Stage) -> None:
    """A clone without history knows from the kept releases' own files what was a commit's."""
    kept = stage.state / "releases/0/source"
    put(kept / "app/old.py", "old")
    put(stage.path / "app/old.py", "old")
    mounts = replace(stage.tracked(**{"app__main.py": "x"}), history=History(stage.worktree, LocalHost(), kept=[kept]))

    assert where(shared(mounts, "app"), "app", read_only=False).loose == ""


@pytest.mark.parametrize(
    ("source", "missing"),
    [("nginx.conf", True), (".env", False), ("certs.local", False), ("etc", True), ("uploads", False)],
)
def test_source_that_only_other_commits_have_is_missing(
    deleted: tuple[Mounts, Path],
    source: str,
    missing: bool,  # noqa: FBT001 (a fact)
) -> None:
    """What another commit tracks at a mount's place is not taken for the host's; what is ignored or never was, is."""
    mounts, root = deleted
    put(root / "certs.local/key")
    put(root / "uploads/photo")
    kept = where(mounts, source, read_only=True)

    assert (kept.source, kept.missing) == (root / source, missing)


def test_what_containers_wrote_into_a_copy_is_found_and_kept(stage: Stage) -> None:
    """A copy in which a container made a file of its own is named, and not thrown away with its release."""
    put(stage.worktree / "app/main.py", "x")
    copy = keep_copy(stage.worktree / "app", ["main.py"], state=stage.state, holes={"media": True})
    put(copy / "media/photo")
    put(copy / "__pycache__/main.pyc")
    put(copy / "server.log")
    put(copy / ".venv/pyvenv.cfg")
    put(copy / ".venv/bin/alembic")
    before = written_into(copy), lone_copies(stage.state, f'"{copy}/"', [])
    put(copy / "var/data.db")

    assert before == ((), (copy.parent,))
    assert (written_into(copy), lone_copies(stage.state, f'"{copy}/"', [])) == (("var/data.db",), ())


def test_what_the_commit_ignores_is_the_hosts_own(deleted: tuple[Mounts, Path]) -> None:
    """A folder or file that git is told to leave alone is the host's by intent, even with bytes of a former commit."""
    mounts, root = shared(deleted[0], "app"), deleted[1]
    put(mounts.folder / ".gitignore", "media/\n")
    put(root / "app/media/old.py", "old")
    kept = where(mounts, "app", read_only=False)

    assert kept.loose == "the host has files of its own in it (media)"


@pytest.mark.parametrize(
    ("left", "loose"),
    [
        ("20261128T121151-e02d19f/record.md", ""),
        ("march.pdf", "the host has files of its own in it (reports)"),
    ],
)
def test_reports_of_gonogo_are_not_the_hosts_own(deleted: tuple[Mounts, Path], left: str, loose: str) -> None:
    """The whole repository is mounted and is pinned after the first run too; an application's own reports keep it."""
    mounts, root = deleted
    put(mounts.folder / ".gitignore", "reports/\n")
    put(root / "reports/staging" / left)
    put(root / "reports/.gitignore", "*\n")

    assert where(mounts, ".", read_only=False).loose == loose
