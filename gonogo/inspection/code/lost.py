"""Which files that an image no longer holds were lost, and which were left out on purpose. Pure.

What the serving image had and the source still has is lost where the build should bring it, and where it does not, if
a source that stayed in the image still names it: a template that is rendered, a module that is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from gonogo.inspection.code.imports import imported_files

__all__ = ["Absent", "sort_out"]

_RENDERED = (".html", ".htm", ".xhtml", ".jinja", ".jinja2", ".j2", ".mako", ".mjml", ".sql", ".css", ".js", ".graphql")
_NAMING = (".py", ".html", ".htm", ".jinja", ".jinja2", ".j2", ".mako")
_SETUP = frozenset({"setup.py", "noxfile.py", "fabfile.py", "tasks.py", "conftest.py"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """The tracked files that the serving image had and the new one has not: path → why."""

    lost: Mapping[str, str]
    left_out: Mapping[str, str]


def sort_out(
    gone: Collection[str], present: Collection[str], *, left_out: Callable[[str], str], text: Callable[[str], str]
) -> Absent:
    """Sorts the files that are gone.

    Args:
        gone: what the serving image had, the source still has, and the new image has not.
        present: the paths of the repository whose files stand in the new image.
        left_out: says why the build leaves a path out; an empty text where it should bring it.
        text: the text of a path.
    """
    reasons = {path: left_out(path) for path in gone}
    lost = {path: "the serving image has it, the source still has it" for path, why in reasons.items() if not why}
    open_ones = {path for path, why in reasons.items() if why}
    lost |= dict(_named(open_ones, present, text)) if open_ones else {}
    return Absent(lost=lost, left_out={path: why for path, why in reasons.items() if path not in lost})


def _named(paths: Collection[str], present: Collection[str], text: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    """The paths that a source of the image still names, each with which."""
    modules = {path for path in paths if path.endswith(".py")}
    rendered = {tail: path for path in paths if path.endswith(_RENDERED) for tail in _tails(path)}
    for source in sorted(present):
        if not source.endswith(_NAMING) or _is_aside(source):
            continue
        said = text(source)
        imported = set(imported_files(source, said)) if modules and source.endswith(".py") else set()
        for path in sorted(modules & imported):
            yield path, f"{source} imports it, the serving image has it"
        for tail, path in rendered.items():
            if f'"{tail}"' in said or f"'{tail}'" in said:
                yield path, f"{source} names it, the serving image has it"


def _tails(path: str) -> Iterator[str]:
    """The ends of a path by which a source may name it."""
    parts = path.split("/")
    return ("/".join(parts[at:]) for at in range(len(parts)))


def _is_aside(source: str) -> bool:
    """Whether a file is a test or a set-up: what those name, nobody serves."""
    *folders, name = source.split("/")
    return name in _SETUP or name.startswith("test_") or not {"test", "tests"}.isdisjoint(folders)
