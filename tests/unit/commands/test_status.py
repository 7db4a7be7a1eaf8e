"""gonogo.commands.status: what ``gonogo status`` ends with, for a monitor."""

from __future__ import annotations

from typing import Any

import pytest

from gonogo.commands.status import _code, _is_well
from gonogo.records.status import EnvStatus, InstanceLine, status_lines
from gonogo.runtimes.base import LIMITED, InstanceState
from gonogo.words import Exit


def line(*, well: bool) -> InstanceLine:
    """One instance."""
    return InstanceLine(service="jobs", name="jobs-1", status="running", health=None, release="one", well=well)


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({}, Exit.GO),
        ({"instances": (line(well=True),)}, Exit.GO),
        ({"instances": (line(well=True), line(well=False))}, Exit.NO_GO),
        ({"instances": (line(well=False),), "lock": "ada"}, Exit.LOCKED),
        ({"instances": (line(well=True),), "lock": "ada"}, Exit.GO),
        ({"instances": (line(well=False),), "lock": "ada", "stale_lock": True}, Exit.NO_GO),
        ({"problem": "Docker: found no usable answer"}, Exit.NOTHING_CHECKED),
        ({"unfinished": "a run", "instances": (line(well=True),)}, Exit.NEEDS_HUMAN),
        ({"needs_human": "HELD", "instances": (line(well=False),)}, Exit.NEEDS_HUMAN),
        ({"rollback_lacks": ("the image of web",), "instances": (line(well=True),)}, Exit.GO),
    ],
)
def test_exit_code_says_what_a_monitor_asks(facts: dict[str, Any], code: Exit) -> None:
    """A person first, then whether all runs; what a run at work has taken down is no alarm."""
    assert _code(EnvStatus(env="prod", tier="prod", url=None, serving="one", **facts)) is code


@pytest.mark.parametrize(
    ("facts", "well"),
    [
        ({"status": "running", "health": "healthy"}, True),
        ({"status": "running", "health": None}, True),
        ({"status": "running", "health": LIMITED}, True),
        ({"status": "running", "health": "unhealthy"}, False),
        ({"status": "restarting", "health": None}, False),
        ({"status": "exited", "health": None, "exit_code": 0}, False),
        ({"status": "missing", "health": None}, False),
        ({"status": "exited", "health": None, "exit_code": 0, "one_shot": True}, True),
        ({"status": "exited", "health": None, "exit_code": 1, "one_shot": True}, False),
        ({"status": "created", "health": None, "one_shot": True}, True),
    ],
)
def test_instance_is_well_or_not(facts: dict[str, Any], well: bool) -> None:  # noqa: FBT001 (what is expected)
    """A dead worker is not, whatever its exit code; a one-shot may end, and one that was left out never ran."""
    state = {"service": "jobs", "name": "j", "restarts": 0, "started_at": "", "image": None, "release": None, **facts}

    assert _is_well(InstanceState(**state)) is well


def test_status_names_the_command() -> None:
    """Whoever reads that something died reads what starts it again."""
    status = EnvStatus(
        env="prod", tier="prod", url=None, serving="one", instances=(line(well=False),), exit_code=Exit.NO_GO
    )

    assert "  NOT WELL    jobs: `gonogo restart --env prod` starts what serves again, and proves it" in status_lines(
        [status]
    )
