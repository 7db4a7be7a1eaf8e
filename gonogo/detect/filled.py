"""Which env file fills in a model, and what must be done so that it is there."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence

from gonogo.detect.envfiles import example_for
from gonogo.detect.facts import Fact, guess
from gonogo.detect.rendering import Rendered
from gonogo.detect.running import Running
from gonogo.detect.tree import Tree
from gonogo.runtimes.compose.model.places import place_of

__all__ = ["env_file_of"]


def env_file_of(
    tree: Tree, rendered: Rendered, given: str, runs: Running | None, web: Sequence[str]
) -> tuple[Fact[str] | None, list[str]]:
    """The env file that fills in ``${…}``, and what must be done so that it is there."""
    named = _named_env_files(tree, rendered)
    to_do = [_make(path, tree) for path in rendered.made_up if path in named]
    if given:
        return Fact(given, "as you said"), to_do
    if runs is not None and runs.env_file:
        return Fact(runs.env_file, "docker ps: it was started with this"), to_do
    found = _likely(tree, rendered, named, web)
    absent = found is not None and found.value in rendered.made_up and found.value not in named
    return found, [*to_do, _make(found.value, tree)] if found is not None and absent else to_do


def _likely(tree: Tree, rendered: Rendered, named: Mapping[str, Sequence[str]], web: Sequence[str]) -> Fact[str] | None:
    """The .env beside the compose file where it is there or asked for; else the one that the application reads."""
    beside = posixpath.normpath(posixpath.join(posixpath.dirname(rendered.files[0]), ".env"))
    is_there = rendered.env_file == beside and beside not in rendered.made_up
    if is_there and (beside in tree or _interpolates(tree, rendered)):
        return Fact(beside, "Compose reads the .env beside its file")
    if beside in named:
        return Fact(beside, _why(beside, named, tree))
    own = [path for path, by in named.items() if set(by) & set(web)]
    near = [path for path in own if _has_example_beside(path, tree)]
    if not _interpolates(tree, rendered):
        return Fact(own[0], _why(own[0], named, tree)) if len(own) == 1 else None
    if len(near) == 1 and not _has_example_beside(beside, tree):
        return guess(near[0], f"{_why(near[0], named, tree)}; the compose file's ${{…}} may come from it too")
    if rendered.env_file == ".env" != beside and ".env" not in rendered.made_up:
        return guess(".env", "it is the only one there; Compose is given it with --env-file")
    wanted = example_for(beside, tree) or rendered.required
    return Fact(beside, _why(beside, named, tree), _has_example_beside(beside, tree)) if wanted else None


def _has_example_beside(path: str, tree: Tree) -> bool:
    example = example_for(path, tree)
    return bool(example) and posixpath.dirname(example) == posixpath.dirname(path)


def _named_env_files(tree: Tree, rendered: Rendered) -> dict[str, list[str]]:
    """Env files that services name, each with the services; the rendered model no longer has them."""
    found: dict[str, list[str]] = {}
    for name in rendered.model["services"]:
        for path in _env_files_of(tree, rendered, name):
            found.setdefault(path, []).append(name)
    return found


def _env_files_of(tree: Tree, rendered: Rendered, service: str) -> list[str]:
    found = []
    for path in rendered.files:
        place = place_of(tree.text, (path,), service, "env_file")
        number = place.rpartition(":")[2]
        lines = tree.text(path).splitlines()
        if not number.isdecimal() or "env_file" not in lines[int(number) - 1]:
            continue
        start = int(number) - 1
        indent = len(lines[start]) - len(lines[start].lstrip())
        text = lines[start].partition(":")[2]
        for line in lines[start + 1 :]:
            if line.strip() and len(line) - len(line.lstrip()) <= indent and not line.lstrip().startswith("-"):
                break
            text += f"\n{line.partition('#')[0]}"
        for word in re.findall(r"[\w./${}:-]*env[\w./-]*|\.[\w./-]+", text):
            if word not in {"env_file", "path:"} and not word.endswith(":"):
                base = posixpath.dirname(rendered.files[0])
                found.append(posixpath.normpath(posixpath.join(base, word)))
    return found


def _make(path: str, tree: Tree) -> str:
    example = example_for(path, tree)
    return f"cp {example} {path}, and fill it in" if example else f"create {path}: a service reads it"


def _why(path: str, named: Mapping[str, Sequence[str]], tree: Tree) -> str:
    example = example_for(path, tree)
    by = f"{', '.join(named[path])} read it" if path in named else "the compose file's ${…}"
    return f"{by}; {example} is its example" if example else by


def _interpolates(tree: Tree, rendered: Rendered) -> bool:
    """Whether a compose file names a variable that has no default."""
    return any(re.search(r"(?m)^[^#\n]*\$(?:\{\w+(?:\}|:?\?)|\w)", tree.text(path)) for path in rendered.files)
