"""What a health document means for one release: which parts are red, and whether the release itself answered."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from gonogo.inspection.answers import healthdoc
from gonogo.inspection.answers.healthdoc import Component, Health, NamedRelease

__all__ = ["SCHEMA_PARTS", "Parts", "document_of", "of_another", "parts", "schema_parts"]

SCHEMA_PARTS = "Parts that are about the schema"
"""Under this title D07 notes them; the ladder reads it."""

_SCHEMA = re.compile(r"migration|alembic|schema|revision", re.IGNORECASE)
_RELEASE_ID = re.compile(r"\d{8}T\d{6}-[0-9a-f]{7,40}", re.IGNORECASE)
_TELLING = frozenset({"commit", "release"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts of a document that are not well, by what follows from it."""

    red: tuple[Component, ...]
    excused: tuple[Component, ...]
    """They say that the schema is not this release's, which was accepted when it came back."""
    degraded: tuple[Component, ...]

    @property
    def only_excused(self) -> bool:
        """Whether everything that is red is excused, so that the whole may be red because of it."""
        return bool(self.excused) and not self.red


def parts(health: Health, *, accepted: bool) -> Parts:
    """Sorts a document's parts; ``accepted`` says that the schema may be ahead of the release."""
    failed = [part for part in health.components if not part.ok]
    excused = [part for part in failed if accepted and part in schema_parts(health)]
    return Parts(
        red=tuple(part for part in failed if part not in excused),
        excused=tuple(excused),
        degraded=tuple(part for part in health.components if part.level == "warn"),
    )


def schema_parts(health: Health) -> tuple[Component, ...]:
    """The parts that are about the database's schema, well or not: one that wants the exact head is red after it."""
    return tuple(part for part in health.components if _SCHEMA.search(part.name))


def document_of(text: str) -> Any:
    """A JSON document, or the text itself when it is none (``OK``)."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text.strip()


def of_another(named: Iterable[NamedRelease], *, commits: Collection[str], release: str) -> tuple[NamedRelease, ...]:
    """The values that name another release than this one.

    A release id must be this release's, a commit one of these; versions may stay the same over many releases.
    """
    return tuple(one for one in named if one.kind in _TELLING and not _is_this(one.value, commits, release))


def _is_this(value: str, commits: Collection[str], release: str) -> bool:
    found = _RELEASE_ID.findall(value)
    return release in found if found else any(healthdoc.names(value, commit) for commit in commits)
