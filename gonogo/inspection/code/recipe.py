"""Why a build leaves a file of the application out of its image, as its Dockerfile and ignore files say. Pure."""

from __future__ import annotations

import functools
import posixpath
import re
from collections.abc import Collection
from dataclasses import dataclass

from gonogo.inspection.code import brought
from gonogo.inspection.code.arguments import Unfilled, unfilled

__all__ = ["BuildRecipe"]

_REMOVES = re.compile(
    r"\b(?:rm|rmdir|mv|unlink|shred|truncate)\b|\bfind\b.*-(?:delete|exec)|\bgit\s+clean\b|--(?:delete|remove-source)|"
    r"\brmtree\b|\bmake\b.*\bclean\b"
)
_MADE = (".js", ".mjs", ".css", ".map", ".mo", ".gz", ".br", ".json", ".lock", ".svg", ".png", ".ico", ".webp", ".txt")
_REWRITES = re.compile(r"\bsed\b.*\s-\w*i|\bperl\b.*\s-\w*i|>|\btee\b|\benvsubst\b|\bmv\b|\bcp\b|\bpatch\b|\binstall\b")


@dataclass(frozen=True, kw_only=True)
class BuildRecipe:
    """What a service's build makes of the application's files."""

    dockerfile: str
    """What people call it: its path from the application's folder."""
    image: brought.Image
    """Its files by their paths from the application's folder."""
    ignored: frozenset[str]
    """The application's files in its contexts that an ignore file leaves out."""
    text: str = ""
    """The Dockerfile itself."""
    target: str = ""
    given: frozenset[str] = frozenset()
    """The build arguments that have a value."""

    def unfilled(self, variables: Collection[str]) -> tuple[Unfilled, ...]:
        """The build arguments that are baked in and have no value, beside these variables of the container."""
        return unfilled(self.text, target=self.target, given=self.given, variables=variables)

    @functools.cached_property
    def code(self) -> dict[str, str]:
        """Where paths of the application are in the image; nothing where none is there as it is."""
        return brought.code_of(self.image)

    def left_out(self, path: str) -> str:
        """Why a file of the application is not in the image; an empty text where it should be there."""
        if path in self.ignored:
            return "an ignore file leaves it out"
        runs = self._runs.get(path)
        if runs is None:
            return "" if self.image.unclear else f"no COPY of {self.dockerfile} brings it"
        removing = next((text for text in runs if _REMOVES.search(text) and not text.startswith("COPY ")), None)
        return f"RUN {_shown(removing)} may remove it" if removing is not None else ""

    def rewritten(self, path: str) -> str:
        """Which RUN writes a file anew, by its name; one that keeps files from build to build is not believed."""
        name = re.compile(rf"(?<![\w.-]){re.escape(posixpath.basename(path))}(?![\w-]|\.\w)")
        runs = (text for text in self._runs.get(path, ()) if "type=cache" not in text and not text.startswith("COPY "))
        writing = (text for text in runs if name.search(text) and _REWRITES.search(text))
        return next((f"RUN {_shown(text)} writes it" for text in writing), "")

    def is_made(self, path: str) -> bool:
        """Whether a file is of a kind that builds make, and something that may have made it came after it."""
        runs = self._runs.get(path, ())
        copied = any(text.startswith("COPY ") for text in runs)
        return bool(runs) and path.endswith((*_MADE, ".html") if copied else _MADE)

    @functools.cached_property
    def _runs(self) -> dict[str, tuple[str, ...]]:
        """The RUN instructions after each file that is brought."""
        return {one.path: one.runs for one in self.image.files.values()}


def _shown(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else f"{line[:79]}…"  # noqa: PLR2004 (what a line of evidence takes)
