"""gonogo.run.moves.locked: when a migration is bounded, and when it is tried again."""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import pytest

from gonogo.errors import CommandError
from gonogo.host.runner import Command, Completed
from gonogo.run.moves import locked

__all__: list[str] = []

BOUNDED = Command(argv=("alembic", "upgrade", "head"), env={"PGOPTIONS": "-c lock_timeout=5000"})
PLAIN = Command(argv=("alembic", "upgrade", "head"))
LOST = "psycopg.errors.LockNotAvailable: cancelando la sentencia debido a que se agotó el tiempo"


class Host:
    """Answers commands one after the other."""

    def __init__(self, answers: Iterable[tuple[int, str]]) -> None:
        """Exit code and what is said; of one that did not end: -1."""
        self._answers = iter(answers)
        self.ran: list[Command] = []

    def run(self, command: Command, **_: Any) -> Completed:
        """Notes the command."""
        self.ran.append(command)
        code, said = next(self._answers)
        return Completed(command=command, code=code, output="", errors=said, seconds=0.1, pid=1, timed_out=code == -1)


def work(*answers: tuple[int, str], source: str = "", given: str = "", first: bool = False) -> Any:
    """A run with one pending migration."""
    pending = (SimpleNamespace(source=source),)
    runtime = SimpleNamespace(
        expected_variables=lambda *_: {"web": {"PGOPTIONS": given} if given else {}}, in_service=lambda *_: PLAIN
    )
    return SimpleNamespace(
        host=Host(answers),
        notes=[],
        journal=SimpleNamespace(write=lambda *_, **__: None),
        standings=[SimpleNamespace(service="web", pending=pending)],
        serving=None if first else "something",
        runtime=runtime,
        place=SimpleNamespace(environment=SimpleNamespace(lock_timeout=5.0)),
        release=None,
    )


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locked, "_PAUSES", (0.0, 0.0, 0.0))


@pytest.mark.parametrize(
    ("made", "found"),
    [
        ({}, {"PGOPTIONS": "-c lock_timeout=5000"}),
        ({"given": "-c search_path=shop"}, {"PGOPTIONS": "-c search_path=shop -c lock_timeout=5000"}),
        ({"first": True}, {}),
        ({"source": "op.create_index('ix', 't', ['a'], postgresql_concurrently=True)"}, {}),
        ({"source": "with op.get_context().autocommit_block():"}, {}),
        ({"source": "class Migration(migrations.Migration):\n    atomic = False"}, {}),
    ],
    ids=["bounded", "beside the team's own", "first deploy", "concurrently", "autocommit", "not atomic"],
)
def test_locks_are_bounded_where_somebody_waits(made: dict[str, Any], found: dict[str, str]) -> None:
    """CREATE INDEX CONCURRENTLY waits for the transactions of others by design; cut off, it leaves a broken index."""
    assert locked.limits(work(**made), "web") == found


def test_migration_is_tried_again_until_it_has_the_lock() -> None:
    """What others say in their own language is known by the driver's word for it."""
    made = work((1, LOST), (1, "sqlalchemy.exc.OperationalError: deadlock detected"), (0, ""))

    assert locked.run_migration(made, "web", BOUNDED, PLAIN).ok
    assert made.host.ran == [BOUNDED] * 3


def test_migration_that_never_gets_its_lock_says_who_has_it() -> None:
    """After four tries, with the oldest transaction."""
    holders = (
        '<<gonogo-database>>{"value": "pid 7 (worker, idle in transaction, for 80 s): UPDATE lamps SET hue = ?"}\n'
    )
    made = work(*[(1, LOST)] * 4, (0, ""))
    made.host.run = lambda command, run=made.host.run, **_: (
        Completed(command=command, code=0, output=holders, errors="", seconds=0.1, pid=1, timed_out=False)
        if command.stdin
        else run(command)
    )

    with pytest.raises(CommandError) as red:
        locked.run_migration(made, "web", BOUNDED, PLAIN)
    assert len(made.host.ran) == 4
    assert str(red.value).endswith(
        "The database of web has locks that are held by pid 7 (worker, idle in transaction, for 80 s): UPDATE lamps SET hue = ?"
    )


def test_other_failures_are_not_tried_again() -> None:
    """A statement that the database refuses would be refused again; MySQL keeps what was done before it waited."""
    for said in ("psycopg.errors.UndefinedTable", "Lock wait timeout exceeded; try restarting transaction"):
        made = work((1, said))

        assert not locked.run_migration(made, "web", BOUNDED, PLAIN).ok
        assert made.host.ran == [BOUNDED]


def test_pooler_that_takes_no_options_is_asked_without() -> None:
    """PgBouncer refuses the connection before anything ran: it is migrated as it always was, and a note says so."""
    made = work((1, "FATAL:  unsupported startup parameter: options"), (0, ""))

    assert locked.run_migration(made, "web", BOUNDED, PLAIN).ok
    assert made.host.ran == [BOUNDED, PLAIN]
    assert made.notes == ["web: what answers for its database takes no PGOPTIONS: its locks were not bounded."]
