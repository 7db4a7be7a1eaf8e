"""Tests of comparing an image's files with the commit's."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.inspection.code import contents
from gonogo.inspection.code.contents import FileDigest

CODE = {".": "/app"}


def digest(text: str, mode: int = 0o644) -> FileDigest:
    """Return the digest of a text."""
    raw = text.encode()
    return FileDigest(sha256=hashlib.sha256(raw).hexdigest(), size=len(raw), mode=mode)


def manifest(**texts: str) -> contents.Manifest:
    """Return a manifest of Python files by module name, with `__` for a folder."""
    return {name.replace("__", "/") + ".py": digest(text) for name, text in texts.items()}


def at(files: contents.Manifest, folder: str = "/app") -> contents.Manifest:
    """Return a manifest as the files of an image."""
    return {f"{folder}/{path}": file for path, file in files.items()}


SOURCE = manifest(main="v2", app__routes="routes", app__models="models")


def lines(drift: contents.Drift) -> list[str]:
    """Return the red files as they are printed."""
    return [str(file) for file in drift]


def test_equal_files_do_not_drift() -> None:
    """An image that holds the commit's files, whatever their modes, has no drift."""
    image = at(SOURCE) | {"/app/main.py": digest("v2", mode=0o755)}

    drift = contents.compare(SOURCE, image, code=CODE)

    assert not drift
    assert (len(drift), drift.compared, drift.left_out, drift.untracked) == (0, 3, (), ())


def test_yesterdays_file_differs() -> None:
    """A file of other content is red and says what was found and expected."""
    drift = contents.compare(SOURCE, at(SOURCE) | {"/app/main.py": digest("v1!")}, code=CODE)

    assert lines(drift) == [
        (
            f"/app/main.py: found 3 bytes, sha256 {digest('v1!').sha256[:12]}, "
            f"expected 2 bytes, sha256 {digest('v2').sha256[:12]}"
        )
    ]
    assert [file.kind for file in drift] == ["differs"]


def test_tracked_cache_may_be_written_anew() -> None:
    """Python does so beside every source that it imports; a file of that suffix elsewhere is compared."""
    caches = {"app/__pycache__/routes.cpython-311.pyc": digest("old"), "app/kept.pyc": digest("old")}
    source = SOURCE | caches
    drift = contents.compare(source, at(source) | {f"/app/{path}": digest("new!") for path in caches}, code=CODE)

    assert [file.path for file in drift] == ["app/kept.pyc"]


def test_missing_files_are_fine_unless_somebody_needs_them() -> None:
    """An image may lack files: `.dockerignore` keeps them out."""
    image = at(SOURCE)
    del image["/app/app/models.py"]

    drift = contents.compare(SOURCE, image, code=CODE)

    assert (len(drift), drift.left_out) == (0, ("app/models.py",))


def test_a_lost_file_is_red_and_says_why() -> None:
    """What should be in the image and is not is named where it should stand; what stands nowhere by its own path."""
    image = at(SOURCE)
    del image["/app/app/models.py"]

    drift = contents.compare(SOURCE, image, code={"app": "/app/app"}, lost={"app/models.py": "why", "main.py": "that"})

    assert lines(drift) == [
        "/app/app/models.py: found nothing, expected the file (why)",
        "main.py: found nothing, expected the file (that)",
    ]
    assert drift.left_out == ()


@pytest.mark.parametrize(("code", "where", "mapping"), [({".": "/srv"}, "/srv", ". = /srv"), ({}, "/", "nothing")])
def test_a_comparison_of_nothing_is_red(code: dict[str, str], where: str, mapping: str) -> None:
    """A mapping under which no tracked file stands in the image proves nothing, so it is red."""
    drift = contents.compare(SOURCE, at(SOURCE), code=code)

    assert lines(drift) == [
        f"{where}: found none among 3 files, expected at least one of 3 tracked files, mapped as {mapping}"
    ]


@pytest.mark.parametrize(
    ("beside", "compared", "unmapped"),
    [((), 0, True), (("requirements.txt",), 1, True), (("a.txt", "b.txt", "c.txt"), 3, False)],
)
def test_a_folder_under_which_more_would_be_compared_is_named(
    beside: tuple[str, ...], compared: int, *, unmapped: bool
) -> None:
    """`COPY src/ .` leaves the default mapping with little to compare: the mapping that fits is told."""
    source = {f"src/{name}": digest(name) for name in ("main.py", "app/models.py", "tests/test_it.py")}
    tops = {name: digest(name) for name in beside}
    image = {f"/srv/{name}": digest(name) for name in ("main.py", "app/models.py", *beside)}

    drift = contents.compare(source | tops, image, code={".": "/srv"})

    expected = 'code = { "src" = "/srv" }' if unmapped else ""
    assert (drift.compared, drift.unmapped) == (compared, expected)
    nothing = f"/srv: found none among 2 files (they fit {expected}), expected at least one of 3 tracked files, mapped as . = /srv"
    assert lines(drift) == ([] if compared else [nothing])


@pytest.mark.parametrize(
    ("untracked", "module", "instead_of"),
    [
        ("/app/app.py", "app", "/app/app"),
        ("/app/app/__init__.py", "app", "/app/app"),
        ("/app/main/__init__.py", "main", "/app/main.py"),
        ("/app/main.cpython-311-x86_64-linux-gnu.so", "main", "/app/main.py"),
        ("/app/app/routes/__init__.py", "app.routes", "/app/app/routes.py"),
        ("/app/app/models.abi3.so", "app.models", "/app/app/models.py"),
        ("/app/json.py", "json", "the standard library"),
        ("/app/email/__init__.py", "email", "the standard library"),
        ("/app/yaml.py", "yaml", "the installed package"),
    ],
)
def test_untracked_files_in_a_modules_place_are_red(untracked: str, module: str, instead_of: str) -> None:
    """A file unknown to git that takes the place of a module is red, wherever the module comes from."""
    drift = contents.compare(SOURCE, at(SOURCE) | {untracked: digest("x")}, code=CODE, known_modules={"yaml"})

    assert lines(drift) == [
        f"{untracked}: found a file unknown to git that is imported as {module}, expected {module} from {instead_of}"
    ]


@pytest.mark.parametrize(
    "untracked",
    [
        "/app/_version.py",
        "/app/app/_version.py",
        "/app/app/json.py",
        "/app/static/main.js",
        "/app/main.pyi",
        "/app/build/lib/app/routes.py",
        "/app/.venv/lib/python3.11/site-packages/json.py",
        "/app/json/data.txt",
        "/app/__init__.py",
        "/app/sys.py",
        "/app/fast.so",
    ],
)
def test_generated_files_are_listed_only(untracked: str) -> None:
    """What git does not know and no module misses is listed, not red."""
    drift = contents.compare(SOURCE, at(SOURCE) | {untracked: digest("x")}, code=CODE)

    assert (lines(drift), drift.untracked) == ([], (untracked,))


def test_allowed_modules_may_stand_in_a_modules_place() -> None:
    """A compiled twin that the build makes on purpose is allowed by a pattern."""
    image = at(SOURCE) | {"/app/main.cpython-311-x86_64-linux-gnu.so": digest("x")}

    assert len(contents.compare(SOURCE, image, code=CODE)) == 1
    assert len(contents.compare(SOURCE, image, code=CODE, allowed=["/app/*.so"])) == 0


def test_a_module_is_shadowed_from_another_import_root() -> None:
    """With `src` on the path, a file beside it that has the name of a package in it takes its place."""
    source = {"src/shop/api.py": digest("a"), "src/shop/__init__.py": digest("")}
    image = at(source) | {"/app/shop.py": digest("x")}

    drift = contents.compare(source, image, code=CODE, import_roots=["/app", "/app/src"])

    assert lines(drift) == [
        (
            "/app/shop.py: found a file unknown to git that is imported as shop, "
            "expected shop from /app/src/shop/__init__.py"
        )
    ]


def test_files_outside_the_mapped_folders_do_not_count() -> None:
    """Only what stands below a mapped folder can be untracked."""
    image = at(SOURCE) | {"/usr/lib/json.py": digest("x"), "/application/json.py": digest("x")}

    drift = contents.compare(SOURCE, image, code=CODE)

    assert (len(drift), drift.untracked) == (0, ())


def test_links_are_compared_by_their_target(tmp_path: Path) -> None:
    """A link that points elsewhere differs; one that COPY followed is the file that it points to."""
    (tmp_path / "real.py").write_text("x = 1\n")
    (tmp_path / "link.py").symlink_to("real.py")
    source = contents.manifest_of(tmp_path, ["real.py", "link.py"])
    elsewhere = contents.link_digest("/etc/passwd")

    assert len(contents.compare(source, at(source), code=CODE)) == 0
    assert len(contents.compare(source, at(source) | {"/app/link.py": source["real.py"]}, code=CODE)) == 0
    assert lines(contents.compare(source, at(source) | {"/app/link.py": elsewhere}, code=CODE)) == [
        "/app/link.py: found link to /etc/passwd, expected link to real.py"
    ]
    assert len(contents.compare(source, at(source) | {"/app/link.py": digest("y")}, code=CODE)) == 1


def test_manifest_holds_what_stands_in_the_worktree(tmp_path: Path) -> None:
    """The digest is of the bytes on disk; submodules and sparse paths are left out."""
    (tmp_path / "a.py").write_bytes(b"x = 1\r\n")
    (tmp_path / "a.py").chmod(0o755)
    (tmp_path / "submodule").mkdir()

    found = contents.manifest_of(tmp_path, ["a.py", "submodule", "sparse.py", "a.py/below"])

    assert found == {"a.py": FileDigest(sha256=hashlib.sha256(b"x = 1\r\n").hexdigest(), size=7, mode=0o755, link=None)}


def test_the_longest_prefix_decides() -> None:
    """Folders and single files are mapped by their longest prefix; what has none lands nowhere."""
    code = {"backend": "/app", "backend/static": "/srv/static/", "deploy/entry.sh": "/entry.sh"}
    paths = ["backend/main.py", "backend/static/a/b.css", "deploy/entry.sh", "deploy/other.sh", "backend2/x.py"]

    assert contents.map_paths(paths, code) == {
        "backend/main.py": "/app/main.py",
        "backend/static/a/b.css": "/srv/static/a/b.css",
        "deploy/entry.sh": "/entry.sh",
    }


def test_missing_required_names_what_is_not_there() -> None:
    """Required files and folders are looked up in the image; an unmapped one is missing."""
    code = {"backend": "/app"}
    files = ["/app/main.py", "/app/routes/a.py"]
    required = ["backend/main.py", "backend/routes", "backend/rout", "backend/gone.py", "docs"]

    assert contents.missing_required(required, files, code=code) == ["backend/rout", "backend/gone.py", "docs"]


def test_a_folder_is_where_its_parts_stand_side_by_side() -> None:
    """Mapped itself, or told by what is in it under its own name."""
    code = {"backend/app": "/srv/backend/app", "backend/alembic.ini": "/srv/backend/alembic.ini", "ui/dist": "/html"}

    assert contents.folder_place("backend", code) == "/srv/backend"
    assert contents.folder_place("backend/app/views", code) == "/srv/backend/app/views"
    assert contents.folder_place("ui", code) is None
    assert contents.folder_place(".", {"app": "/srv/app", "alembic.ini": "/srv/alembic.ini"}) == "/srv"


def test_of_the_whole_image_only_the_applications_is_looked_at() -> None:
    """`COPY . .` without WORKDIR: the system's own files are neither read nor called unknown to git."""
    source = manifest(main="v2", app__routes="routes")
    image = at(source, "") | {"/etc/passwd": digest("x"), "/app/new.txt": digest("y")}

    assert contents.looked_at({".": "/"}, source) == ["/app", "/main.py"]
    assert contents.looked_at({"app": "/srv/app"}, source) == ["/srv/app"]
    assert contents.compare(source, image, code={".": "/"}).untracked == ("/app/new.txt",)


def test_a_required_folder_may_land_in_parts() -> None:
    """`COPY backend/app /srv/app` brings a part of a required `backend`; no part at all is missing."""
    code = {"backend/app": "/srv/app", "backend/gone": "/srv/gone"}

    assert contents.missing_required(["backend"], ["/srv/app/main.py"], code=code) == []
    assert contents.missing_required(["backend"], ["/srv/other.py"], code=code) == ["backend"]
    assert (contents.belongs("backend", code), contents.belongs("docs", code)) == (True, False)


NAMES = st.lists(st.sampled_from(["a", "b", "main", "app", "x.py", "y.css"]), min_size=1, max_size=3).map("/".join)


@given(source=st.dictionaries(NAMES, st.text(max_size=3).map(digest), min_size=1))
def test_an_exact_copy_never_drifts(source: contents.Manifest) -> None:
    """Whatever the tree, an image that holds exactly it has no drift."""
    drift = contents.compare(source, at(source), code=CODE)

    assert (lines(drift), drift.compared) == ([], len(source))


@given(source=st.dictionaries(NAMES, st.text(max_size=3).map(digest), min_size=1), data=st.data())
def test_one_changed_file_is_the_one_red(source: contents.Manifest, data: st.DataObject) -> None:
    """Whatever the tree, a change of one file is red, and only that."""
    path = data.draw(st.sampled_from(sorted(source)))

    drift = contents.compare(source, at(source) | {f"/app/{path}": digest("changed")}, code=CODE)

    assert [(file.kind, file.path) for file in drift] == [("differs", path)]
