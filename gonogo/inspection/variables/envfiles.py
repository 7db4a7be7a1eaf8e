"""Which env files a release reads besides the environment's own, and which tracked files are their examples."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from gonogo.inspection.variables.envgrammar import expanded
from gonogo.inspection.variables.interpolation import without_comments

__all__ = ["NamedFile", "examples_of", "is_example", "named_by", "named_in"]

_KEY = re.compile(r"^(?P<indent> *)(?P<key>[\w.-]+|\"[^\"]+\"|'[^']+'):\s*(?P<value>.*?)\s*$")
_ITEM = re.compile(r"^(?P<indent> *)-\s+(?:path:\s*)?(?P<value>.+?)\s*$")
_IS_ENV = re.compile(r"(?:^|[._-])env(?:[._-]|$)")
_IS_EXAMPLE = re.compile(r"example|sample|template|tmpl|dist\b|default|skel|blank")


@dataclass(frozen=True, kw_only=True)
class NamedFile:
    """An env file that a service of a compose file names."""

    service: str
    path: str
    """As it is written, with what it refers to filled in; relative to the project's folder."""
    required: bool = True


@dataclass(frozen=True, kw_only=True)
class _Lead:
    """Another compose file that one leads to: what it includes, or whose service one of its own extends."""

    path: str
    """Empty for the file itself."""
    service: str = ""
    """The only service of it that counts; empty for all."""
    folder: str = ""
    """Where relative paths in it begin, if that is not its own folder."""


def named_in(
    paths: Iterable[str], text: Callable[[str], str | None], known: Mapping[str, str], *, folder: str
) -> tuple[NamedFile, ...]:
    """The env files that compose files name, and those that they include or extend services from.

    Args:
        paths: the compose files, by their paths from the application's folder.
        text: the text of such a path; None where that cannot be read.
        known: what variables in them stand for.
        folder: the project's, where relative paths in ``paths`` begin; those found begin at the application's.
    """
    found: dict[NamedFile, None] = {}
    left = [(path, _Lead(path=path, folder=folder)) for path in paths]
    seen: set[tuple[str, str]] = set()
    while left:
        path, lead = left.pop(0)
        content = None if (path, lead.service) in seen else text(path)
        seen.add((path, lead.service))
        if content is None:
            continue
        here = lead.folder
        for one in named_by(content, known):
            if not lead.service or one.service in {lead.service, ""}:
                found[replace(one, path=_joined(here, one.path))] = None
        for other in _leads(content, known, only=lead.service):
            at = _joined(here, other.path) if other.path else path
            begins = _joined(here, other.folder) if other.folder else posixpath.dirname(at)
            left.append((at, replace(other, folder=begins if other.path else here)))
    return tuple(found)


def _joined(folder: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(folder, path))


def named_by(text: str, known: Mapping[str, str]) -> tuple[NamedFile, ...]:
    """The env files that a compose file names itself, for a service (a scalar, a list, the long form) or an include."""
    found: list[NamedFile] = []
    for path, value, below, indent in _keys(text):
        written = [(value, True)] if value else list(_items(below, indent))
        if path[0] == "services" and path[2:] == ["env_file"]:
            found += [_named(path[1], one, known, required=required) for one, required in _flat(written)]
        elif path == ["include"]:
            told = (one.get("env_file", "") for one in _included(value, below, indent))
            found += [_named("", one, known, required=True) for text in told for one, _ in _flat([(text, True)])]
    return tuple(found)


def _leads(text: str, known: Mapping[str, str], *, only: str) -> Iterator[_Lead]:
    """The other compose files that one names, and its own services that the only one that counts extends."""
    for path, value, below, indent in _keys(text):
        if path == ["include"]:
            for one in _included(value, below, indent):
                folder = _filled(one.get("project_directory", ""), known)
                for named, _ in _flat([(one.get("path", ""), True)]):
                    yield _Lead(path=_filled(named, known), folder=folder)
        elif path[0] == "services" and path[2:] == ["extends"]:
            one = _pairs(value, below, indent)
            base = _filled(one.get("service", "") or value, known)
            if path[1] == only or (not only and one.get("file")):
                yield _Lead(path=_filled(one.get("file", ""), known), service=base)


def _keys(text: str) -> Iterator[tuple[list[str], str, list[str], int]]:
    """Each key of a compose file outside of lists: its path, its value, the lines after it, its indent."""
    lines = [line.rstrip() for line in without_comments(text).split("\n")]
    parents: list[tuple[int, str]] = []
    for at, line in enumerate(lines):
        match = _KEY.match(line)
        if match is None or line.lstrip().startswith("- "):
            continue
        indent, key = len(match["indent"]), match["key"].strip("\"'")
        parents = [*(parent for parent in parents if parent[0] < indent), (indent, key)]
        yield [name for _, name in parents], match["value"], lines[at + 1 :], indent


def _included(value: str, below: Iterable[str], indent: int) -> Iterator[dict[str, str]]:
    """What an ``include`` says: each entry's path, and in the long form its folder and its env files."""
    if value:
        yield {"path": value}
        return
    for entry in _entries(below, indent):
        head = entry[0].lstrip()[1:].lstrip()
        if head.startswith("{") or _KEY.match(head):
            yield _pairs(head if head.startswith("{") else "", [entry[0].replace("-", " ", 1), *entry[1:]], -1)
        else:
            yield {"path": head}


def _entries(below: Iterable[str], indent: int) -> Iterator[list[str]]:
    """The lines of each entry of the list below a key; lists inside of an entry belong to it."""
    entry: list[str] = []
    first: int | None = None
    for line in filter(str.strip, below):
        depth = len(line) - len(line.lstrip())
        is_item = line.lstrip().startswith("-")
        if depth < indent or (depth == indent and not is_item):
            break
        first = depth if first is None else first
        if is_item and depth == first and entry:
            yield entry
            entry = []
        entry.append(line)
    if entry:
        yield entry


def _pairs(value: str, below: Iterable[str], indent: int) -> dict[str, str]:
    """The keys of a mapping, in braces or below a key; the items of a list stand in brackets."""
    if value.startswith("{"):
        parts = re.findall(r"([\w.-]+)\s*:\s*(\[[^\]]*\]|[^,{}]+)", value)
        return {key: text.strip() for key, text in parts}
    found: dict[str, str] = {}
    lines = list(below)
    for at, line in enumerate(lines):
        if line.strip() and len(line) - len(line.lstrip()) <= indent:
            break
        match = _KEY.match(line)
        if match is not None and not line.lstrip().startswith("-"):
            items = [one for one, _ in _items(lines[at + 1 :], len(match["indent"]))] if not match["value"] else []
            found.setdefault(match["key"].strip("\"'"), match["value"] or f"[{', '.join(items)}]")
    return found


def _filled(value: str, known: Mapping[str, str]) -> str:
    return expanded(value.strip("\"'"), known, "compose")


def _flat(written: Iterable[tuple[str, bool]]) -> Iterator[tuple[str, bool]]:
    """``[a.env, b.env]`` names two."""
    for value, required in written:
        for one in value.strip("[]").split(",") if value.startswith("[") else [value]:
            if one.strip() and not one.startswith("*"):
                yield one.strip(), required


def _items(lines: Iterable[str], indent: int) -> Iterator[tuple[str, bool]]:
    """The items below a key, with ``required`` of the long form."""
    held: list[tuple[str, bool]] = []
    for line in lines:
        depth = len(line) - len(line.lstrip())
        item = _ITEM.match(line)
        if line.strip() and depth <= indent and not (item and depth == indent):
            break
        if item is not None:
            held.append((item["value"], True))
        elif held and re.match(r"\s+required:\s*(?:false|no|off)\s*$", line, re.IGNORECASE):
            held[-1] = (held[-1][0], False)
    yield from held


def _named(service: str, value: str, known: Mapping[str, str], *, required: bool) -> NamedFile:
    return NamedFile(service=service, path=_filled(value, known), required=required)


def is_example(path: str) -> bool:
    """Whether a file says by its name that it shows what an env file looks like."""
    name = posixpath.basename(path).lower()
    return bool(_IS_ENV.search(name) and _IS_EXAMPLE.search(name))


def examples_of(env_file: str, tracked: Collection[str]) -> tuple[str, ...]:
    """The tracked examples for an env file: at the top of the application, or beside it; the likeliest first."""
    folders = {"", posixpath.dirname(env_file)}
    stem = posixpath.basename(env_file)
    found = [path for path in tracked if is_example(path) and posixpath.dirname(path) in folders]
    return tuple(sorted(found, key=lambda path: (not posixpath.basename(path).startswith(stem), len(path), path)))
