"""D37 looks at a first process until it is known for what it sleeps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import pytest

from gonogo.checks.postdeploy import test_stopping as stopping
from gonogo.host.runner import Command, Completed

if TYPE_CHECKING:
    from gonogo.host.runner import Host

__all__: list[str] = []

AWAKE = "7 0000000000000002 0000000000000000 - python -m jobs"
DEAF = "7 0000000000000002 0000000000000000 do_epoll_wait python -m jobs"
HEEDS = "7 0000000000004002 0000000000000000 do_epoll_wait python -m jobs"


class Engine:
    """Tells of one container what a list says, the last for ever."""

    def __init__(self, told: Sequence[str]) -> None:
        """``told`` has a process at each look."""
        self._told = list(told)

    def run(self, command: Command) -> Completed:
        """Answers ``docker inspect`` and ``docker top``."""
        text = "/jobs\t7\t\t<nil>\t" if command.argv[1] == "inspect" else f"PID\n{self._told[0]}"
        self._told = self._told[1:] or self._told if command.argv[1] == "top" else self._told
        return Completed(command=command, code=0, output=text, errors="", seconds=0.0, pid=1)


@pytest.mark.parametrize(
    ("told", "times"),
    [
        ([AWAKE, AWAKE, DEAF], 1),
        ([DEAF, HEEDS], 0),
        ([HEEDS], 0),
        ([AWAKE], 0),
    ],
)
def test_process_at_work_is_looked_at_again(monkeypatch: pytest.MonkeyPatch, told: list[str], times: int) -> None:
    """A busy machine hid a worker without a handler until the next release; one that is just starting has none yet."""
    monkeypatch.setattr(stopping, "_PAUSE", 0.0)

    assert len(list(stopping._found({"jobs": "jobs"}, cast("Host", Engine(told))))) == times
