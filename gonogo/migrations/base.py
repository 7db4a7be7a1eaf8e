"""What a migration tool is, and the graph of revisions that its files describe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from gonogo.migrations.alembic_config import Located, Reader

__all__ = ["Graph", "MigrationTool", "Part", "Revision", "Upgrade"]


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
    idle: tuple[int, ...] = ()
    """Positions of operations that leave the tables as they are, as the tool itself says."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A table, or a column of one."""

    table: str
    column: str = ""

    def __str__(self) -> str:
        """As people name it."""
        return f"column {self.table}.{self.column}" if self.column else f"table {self.table}"


@dataclass(frozen=True, kw_only=True)
class Upgrade:
    """What the migrate move asks of the tool, as its command says it."""

    words: tuple[str, ...] = ()
    """Options that name a configuration's section or arguments of its environment."""
    target: str = "head"
    """Where it goes; empty where the team's own command does not say."""
    config: str = ""
    """The configuration that the command names."""
    program: tuple[str, ...] = field(default=(), compare=False)
    """What stands before its subcommand, where that is not the tool's own program (``flask db``)."""
    bare: bool = field(default=False, compare=False)
    """The tool's own program runs it: the folder where that is run is no place to import from."""

    @property
    def section(self) -> str:
        """The section of the configuration (``-n``)."""
        return next((self.words[at + 1] for at, word in enumerate(self.words) if word in {"-n", "--name"}), "alembic")


@dataclass(frozen=True, kw_only=True)
class Graph:
    """All revisions of a source tree, and what is wrong with them."""

    revisions: Mapping[str, Revision]
    problems: tuple[str, ...] = ()
    """What the tool itself would refuse."""
    doubts: tuple[str, ...] = ()
    """What reading could not find out; the tool itself may know better."""

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
    config: str
    """The configuration that it takes where none is named."""
    probe: str
    """The script that asks the tool itself, in an artifact or an instance."""
    marker: str
    """What the probe's answer begins with."""
    files: str
    """The pattern of a revision's file, in a folder of revisions."""
    merge: str
    """What makes one head of several."""
    reads_models: bool
    """Whether it says itself what its models lack a migration for."""
    refuses_unknown: bool
    """Whether an upgrade refuses a database with a revision that no file has."""
    keeps: tuple[str, ...]
    """The tables in which it, or what belongs to it, keeps account of what was run."""

    def upgrade_command(self, config: str) -> tuple[str, ...]:
        """What brings the database to the head."""

    def downgrade_commands(
        self, config: str, upgrade: Upgrade, *, now: Sequence[str], to: Sequence[str]
    ) -> tuple[tuple[str, ...], ...]:
        """What takes a database back from where it stands; nothing where the tool has no command for that."""

    def upgrade(self, own: Sequence[str]) -> Upgrade:
        """What a command of the team's own asks of the tool; nothing: what ``upgrade_command`` asks."""

    def located(self, config: str, read: Reader, *, section: str) -> Located:
        """Where the revisions stand, relative to where the tool is run."""

    def graph(self, files: Mapping[str, str]) -> Graph:
        """Reads path → source of revision files."""

    def not_shown(self, source: str, idle: Sequence[int] = ()) -> str:
        """Why reading a revision does not show that the previous release can live with it; empty if it does.

        Its idle operations are passed over.
        """

    def caveats(self, source: str) -> tuple[str, ...]:
        """What a revision that only adds may still keep the previous release from doing, as far as reading shows it."""

    def drops(self, revision: Revision) -> tuple[Part, ...]:
        """What is gone once a revision was taken back, as far as reading shows it."""

    def alters(self, revision: Revision) -> tuple[Part, ...]:
        """What a revision makes, drops or renames, as far as reading shows it."""

    def one_way(self, source: str) -> str:
        """Why reading a revision shows that nothing takes it back; empty where that is not so, or cannot be read."""
