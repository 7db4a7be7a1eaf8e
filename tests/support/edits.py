"""Small, reversible changes to the files of a checkout, as data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

__all__ = ["Drop", "Edit", "Env", "Leak", "Mode", "Move", "Put", "Replace"]


class Edit(Protocol):
    """One change."""

    def apply(self, root: Path) -> None:
        """Make it below the folder of a checkout."""


@dataclass(frozen=True)
class Replace:
    """One place of one file says something else."""

    name: str
    old: str
    new: str

    def apply(self, root: Path) -> None:
        """Refuses a place that is not there, or that is not the only one."""
        path = root / self.name
        text = path.read_text(encoding="utf-8")
        if text.count(self.old) != 1:
            raise ValueError(f"{self.name}: found {text.count(self.old)} times {self.old!r}, expected it once")
        path.write_text(text.replace(self.old, self.new), encoding="utf-8")


@dataclass(frozen=True)
class Put:
    """A file with this content, new or instead of what it held."""

    name: str
    text: str

    def apply(self, root: Path) -> None:
        """Folders are made."""
        path = root / self.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.text, encoding="utf-8")


@dataclass(frozen=True)
class Drop:
    """A file is gone."""

    name: str

    def apply(self, root: Path) -> None:
        """Refuses a file that is not there."""
        (root / self.name).unlink()


@dataclass(frozen=True)
class Move:
    """A file has another name."""

    name: str
    to: str

    def apply(self, root: Path) -> None:
        """Folders are made."""
        (root / self.to).parent.mkdir(parents=True, exist_ok=True)
        (root / self.name).rename(root / self.to)


@dataclass(frozen=True)
class Mode:
    """A file has other rights."""

    name: str
    mode: int

    def apply(self, root: Path) -> None:
        """Refuses a file that is not there."""
        (root / self.name).chmod(self.mode)


@dataclass(frozen=True)
class Env:
    """A variable of the environment's own file, which git does not have; None takes it out."""

    name: str
    value: str | None

    def apply(self, root: Path) -> None:
        """The others stay in their order."""
        path = root / ".env"
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith(f"{self.name}=")]
        path.write_text("".join(f"{line}\n" for line in lines + self._line()), encoding="utf-8")

    def _line(self) -> list[str]:
        return [] if self.value is None else [f"{self.name}={self.value}"]


@dataclass(frozen=True)
class Leak:
    """A tracked file holds a variable's value that the environment runs with."""

    variable: str
    name: str

    def apply(self, root: Path) -> None:
        """Refuses a variable that is not set."""
        value = dict(line.split("=", 1) for line in (root / ".env").read_text().splitlines())[self.variable]
        Put(self.name, f'{self.variable} = "{value}"\n').apply(root)
