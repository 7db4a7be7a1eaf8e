"""Tests of the bytecode probe on real compiled files, under every Python at hand."""

import importlib.util
import json
import os
import py_compile
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gonogo.inspection.code import bytecode
from gonogo.probes import bytecode_scan

SOURCE = """\
PRICE = 100
NAMES = frozenset({"a", "b", "c", "d"})


class Cart:
    def __init__(self, owner, items, total):
        self.owner, self.items, self.total = owner, items, total


def total(count, *, tax=0.19):
    \"\"\"Return the sum.\"\"\"
    assert count in {1, 2, 3}
    return [PRICE * item * (1 + tax) for item in range(count)]
"""


def python(name: str) -> str:
    """Return a Python that runs, or skip the test."""
    path = sys.executable if name == "this" else shutil.which(name)
    if path is None or subprocess.run([path, "-c", ""], check=False, capture_output=True).returncode:
        pytest.skip(f"{name} is not on this machine")
    return path


@pytest.fixture(params=["this", "python3.8", "python3.9", "python3.10", "python3.12", "python3.13", "python3.14"])
def interpreter(request: pytest.FixtureRequest) -> str:
    """Return each Python at hand in turn."""
    return python(request.param)


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """Return a source file of an application."""
    source = tmp_path / "app" / "shop.py"
    source.parent.mkdir()
    source.write_text(SOURCE)
    return source


def compiled(source: Path, interpreter: str = sys.executable, *, mode: str = "TIMESTAMP", optimize: int = -1) -> Path:
    """Compile a source under a Python and return the compiled file."""
    code = (
        "import py_compile, sys; print(py_compile.compile(sys.argv[1], doraise=True, optimize=int(sys.argv[3]),"
        "invalidation_mode=getattr(py_compile.PycInvalidationMode, sys.argv[2])))"
    )
    answer = subprocess.run(
        [interpreter, "-c", code, str(source), mode, str(optimize)], check=True, capture_output=True, text=True
    )
    return Path(answer.stdout.strip())


def probed(
    *roots: Path, interpreter: str = sys.executable, env: dict[str, str] | None = None, **request: Any
) -> bytecode.BytecodeReport:
    """Run the probe as it runs in a target."""
    answer = subprocess.run(
        [interpreter, "-I", "-B", "-", bytecode.probe_request(roots=[str(root) for root in roots], **request)],
        input=bytecode.probe_source(),
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | (env or {}),
    )
    return bytecode.parse(answer.stdout)


def kinds(report: bytecode.BytecodeReport) -> list[str]:
    """Return the kinds found."""
    return [finding.kind for finding in report.findings]


def rewrite(source: Path, text: str) -> None:
    """Replace a source by a text of the same size, and keep its time."""
    before = source.stat()
    source.write_text(text)
    os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert source.stat().st_size == before.st_size


@pytest.mark.parametrize("optimize", [0, 1, 2])
@pytest.mark.parametrize("mode", ["TIMESTAMP", "CHECKED_HASH"])
def test_fresh_bytecode_is_fine(module: Path, interpreter: str, mode: str, optimize: int) -> None:
    """What Python just compiled has no finding, whatever the optimization level."""
    compiled(module, interpreter, mode=mode, optimize=optimize)

    report = probed(module.parent, interpreter=interpreter)

    assert (report.examined, report.findings, report.truncated) == (1, (), False)


def test_impostor_with_equal_time_and_size_is_found(module: Path, interpreter: str) -> None:
    """Code compiled from other text of the same size and time is an impostor, under every Python."""
    path = compiled(module, interpreter)
    rewrite(module, SOURCE.replace("PRICE = 100", "PRICE = 999"))

    report = probed(module.parent, interpreter=interpreter)

    assert [(finding.path, finding.kind, finding.is_red) for finding in report.findings] == [
        (str(path), "impostor", True)
    ]
    assert report.findings[0].detail == (
        "header, time and size fit, but the code is not the source's: co_consts of <module> (line 1)"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("0.19", "0.16"),
        ("return [", "assert ["),
        ('"c"', '"x"'),
        ("self.total = owner, items, total", "self.total = owner, total, items"),
        ("assert count in {1, 2, 3}\n    return", "assert count in{1, 2, 3}\n\n    return"),
        ("PRICE = 100", "PRICE = 1.0"),
        ("tax=0.19", "tax=-0.0"),
    ],
)
def test_impostors_deep_inside_are_found(module: Path, before: str, after: str) -> None:
    """A change of a nested constant, name, operation or line is seen."""
    assert before in SOURCE
    compiled(module)
    rewrite(module, SOURCE.replace(before, after))

    assert kinds(probed(module.parent)) == ["impostor"]


def test_impostor_behind_a_hash_is_found(module: Path) -> None:
    """Foreign code behind the right source hash is an impostor."""
    path = compiled(module, mode="CHECKED_HASH")
    other = module.with_name("other.py")
    other.write_text("PRICE = 0\n")
    path.write_bytes(path.read_bytes()[:16] + compiled(other).read_bytes()[16:])

    assert kinds(probed(module.parent)) == ["impostor"]


def test_impostor_under_headers_only_is_not_compared(module: Path) -> None:
    """Other people's code is judged by its header alone."""
    compiled(module)
    rewrite(module, SOURCE.replace("PRICE = 100", "PRICE = 999"))

    report = probed(headers_only=[str(module.parent)])

    assert (report.examined, report.findings) == (1, ())


@pytest.mark.parametrize("marker", ["site-packages", "pyvenv.cfg"])
def test_environments_inside_the_application_are_headers_only(module: Path, marker: str) -> None:
    """A virtual environment met on the way is judged by headers."""
    folder = module.parent / ("site-packages" if marker == "site-packages" else "venv")
    folder.mkdir()
    source = folder / "lib.py"
    source.write_text(SOURCE)
    if marker == "pyvenv.cfg":
        (folder / "pyvenv.cfg").write_text("home = /usr/bin\n")
    compiled(source, mode="UNCHECKED_HASH")

    report = probed(module.parent)

    assert [(finding.kind, finding.scope, finding.is_red) for finding in report.findings] == [
        ("unchecked", "headers_only", False)
    ]


def test_a_root_inside_headers_only_is_the_applications_own(module: Path) -> None:
    """The longest root decides the scope: an application installed into site-packages is compared."""
    compiled(module)
    rewrite(module, SOURCE.replace("PRICE = 100", "PRICE = 999"))

    report = probed(module.parent, headers_only=[str(module.parent.parent)])

    assert [(finding.kind, finding.scope) for finding in report.findings] == [("impostor", "code")]


def test_stale_times_and_sizes_are_found(module: Path, interpreter: str) -> None:
    """A source of another time is mtime, one of another size is size."""
    path = compiled(module, interpreter)
    os.utime(module, (1_000_000_000, 1_000_000_000))

    report = probed(module.parent, interpreter=interpreter)

    recorded = struct.unpack_from("<I", path.read_bytes(), 8)[0]
    assert [(finding.kind, finding.detail) for finding in report.findings] == [
        ("mtime", f"made from a source of time {recorded}, the source is of 1000000000")
    ]
    module.write_text("x = 1\n")
    assert [(finding.kind, finding.detail) for finding in probed(module.parent, interpreter=interpreter).findings] == [
        ("size", f"made from {len(SOURCE)} bytes, the source has 6")
    ]


def test_stale_hashes_are_found(module: Path) -> None:
    """A checked hash that is not the source's is hash; an unchecked one is both unchecked and hash."""
    compiled(module, mode="CHECKED_HASH")
    rewrite(module, SOURCE.replace("PRICE = 100", "PRICE = 999"))
    assert kinds(probed(module.parent)) == ["hash"]

    rewrite(module, SOURCE)
    compiled(module, mode="UNCHECKED_HASH")
    assert kinds(probed(module.parent)) == ["unchecked"]

    rewrite(module, SOURCE.replace("PRICE = 100", "PRICE = 999"))
    assert kinds(probed(module.parent)) == ["unchecked", "hash"]


def test_orphans_and_sourceless_files_are_found(module: Path) -> None:
    """A cache without source is an orphan; a compiled file in a source's place is sourceless."""
    path = compiled(module)
    shutil.copy(path, module.with_name("ghost.pyc"))
    module.unlink()

    report = probed(module.parent)

    assert [(finding.path, finding.kind, finding.source) for finding in report.findings] == [
        (str(path), "orphan", str(module)),
        (str(module.with_name("ghost.pyc")), "sourceless", str(module.with_name("ghost.py"))),
    ]


@pytest.mark.parametrize("optimize", [0, 1, 2])
def test_legacy_files_beside_their_source_are_compared(module: Path, optimize: int) -> None:
    """A legacy file may be of any optimization level, and is an impostor when none fits."""
    shutil.move(compiled(module, optimize=optimize), module.with_suffix(".pyc"))
    assert kinds(probed(module.parent)) == []

    rewrite(module, SOURCE.replace("PRICE = 100", "PRICE = 999"))
    assert kinds(probed(module.parent)) == ["impostor"]


def test_files_of_pytest_are_ignored(module: Path) -> None:
    """What pytest rewrote and cached is neither an impostor nor an orphan."""
    tests = module.with_name("test_shop.py")
    tests.write_text("def test_shop():\n    assert 1 + 1 == 2\n")
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tests)],
        check=True,
        capture_output=True,
        cwd=module.parent,
        env=environment,
    )
    assert list(module.parent.glob("__pycache__/*-pytest-*.pyc"))

    report = probed(module.parent)

    assert (report.examined, report.findings) == (0, ())


def test_files_of_another_python_are_foreign(module: Path) -> None:
    """A cache with another tag is listed and is not red, with or without its source."""
    path = compiled(module)
    path.rename(path.with_name("shop.cpython-27.pyc"))
    (path.parent / "gone.pypy39.opt-1.pyc").write_bytes(b"")

    report = probed(module.parent)

    assert [(finding.kind, finding.detail, finding.is_red) for finding in report.findings] == [
        ("foreign", "made for pypy39; its source is gone", False),
        ("foreign", "made for cpython-27", False),
    ]


def test_files_with_another_magic_number_are_found(module: Path) -> None:
    """A file of this Python's tag but another magic number is bad-magic."""
    path = compiled(module)
    path.write_bytes(b"\0\0\r\n" + path.read_bytes()[4:])

    report = probed(module.parent)

    assert [(finding.kind, finding.detail) for finding in report.findings] == [
        (
            "bad-magic",
            f"its magic number is 00000d0a, this Python's is {importlib.util.MAGIC_NUMBER.hex()}",
        )
    ]


@pytest.mark.parametrize(
    ("keep", "kind"), [(0, "truncated"), (3, "truncated"), (15, "truncated"), (16, "truncated"), (40, "truncated")]
)
def test_files_cut_short_are_found(module: Path, keep: int, kind: str) -> None:
    """A file that ends early is truncated, wherever it ends."""
    path = compiled(module)
    path.write_bytes(path.read_bytes()[:keep])

    assert kinds(probed(module.parent)) == [kind]


def test_files_that_hold_no_code_are_unreadable(module: Path) -> None:
    """A body that is no code object, and a header with unknown flags, are unreadable."""
    path = compiled(module)
    good = path.read_bytes()
    path.write_bytes(good[:16] + b"N")
    assert [finding.detail for finding in probed(module.parent).findings] == ["it holds NoneType, not code"]

    path.write_bytes(good[:4] + struct.pack("<I", 8) + good[8:])
    assert [(finding.kind, finding.detail) for finding in probed(module.parent).findings] == [
        ("unreadable", "unknown flags 0x8 in its header")
    ]


def test_a_source_that_does_not_compile_is_no_impostor(module: Path) -> None:
    """Where the source is broken, nothing is said about the code."""
    compiled(module)
    rewrite(module, SOURCE.replace("PRICE = 100", "PRICE = = 1"))

    report = probed(module.parent)

    assert [(finding.kind, finding.is_red) for finding in report.findings] == [("uncompilable", False)]


def test_caches_under_a_prefix_are_found(module: Path, tmp_path: Path) -> None:
    """PYTHONPYCACHEPREFIX of the target's environment is searched as well, and no file below it is sourceless."""
    prefix = tmp_path / "app" / "cache"
    environment = {"PYTHONPYCACHEPREFIX": str(prefix)}
    subprocess.run([sys.executable, "-m", "py_compile", str(module)], check=True, env=os.environ | environment)
    assert probed(module.parent, env=environment).examined == 1
    assert kinds(probed(module.parent, env=environment)) == []

    rewrite(module, SOURCE.replace("PRICE = 100", "PRICE = 999"))
    assert kinds(probed(module.parent, env=environment)) == ["impostor"]
    assert kinds(probed(module.parent, prefix=str(prefix))) == ["impostor"]

    module.unlink()
    assert kinds(probed(module.parent, env=environment)) == ["orphan"]


def test_excluded_folders_and_files_are_left_out(module: Path) -> None:
    """Patterns exclude by name and by whole path."""
    compiled(module)
    os.utime(module, (1_000_000_000, 1_000_000_000))

    assert kinds(probed(module.parent)) == ["mtime"]
    assert probed(module.parent, exclude=["__pycache__"]).examined == 0
    assert probed(module.parent, exclude=[f"{module.parent}/*"]).examined == 0


def test_the_walk_is_bounded_and_says_so(module: Path) -> None:
    """Past the bound on files or bytes the probe stops and says that it did not see everything."""
    compiled(module)
    compiled(module, optimize=1)

    few = probed(module.parent, max_files=1)
    small = probed(module.parent, max_bytes=10)

    assert (few.examined, few.truncated) == (1, True)
    assert (small.examined, small.truncated) == (1, True)


def test_missing_roots_are_named(tmp_path: Path) -> None:
    """A root that is not there is named: nothing was examined below it."""
    report = probed(tmp_path / "nowhere")

    assert (report.examined, report.missing) == (0, (str(tmp_path / "nowhere"),))


def test_names_that_are_no_text_are_escaped(tmp_path: Path) -> None:
    """A file name of bytes that are no UTF-8 comes back printable."""
    name = os.fsencode(tmp_path) + b"/b\xe9.pyc"
    Path(os.fsdecode(name)).write_bytes(b"")

    report = probed(tmp_path)

    assert [finding.path for finding in report.findings] == [f"{tmp_path}/b\\xe9.pyc"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_unreadable_folders_are_named(tmp_path: Path) -> None:
    """A folder that cannot be listed is a finding, not an empty one; Python takes nothing from there, so it is not red."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    try:
        report = probed(tmp_path)
    finally:
        closed.chmod(0o700)

    assert [(finding.path, finding.kind, finding.is_red) for finding in report.findings] == [
        (str(closed), "closed", False)
    ]


def test_files_compiled_without_columns_are_no_impostors(module: Path) -> None:
    """PYTHONNODEBUGRANGES leaves columns out of the line table; that is no other code."""
    subprocess.run(
        [sys.executable, "-X", "no_debug_ranges", "-m", "py_compile", str(module)], check=True, capture_output=True
    )
    assert kinds(probed(module.parent)) == []

    rewrite(module, SOURCE.replace("\n\n\nclass", "\n\nclass").replace("\n\n\ndef", "\n\n\n\ndef"))
    assert kinds(probed(module.parent)) == ["impostor"]


def test_difference_ignores_the_file_name() -> None:
    """Code compiled elsewhere under another path is the same code."""
    here = bytecode_scan.compiled(SOURCE.encode(), "/build/shop.py", 0)
    there = bytecode_scan.compiled(SOURCE.encode(), "/app/shop.py", 0)

    assert bytecode_scan.difference(here, there) == ""


@pytest.mark.parametrize(
    ("kept", "made"),
    [("0.0", "-0.0"), ("1", "1.0"), ("1", "True"), ("(1, 2)", "(1, 2.0)"), ("0j", "-0j"), ("b'a'", "'a'")],
)
def test_difference_sees_constants_that_compare_equal(kept: str, made: str) -> None:
    """Constants that are equal to Python and yet different are told apart."""
    before = bytecode_scan.compiled(f"x = {kept}\n".encode(), "x.py", 0)
    after = bytecode_scan.compiled(f"x = {made}\n".encode(), "x.py", 0)

    assert bytecode_scan.difference(before, after)


@pytest.mark.parametrize("constant", ["1e999 - 1e999", "...", "x in {1, 'a', 2.5, None}", "-0.0", "1e999j - 1e999j"])
def test_difference_accepts_constants_that_do_not_compare_equal(constant: str) -> None:
    """NaN is itself here, and a set has no order."""
    before = bytecode_scan.compiled(f"x = {constant}\n".encode(), "x.py", 0)
    after = bytecode_scan.compiled(f"x = {constant}\n".encode(), "x.py", 0)

    assert bytecode_scan.difference(before, after) == ""


CONSTANTS = st.one_of(
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.binary(max_size=20),
    st.booleans(),
    st.none(),
    st.just(...),
    st.complex_numbers(),
)
NAN_SAFE = CONSTANTS.filter(lambda value: "nan" not in repr(value) and "inf" not in repr(value))


def function(values: list[Any], *, wanted: Any) -> str:
    """Return a source that holds constants in several places."""
    return (
        f"TABLE = [{', '.join(map(repr, values))}]\n"
        f"class Model:\n    def save(self, key={wanted!r}):\n        self.key = {wanted!r}\n        self.rest = TABLE\n"
        f"        return key in {{{', '.join(map(repr, [*values, 0]))}}}\n"
    )


@settings(max_examples=60, deadline=None)
@given(values=st.lists(NAN_SAFE, max_size=5), wanted=NAN_SAFE)
def test_compiled_source_is_never_an_impostor(
    tmp_path_factory: pytest.TempPathFactory, values: list[Any], wanted: Any
) -> None:
    """Any source, compiled and probed, has no finding."""
    source = tmp_path_factory.mktemp("app") / "model.py"
    source.write_text(function(values, wanted=wanted), encoding="utf-8")
    py_compile.compile(str(source), doraise=True)

    assert bytecode_scan.examine({"roots": [str(source.parent)]})["findings"] == []


@settings(max_examples=60, deadline=None)
@given(values=st.lists(NAN_SAFE, max_size=5), before=st.integers(1000, 9999), after=st.integers(1000, 9999))
def test_a_changed_constant_is_always_an_impostor(
    tmp_path_factory: pytest.TempPathFactory, values: list[Any], before: int, after: int
) -> None:
    """Any changed constant behind the same time and size is found."""
    source = tmp_path_factory.mktemp("app") / "model.py"
    source.write_text(function(values, wanted=before), encoding="utf-8")
    py_compile.compile(str(source), doraise=True)
    rewrite(source, function(values, wanted=after))

    found = [finding["kind"] for finding in bytecode_scan.examine({"roots": [str(source.parent)]})["findings"]]

    assert found == ([] if before == after else ["impostor"])


@settings(max_examples=150, deadline=None)
@given(body=st.binary(max_size=60))
def test_any_content_gets_a_verdict(tmp_path_factory: pytest.TempPathFactory, body: bytes) -> None:
    """Whatever a compiled file holds, the probe answers: it is red, or Python itself never runs it."""
    folder = tmp_path_factory.mktemp("app")
    (folder / "x.py").write_text("x = 1\n")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / f"x.{sys.implementation.cache_tag}.pyc").write_bytes(body)

    answer = bytecode_scan.examine({"roots": [str(folder)]})

    report = bytecode.parse(json.dumps(answer))
    assert len(report.findings) == 1
    assert report.findings[0].is_red is not report.findings[0].is_rejected
