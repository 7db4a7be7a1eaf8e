"""What pending migrations would run, and what waits for it."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gonogo.checks.build.migrating import migrating, would_run
from gonogo.config import Environment
from gonogo.errors import CommandError
from gonogo.gates.pending_migrations import ask_serving
from gonogo.host.runner import Command, Host
from gonogo.inspection.code import presence
from gonogo.inspection.code.linters import LINTERS
from gonogo.migrations import tool_of
from gonogo.migrations.locks import Taken, taken
from gonogo.migrations.question import Written
from gonogo.plugins.evidence import Collected
from gonogo.plugins.fixtures import Asking
from gonogo.runtimes.base import Artifact
from gonogo.state.release import Release

__all__: list[str] = []

_BIG = 100_000_000
"""Bytes of a table, with its indexes; to read that many takes a second or more."""
_SECONDS = 20.0


@pytest.mark.build(
    "P35",
    severity="advisory",
    needs=("service.migrations", "a serving release"),
    remedy="Do it without the long lock (CREATE INDEX CONCURRENTLY; ADD … NOT VALID, and VALIDATE later; a new column "
    "that is filled in batches), or deploy when few are there",
)
def test_pending_migrations_hold_no_big_table(
    artifact: Artifact,
    environment: Environment,
    question: Asking,
    release: Release,
    runner: Host,
    evidence: Collected,
) -> None:
    """No pending migration locks a big table of PostgreSQL while it reads or writes all of it; their SQL is evidence.

    Catches the index that is built while nobody can write, on the one table that everybody writes to. It warns, from
    100 MB of table and indexes on.

    Before (a revision):

        def upgrade():
            op.create_index("room_name", "room", ["name"])

    After (a revision):

        def upgrade():
            with op.get_context().autocommit_block():
                op.create_index("room_name", "room", ["name"], postgresql_concurrently=True)
    """
    service = migrating(artifact, environment)
    if question.serving is None:
        pytest.skip("first deploy: nobody waits for what does not serve yet")
    said = would_run(question, release, artifact, service)
    if said is None or said.written is None:
        pytest.skip("nothing is pending, or the migrations cannot be read (see B15)")
    tool = tool_of(service.migrations)
    if tool.reads_models:  # P33 could not read which are pending
        for one in said.pending or ():
            if why := tool.one_way(one.source):
                evidence.advise(f"{one.id}: {why}; expected a way back")
    evidence.text("SQL", "\n".join(_shown(said.written)))
    found = list(_locks(said.written))
    tables = sorted({lock.table for _, _, lock in found})
    live, _ = ask_serving(question, artifact.service, service, sizes=tables) if tables else (None, "")
    sizes = live.sizes if live is not None else {}
    rows = [(one, text, lock.lock, lock.table, _size(sizes.get(lock.table)), lock.why) for one, text, lock in found]
    evidence.table("Locks", rows, header=("revision", "statement", "lock", "table", "size", "meanwhile"))
    if said.written.dialect == "postgresql" and (rules := list(_squawk(said.written, runner))):
        evidence.table("What squawk says", rules, header=("revision", "rule", "why"))
    slow = [
        f"{one}: {text:.80} ({lock.table} has {_size(sizes[lock.table])}: {lock.why})"
        for one, text, lock in found
        if lock.lasts and sizes.get(lock.table, 0) >= _BIG
    ]
    assert not slow, f"found {presence.first(slow)}; expected no long lock on a table that big"


def _locks(written: Written) -> Iterator[tuple[str, str, Taken]]:
    """Everything that locks a table which none of them made: revision, statement and lock."""
    if written.dialect != "postgresql":
        return
    of = [(name, text) for name, statements in written.statements.items() for text in statements]
    for at, text, lock in taken([text for _, text in of]):
        yield of[at][0], text, lock


def _squawk(written: Written, runner: Host) -> Iterator[tuple[str, str, str]]:
    """What the linter of the extra ``linters`` says of each revision, where it is installed; but for bounds of waits.

    Those are set for the whole migration (``lock_timeout``).
    """
    program = shutil.which("squawk") or shutil.which("squawk", path=str(Path(sys.executable).parent))
    if program is None:
        return
    with tempfile.TemporaryDirectory(prefix="gonogo-sql-") as folder:
        names = {f"{folder}/{at}.sql": name for at, name in enumerate(written.statements)}
        for path, name in names.items():
            Path(path).write_text("\n".join(written.statements[name]) + "\n", encoding="utf-8")
        words = (program, *LINTERS["squawk"].command[1:], "--assume-in-transaction", *names)
        try:
            found = LINTERS["squawk"].findings(
                runner.run(Command(argv=words, timeout=_SECONDS), output_limit=None).output
            )
        except (ValueError, CommandError):
            return
    for one in found:
        if not one.rule.endswith("-timeout") and one.file in names:
            yield names[one.file], one.rule, one.message


def _shown(written: Written) -> Iterator[str]:
    """The SQL by revision, and what could not be written."""
    for name, statements in written.statements.items():
        yield f"-- {name}"
        yield from statements or ("-- no statement",)
        if name in written.errors:
            yield f"-- the rest cannot be written without a database: {written.errors[name]}"
    if written.refused is not None and not written.errors:
        yield f"-- cannot be written without a database: {written.refused}"


def _size(found: int | None) -> str:
    return "not known" if found is None else f"{found / 1_000_000:.1f} MB"
