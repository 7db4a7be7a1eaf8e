"""What an application needs installed, as its folder says it: files of pip, pyproject.toml, and three lock files."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Needs", "needs_of"]

Reader = Callable[[str], str | None]
"""The text of a file of the application, or None where there is none."""
_FILES = (
    "requirements.txt",
    *(f"requirements/{name}.txt" for name in ("production", "prod", "requirements", "base", "main")),
    *("requirements-prod.txt", "requirements.prod.txt", "requirements-production.txt"),
)
"""Files of pip, the likeliest first."""
_NO_PACKAGES = frozenset(
    {"test", "tests", "testing", "docs", "doc", "examples", "scripts", "script", "tools", "bin", "benchmarks", "build"}
    | {"dist", "templates", "static", "node_modules"}
)
_CARET = re.compile(r"\^\s*(\d+(?:\.\d+)*)(\S*)")
_TILDE = re.compile(r"~\s*(\d+(?:\.\d+)*)(\S*)")


@dataclass(frozen=True, kw_only=True)
class Needs:
    """What is installed: a file as it is, these requirements, or the project itself; within what a lock file allows."""

    file: str = ""
    requirements: tuple[str, ...] = ()
    project: bool = False
    pinned: tuple[str, ...] = ()
    """Versions that a lock file names."""


def needs_of(read: Reader, folders: Mapping[str, bool]) -> Needs:
    """What the files say; ``folders`` are those at the top, each with whether Python modules stand in it."""
    toml = _table(read("pyproject.toml"))
    if file := next((name for name in _FILES[:1] if read(name) is not None), ""):
        return Needs(file=file)
    if (pipfile := read("Pipfile.lock")) is not None:
        return Needs(requirements=tuple(_pipfile(pipfile)))
    uv, poetry = _table(read("uv.lock")), _table(read("poetry.lock"))
    pinned = tuple(_pinned(uv or poetry))
    if _is_package(toml, folders, read):
        return Needs(project=True, pinned=pinned)
    if "dependencies" in toml.get("project", {}):
        return Needs(requirements=tuple(map(str, toml["project"]["dependencies"])), pinned=pinned)
    if own := toml.get("tool", {}).get("poetry", {}).get("dependencies"):
        return Needs(requirements=tuple(_poetry(own)), pinned=pinned)
    return Needs(file=next((name for name in _FILES if read(name) is not None), ""))


def _is_package(toml: Mapping[str, Any], folders: Mapping[str, bool], read: Reader) -> bool:
    """Whether the project is meant to be installed itself, and can be."""
    project, tool = toml.get("project", {}), toml.get("tool", {})
    poetry = tool.get("poetry", {})
    if tool.get("uv", {}).get("package") is False or poetry.get("package-mode") is False:
        return False
    if not project and not poetry:
        return read("setup.py") is not None
    scripts = any(key in project for key in ("scripts", "gui-scripts", "entry-points"))
    if "build-system" not in toml:
        return scripts or "src" in folders or read("setup.py") is not None
    backend = str(toml["build-system"].get("build-backend", "setuptools"))
    told = "setuptools" in tool or any(read(name) is not None for name in ("setup.py", "setup.cfg"))
    return not backend.startswith("setuptools") or told or scripts or "src" in folders or not _is_flat(folders)


def _is_flat(folders: Mapping[str, bool]) -> bool:
    """Whether setuptools would refuse to guess: several folders at the top that could be the package."""
    return sum(holds and name.isidentifier() and name not in _NO_PACKAGES for name, holds in folders.items()) > 1


def _pinned(lock: Mapping[str, Any]) -> Iterator[str]:
    """The versions of a lock file of uv or poetry; what comes in several versions, or from elsewhere, is left open."""
    seen: dict[str, set[str]] = {}
    for package in lock.get("package", ()):
        source = package.get("source") or {}
        elsewhere = bool(set(source) - {"registry"}) and source.get("type") not in {None, "legacy"}
        if package.get("version") and not elsewhere and not {"virtual", "editable", "git", "url", "path"} & set(source):
            seen.setdefault(str(package["name"]), set()).add(str(package["version"]))
    yield from (f"{name}=={next(iter(versions))}" for name, versions in sorted(seen.items()) if len(versions) == 1)


def _pipfile(text: str) -> Iterator[str]:
    try:
        default = json.loads(text).get("default", {})
    except (ValueError, AttributeError):
        return
    for name, one in default.items():
        extras = f"[{','.join(one['extras'])}]" if one.get("extras") else ""
        marker = f" ; {one['markers']}" if one.get("markers") else ""
        if "git" in one:
            yield f"{name}{extras} @ git+{one['git']}@{one.get('ref', 'HEAD')}{marker}"
        else:
            yield f"{name}{extras}{one.get('version', '')}{marker}"


def _poetry(dependencies: Mapping[str, Any]) -> Iterator[str]:
    """Poetry's own way of naming versions, as pip reads them."""
    for name, value in dependencies.items():
        one = value if isinstance(value, dict) else {"version": value}
        if name.lower() == "python" or one.get("optional") or "path" in one:
            continue
        extras = f"[{','.join(one['extras'])}]" if one.get("extras") else ""
        marker = f" ; {one['markers']}" if one.get("markers") else ""
        if "git" in one:
            at = one.get("tag") or one.get("rev") or one.get("branch") or "HEAD"
            yield f"{name}{extras} @ git+{one['git']}@{at}{marker}"
        else:
            yield f"{name}{extras}{_versions(str(one.get('version', '*')))}{marker}"


def _versions(text: str) -> str:
    return ",".join(filter(None, (_version(part.strip()) for part in text.split(","))))


def _version(text: str) -> str:
    if text in {"", "*"}:
        return ""
    if match := _CARET.fullmatch(text):
        return f">={match[1]}{match[2]},<{_next(match[1], caret=True)}"
    if (match := _TILDE.fullmatch(text)) and not text.startswith("~="):
        return f">={match[1]}{match[2]},<{_next(match[1], caret=False)}"
    return f"=={text}" if text[0].isdigit() else text


def _next(version: str, *, caret: bool) -> str:
    """The first version that is no longer compatible: ``^1.2`` ends at 2, ``^0.2`` at 0.3, ``~1.2`` at 1.3."""
    parts = [int(part) for part in version.split(".")]
    first = next((at for at, part in enumerate(parts) if part), len(parts) - 1)
    at = first if caret else min(1, len(parts) - 1)
    return ".".join(map(str, [*parts[:at], parts[at] + 1]))


def _table(text: str | None) -> dict[str, Any]:
    try:
        return tomllib.loads(text or "")
    except ValueError:
        return {}
