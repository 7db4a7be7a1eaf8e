"""Questions to one stage of an environment on a host: pages that pytest writes there come home."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

__all__ = ["Pages"]

_OPTIONS = ("--html", "--junit-xml", "--junitxml", "--gonogo-results")
_ASIDE = Path(".asked")


class Pages:
    """What is written there for somebody here."""

    def __init__(self, arguments: Sequence[str]) -> None:
        """Reads pytest's words."""
        self._homes: list[Path] = []
        self.arguments: list[str] = []
        """The words for the host: it writes into its own ``reports/``."""
        before = ""
        for word in arguments:
            name, given, value = word.partition("=")
            if before in _OPTIONS:
                self.arguments.append(self._there(word))
            elif given and name in _OPTIONS:
                self.arguments.append(f"{name}={self._there(value)}")
            else:
                self.arguments.append(word)
            before = word

    def _there(self, home: str) -> str:
        self._homes.append(Path.cwd() / home)
        return str(Path("reports") / self._aside(len(self._homes) - 1))

    def _aside(self, number: int) -> Path:
        return _ASIDE / str(number) / self._homes[number].name

    def bring_home(self, reports: Path) -> None:
        """Puts each where it was asked for."""
        for number, home in enumerate(self._homes):
            found = reports / self._aside(number)
            if found.exists():
                home.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(found, home)
        shutil.rmtree(reports / _ASIDE, ignore_errors=True)
