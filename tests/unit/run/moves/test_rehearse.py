"""gonogo.run.moves.rehearse: what a rehearsal means to a run."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from gonogo.backups.rehearsal import Lock, Rehearsed
from gonogo.backups.round_trip import Watched
from gonogo.errors import RefusedError
from gonogo.gates.ladder import Rung, decide
from gonogo.run.moves import rehearse
from gonogo.run.work import Work
from gonogo.words import Tier

__all__: list[str] = []

PENDING = SimpleNamespace(pending=("2",), service="web")


def work(*standings: Any, backup: Any = None) -> Any:
    """A run at its rehearsal."""
    shelf = SimpleNamespace(load=lambda _: backup)
    release = SimpleNamespace(backup="b" if backup is not None else None)
    journal = SimpleNamespace(write=lambda *_, **facts: written.append(facts))
    written: list[Any] = []
    made: Any = SimpleNamespace(
        standings=standings, shelf=shelf, release=release, notes=[], journal=journal, written=written
    )
    made.stand_on = partial(Work.stand_on, made)
    return made


@pytest.mark.parametrize(("tier", "allowed"), [("prod", False), ("prod", True), ("staging", False)])
def test_release_that_breaks_on_the_copy_is_no_way_back(tier: str, *, allowed: bool) -> None:
    """Whatever reading or the team says: prod refuses that, and elsewhere a red release holds instead of going back."""
    made = work()
    made.place = SimpleNamespace(environment=SimpleNamespace(tier=Tier(tier), allow_forward_only=allowed))
    made.rung, made.ladder = 2, "pending 2 (stated by the team)"
    found = Rehearsed(seconds=1.0, broke=("GET / answers 500 instead of 200",), pages=2)
    said = "on a migrated copy of the data the release that serves breaks: GET / answers 500 instead of 200"
    if tier == "prod" and not allowed:
        with pytest.raises(RefusedError) as refused:
            rehearse._said(made, found)
        assert str(refused.value) == f"forward-only: {said}. Expected migrations that it can live with"
    else:
        told = rehearse._said(made, found)
        assert told.endswith("the release that serves breaks on it: GET / answers 500 instead of 200")

    assert (made.rung, made.ladder) == (4, f"forward-only: {said}")
    assert made.written == [{"rung": 4, "said": f"forward-only: {said}"}]


def backup(*, problems: tuple[str, ...] | None = (), kinds: tuple[str, ...] = ("PostgreSQL",), image: str = "i") -> Any:
    """A backup, and what its proof found."""
    parts = tuple(SimpleNamespace(kind=kind, image=image) for kind in kinds)
    return SimpleNamespace(parts=parts, proof=None if problems is None else SimpleNamespace(problems=problems))


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (work(), "nothing is pending"),
        (work(PENDING), "not tried: no proven backup of one PostgreSQL in a container"),
        (work(PENDING, backup=backup(problems=None)), "not tried: no proven backup of one PostgreSQL in a container"),
        (work(PENDING, backup=backup(problems=("x",))), "not tried: no proven backup of one PostgreSQL in a container"),
        (
            work(PENDING, backup=backup(kinds=("SQLite",))),
            "not tried: no proven backup of one PostgreSQL in a container",
        ),
        (work(PENDING, backup=backup(image="")), "not tried: no proven backup of one PostgreSQL in a container"),
    ],
    ids=["nothing pending", "no backup", "not proven", "broken", "a file", "a provider's"],
)
def test_without_a_proven_copy_nothing_is_tried(made: Any, said: str) -> None:
    """The run goes on: a rehearsal is no condition."""
    assert rehearse.Rehearse().do(made) == said


def test_what_the_data_refuse_stops_the_run() -> None:
    """Before anything is touched, with the error."""
    with pytest.raises(RefusedError) as refused:
        rehearse._said(work(), Rehearsed(failed="web: contains null values"))

    assert str(refused.value) == (
        "the pending migrations fail on a copy of the data: web: contains null values. "
        "Expected ones that the data allow; nothing was touched"
    )


def test_what_was_seen_is_noted() -> None:
    """Seconds, locks, and the way back; what could not be found out is told and stops nothing."""
    made = work()
    lock = Lock(table="lamps", seconds=1.24, means="nobody writes it")
    said = rehearse._said(made, Rehearsed(seconds=2.5, locks=(lock,), came_back=False, left=("left: note text",)))
    unknown = rehearse._said(made, Rehearsed(unknown="web: no such host"))

    assert said == (
        "on a copy of the data: 2.5 s; lamps is locked for 1.2 s (nobody writes it); "
        "taken back, the schema was not as before: left: note text"
    )
    assert len(made.notes) == 1
    assert unknown == "not known: web: no such host"


def test_downgrade_that_loses_nothing_moves_the_ladder() -> None:
    """Rung 3, with what must not have been written by then; where rows changed, rung 4 stays and says why."""
    made, lossy = work(), work()
    made.answer = lossy.answer = decide(first=False, pending=["2"], shown={"2": "op.execute"}, stated={})
    pending: Any = [SimpleNamespace(pending=(SimpleNamespace(id="2"),))]
    drops = (Watched(table="public.visits", is_new=True),)
    said = rehearse._proven_downgrade(made, Rehearsed(came_back=True, drops=drops), "db/shop", pending)
    told = rehearse._proven_downgrade(
        lossy, Rehearsed(loses="the migrations change rows of public.leads"), "db/shop", pending
    )

    assert said == "a downgrade loses nothing that was there before"
    assert (made.rung, made.proven_downgrade.takes, made.proven_downgrade.drops) == (Rung.DOWNGRADE, ("2",), drops)
    assert "where nothing was written to public.visits by then" in made.ladder
    assert [sorted(facts) for facts in made.written] == [["found"], ["rung", "said"]]
    assert (told, lossy.written) == ("no downgrade by itself: the migrations change rows of public.leads", [])
