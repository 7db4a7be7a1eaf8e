"""A migration tool that answers too late has said nothing, and nothing is guessed of it before it is asked again."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gonogo.checks.build.migrating import serving_said
from gonogo.config import Environment, Service
from gonogo.errors import CommandError, OutOfTimeError
from gonogo.gates.pending_migrations import standings
from gonogo.host.busy import STRETCH, Busy
from gonogo.host.runner import Command, Completed, LocalHost
from gonogo.migrations import tool_of
from gonogo.migrations.question import ask
from gonogo.plugins.evidence import InconclusiveError
from gonogo.plugins.outcomes import is_late
from gonogo.run.gate_step import _longer

__all__: list[str] = []

ALEMBIC = Service(migrations="alembic")


class Inside:
    """A place whose Python ends after a while, or with an error."""

    label = "image shop-web:1"
    service = "web"

    def __init__(self, words: str) -> None:
        """What it runs instead."""
        self.code = {".": "/app"}
        self._words = words

    def python(self, script: str, *args: str, isolated: bool = True, timeout: float = 60.0) -> Completed:
        """Run that, for a quarter of a second at the most."""
        del script, args, isolated, timeout
        return LocalHost(timeout=0.25).run(Command(argv=("sh", "-c", self._words)))


def question(root: Path, words: str) -> Any:
    """A release that serves and answers so."""
    inspector = SimpleNamespace(inside=lambda _: Inside(words), artifacts=lambda: [Inside(words)])
    serving = SimpleNamespace(
        id="20261128T101010-1111111",
        services=("web",),
        accepted=(),
        heads=("a",),
        root=root,
        runtime="compose",
        source_root=lambda _: root,
    )
    environment = Environment(name="test", project="t", service={"web": ALEMBIC})
    project = SimpleNamespace(app=SimpleNamespace(root="."), source_root=root)
    place = SimpleNamespace(environment=environment, project=project)
    runtime = SimpleNamespace(inspector=lambda *_: inspector)
    return SimpleNamespace(place=place, runtime=runtime, host=None, serving=serving, release=None)


@pytest.mark.parametrize(("words", "late"), [("sleep 30", True), ("echo no module; exit 3", False)])
def test_no_answer_in_time_is_told_apart_from_a_wrong_one(tmp_path: Path, words: str, *, late: bool) -> None:
    """Only what ran out of time is asked once more, alone; the bound that it met is named."""
    with pytest.raises(CommandError) as caught:
        ask(Inside(words), tmp_path, ALEMBIC, tool_of("alembic"))

    assert is_late(caught.value) is late
    assert ("no end within 0.25 s" in str(caught.value)) is late


def test_where_a_database_stands_is_not_guessed_for_want_of_time(tmp_path: Path) -> None:
    """The first ask says that it was late; the one after it takes what is recorded, and says so too."""
    with pytest.raises(OutOfTimeError):
        list(standings(question(tmp_path, "sleep 30"), built=False, in_time=True))
    (guessed,) = standings(question(tmp_path, "sleep 30"), built=False)
    (broken,) = standings(question(tmp_path, "exit 3"), built=False, in_time=True)

    assert (guessed.current, guessed.late, broken.current, broken.late) == (("a",), True, ("a",), False)


def test_what_the_serving_release_said_is_not_taken_for_nothing(tmp_path: Path) -> None:
    """B19 and B20 excuse what was so before: where that came too late, they do not call it new."""
    asked = question(tmp_path, "sleep 30")
    asked.serving.id = "late"

    with pytest.raises(InconclusiveError) as caught:
        serving_said(asked, "web", ALEMBIC)
    assert is_late(caught.value)
    broken = question(tmp_path, "exit 3")
    broken.serving.id = "broken"
    assert serving_said(broken, "web", ALEMBIC) is None


@pytest.mark.parametrize(("load", "touched", "bound"), [(0, False, 2), (9, False, STRETCH), (9, True, 2)])
def test_a_busy_machine_has_more_time_while_nobody_waits(
    monkeypatch: pytest.MonkeyPatch, load: float, *, touched: bool, bound: float
) -> None:
    """Twice check_timeout; on a busy machine four times, but not after the first touch, where users would wait."""
    monkeypatch.setattr("gonogo.host.busy.busy", lambda: Busy(load=load, cores=1, waited=None))
    environment = Environment(name="test", project="t", check_timeout="1m")  # type: ignore[arg-type]
    work: Any = SimpleNamespace(place=SimpleNamespace(environment=environment), serving=None)

    assert _longer(work, (), touched=touched) == bound * 60.0
