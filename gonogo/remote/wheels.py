"""This gonogo and all that it needs, as wheels for a host's Python."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import sys
import zipfile
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from gonogo.errors import RefusedError
from gonogo.host.runner import Command, this_machine

__all__ = ["digest", "gather", "platforms"]

_LEFT_OUT = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"})
_SECONDS = 600.0
_OLDEST_GLIBC = 5
_LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}


def digest(root: Path | None = None) -> str:
    """What tells this gonogo from another one of the same version: its files."""
    whole = hashlib.sha256()
    for name, path in sorted(_sources(root or Path(__file__).parents[1])):
        whole.update(name.encode() + b"\0" + path.read_bytes())
    return whole.hexdigest()[:12]


def _sources(root: Path) -> Iterator[tuple[str, Path]]:
    """Its files; in an editable installation the checks and the plugins stand beside it, and have the same names."""
    beside = {f"gonogo/{name}": root.parent / name for name in ("checks", "plugins") if not (root / name).is_dir()}
    for name, folder in {"gonogo": root, **beside}.items():
        for path in folder.rglob("*.py") if folder.is_dir() else ():
            yield f"{name}/{path.relative_to(folder)}", path


def gather(folder: Path, *, extras: Sequence[str], python: str, machine: str, libc: str) -> str:
    """Puts the wheels into a folder; returns the name of gonogo's own, with the extras that come along.

    Raises:
        RefusedError: this gonogo cannot be packed, or a dependency has no wheel for that machine.
    """
    own = _own(folder)
    named = f"[{','.join(extras)}]" if extras else ""
    wanted = [
        "--only-binary=:all:",
        "--python-version",
        python,
        "--implementation",
        "cp",
        "--abi",
        f"cp{python}".replace(".", ""),
    ]
    wanted += ["--abi", "abi3", "--abi", "none"]
    wanted += [word for one in platforms(machine, libc) for word in ("--platform", one)]
    _pip("download", "--quiet", "--dest", str(folder), *wanted, f"{own}{named}", "pip")
    return f"{own.name}{named}"


def platforms(machine: str, libc: str) -> list[str]:
    """The tags of wheels that run on a Linux machine, the newest first."""
    name, _, version = libc.partition(" ")
    if name != "glibc":
        return [f"musllinux_1_{minor}_{machine}" for minor in (2, 1)] + [f"linux_{machine}"]
    minor = int(version.split(".")[1])
    tags = []
    for one in range(minor, _OLDEST_GLIBC - 1, -1):
        tags.append(f"manylinux_2_{one}_{machine}")
        tags += [f"{_LEGACY[one]}_{machine}"] if one in _LEGACY else []
    return [*tags, f"linux_{machine}"]


def _own(folder: Path) -> Path:
    """The wheel of the gonogo that runs here: built where it is a checkout, else packed from what is installed."""
    try:
        found = metadata.distribution("gonogo")
    except metadata.PackageNotFoundError as error:
        raise RefusedError("gonogo: found no installation, expected one: `pip install` it, then try again.") from error
    source = json.loads(found.read_text("direct_url.json") or "{}")
    if source.get("dir_info", {}).get("editable"):
        _pip("wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), unquote(urlsplit(source["url"]).path))
        return next(folder.glob("gonogo-*.whl"))
    return _packed(found, folder)


def _packed(found: metadata.Distribution, folder: Path) -> Path:
    """Its installed files, as the wheel that they came from."""
    path = folder / f"{found.name.replace('-', '_')}-{found.version}-py3-none-any.whl"
    record = io.StringIO()
    lines = csv.writer(record, lineterminator="\n")
    about = ""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for one in found.files or ():
            if one.parts[0] == ".." or one.suffix == ".pyc" or one.name in _LEFT_OUT:
                continue
            about = one.parts[0] if one.parts[0].endswith(".dist-info") else about
            data = Path(str(one.locate())).read_bytes()
            wheel.writestr(one.as_posix(), data)
            mark = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            lines.writerow((one.as_posix(), f"sha256={mark}", len(data)))
        lines.writerow((f"{about}/RECORD", "", ""))
        wheel.writestr(f"{about}/RECORD", record.getvalue())
    return path


def _pip(*words: str) -> Any:
    """Asks the pip of this Python.

    Raises:
        RefusedError: there is none, or it found nothing that fits.
    """
    done = this_machine(timeout=_SECONDS).run(Command(argv=(sys.executable, "-m", "pip", *words)))
    if "No module named pip" in done.errors:
        raise RefusedError(f"{sys.executable}: found no pip, expected it: `{sys.executable} -m ensurepip`.")
    return done.require("wheels for the host")
