"""What a migration tool is, and the graph of revisions that its files describe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

__all__ = ["Graph", "MigrationTool", "Revision"]


@dataclass(frozen=True, kw_only=True)
class Revision:
    """One migration."""

    id: str
    parents: tuple[str, ...]
    """What it follows; empty for a base."""
    path: str
    source: str = field(repr=False, default="")
    needs: tuple[str, ...] = ()
    """Revisions that must have run before, without being its parents."""


@dataclass(frozen=True, kw_only=True)
class Graph:
    """All revisions of a source tree, and what is wrong with them."""

    revisions: Mapping[str, Revision]
    problems: tuple[str, ...] = ()

    def heads(self) -> tuple[str, ...]:
        """Revisions that nothing follows, sorted."""
        followed = {parent for revision in self.revisions.values() for parent in revision.parents}
        return tuple(sorted(set(self.revisions) - followed))

    def ancestors(self, ids: Iterable[str]) -> frozenset[str]:
        """These revisions and everything before them."""
        seen: set[str] = set()
        todo = [name for name in ids if name in self.revisions]
        while todo:
            name = todo.pop()
            if name in seen:
                continue
            seen.add(name)
            revision = self.revisions[name]
            todo += [parent for parent in (*revision.parents, *revision.needs) if parent in self.revisions]
        return frozenset(seen)

    def is_ancestor(self, revision: str, of: str) -> bool:
        """Whether ``of`` is reached from ``revision`` by upgrading (or is it)."""
        return revision in self.ancestors([of])

    def pending(self, current: Iterable[str]) -> tuple[str, ...]:
        """What an upgrade to the heads would run from there, oldest first."""
        done = self.ancestors(current)
        todo = [name for name in self._oldest_first() if name not in done]
        return tuple(todo)

    def _oldest_first(self) -> list[str]:
        order: list[str] = []
        depth = {name: len(self.ancestors([name])) for name in self.revisions}
        order.extend(sorted(self.revisions, key=lambda name: (depth[name], name)))
        return order


class MigrationTool(Protocol):
    """One tool; its methods do no I/O."""

    name: str

    def current_command(self, config: str) -> tuple[str, ...]:
        """What tells the database's revision, run with the application's code and settings."""

    def upgrade_command(self, config: str) -> tuple[str, ...]:
        """What brings the database to the head."""

    def parse_current(self, output: str) -> tuple[str, ...]:
        """The revisions that ``current_command`` printed; empty for a database without any."""

    def folders(self, config: str, text: str | None) -> tuple[str, ...]:
        """Where the revisions stand, relative to the application's folder; ``text`` is the config file's."""

    def graph(self, files: Mapping[str, str]) -> Graph:
        """Read path → source of revision files."""

    def not_shown(self, source: str) -> str:
        """Why reading a revision does not show that the previous release can live with it; empty if it does."""
