"""What git prints is read as git prints it."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.inspection.code.gittree import (
    LOG_FORMAT,
    LS_TREE,
    STATUS,
    GitOutputError,
    Ref,
    Status,
    StatusEntry,
    parse_log,
    parse_ls_remote,
    parse_ls_tree,
    parse_status,
)

ODD = 'with space\tand "tab"\nline.txt'


def _git(folder: Path, *words: str) -> bytes:
    settings = [
        "-c",
        "user.name=A B",
        "-c",
        "user.email=a@b.nl",
        "-c",
        "init.defaultBranch=main",
        "-c",
        "commit.gpgsign=false",
    ]
    return subprocess.run(["git", *settings, *words], cwd=folder, check=True, capture_output=True).stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository of one commit: plain, executable, oddly named and linked files, and an annotated tag."""
    _git(tmp_path, "init", "-q")
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "run.sh").write_text("#!/bin/sh\n")
    (tmp_path / "run.sh").chmod(0o755)
    (tmp_path / ODD).write_text("odd\n")
    (tmp_path / "link").symlink_to("a.py")
    _git(tmp_path, "add", ".")
    _git(tmp_path, "commit", "-q", "-m", "First: a | b")
    _git(tmp_path, "tag", "-a", "v1", "-m", "one")
    return tmp_path


def test_ls_tree(repository: Path) -> None:
    """Modes, sizes and odd paths of a real tree."""
    entries = {entry.path: entry for entry in parse_ls_tree(_git(repository, *LS_TREE, "HEAD"))}

    assert set(entries) == {"a.py", "run.sh", ODD, "link"}
    assert (entries["a.py"].size, entries["a.py"].kind, entries["a.py"].is_executable) == (6, "blob", False)
    assert entries["run.sh"].is_executable
    assert entries["link"].is_symlink
    assert entries["a.py"].sha == _git(repository, "hash-object", "a.py").decode().strip()


def test_ls_tree_without_sizes_and_with_a_submodule() -> None:
    """A submodule is a commit of another repository and has no size."""
    (entry,) = parse_ls_tree("160000 commit " + "a" * 40 + "\tvendor/lib\0")
    (long,) = parse_ls_tree("160000 commit " + "a" * 40 + "       -\tvendor/lib\0")

    assert entry == long
    assert (entry.is_submodule, entry.size) == (True, None)


def test_status_of_a_clean_tree(repository: Path) -> None:
    """A clean tree has a branch, a commit, and no entries."""
    status = parse_status(_git(repository, *STATUS))

    assert status == Status(_git(repository, "rev-parse", "HEAD").decode().strip(), "main")
    assert status.is_clean


def test_status_of_a_changed_tree(repository: Path) -> None:
    """Modified, renamed, deleted and unknown paths, however they are spelled."""
    (repository / "a.py").write_text("x = 2\n")
    _git(repository, "mv", ODD, "renamed now.txt")
    (repository / "run.sh").unlink()
    (repository / "new\nfile").write_text("")
    status = parse_status(_git(repository, *STATUS))

    assert set(status.entries) == {
        StatusEntry("a.py", ".M"),
        StatusEntry("renamed now.txt", "R.", ODD),
        StatusEntry("run.sh", ".D"),
        StatusEntry("new\nfile", "??"),
    }
    assert [entry.path for entry in status.entries if entry.is_untracked] == ["new\nfile"]
    assert not status.is_clean


def test_status_before_the_first_commit_and_detached(
    repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """No commit and no branch are empty, not the words that git prints for them."""
    empty = tmp_path_factory.mktemp("empty")
    _git(empty, "init", "-q")
    _git(repository, "checkout", "-q", "--detach")

    assert parse_status(_git(empty, *STATUS)).commit == ""
    assert parse_status(_git(repository, *STATUS)).branch == ""


def test_status_counts_and_conflicts() -> None:
    """Ahead and behind are counted; an unmerged path is a conflict; ignored files leave a tree clean."""
    head = "# branch.oid abc\0# branch.head main\0# branch.upstream origin/main\0# branch.ab +2 -1\0"
    unmerged = "u UU N... 100644 100644 100644 100644 h1 h2 h3 a b.py\0"
    status = parse_status(head + unmerged)

    assert (status.upstream, status.ahead, status.behind) == ("origin/main", 2, 1)
    assert [(entry.path, entry.is_conflict) for entry in status.entries] == [("a b.py", True)]
    assert parse_status("! build/\0").is_clean


def test_log(repository: Path) -> None:
    """A commit with its fields; the first one has no parents."""
    _git(repository, "commit", "-q", "--allow-empty", "-m", "Second")
    second, first = parse_log(_git(repository, "log", "-z", f"--format={LOG_FORMAT}"))

    assert (first.parents, first.author, first.email, first.subject) == ((), "A B", "a@b.nl", "First: a | b")
    assert second.parents == (first.sha,)


def test_ls_remote(repository: Path) -> None:
    """An annotated tag is one ref that stands for its commit."""
    refs = {ref.name: ref for ref in parse_ls_remote(_git(repository, "ls-remote", "."))}
    head = _git(repository, "rev-parse", "HEAD").decode().strip()

    assert set(refs) == {"HEAD", "refs/heads/main", "refs/tags/v1"}
    assert {ref.commit for ref in refs.values()} == {head}
    assert refs["refs/tags/v1"].sha != head
    assert parse_ls_remote("") == ()
    assert Ref("a", "1").commit == "1"


@pytest.mark.parametrize(
    ("parse", "output", "message"),
    [
        (
            parse_ls_tree,
            "100644 blob",
            "git ls-tree: found '100644 blob', expected mode, type, hash, a tab and a path; run it with -z",
        ),
        (parse_status, "M a.py", "git status: found 'M a.py', expected an entry of --porcelain=v2 -z"),
        (parse_status, "# branch.ab x", "git status: found branch.ab 'x', expected +AHEAD -BEHIND"),
        (parse_log, "abc", "git log: found 'abc', expected six fields as in LOG_FORMAT"),
        (parse_ls_remote, "fatal: x", "git ls-remote: found 'fatal: x', expected a hash, a tab and a ref"),
    ],
)
def test_unknown_output_is_an_error(parse: type, output: str, message: str) -> None:
    """What git did not print in the expected form is said, and nothing is concluded from it."""
    with pytest.raises(GitOutputError) as caught:
        parse(output)

    assert str(caught.value) == message


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(output: bytes) -> None:
    """No output makes a reader fail in another way than by its own error."""
    for parse in (parse_ls_tree, parse_status, parse_log, parse_ls_remote):
        try:
            parse(output)
        except GitOutputError:
            continue
