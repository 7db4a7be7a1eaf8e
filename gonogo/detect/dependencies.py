"""Which packages an application asks for, whatever tool manages them."""

from __future__ import annotations

import ast
import configparser
import posixpath
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gonogo.detect.tree import Tree

__all__ = ["dependencies"]

_NAME = re.compile(r"^\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_INCLUDE = re.compile(r"^\s*(?:-r|--requirement|-c|--constraint)[\s=]*(\S+)")
_REQUIREMENTS = re.compile(
    r"(?:^|[-_./])(?:requirements?|deps|pip)[\w.-]*\.(?:txt|in)$|(?:^|/)requirements/[\w.-]+\.(?:txt|in)$"
)
_MOST = 200


def dependencies(tree: Tree, folder: str = ".") -> dict[str, str]:
    """Names each package (normalised) that is asked for in a folder or in one above it, with ``file:line``.

    The nearest file wins; what only tests or documentation need is read as well, since names of files do not tell.
    """
    found: dict[str, str] = {}
    for place in _upwards(folder):
        for path in _manifests(tree, place):
            for name, needle in _read(tree, path, seen=set()):
                found.setdefault(_normal(name), tree.where(path, needle) if "\n" not in needle else path)
    return found


def _upwards(folder: str) -> Iterator[str]:
    current = posixpath.normpath(folder)
    while current not in {"", "."}:
        yield current
        current = posixpath.dirname(current)
    yield "."


def _manifests(tree: Tree, folder: str) -> list[str]:
    """The files of one folder that name packages, requirements first."""
    prefix = "" if folder == "." else f"{folder}/"
    below = [path for path in tree.files if path.startswith(prefix) and path[len(prefix) :].count("/") <= 1]
    here = [path for path in below if "/" not in path[len(prefix) :]]
    listed = [path for path in below if _REQUIREMENTS.search(path) and not tree.is_test(path)]
    named = [path for path in here if posixpath.basename(path) in _READERS]
    return [*sorted(listed, key=lambda path: (path.count("/"), len(path), path))[:_MOST], *named]


def _read(tree: Tree, path: str, *, seen: set[str]) -> Iterator[tuple[str, str]]:
    """Name and the text by which its line is found."""
    if path in seen:
        return
    seen.add(path)
    reader = _READERS.get(posixpath.basename(path))
    if reader is None:
        yield from _requirements(tree, path, seen)
        return
    try:
        names = list(reader(tree.text(path)))
    except (tomllib.TOMLDecodeError, configparser.Error, SyntaxError, ValueError, TypeError, AttributeError):
        return
    yield from ((name, name) for name in names)


def _requirements(tree: Tree, path: str, seen: set[str]) -> Iterator[tuple[str, str]]:
    for line in tree.text(path).splitlines():
        included = _INCLUDE.match(line)
        if included:
            yield from _read(tree, posixpath.normpath(posixpath.join(posixpath.dirname(path), included[1])), seen=seen)
        elif (match := _NAME.match(line)) and "://" not in line.partition("@")[0]:
            yield match[1], match[1]
        elif egg := re.search(r"#egg=([\w.-]+)", line):
            yield egg[1], egg[1]


def _names(listed: Any) -> Iterator[str]:
    """Names of requirement texts, or of a table's keys."""
    for item in listed or ():
        if isinstance(item, str) and (match := _NAME.match(item)):
            yield match[1]


def _pyproject(text: str) -> Iterator[str]:
    document: Mapping[str, Any] = tomllib.loads(text)
    project, tool = document.get("project", {}), document.get("tool", {})
    poetry = tool.get("poetry", {})
    yield from _names(project.get("dependencies"))
    yield from _names(poetry.get("dependencies"))
    for group in (*project.get("optional-dependencies", {}).values(), *document.get("dependency-groups", {}).values()):
        yield from _names(group)
    for group in poetry.get("group", {}).values():
        yield from _names(group.get("dependencies"))
    yield from _names(poetry.get("dev-dependencies"))
    yield from _names(tool.get("pdm", {}).get("dependencies"))


def _pipfile(text: str) -> Iterator[str]:
    document = tomllib.loads(text)
    yield from _names(document.get("packages"))
    yield from _names(document.get("dev-packages"))


def _setup_cfg(text: str) -> Iterator[str]:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.read_string(text)
    yield from _names(parser.get("options", "install_requires", fallback="").splitlines())
    if parser.has_section("options.extras_require"):
        for _, listed in parser.items("options.extras_require"):
            yield from _names(listed.splitlines())


def _setup_py(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if (
            isinstance(node, ast.keyword)
            and node.arg == "install_requires"
            and isinstance(node.value, ast.List | ast.Tuple)
        ):
            yield from _names(item.value for item in node.value.elts if isinstance(item, ast.Constant))


def _conda(text: str) -> Iterable[str]:
    return _names(re.findall(r"(?m)^\s*-\s*['\"]?([A-Za-z][\w.-]*)", text))


_READERS = {
    "pyproject.toml": _pyproject,
    "Pipfile": _pipfile,
    "setup.cfg": _setup_cfg,
    "setup.py": _setup_py,
    "environment.yml": _conda,
}


def _normal(name: str) -> str:
    """The name as the package index compares it."""
    return re.sub(r"[-_.]+", "-", name).casefold()
