"""A terminal: finished lines above, what goes on below, painted again where it stands.

The cursor is never hidden, so that a run that is killed leaves a terminal that can be used.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gonogo.display.style import Style
from gonogo.display.view import View
from gonogo.records.terminal import COLUMNS
from gonogo.runtimes.secret_values import redact_in_use

if TYPE_CHECKING:
    from rich.live import Live as RichLive

__all__ = ["Live"]

_SPARE = 4
"""Columns that stay free at the end: the terminal shows Ctrl-C there."""


class Live(Style):
    """Painted by rich, into a text that is written whole."""

    def __init__(self) -> None:
        """Nothing is painted."""
        self._page = io.StringIO()
        self._rich: RichLive | None = None
        self._shown: list[str] = []

    def paint(self, lines: Sequence[str], view: View, *, last: bool) -> str:
        """The new lines take the place of what was painted, and that stands below them again."""
        if self._rich is None and view.run is not None and not last:
            self._rich = _started(self._page)
        below = [] if last else [redact_in_use(line) for line in view.lines(self._width())]
        if last and self._rich is not None:
            self._rich.stop()
            self._rich = None
        elif self._rich is not None and (lines or below != self._shown):
            self._refresh(self._rich, lines, below)
            lines = ()
        self._shown = below
        return self._taken() + super().paint(lines, view, last=last)

    def _width(self) -> int:
        return max(self._rich.console.width - _SPARE, 1) if self._rich is not None else COLUMNS

    def _refresh(self, rich: RichLive, lines: Sequence[str], below: Sequence[str]) -> None:
        from rich.console import Group  # noqa: PLC0415 (slow to import, and only for terminals)
        from rich.constrain import Constrain  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        texts = (Text(line, no_wrap=True, overflow="ellipsis") for line in below)
        rich.update(Constrain(Group(*texts), self._width()))
        if lines:
            rich.console.print(Text.from_ansi("\n".join(lines)), soft_wrap=True)
        else:
            rich.refresh()

    def _taken(self) -> str:
        text = self._page.getvalue()
        self._page.seek(0)
        self._page.truncate()
        return text


def _started(page: io.StringIO) -> RichLive:
    from rich.console import Console  # noqa: PLC0415
    from rich.live import Live as RichLive  # noqa: PLC0415

    class Screen(Console):
        """A terminal whose cursor stays."""

        def show_cursor(self, show: bool = True) -> bool:  # noqa: FBT001, FBT002 (rich's signature)
            """Leaves it."""
            return show

    console = Screen(file=page, force_terminal=True, highlight=False, markup=False, emoji=False)
    rich = RichLive(console=console, auto_refresh=False, transient=True, redirect_stdout=False, redirect_stderr=False)
    rich.start()
    return rich
