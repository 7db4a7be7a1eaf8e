"""D17 is red for a process that was killed in a container which lives, where the serving release lost none."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gonogo.checks.postdeploy import test_memory as memory
from gonogo.config import Environment
from gonogo.host.runner import Command, Completed
from gonogo.plugins.evidence import Collected, InconclusiveError
from gonogo.records.results import Evidence
from gonogo.words import Role
from tests.unit.records.samples import a_check, a_gate

__all__: list[str] = []

WELL = "/shop-web-1 false 0\n/shop-worker-1 false 67108864\n"
KILLED = "/shop-web-1 false 0\n/shop-worker-1 true 67108864\n"


def asked(
    said: str, *, used: str = "shop-worker-1 12.00%\n", before: bool | None = None, role: Role = Role.CANDIDATE
) -> Collected:
    """What D17 attaches where the Engine says this, and the baseline said that."""
    names = ("web", "worker")
    instances = [SimpleNamespace(name=f"shop-{name}-1", service=name, status="running") for name in names]

    def run(command: Command, **_: Any) -> Completed:
        text = used if command.argv[1] == "stats" else said
        return Completed(command=command, code=0, output=text, errors="", seconds=0.1, pid=1)

    facts = Evidence(title="Killed for want of memory", kind="json", value={"web": False, "worker": before})
    evidence = Collected()
    memory.test_no_process_was_killed_for_want_of_memory(
        SimpleNamespace(instances=lambda **_: instances),
        Environment(name="prod", project="shop"),
        SimpleNamespace(role=role),  # type: ignore[arg-type]
        a_gate(a_check(code="D17", evidence=[facts])) if before is not None else None,
        SimpleNamespace(run=run),
        evidence,
    )
    return evidence


def test_worker_that_was_killed_is_red() -> None:
    """With or without a release before it; the container itself goes on."""
    for before in (None, False):
        with pytest.raises(AssertionError) as caught:
            asked(KILLED, before=before)

        assert str(caught.value).split("\n")[0] == (
            "worker: found a process that the kernel killed for want of memory since the start, expected none"
        )


def test_what_was_so_before_warns() -> None:
    """The serving release lost one too: in the baseline itself, and beside the new release."""
    said = ["worker: found a process that was killed for want of memory, as before this release"]

    assert asked(KILLED, role=Role.BASELINE).warnings == said
    assert asked(KILLED, before=True).warnings == said
    assert asked(KILLED, before=True).items[0].value == {"web": False, "worker": True}


def test_full_container_is_advised_of() -> None:
    """Nine tenths of its own limit; a container without one may use what there is."""
    assert asked(WELL).advice == []
    assert asked(WELL, used="shop-worker-1 93.10%\nshop-web-1 99.00%\n").advice == [
        "worker: uses nine tenths or more of the 64 MiB that it may"
    ]


def test_engine_that_says_nothing_is_inconclusive() -> None:
    """That is no pass."""
    with pytest.raises(InconclusiveError, match="does not tell of the memory of shop-web-1, shop-worker-1"):
        asked("")
