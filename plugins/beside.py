"""What somebody would look at next beside a red answer: what everything that runs here wrote while it was asked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from gonogo.errors import GonogoError
from gonogo.records.text import LAST_LINES
from gonogo.words import Stage

if TYPE_CHECKING:
    from gonogo.plugins.evidence import Collected

__all__ = ["Beside"]

_CHECKS = 5
"""How many red checks of a gate are looked beside: the first ones say why the others are red."""
_LINES = 15
_EARLIER = 1.0
_TITLE = LAST_LINES


class Beside:
    """Looks beside the first red checks of a gate that send requests to a running release."""

    def __init__(self) -> None:
        """Nothing was looked at yet."""
        self._left = _CHECKS

    def look(self, item: pytest.Item, call: pytest.CallInfo[None], stage: Stage, collected: Collected) -> None:
        """Attaches the last lines of each container or instance that wrote something since the check began."""
        given = getattr(item, "funcargs", {})
        inspector = given.get("inspector")
        has_lines = any(one.title.startswith(_TITLE) for one in collected.items)
        if stage is not Stage.POSTDEPLOY or inspector is None or has_lines or not {"limits", "http"} & set(given):
            return
        if self._left == 0:
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
