"""A release's source: the commit's files, and a list of what each of them is, kept beside them.

    source/   the files; its ``.git`` leads to git/
    git/      a small repository of the release's own, which borrows objects from the checkout while that is there
    tree      path, mode, size and digest of every tracked file, as it was written

What is built may ask git (a version from a tag); what judges the release later asks the list, so that it needs neither
the checkout nor its settings. A release that was made by an older gonogo has a worktree of the checkout and no list.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from gonogo import git
from gonogo.errors import CommandError
from gonogo.host.runner import Command, Completed, Host, this_machine
from gonogo.inspection.code.contents import FileDigest, digest_of
from gonogo.state.release import Release

__all__ = ["add_from", "catch_up", "commands", "keep", "kept", "make", "tracked_below"]

_LIST = "tree"
_REPOSITORY = "git"
_SECONDS = 600.0
_OWN = f"""
[core]
	attributesFile = {os.devnull}
	autocrlf = false
	eol = lf
	excludesFile = {os.devnull}
	fileMode = true
	fsmonitor = false
	hooksPath = {os.devnull}
	safecrlf = false
	symlinks = true
"""
"""What a commit's files are does not depend on who deploys."""
_FETCHES = re.compile(r"(?:core\.(?:sshcommand|gitproxy)|(?:credential|https?|lfs|protocol|remote|ssh|url)\..+)")
"""Settings of the checkout that say how content is reached: submodules, large files, what a partial clone lacks."""


def commands(checkout: Path, release: Release) -> tuple[Command, ...]:
    """What makes the source, as a person would type it."""
    modules = (_top(checkout, release) / ".gitmodules").exists()
    return (_begin(release, "sha1"), _fill(release, ()), *((_submodules(release, ()),) if modules else ()))


def make(checkout: Path, release: Release, host: Host) -> None:
    """Writes the commit's files; no hook, filter or setting has a part in it that the commit does not ask for.

    Raises:
        CommandError: git could not do it.
    """
    facts = _asked(checkout, "rev-parse", "--git-common-dir", "--git-path", "objects", "--git-path", "shallow")
    common, objects, shallow = (checkout / line for line in facts.splitlines())
    known = [("lfs.storage", str((common / "lfs").resolve())), *_settings(checkout)]
    host.run(_begin(release, _format(checkout))).require()
    (release.worktree / ".git").write_text(f"gitdir: ../{_REPOSITORY}\n", encoding="utf-8")
    _borrow(release.folder / _REPOSITORY, checkout, release.commit, objects=objects, shallow=shallow)
    for name, value in known:
        if name.startswith("filter."):
            host.run(git.alone(release.worktree, "config", name, value)).require()
    host.run(_fill(release, known)).require()
    if (release.worktree / ".gitmodules").exists():
        host.run(_submodules(release, known)).require()
    keep(release)


def add_from(release: Release, commit: str, path: str, host: Host) -> Completed:
    """Puts a path of another commit into a source; ``keep`` notes it."""
    return host.run(git.alone(release.root, "checkout", "--quiet", commit, "--", path))


def keep(release: Release) -> None:
    """Notes what every tracked file is, with the modes that git knows, whatever the umask was.

    Raises:
        CommandError: git could not say which they are.
    """
    top = release.worktree
    _open_up(top)
    _write(
        release, this_machine().run(git.alone(top, "ls-files", "-z"), output_limit=None, exact=True).require().output
    )


def catch_up(release: Release | None, checkout: Path) -> None:
    """Notes what an older gonogo did not, where the checkout that it relied on is gone: this one may have it."""
    if release is None or (release.folder / _LIST).exists() or not release.worktree.is_dir():
        return
    if this_machine().run(git.ask(release.worktree, "rev-parse", "--verify", "--quiet", "HEAD")).ok:
        return
    words = ("ls-tree", "-r", "-z", "--name-only", "--full-tree", release.commit)
    listed = this_machine().run(git.ask(checkout, *words), output_limit=None, exact=True)
    if listed.ok:
        _write(release, listed.output)


def kept(release: Release | None, folder: Path | None = None) -> Mapping[str, FileDigest] | None:
    """What every tracked file below a folder of a source was, by its path from there; None without a list."""
    try:
        found = (release.folder / _LIST).read_text(encoding="utf-8", errors="surrogateescape") if release else None
    except OSError:
        return None
    if release is None or found is None or not (folder or release.worktree).is_relative_to(release.worktree):
        return None
    fields = found.split("\0")
    prefix = (folder or release.worktree).relative_to(release.worktree).as_posix()
    below = "" if prefix == "." else f"{prefix}/"
    return {
        path.removeprefix(below): digest
        for path, digest in map(_entry, fields[0::2], fields[1::2])
        if path.startswith(below)
    }


def tracked_below(release: Release, folder: Path) -> frozenset[str]:
    """The files that the commit has below a folder of a source and that stand there, relative to it.

    Raises:
        CommandError: it has no list, and git does not answer.
    """
    paths: Iterable[str] | None = kept(release, folder)
    if paths is None:
        asked = this_machine().run(git.ask(folder, "ls-files", "-z"), output_limit=None, exact=True)
        paths = filter(None, asked.require().output.split("\0"))
    return frozenset(path for path in paths if os.path.lexists(folder / path))


def _begin(release: Release, form: str) -> Command:
    forms = (f"--object-format={form}",) if form != "sha1" else ()
    own = str(release.folder / _REPOSITORY)
    words = ("init", "--quiet", "--template=", *forms, "--separate-git-dir", own, str(release.worktree))
    return git.alone(release.folder, *words)


def _fill(release: Release, config: Sequence[tuple[str, str]]) -> Command:
    return git.alone(release.worktree, "reset", "--quiet", "--hard", release.commit, config=config, timeout=_SECONDS)


def _submodules(release: Release, config: Sequence[tuple[str, str]]) -> Command:
    words = ("submodule", "--quiet", "update", "--init", "--recursive")
    return git.alone(release.worktree, *words, config=config, timeout=_SECONDS)


def _top(checkout: Path, release: Release) -> Path:
    """The top of the repository that is checked out; the application may stand in one of its folders."""
    below = release.root.relative_to(release.worktree).parts
    return [checkout, *checkout.parents][len(below)]


def _borrow(own: Path, checkout: Path, commit: str, *, objects: Path, shallow: Path) -> None:
    """Lets a release's repository find what the checkout's has: objects, names, and where its history ends."""
    (own / "objects" / "info").mkdir(parents=True, exist_ok=True)
    (own / "objects" / "info" / "alternates").write_text(f"{objects.resolve()}\n", encoding="utf-8")
    names = _asked(checkout, "for-each-ref", "--format=%(objectname) %(refname)")
    (own / "packed-refs").write_text(names, encoding="utf-8")
    if shallow.is_file():
        (own / "shallow").write_bytes(shallow.read_bytes())
    (own / "HEAD").write_text(f"{commit}\n", encoding="utf-8")
    with (own / "config").open("a", encoding="utf-8") as stream:
        stream.write(_OWN)


def _settings(checkout: Path) -> Iterator[tuple[str, str]]:
    """The checkout's settings that have to do with content: how it is reached, and filters that a commit may name."""
    listed = _asked(checkout, "config", "--includes", "--null", "--list")
    for entry in filter(None, listed.split("\0")):
        name, said, value = entry.partition("\n")
        if name.startswith("filter.") or _FETCHES.fullmatch(name):
            yield name, value if said else "true"


def _format(checkout: Path) -> str:
    try:
        return _asked(checkout, "rev-parse", "--show-object-format").strip() or "sha1"
    except CommandError:  # git older than 2.25 knows one only
        return "sha1"


def _asked(checkout: Path, *words: str) -> str:
    return this_machine().run(git.ask(checkout, *words), output_limit=None, exact=True).require().output


def _open_up(top: Path) -> None:
    """Gives every file and folder the mode that git knows: 755 or 644."""
    for parent, folders, files in os.walk(top):
        if ".git" in folders:
            folders.remove(".git")
        Path(parent).chmod(0o755)
        for name in files:
            path = Path(parent) / name
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)


def _write(release: Release, listed: str) -> None:
    digests = ((path, digest_of(release.worktree / path)) for path in listed.split("\0") if path)
    text = "\0".join(_line(path, digest) for path, digest in digests if digest is not None)
    (release.folder / _LIST).write_text(text, encoding="utf-8", errors="surrogateescape")


def _line(path: str, digest: FileDigest) -> str:
    return f"{digest.mode:o} {digest.size} {digest.sha256} {path}\0{digest.link or ''}"


def _entry(line: str, link: str) -> tuple[str, FileDigest]:
    mode, size, sha256, path = line.split(" ", 3)
    return path, FileDigest(sha256=sha256, size=int(size), mode=int(mode, 8), link=link or None)
