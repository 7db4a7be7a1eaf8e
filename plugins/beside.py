"""What somebody would look at next beside a red answer: what everything that runs here wrote while it was asked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from gonogo.errors import GonogoError
from gonogo.plugins.evidence import LackingError
from gonogo.plugins.started_as import StartedAs
from gonogo.records.text import LAST_LINES
from gonogo.words import Severity, Stage

if TYPE_CHECKING:
    from gonogo.plugins.evidence import Collected

__all__ = ["Beside"]

_CHECKS = 5
"""How many red checks of a gate are looked beside: the first ones say why the others are red."""
_LINES = 15
_EARLIER = 1.0
_TITLE = LAST_LINES


class Beside:
    """Looks beside the first red checks of a gate that ask a running release, or something of one of its services."""

    def __init__(self) -> None:
        """Nothing was looked at yet."""
        self._left = _CHECKS
        self._started_as = StartedAs()

    def look(
        self, item: pytest.Item, call: pytest.CallInfo[None], stage: Stage, collected: Collected, severity: Severity
    ) -> None:
        """Attaches the last lines of what runs, and how the service that is red is started."""
        given: dict[str, Any] = getattr(item, "funcargs", {})
        requests = bool({"limits", "http"} & set(given)) and stage is Stage.POSTDEPLOY
        self._attach_lines(given, call, collected, requests=requests)
        lacking = call.excinfo is not None and isinstance(call.excinfo.value, LackingError)
        if severity is Severity.BLOCKER and not lacking:
            self._started_as.attach(item, given, collected, runs=stage in {Stage.POSTDEPLOY, Stage.WATCH})

    def _attach_lines(
        self, given: dict[str, Any], call: pytest.CallInfo[None], collected: Collected, *, requests: bool
    ) -> None:
        """The last lines of each container or instance that wrote something since the check began."""
        inspector = given.get("inspector")
        has_lines = any(one.title.startswith(_TITLE) for one in collected.items)
        if not requests or inspector is None or has_lines or self._left == 0:
            return
        self._left -= 1
        try:
            said = inspector.last_lines(datetime.fromtimestamp(call.start - _EARLIER, UTC), most=_LINES)
        except GonogoError as error:
            collected.text(_TITLE, f"not known: {error}")
            return
        for name, lines in said.items():
            if lines:
                collected.text(f"{_TITLE} of {name}", "\n".join(lines))
        if not any(said.values()):
            collected.text(_TITLE, f"{', '.join(said) or 'nothing that runs'}: nothing was written while it was asked")
