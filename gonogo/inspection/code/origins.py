"""Which commit some files come from: the one whose files they are, byte for byte. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gonogo.inspection.code.contents import map_paths

__all__ = ["Held", "commit_of"]


@dataclass(frozen=True, kw_only=True)
class Held:
    """What one image holds of an application."""

    code: Mapping[str, str]
    """Where paths of the repository land in it."""
    blobs: Mapping[str, str]
    """Absolute path → git's id of its content."""


def commit_of(trees: Mapping[str, Mapping[str, str]], held: Sequence[Held]) -> str | None:
    """The commit whose files these are; None where no commit has exactly them.

    A file that an image lacks proves nothing by itself (``.dockerignore``), so that of several commits that fit
    the one counts that has the fewest files beside what is there; then the first.

    Args:
        trees: commit → path of the application → git's id of its content, the likeliest first.
        held: what runs.
    """
    known = {path for tree in trees.values() for path in tree}
    best: tuple[int, str] | None = None
    for commit, tree in trees.items():
        scores = [_score(tree, known, one) for one in held]
        fits = [score for score in scores if score is not None]
        if len(fits) < len(scores) or not any(same for same, _ in fits):
            continue
        apart = sum(other for _, other in fits)
        if best is None or apart < best[0]:
            best = (apart, commit)
    return best[1] if best is not None else None


def _score(tree: Mapping[str, str], known: set[str], held: Held) -> tuple[int, int] | None:
    """How many files are the commit's, and how many stand on one side only; None where one differs."""
    places = map_paths(known, held.code)
    same = apart = 0
    for path, place in places.items():
        found, expected = held.blobs.get(place), tree.get(path)
        if found is not None and found == expected:
            same += 1
        elif found is not None and expected is not None:
            return None
        elif (found is None) != (expected is None):
            apart += 1
    return same, apart
