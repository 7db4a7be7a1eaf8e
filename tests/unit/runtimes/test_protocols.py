"""gonogo.runtimes.protocols: what is described is what is done, and what no runtime has has a default."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from gonogo.config.runtimes import RUNTIMES
from gonogo.host.runner import Command
from gonogo.runtimes import runtime_of
from gonogo.runtimes.protocols import Action, Builds, Ground, Keeps, Looks, Runs

__all__: list[str] = []

DERIVED = ("describe_start", "start", "describe_restart", "restart", "describe_stop", "stop", "retire")
MOST = 8
"""Methods that a runtime has to write for one protocol."""


@pytest.mark.parametrize("name", RUNTIMES)
def test_every_runtime_is_whole(name: str) -> None:
    """Each row of the table names a class that has its name, and a ground that can be said."""
    runtime = runtime_of(name)

    assert (runtime.name, bool(runtime.ground)) == (name, True)


@pytest.mark.parametrize("name", RUNTIMES)
def test_what_is_described_is_what_is_done(name: str) -> None:
    """A runtime writes lists of actions; that they are shown and done from one list is nobody's to change."""
    module, _, attribute = RUNTIMES[name].implementation.partition(":")
    cls = getattr(importlib.import_module(module), attribute)

    assert [one for one in DERIVED if getattr(cls, one) is not getattr(Runs, one)] == []


def test_what_has_no_default_must_be_written() -> None:
    """Seen in a runtime that was tried: a method that it lacked answered None, and a check crashed on that."""

    class Half(Keeps):
        pass

    with pytest.raises(TypeError, match="pinned_files"):
        Half()  # type: ignore[abstract]


@pytest.mark.parametrize("protocol", [Builds, Runs, Looks, Ground, Keeps], ids=lambda protocol: protocol.__name__)
def test_no_protocol_asks_for_much(protocol: Any) -> None:
    """A runtime that needs nothing special writes few methods for each."""
    wanted = [one for one in vars(protocol) if not one.startswith("_") and callable(getattr(protocol, one))]

    assert 0 < len([one for one in wanted if one not in DERIVED]) <= MOST


def test_a_start_is_done_in_the_order_in_which_it_is_described() -> None:
    """An action may say nothing, or several lines; the first one that fails ends it."""
    done: list[str] = []

    def fails() -> None:
        raise ValueError("third")

    class Listed(Runs):
        def starting(self, *_: Any) -> tuple[Action, ...]:
            return (
                Action(do=lambda: done.append("looked")),
                Action(said=("one", "two"), do=lambda: done.append("first")),
                Action(said=("three",), do=fails),
                Action(said=("four",), do=lambda: done.append("never")),
            )

        def stopping(self, *_: Any) -> tuple[Action, ...]:
            return ()

        def in_instance(self, *_: Any, **__: Any) -> Command:
            return Command(argv=("true",))

    listed: Any = Listed()
    with pytest.raises(ValueError, match="third"):
        listed.start(None, None, None)

    assert listed.describe_start(None, None, None) == ("one", "two", "three", "four")
    assert done == ["looked", "first"]


def test_defaults_stand_on_nothing(tmp_path: Path) -> None:
    """A runtime whose instances need nobody writes nothing of it."""

    class Nothing(Ground):
        ground = "nothing"

    place: Any = type("Somewhere", (), {"state": tmp_path})
    nothing: Any = Nothing()

    assert (nothing.epoch(place), nothing.lost(place, "gone"), nothing.prepare(place, None)) == ("", False, ())
    assert nothing.disks(place, None) == {"the state folder": tmp_path}
    assert (nothing.free_disk(place, None, None), nothing.end_leftovers(place, "1")) == ((), ())
