"""Env files and their examples, under any of their usual names."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from gonogo.detect.tree import Tree

__all__ = ["example_for", "examples", "is_example"]

_SUFFIX = re.compile(r"[-._](?:example|sample|template|tmpl|tpl|dist|default|defaults|copy)(?=$|[-._])", re.IGNORECASE)
_WHOLE = re.compile(
    r"^(?:example|sample|template|dist|default)[-._]env$|^env[-._]?(?:example|sample|template|dist|default)s?$",
    re.IGNORECASE,
)
_ENV = re.compile(r"(?:^|[-._])env(?:$|[-._])", re.IGNORECASE)


def is_example(path: str) -> bool:
    """Whether a file's name says that it is the example of an env file."""
    name = posixpath.basename(path)
    if name.endswith((".py", ".md", ".js", ".ts", ".json", ".yml", ".yaml", ".toml", ".sh", ".conf", ".ini")):
        return False
    return bool(_WHOLE.match(name) or (_ENV.search(name) and _SUFFIX.search(name)))


def examples(tree: Tree) -> tuple[str, ...]:
    """Every example of an env file, those of upper folders first."""
    found = [path for path in tree.files if is_example(path) and not tree.is_test(path)]
    return tuple(sorted(found, key=lambda path: (path.count("/"), path)))


def example_for(env_file: str, tree: Tree) -> str:
    """The example from which an env file is made; empty where there is none.

    ``.env.prod`` is made from ``.env.prod-sample``, or from ``.env.example`` where no nearer one stands in its folder.
    """
    wanted = _core(env_file)
    folder = posixpath.dirname(env_file)
    here = [path for path in examples(tree) if posixpath.dirname(path) == folder]
    return _nearest(wanted, here) or _nearest(wanted, (path for path in examples(tree) if _core(path) == wanted))


def _nearest(wanted: frozenset[str], paths: Iterable[str]) -> str:
    """The one that shares the most words of its name, and has the fewest others."""
    ranked = sorted(paths, key=lambda path: (-len(wanted & _core(path)), len(_core(path) - wanted), path))
    return ranked[0] if ranked else ""


def _core(path: str) -> frozenset[str]:
    """The words of a name without those that call it an example or an env file."""
    words = re.split(r"[-._]+", _SUFFIX.sub("", posixpath.basename(path)).casefold())
    return frozenset(words) - {"", "env", "example", "sample", "template", "dist", "default"}
