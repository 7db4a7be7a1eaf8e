"""What a trial is made of: a small, reversible change to a good release or to where it runs, and what must follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx

__all__ = [
    "STAGES",
    "Case",
    "CaseError",
    "Drop",
    "Edit",
    "Env",
    "Leak",
    "Mode",
    "Move",
    "Put",
    "Replace",
    "Seen",
    "World",
]

STAGES = ("predeploy", "build", "migrate", "start", "postdeploy")
"""In which order a deployment can notice."""


class CaseError(Exception):
    """The case itself is wrong: nothing is proven of the tool."""


class World(Protocol):
    """A release that was started without asking whether it is well, as somebody outside sees it."""

    @property
    def tree(self) -> Path:
        """Its files."""

    @property
    def variables(self) -> dict[str, str]:
        """What it was started with, of the environment's own file."""

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response | None:
        """Its answer; None for none."""

    def ended(self, service: str) -> bool:
        """Whether the service came to its end within the time that is given to a start."""

    def log(self, service: str) -> str:
        """What the service printed."""

    def run(self, service: str, *argv: str) -> str:
        """What a command prints beside the service, in its image where there is one."""

    def migrated(self) -> bool:
        """Whether its migrations ran to their end."""


Seen = Callable[[World], bool]
"""What somebody outside can see of a fault: true of the faulty release, false of the good one."""


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


@dataclass(frozen=True, kw_only=True)
class Case:
    """A fault, or (without ``seen``) a harmless release."""

    name: str
    why: str
    """Who meets it, in a line."""
    edits: tuple[Edit, ...]
    seen: Seen | None = None
    stage: str = ""
    """The earliest stage that can notice; red at a later one is too late."""
    codes: tuple[str, ...] = ()
    """One of these must be what it is red for; nothing: the step itself fails."""
    runs: bool = True
    """Whether it has to be started for what is seen of it; files alone show the others."""
    held: bool = False
    """Going back mends nothing, so the new release is left to a person."""

    @property
    def is_fault(self) -> bool:
        """Whether a deployment of it must not end well."""
        return self.seen is not None
