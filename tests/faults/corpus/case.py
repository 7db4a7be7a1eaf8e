"""What a trial is made of: a small, reversible change to a good release or to where it runs, and what must follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx

from tests.support.edits import Edit

__all__ = ["STAGES", "Case", "CaseError", "Seen", "World"]

STAGES = ("predeploy", "build", "migrate", "start", "postdeploy", "watch")
"""In which order a deployment can notice."""


class CaseError(Exception):
    """The case itself is wrong: nothing is proven of the tool."""


class World(Protocol):
    """A release that was started without asking whether it is well, as somebody outside sees it."""

    @property
    def tree(self) -> Path:
        """Its files."""

    @property
    def url(self) -> str:
        """Where it answers."""

    @property
    def variables(self) -> dict[str, str]:
        """What it was started with, of the environment's own file."""

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response | None:
        """Its answer; None for none."""

    def post(self, path: str, fields: Mapping[str, str]) -> httpx.Response | None:
        """Its answer to fields sent as JSON; None for none."""

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
    one_way: bool = False
    """It brings a migration or a volume, or leaves something half done: a commit that lacks that cannot be deployed over it any more."""

    @property
    def is_fault(self) -> bool:
        """Whether a deployment of it must not end well."""
        return self.seen is not None
