"""Tests of reading the files of an image from a tar stream."""

import hashlib
import io
import os
import subprocess
import tarfile
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.inspection.code import image_files
from gonogo.inspection.code.contents import FileDigest


def digest(data: bytes, mode: int = 0o644) -> FileDigest:
    """Return the digest of a content."""
    return FileDigest(sha256=hashlib.sha256(data).hexdigest(), size=len(data), mode=mode)


def archive(*members: tuple[str, bytes | str], fmt: int = tarfile.GNU_FORMAT) -> bytes:
    """Return a tar of files (bytes), links (text) and, for names that end in a slash, folders."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=fmt) as tar:
        for name, content in members:
            member = tarfile.TarInfo(name)
            if isinstance(content, str):
                member.type = tarfile.LNKTYPE if content.startswith("hard:") else tarfile.SYMTYPE
                member.linkname = content.removeprefix("hard:")
                tar.addfile(member)
            elif name.endswith("/"):
                member.type = tarfile.DIRTYPE
                tar.addfile(member)
            else:
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    return target.getvalue()


def chunks(data: bytes, size: int = 700) -> Iterator[bytes]:
    """Yield a stream in pieces that respect no boundary, with an empty one between."""
    for start in range(0, len(data), size):
        yield data[start : start + size]
        yield b""


def test_files_and_links_are_read_under_their_absolute_paths() -> None:
    """Names of the archive are relative to its base; folders are no files."""
    data = archive(("app/", b""), ("app/main.py", b"x = 1\n"), ("app/link", "main.py"))

    found = image_files.read_tar(chunks(data), base="/srv").files

    target = hashlib.sha256(b"main.py").hexdigest()
    assert found == {
        "/srv/app/main.py": digest(b"x = 1\n"),
        "/srv/app/link": FileDigest(sha256=target, size=7, mode=0o777, link="main.py"),
    }


def test_hard_links_have_the_content_of_their_first_name() -> None:
    """A hard link is the file that came before it."""
    data = archive(("lib/a.py", b"shared"), ("app/b.py", "hard:lib/a.py"))

    assert image_files.read_tar([data]).files["/app/b.py"] == digest(b"shared")


def test_one_pass_tells_digests_and_what_chosen_files_hold() -> None:
    """A content of many pieces comes back whole; of others only digests are kept."""
    large = os.urandom(2_500_000)
    data = archive(("app/id_rsa", large), ("app/main.py", b"x = 1\n"))

    found = image_files.read_tar(chunks(data), chosen=lambda path, size: path.endswith("rsa") and size == len(large))

    assert found.contents == {"/app/id_rsa": large}
    assert found.files == {"/app/id_rsa": digest(large), "/app/main.py": digest(b"x = 1\n")}


@pytest.mark.parametrize("fmt", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_and_foreign_names_are_read(fmt: int) -> None:
    """Names beyond the header's hundred bytes, and names that are not ASCII, come back whole."""
    long = "app/" + "/".join(["folder" * 10] * 5) + "/ñandú.py"

    assert image_files.read_tar(chunks(archive((long, b"x"), fmt=fmt))).files == {f"/{long}": digest(b"x")}


def test_the_later_of_two_entries_wins() -> None:
    """An archive that names a file twice means the last."""
    assert image_files.read_tar([archive(("a", b"old"), ("a", b"new"))]).files == {"/a": digest(b"new")}


def test_names_never_climb_above_the_root() -> None:
    """A hostile name stays inside the image's own tree."""
    assert list(image_files.read_tar([archive(("../../etc/passwd", b"x"))], base="/app").files) == ["/etc/passwd"]


def test_sparse_files_are_read_with_their_holes(tmp_path: Path) -> None:
    """A sparse file has the content that a reader of the file would see."""
    sparse = tmp_path / "sparse.bin"
    with sparse.open("wb") as file:
        file.seek(3 << 20)
        file.write(b"end")
    for fmt in ("gnu", "posix"):
        made = subprocess.run(
            ["tar", "--sparse", f"--format={fmt}", "-C", str(tmp_path), "-c", "sparse.bin"],
            check=True,
            capture_output=True,
        ).stdout

        assert len(made) < 100_000
        assert image_files.read_tar(chunks(made)).files == {"/sparse.bin": digest(sparse.read_bytes())}


def test_special_files_are_passed_over(tmp_path: Path) -> None:
    """Pipes are neither files nor errors."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "a").write_bytes(b"x")
    made = subprocess.run(["tar", "-C", str(tmp_path), "-c", "."], check=True, capture_output=True).stdout

    assert list(image_files.read_tar([made]).files) == ["/a"]


@pytest.mark.parametrize("cut", [0, 1, 511, 512, 700, 1024, 1536])
def test_a_stream_that_ends_early_is_an_error(cut: int) -> None:
    """However a stream is cut, it is an error and never a smaller image."""
    data = archive(("a.py", b"a" * 512), ("b.py", b"b" * 600))[:3072]
    assert len(data) > cut

    with pytest.raises(image_files.TarStreamError) as caught:
        image_files.read_tar(chunks(data[:cut]))

    assert str(caught.value).startswith(f"tar stream: found {cut} bytes that are no whole archive (")


def test_a_stream_that_is_no_archive_is_an_error() -> None:
    """An error page in place of an archive is named as such."""
    with pytest.raises(image_files.TarStreamError) as caught:
        image_files.read_tar([b'{"message": "no such container"}'])

    assert str(caught.value) == (
        "tar stream: found 32 bytes that are no whole archive (truncated header), expected a complete one; "
        "ask the Engine again, and look at its free disk space"
    )


def test_memory_stays_bounded() -> None:
    """A large file passes through in pieces."""

    def stream() -> Iterator[bytes]:
        member = tarfile.TarInfo("big.bin")
        member.size = 64 << 20
        yield member.tobuf()
        for _ in range(64):
            yield bytes(1 << 20)
        yield bytes(1024)

    tracemalloc.start()
    found = image_files.read_tar(stream()).files
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert found["/big.bin"].size == 64 << 20
    assert peak < 16 << 20


TREES = st.dictionaries(
    st.lists(st.text("abcé. -", min_size=1, max_size=40).filter(lambda n: n.strip(". ")), min_size=1, max_size=4).map(
        "/".join
    ),
    st.binary(max_size=2000),
    max_size=8,
)


@given(tree=TREES, size=st.integers(1, 5000), fmt=st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]))
def test_any_tree_survives_the_journey(tree: dict[str, bytes], size: int, fmt: int) -> None:
    """Whatever the tree and the pieces it arrives in, every file comes back with its digest."""
    data = archive(*tree.items(), fmt=fmt)

    found = image_files.read_tar(chunks(data, size)).files

    assert found == {f"/{path}": digest(content) for path, content in tree.items()}


@given(st.lists(st.binary(max_size=1500), max_size=4))
def test_any_stream_is_read_or_refused(stream: list[bytes]) -> None:
    """Whatever arrives, the answer is a set of files or a `TarStreamError`."""
    try:
        found = image_files.read_tar(stream).files
    except image_files.TarStreamError:
        return

    assert isinstance(found, dict)


@given(
    name=st.text(min_size=1, max_size=180).filter(lambda text: "\0" not in text and text.strip("/. ") == text),
    numbers=st.tuples(st.integers(0, 0o7777), st.integers(0, 2**31), st.integers(0, 2**31)),
    mtime=st.one_of(st.integers(0, 2**40), st.floats(0, 2**33)),
    kind=st.sampled_from([tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.AREGTYPE]),
    fmt=st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]),
)
def test_headers_are_read_as_the_library_reads_them(
    name: str, numbers: tuple[int, int, int], mtime: float, kind: bytes, fmt: Literal[1, 2]
) -> None:
    """Long and foreign names, large numbers and times that are none of whole seconds too."""
    written = tarfile.TarInfo(f"app/{name}")
    (written.mode, written.uid, written.gid), written.mtime, written.type = numbers, mtime, kind
    data = written.tobuf(fmt) + bytes(1024)
    told = ("name", "mode", "uid", "gid", "size", "mtime", "type", "chksum")

    def read(reader: type[tarfile.TarInfo]) -> list[object]:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r|", tarinfo=reader) as tar:
            return [getattr(member, key) for member in tar for key in told]

    assert read(image_files._Member) == read(tarfile.TarInfo) != []


def test_rights_come_with_the_same_pass() -> None:
    """Those of files and folders, as a pass of their own tells them."""
    data = archive(("app/", b""), ("app/main.py", b"x"), ("app/link", "main.py"))

    assert image_files.read_tar([data], base="/srv").rights == image_files.read_rights([data], base="/srv")[0] != {}


def test_folders_alone_are_no_files() -> None:
    """A link or a file anywhere is one; a stream that is cut is an error, whatever stood before."""
    folders = io.BytesIO()
    with tarfile.open(fileobj=folders, mode="w") as stream:
        for name in ("data", "data/sub"):
            folder = tarfile.TarInfo(name)
            folder.type = tarfile.DIRTYPE
            stream.addfile(folder)

    assert not image_files.holds_a_file(chunks(folders.getvalue()))
    assert image_files.holds_a_file(chunks(archive(("data/a", b""))))
    assert image_files.holds_a_file(chunks(archive(("data/link", "a"))))
    with pytest.raises(image_files.TarStreamError):
        image_files.holds_a_file(chunks(b"no archive at all" * 100))


def test_a_folder_is_read_as_if_it_stood_in_an_image(tmp_path: Path) -> None:
    """Files and links of a folder come back under the path it stands for; git's own files do not."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "main.py").write_bytes(b"x")
    (tmp_path / "app" / "main.py").chmod(0o600)
    (tmp_path / "linked").symlink_to("app")
    (tmp_path / ".git").write_text("gitdir: elsewhere\n")

    found = image_files.read_tree(tmp_path, at="/srv")

    assert found == {
        "/srv/app/main.py": digest(b"x", mode=0o600),
        "/srv/linked": FileDigest(sha256=hashlib.sha256(b"app").hexdigest(), size=3, mode=0o777, link="app"),
    }
    assert sorted(image_files.read_tree(tmp_path)) == [f"{tmp_path}/app/main.py", f"{tmp_path}/linked"]


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """A missing folder does not look like an empty one."""
    with pytest.raises(FileNotFoundError):
        image_files.read_tree(tmp_path / "nowhere")
