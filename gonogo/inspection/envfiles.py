"""Which env files a release reads besides the environment's own, and which tracked files are their examples."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from gonogo.inspection.envgrammar import expanded
from gonogo.inspection.interpolation import without_comments

__all__ = ["Named", "examples_of", "is_example", "named_by"]

_KEY = re.compile(r"^(?P<indent> *)(?P<key>[\w.-]+|\"[^\"]+\"|'[^']+'):\s*(?P<value>.*?)\s*$")
_ITEM = re.compile(r"^(?P<indent> *)-\s+(?:path:\s*)?(?P<value>.+?)\s*$")
_IS_ENV = re.compile(r"(?:^|[._-])env(?:[._-]|$)")
_IS_EXAMPLE = re.compile(r"example|sample|template|tmpl|dist\b|default|skel|blank")


@dataclass(frozen=True, kw_only=True)
class Named:
    """An env file that a service of a compose file names."""

    service: str
    path: str
    """As it is written, with what it refers to filled in; relative to the project's folder."""
    required: bool = True


def named_by(text: str, known: Mapping[str, str]) -> tuple[Named, ...]:
    """The env files of the services of a compose file: a scalar, a list, or the long form."""
    found: list[Named] = []
    lines = [line.rstrip() for line in without_comments(text).split("\n")]
    parents: list[tuple[int, str]] = []
    for at, line in enumerate(lines):
        match = _KEY.match(line)
        if match is None or line.lstrip().startswith("- "):
            continue
        indent, key = len(match["indent"]), match["key"].strip("\"'")
        parents = [*(parent for parent in parents if parent[0] < indent), (indent, key)]
        path = [name for _, name in parents]
        if key == "env_file" and len(path) == 3 and path[0] == "services":  # noqa: PLR2004 (services, its name, the key)
            written = [(match["value"], True)] if match["value"] else list(_items(lines[at + 1 :], indent))
            found += [_named(path[1], one, known, required=required) for one, required in _flat(written)]
    return tuple(found)


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


def _named(service: str, value: str, known: Mapping[str, str], *, required: bool) -> Named:
    return Named(service=service, path=expanded(value.strip("\"'"), known, "compose"), required=required)


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
