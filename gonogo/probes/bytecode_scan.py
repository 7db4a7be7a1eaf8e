"""Judge the bytecode below some folders, under the Python that would run it.

Self-contained: standard library only, any Python from 3.8, fed on standard input so that the target needs nothing::

    python -I -B - '{"roots": ["/app"], "headers_only": ["/usr/lib/python3/dist-packages"]}' < bytecode_probe.py

It changes nothing and prints one JSON document. Of code below ``roots`` the compiled code itself is compared with what
the source compiles to; below ``headers_only`` (and in virtual environments met on the way) only headers are judged.
"""

from __future__ import annotations

import errno
import importlib.util
import json
import marshal
import os
import re
import struct
import sys
import types
import warnings
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Iterator, NamedTuple  # noqa: UP035  # collections.abc has no subscripts on 3.8

__all__ = ["difference", "examine", "main"]

CODE = "code"
HEADERS_ONLY = "headers_only"
VENDORED = ("site-packages", "dist-packages")
HEADER = struct.Struct("<4sIII")
CHECKED = 0b01 | 0b10
CACHED_NAME = re.compile(r"(?P<stem>.+)\.(?P<tag>(?!opt-)[^.]+)(?:\.opt-(?P<opt>[A-Za-z0-9]+))?\.pyc")
PYTEST_NAME = re.compile(r".+-pytest-.+\.pyc")
LEVELS = {None: (0,), "1": (1,), "2": (2,)}
COMPARED = (
    "co_name",
    "co_argcount",
    "co_posonlyargcount",
    "co_kwonlyargcount",
    "co_flags",
    "co_firstlineno",
    "co_names",
    "co_varnames",
    "co_freevars",
    "co_cellvars",
    "co_code",
    "co_exceptiontable",
)


class Rules(NamedTuple):
    """Where the walk stops: at other roots, and at what the caller excludes."""

    stops: frozenset[str]
    exclude: tuple[str, ...]

    def skips(self, path: str) -> bool:
        """Whether the caller excluded a path, by its name or by its whole path."""
        name = os.path.basename(path)  # noqa: PTH119  # one call a file of a large tree
        return any(fnmatch(name, pattern) or fnmatch(path, pattern) for pattern in self.exclude)


class Bytecode(NamedTuple):
    """One compiled file: where it stands, what it was made from, and under which name."""

    path: Path
    source: Path
    tag: str | None
    levels: tuple[int, ...]
    legacy: bool
    scope: str


class Budget:
    """How much may still be read; ``spent`` once a bound was met."""

    def __init__(self, files: int, size: int) -> None:
        """Starts with a number of files and of bytes."""
        self.files = files
        self.size = size
        self.examined = 0
        self.spent = False

    def allows(self) -> bool:
        """Counts one more file, unless a bound was met."""
        self.spent = self.spent or self.examined >= self.files or self.size <= 0
        self.examined += not self.spent
        return not self.spent

    def read(self, path: Path) -> bytes:
        """A file's content and count it."""
        data = path.read_bytes()
        self.size -= len(data)
        return data


def examine(request: dict[str, Any]) -> dict[str, Any]:
    """The document that answers a request."""
    scopes = {os.path.abspath(root): HEADERS_ONLY for root in request.get("headers_only", ())}  # noqa: PTH100
    scopes.update({os.path.abspath(root): CODE for root in request.get("roots", ())})  # noqa: PTH100
    prefix = request.get("prefix") or os.environ.get("PYTHONPYCACHEPREFIX") or None
    stops = frozenset(scopes) | ({os.path.abspath(prefix)} if prefix else set())  # noqa: PTH100
    rules = Rules(stops, tuple(request.get("exclude", ())))
    budget = Budget(request.get("max_files", 100_000), request.get("max_bytes", 2 << 30))
    findings = [
        finding
        for root, scope in sorted(scopes.items())
        for path, where in everything(root, scope, prefix, rules)
        for finding in judged(path, where, prefix, budget)
    ]
    return {
        "python": "{}.{}.{}".format(*sys.version_info[:3]),
        "tag": sys.implementation.cache_tag,
        "examined": budget.examined,
        "truncated": budget.spent,
        "missing": [printable(root) for root in sorted(scopes) if not os.path.isdir(root)],  # noqa: PTH112
        "findings": findings,
    }


def everything(root: str, scope: str, prefix: str | None, rules: Rules) -> Iterator[tuple[str, str]]:
    """Every compiled file of a root and of its copy below the cache prefix, each with its scope."""
    yield from below(root, scope, rules)
    if prefix:
        mirror = os.path.join(os.path.abspath(prefix), root.lstrip(os.sep))  # noqa: PTH100, PTH118
        if os.path.isdir(mirror):  # noqa: PTH112
            yield from below(mirror, scope, rules)


def below(folder: str, scope: str, rules: Rules) -> Iterator[tuple[str, str]]:
    """The compiled files of a folder and its subfolders, never through symbolic links."""
    try:
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError:
        yield folder, scope  # judged as unreadable
        return
    for entry in entries:
        if rules.skips(entry.path):
            continue
        if entry.is_dir(follow_symlinks=False):
            if entry.path not in rules.stops:
                yield from below(entry.path, HEADERS_ONLY if vendored(entry) else scope, rules)
        elif entry.name.endswith(".pyc"):
            yield entry.path, scope


def vendored(entry: os.DirEntry[str]) -> bool:
    """Whether a folder holds other people's code: an environment or its packages."""
    return entry.name in VENDORED or os.path.isfile(os.path.join(entry.path, "pyvenv.cfg"))  # noqa: PTH113, PTH118


def judged(path: str, scope: str, prefix: str | None, budget: Budget) -> Iterator[dict[str, Any]]:
    """What is wrong with one compiled file; one that vanished meanwhile is fine."""
    if PYTEST_NAME.fullmatch(os.path.basename(path)) or not budget.allows():  # noqa: PTH119
        return
    item = bytecode(Path(path), scope, prefix)
    try:
        for kind, detail in verdicts(item, budget):
            yield {
                "path": printable(path),
                "kind": kind,
                "detail": detail,
                "source": printable(str(item.source)),
                "scope": scope,
            }
    except FileNotFoundError:
        return
    except OSError as error:
        where = {"path": printable(path), "source": printable(str(item.source)), "scope": scope}
        kind = "closed" if isinstance(error, PermissionError) else "unreadable"
        yield dict(where, kind=kind, detail=error.strerror or type(error).__name__)


def bytecode(path: Path, scope: str, prefix: str | None) -> Bytecode:
    """Tells from its place and name what a compiled file belongs to."""
    mirror = Path(os.path.abspath(prefix)) if prefix else None  # noqa: PTH100
    mirrored = mirror is not None and mirror in path.parents
    name = CACHED_NAME.fullmatch(path.name)
    if not mirrored and path.parent.name != "__pycache__":
        return Bytecode(path, path.with_suffix(".py"), None, (0, 1, 2), legacy=True, scope=scope)
    home = Path(path.anchor) / path.parent.relative_to(mirror) if mirrored and mirror else path.parent.parent
    if not name:
        return Bytecode(path, home / (path.stem + ".py"), "none", (), legacy=False, scope=scope)
    source = home / (name.group("stem") + ".py")
    return Bytecode(path, source, name.group("tag"), LEVELS.get(name.group("opt"), ()), legacy=False, scope=scope)


def verdicts(item: Bytecode, budget: Budget) -> Iterator[tuple[str, str]]:
    """(kind, detail) for everything that is wrong with one compiled file."""
    if item.path.is_dir():
        raise PermissionError(errno.EACCES, "the folder cannot be listed")
    here = item.source.is_file()
    if not item.legacy and item.tag != sys.implementation.cache_tag:
        yield "foreign", "made for {}{}".format(item.tag, "" if here else "; its source is gone")
        return
    if not here:
        if item.legacy:
            yield "sourceless", "Python imports it though there is no source"
        else:
            yield "orphan", "its source is gone"
        return
    data = budget.read(item.path)
    if len(data) >= len(importlib.util.MAGIC_NUMBER) and data[:4] != importlib.util.MAGIC_NUMBER:
        kind = "foreign" if item.legacy else "bad-magic"
        yield kind, f"its magic number is {data[:4].hex()}, this Python's is {magic().hex()}"
    elif len(data) <= HEADER.size:
        yield "truncated", f"{len(data)} bytes, not even a header and code"
    else:
        yield from of_this_python(item, data, budget)


def magic() -> bytes:
    """The magic number of this Python."""
    return importlib.util.MAGIC_NUMBER


def of_this_python(item: Bytecode, data: bytes, budget: Budget) -> Iterator[tuple[str, str]]:
    """What is wrong with a file whose magic number is this Python's."""
    _, flags, first, second = HEADER.unpack_from(data)
    if flags & ~CHECKED:
        yield "unreadable", f"unknown flags {flags:#x} in its header"
        return
    source = budget.read(item.source) if flags or item.scope == CODE else None
    if flags and source is not None:
        stale = list(hash_verdicts(flags, data[8:16], importlib.util.source_hash(source)))
    else:
        stale = list(time_verdicts(item.source, first, second))
    yield from stale
    if source is not None and item.scope == CODE and not any(kind != "unchecked" for kind, _ in stale):
        yield from code_verdicts(item, data[HEADER.size :], source)


def hash_verdicts(flags: int, kept: bytes, made: bytes) -> Iterator[tuple[str, str]]:
    """What is wrong with a header that names its source by a hash."""
    if flags != CHECKED:
        yield "unchecked", "Python runs it without ever looking at its source"
    if kept != made:
        yield "hash", f"made from a source with hash {kept.hex()}, the source has {made.hex()}"


def time_verdicts(source: Path, modified: int, size: int) -> Iterator[tuple[str, str]]:
    """What is wrong with a header that names its source by time and size."""
    status = source.stat()
    found = int(status.st_mtime) & 0xFFFFFFFF
    if status.st_size & 0xFFFFFFFF != size:
        yield "size", f"made from {size} bytes, the source has {status.st_size}"
    elif found != modified:
        yield "mtime", f"made from a source of time {modified}, the source is of {found}"


def code_verdicts(item: Bytecode, body: bytes, source: bytes) -> Iterator[tuple[str, str]]:
    """What is wrong with the compiled code itself, behind a header in which all is well."""
    try:
        kept = marshal.loads(body)  # noqa: S302  # read, never run; and Python itself would load and run it
    except (EOFError, ValueError, TypeError, MemoryError) as error:
        yield "truncated" if isinstance(error, EOFError) else "unreadable", f"its code cannot be loaded: {error}"
        return
    if not isinstance(kept, types.CodeType):
        yield "unreadable", f"it holds {type(kept).__name__}, not code"
        return
    if not item.levels:
        return  # made under an optimization level of somebody else's: nothing to compare with
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = [difference(kept, compiled(source, str(item.source), level)) for level in item.levels]
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError) as error:
        yield "uncompilable", f"its source does not compile: {error}"
        return
    if all(found):
        yield "impostor", f"header, time and size fit, but the code is not the source's: {found[0]}"


def compiled(source: bytes, path: str, level: int) -> types.CodeType:
    """Compiles a source the way the import system does."""
    code: types.CodeType = compile(source, path, "exec", dont_inherit=True, optimize=level)
    return code


def difference(kept: types.CodeType, made: types.CodeType) -> str:
    """Names the first place where two code objects differ, or returns an empty text; file names do not count."""
    where = f"{made.co_name} (line {made.co_firstlineno})"
    for attribute in COMPARED:
        if getattr(kept, attribute, None) != getattr(made, attribute, None):
            return f"{attribute} of {where}"
    if len(kept.co_consts) != len(made.co_consts):
        return f"co_consts of {where}"
    unordered = "__static_attributes__" in made.co_names  # 3.13.0 writes this tuple in no fixed order
    for index, constant in enumerate(made.co_consts):
        other = kept.co_consts[index]
        if isinstance(constant, types.CodeType) and isinstance(other, types.CodeType):
            inner = difference(other, constant)
            if inner:
                return inner
        elif identity(other, unordered=unordered) != identity(constant, unordered=unordered):
            return f"co_consts of {where}"
    return "" if same_lines(kept, made) else f"line table of {where}"


def identity(constant: object, *, unordered: bool = False) -> object:
    """What a constant is, its type and sign of zero included, whatever order a set has."""
    if isinstance(constant, float):
        return ("float", "nan" if constant != constant else constant.hex())  # noqa: PLR0124  # NaN is not itself
    if isinstance(constant, complex):
        return ("complex", identity(constant.real), identity(constant.imag))
    if isinstance(constant, frozenset):
        return ("frozenset", frozenset(identity(item) for item in constant))
    if isinstance(constant, slice):
        return ("slice", *(identity(part) for part in (constant.start, constant.stop, constant.step)))
    if isinstance(constant, tuple):
        items = constant
        if unordered and all(isinstance(item, str) for item in constant):
            items = tuple(sorted(constant))
        return ("tuple", tuple(identity(item) for item in items))
    return (type(constant).__name__, constant)


def same_lines(kept: types.CodeType, made: types.CodeType) -> bool:
    """Whether two code objects name the same lines; one compiled without columns is compared without them."""
    if table(kept) == table(made):
        return True
    if not hasattr(kept, "co_positions"):
        return False
    places = list(kept.co_positions())
    if any(place[2] is not None for place in places):
        return False
    return [place[0] for place in places] == [place[0] for place in made.co_positions()]


def table(code: types.CodeType) -> bytes:
    """The line table, under the name that this Python has for it."""
    lines: bytes = code.co_linetable if hasattr(code, "co_linetable") else code.co_lnotab
    return lines


def printable(path: str) -> str:
    """A path that can be printed anywhere: bytes that are no text are escaped."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def main(argv: list[str]) -> int:
    """Reads the request, prints the document."""
    request = json.loads(argv[1]) if len(argv) > 1 else {}
    sys.stdout.write(json.dumps(examine(request)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
