"""gonogo.run.take_back: a forward-only change goes back by its downgrades, or a person is asked."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from gonogo.backups.round_trip import Watched
from gonogo.backups.written import Moment, ProvenDowngrade
from gonogo.errors import CommandError, RefusedError
from gonogo.gates.ladder import Rung
from gonogo.run import take_back
from gonogo.run.moves import proven_downgrade
from gonogo.run.moves.proven_downgrade import TakeBack, mark, prepared
from gonogo.run.moves.start import Restore
from gonogo.run.work import Work
from gonogo.state.progress import Begun, Progress

__all__: list[str] = []

DROPS = (Watched(table="public.visits", is_new=True),)
KNOWN = ProvenDowngrade(database="db/shop", takes=("2",), drops=DROPS, moment=Moment(transaction=7, rows={}))
MIGRATED = Begun(step="migrate", migrates=True)
STARTED = Begun(step="start", replaces=True)


class Steps:
    """Makes no move but notes it; some fail."""

    def __init__(self, work: Any, *, failing: tuple[str, ...] = ()) -> None:
        """``failing``: by their names."""
        self.work, self.failing, self.made = work, failing, list[str]()

    def move(self, step: Any) -> None:
        """Notes it."""
        self.made.append(step.name)
        self.work.progress.begin(Begun(step=step.name, replaces=step.replaces, downgrades=step.downgrades))
        if step.name in self.failing:
            raise CommandError(f"{step.name} failed")


def a_work(*begun: Begun, rung: Rung = Rung.DOWNGRADE, ended: tuple[str, ...] = ("migrate",)) -> Any:
    """A run that went red."""
    made: Any = SimpleNamespace(
        rung=int(rung),
        ladder="pending 2",
        proven_downgrade=KNOWN,
        serving="old",
        release=SimpleNamespace(id="new"),
        progress=Progress(begun, ended),
        notes=[],
        place=None,
        runtime=None,
        host=None,
        journal=SimpleNamespace(write=lambda *_, **__: None),
    )
    made.stand_on = partial(Work.stand_on, made)
    made.forbid_downgrade = partial(Work.forbid_downgrade, made)
    return made


def settle(monkeypatch: pytest.MonkeyPatch, work: Any, *, moved: bool | None, failing: tuple[str, ...] = ()) -> Any:
    """What is found, and which moves were made; the downgrade itself is there."""
    monkeypatch.setattr(take_back, "have_moved", lambda _: moved)
    monkeypatch.setattr(take_back, "prepared", lambda *_: TakeBack(SimpleNamespace()))  # type: ignore[arg-type]
    steps, began = Steps(work, failing=failing), list[str]()
    return take_back.schema_first(work, steps, lambda: began.append("rollback")), steps.made, began  # type: ignore[arg-type]


def test_schema_goes_back_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal says so before, the record afterwards."""
    work = a_work(MIGRATED, STARTED)

    assert settle(monkeypatch, work, moved=True) == ((True, ""), ["downgrade"], ["rollback"])
    assert work.notes == ["The migrations were taken back (2): nothing had been written to what they made."]


@pytest.mark.parametrize(
    ("work", "moved", "found"),
    [
        (a_work(MIGRATED, STARTED), False, (False, "")),
        (a_work(MIGRATED, STARTED, rung=Rung.FORWARD_ONLY), True, (False, "have begun")),
        (
            a_work(MIGRATED, STARTED, rung=Rung.FORWARD_ONLY),
            None,
            (False, "may have begun: the databases could not be asked"),
        ),
        (a_work(MIGRATED, rung=Rung.FORWARD_ONLY), True, (False, "")),
    ],
    ids=["no database moved", "forward-only", "nobody knows", "nothing was started"],
)
def test_nothing_is_downgraded_unless_it_was_rehearsed(
    monkeypatch: pytest.MonkeyPatch, work: Any, moved: Any, found: tuple[bool, str]
) -> None:
    """A forward-only change holds once it was started, as ever."""
    assert settle(monkeypatch, work, moved=moved) == (found, [], [])


def test_downgrade_that_fails_leaves_the_red_release(monkeypatch: pytest.MonkeyPatch) -> None:
    """It was stopped for that, so it is started again, and a person decides."""
    found, made, _ = settle(monkeypatch, a_work(MIGRATED, STARTED), moved=True, failing=("downgrade",))

    assert found == (False, "have begun; they were not taken back: downgrade failed")
    assert made == ["downgrade", Restore.name]


def test_downgrade_that_fails_beside_the_old_release_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was started, so nothing is started again; the schema may be half-way."""
    found, made, _ = settle(monkeypatch, a_work(MIGRATED), moved=True, failing=("downgrade",))

    assert (found, made) == ((False, "have begun; they were not taken back: downgrade failed"), ["downgrade"])


def a_downgrade(*ids: str) -> Any:
    """What would take these revisions back."""
    return SimpleNamespace(ways=[SimpleNamespace(beyond=[SimpleNamespace(id=one) for one in ids])])


@pytest.mark.parametrize(
    ("work", "beyond", "written", "why"),
    [
        (a_work(MIGRATED), ("2", "3"), (), "the database has 3, which no rehearsal has taken back"),
        (a_work(MIGRATED, ended=()), ("2",), (), "the migrations did not run to their end"),
        (
            a_work(MIGRATED),
            ("2",),
            ("public.visits: 4 rows written",),
            "a downgrade would lose what was written since: public.visits: 4 rows written",
        ),
    ],
    ids=["more than was rehearsed", "half-way", "written to"],
)
def test_nothing_is_taken_back_that_would_lose_something(
    monkeypatch: pytest.MonkeyPatch, work: Any, beyond: tuple[str, ...], written: tuple[str, ...], why: str
) -> None:
    """Before anything is stopped."""
    monkeypatch.setattr(proven_downgrade, "ways_back", lambda *_: a_downgrade(*beyond))
    monkeypatch.setattr(proven_downgrade, "_live", lambda *_: None)
    monkeypatch.setattr(proven_downgrade, "written_since", lambda *_: written)

    with pytest.raises(RefusedError) as refused:
        prepared(work, "old")  # type: ignore[arg-type]
    assert str(refused.value) == why


def test_database_that_does_not_say_when_allows_no_downgrade(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the moment after the migrations nobody could tell what was written since."""

    def silent(*_: Any) -> Any:
        raise CommandError("db: found no answer")

    work = a_work(MIGRATED)
    monkeypatch.setattr(proven_downgrade, "_live", silent)
    mark(work)

    assert (work.rung, work.proven_downgrade) == (Rung.FORWARD_ONLY, None)
    assert work.ladder == (
        "forward-only: no downgrade by itself, since its database did not say where it stands (db: found no answer); "
        "it was: pending 2"
    )
