"""gonogo.runtimes.sources: a release's source is the commit's, whoever deploys, and needs nothing of the checkout later."""

from __future__ import annotations

import os
import shutil
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gonogo import git
from gonogo.commands.prepare import Git
from gonogo.errors import UsageError
from gonogo.host.runner import LocalHost
from gonogo.runtimes import sources
from gonogo.state.release import Release
from tests.support.gates import Repository

FILES: dict[str, str | bytes] = {
    "app/main.py": b"print('hello')\n",
    "app/run.sh": b"#!/bin/sh\n",
    "app/windows.bat": b"echo hello\n",
    "secret.txt": b"plain\n",
    ".gitattributes": b"*.bat text eol=crlf\nsecret.txt filter=shout\n",
}


def release_of(folder: Path, commit: str, *, root: str = "") -> Release:
    """A release that is still to be made, in a folder of its own."""
    home = folder / "state" / "releases" / "one"
    home.mkdir(parents=True, mode=0o700)
    return Release(
        id="one", commit=commit, env="test", runtime="process", created=datetime.now(UTC), folder=home,
        root=home / "source" / root,
    )  # fmt: skip


def made(folder: Path, checkout: Path, commit: str) -> Release:
    """The release with its source."""
    release = release_of(folder, commit)
    sources.make(checkout, release, LocalHost())
    return release


def said(folder: Path, *words: str) -> str:
    """What git answers in a release's source."""
    return LocalHost().run(git.alone(folder, *words)).require().output.strip()


def forge(tmp_path: Path) -> tuple[Repository, Path, str]:
    """A repository with a script, a file with attributes, and a tag."""
    repository = Repository(tmp_path)
    top = repository(FILES)
    (top / "app/run.sh").chmod(0o755)
    (top / "app/link").symlink_to("main.py")
    commit = repository.commit(top)
    repository.git(top, "tag", "v1.0")
    return repository, top, commit


def broken_hook(top: Path) -> None:
    """A hook that fails wherever it is run."""
    (top / ".git/hooks").mkdir(exist_ok=True)
    (top / ".git/hooks/post-checkout").write_text("#!/bin/sh\nexit 2\n")
    (top / ".git/hooks/post-checkout").chmod(0o755)


def test_set_up_of_the_deployer_has_no_part_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hooks, line endings, attributes, templates, another repository in the environment, a tight umask: none counts."""
    repository, top, commit = forge(tmp_path)
    broken_hook(top)
    home = tmp_path / "home"
    (home / "template/hooks").mkdir(parents=True)
    shutil.copy(top / ".git/hooks/post-checkout", home / "template/hooks/post-checkout")
    (home / "attributes").write_text("*.py text eol=crlf\n")
    (home / ".gitconfig").write_text(
        f"[core]\n\tautocrlf = true\n\tattributesFile = {home}/attributes\n\thooksPath = {home}/template/hooks\n"
        f"\tfsmonitor = {home}/template/hooks/post-checkout\n[init]\n\ttemplateDir = {home}/template\n"
        "[log]\n\tshowSignature = true\n"
    )
    (top / ".git/info").mkdir(exist_ok=True)
    (top / ".git/info/attributes").write_text("*.py filter=shout\n")
    for name, value in {"core.fileMode": "false", "core.autocrlf": "true", "core.symlinks": "false"}.items():
        repository.git(top, "config", name, value)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_TEMPLATE_DIR", str(home / "template"))
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "elsewhere"))
    old = os.umask(0o077)
    try:
        release = made(tmp_path, top, commit)
    finally:
        os.umask(old)

    source = release.worktree
    assert (source / "app/main.py").read_bytes() == FILES["app/main.py"]
    assert (source / "app/link").is_symlink()
    modes = {path: stat.S_IMODE((source / path).stat().st_mode) for path in ("app", "app/main.py", "app/run.sh")}
    assert modes == {"app": 0o755, "app/main.py": 0o644, "app/run.sh": 0o755}
    assert said(source, "status", "--porcelain") == ""
    assert not (release.folder / "git/hooks").exists()


def test_what_the_commit_asks_for_is_done(tmp_path: Path) -> None:
    """Its own line endings, and a filter that it names and the checkout knows: large files come by one."""
    repository, top, commit = forge(tmp_path)
    repository.git(top, "config", "filter.shout.smudge", "tr a-z A-Z")
    release = made(tmp_path, top, commit)

    assert (release.worktree / "app/windows.bat").read_bytes() == b"echo hello\r\n"
    assert (release.worktree / "secret.txt").read_bytes() == b"PLAIN\n"
    assert said(release.worktree, "describe", "--tags") == "v1.0"


@pytest.mark.parametrize("how", ["deleted", "another owner", "made anew"])
def test_list_needs_no_checkout(tmp_path: Path, how: str) -> None:
    """What is known of the files stays, whatever happened to the checkout; another place of the state is no matter."""
    repository, top, commit = forge(tmp_path)
    release = made(tmp_path, top, commit)
    if how == "another owner":
        if os.getuid():
            pytest.skip("only root can give files away")
        os.chown(top / ".git", 65534, 65534)
    else:
        shutil.rmtree(top)
        if how == "made anew":
            repository({"other.py": "x = 1\n"})
    kept = sources.kept(release)
    below = sources.kept(release, release.worktree / "app")
    tracked = sources.tracked_below(release, release.worktree / "app")

    assert kept is not None
    assert set(kept) == {*FILES, "app/link"}
    assert kept["app/link"].link == "main.py"
    assert kept["app/main.py"].size == len(FILES["app/main.py"])
    assert below is not None
    assert set(below) == tracked == {"main.py", "run.sh", "windows.bat", "link"}


@pytest.mark.parametrize(
    "options", [("--depth=1",), ("--filter=blob:none", "--no-checkout")], ids=["shallow", "partial"]
)
def test_clone_that_lacks_something(tmp_path: Path, options: tuple[str, ...]) -> None:
    """A clone of one commit is enough, and what a partial one lacks is fetched as there."""
    repository, top, _ = forge(tmp_path)
    repository.write(top, {"app/main.py": "print('again')\n"})
    commit = repository.commit(top, "again")
    for name in ("uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"):
        repository.git(top, "config", name, "true")
    clone = tmp_path / "clone"
    repository.git(tmp_path, "clone", "--quiet", *options, f"file://{top}", str(clone))
    release = made(tmp_path, clone, commit)

    assert (release.worktree / "app/main.py").read_text() == "print('again')\n"
    assert said(release.worktree, "log", "-1", "--format=%s") == "again"


@pytest.mark.parametrize("folder", ["", "services/shop"])
def test_source_has_the_submodules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    """A library that stands in a submodule is built too, also where the application is a folder of the repository."""
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "protocol.file.allow")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "always")
    (tmp_path / "library").mkdir()
    (tmp_path / "application").mkdir()
    library = Repository(tmp_path / "library")({"rates.py": "RATE = 1\n"})
    repository = Repository(tmp_path / "application")
    top = repository({f"{folder or '.'}/main.py": "import rates\n"})
    place = f"{folder}/vendor".lstrip("/")
    repository.git(top, "submodule", "add", "--quiet", str(library), place)
    commit = repository.commit(top)
    release = release_of(tmp_path, commit, root=folder)
    planned = sources.commands(top / folder, release)
    sources.make(top / folder, release, LocalHost())

    assert [command.argv[3] for command in planned] == ["init", "reset", "submodule"]
    assert (release.worktree / place / "rates.py").read_text() == "RATE = 1\n"


def test_release_of_an_older_gonogo_whose_checkout_is_gone(tmp_path: Path) -> None:
    """Its worktree leads nowhere; a new clone that has its commit says which of its files are tracked."""
    repository, top, commit = forge(tmp_path)
    release = release_of(tmp_path, commit)
    clone = tmp_path / "clone"
    repository.git(tmp_path, "clone", "--quiet", str(top), str(clone))
    repository.git(top, "worktree", "add", "--quiet", "--detach", str(release.worktree), commit)
    sources.catch_up(release, clone)

    assert sources.kept(release) is None
    assert "app/main.py" in sources.tracked_below(release, release.worktree)
    shutil.rmtree(top)
    sources.catch_up(release, clone)
    kept = sources.kept(release)
    assert kept is not None
    assert set(kept) == {*FILES, "app/link"}


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
def test_checkout_of_another_user_is_called_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git refuses to read it, and says how it is trusted; a release that was made meanwhile is ours."""
    _, top, commit = forge(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("GIT_CONFIG_GLOBAL", raising=False)
    release = made(tmp_path, top, commit)
    for path in (top, *top.rglob("*"), release.worktree, release.folder / "git"):
        os.chown(path, 65534, 65534, follow_symlinks=False)
    with pytest.raises(
        UsageError, match=f"of another user, expected one that git trusts here: git config .* safe.directory {top}$"
    ):
        Git(top).prefix()

    assert said(release.worktree, "rev-parse", "HEAD") == commit
