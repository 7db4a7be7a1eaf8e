"""How the programs of a database server are run: in its container, with what its image was told, or on this machine."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from gonogo.host.runner import Command, Completed
from gonogo.runtimes.compose.run import marked_by

__all__ = ["OF", "Access", "InContainer", "OnHost", "shown"]

_PLAIN = {"LC_ALL": "C", "LANGUAGE": "C"}
"""Programs that speak one language; the server may speak another."""
OF = """\
of() { for n in "$@"; do eval "v=\\${$n-} f=\\${${n}_FILE-}"
  [ -z "$v" ] || { printf %s "$v"; return; }; [ -z "$f" ] || { cat "$f"; return; }; done; }
"""
"""Shell text: ``of NAME …`` is the first of some variables that has a value, or that names a file with one."""


class Access(Protocol):
    """Where a server's programs are."""

    @property
    def where(self) -> str:
        """As people call it."""

    @property
    def image(self) -> str:
        """The id of its image; empty where it is no container."""

    def typed(self, argv: Sequence[str]) -> Command:
        """The same as a person would type it."""

    def command(self, argv: Sequence[str], *, env: Mapping[str, str]) -> Command:
        """A program beside the server, as the server's own user and with its password."""


@dataclass(frozen=True, kw_only=True)
class InContainer:
    """In the server's own container: the programs are as old as the server is, and no password leaves it."""

    container: str
    image: str
    prelude: str = ""
    """Shell text before the program: what the image's variables say, as the program wants it."""

    @property
    def where(self) -> str:
        """As people call it."""
        return f"container {self.container}"

    def typed(self, argv: Sequence[str]) -> Command:
        """Without what is told by variables."""
        return Command(argv=("docker", "exec", self.container, *argv))

    def command(self, argv: Sequence[str], *, env: Mapping[str, str]) -> Command:
        """Through ``docker exec``; cut off, what it began in the container is ended too."""
        mark, end = marked_by(secrets.token_hex(8))
        told = [word for name, value in {**_PLAIN, **env}.items() for word in ("--env", f"{name}={value}")]
        words = ("sh", "-c", f'{self.prelude}exec "$@"', "gonogo", *argv) if self.prelude else tuple(argv)
        return Command(
            argv=("docker", "exec", "--interactive", *mark, *told, self.container, *words),
            ends=(Command(argv=("docker", "exec", self.container, *end), timeout=30.0),),
        )


@dataclass(frozen=True, kw_only=True)
class OnHost:
    """On this machine, to an address; the password is in the program's environment alone."""

    address: str
    """Without a password."""
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    image: str = ""

    @property
    def where(self) -> str:
        """As people call it."""
        return self.address

    def typed(self, argv: Sequence[str]) -> Command:
        """Without the address, which is in variables."""
        return Command(argv=tuple(argv))

    def command(self, argv: Sequence[str], *, env: Mapping[str, str]) -> Command:
        """As it would be typed here."""
        return Command(argv=tuple(argv), env={**_PLAIN, **self.env, **env})


@dataclass(frozen=True, kw_only=True)
class Beside:
    """Where a service's files are, also when no instance of it runs."""

    run: Callable[[Sequence[str]], Command]
    """A command in surroundings of its own, as the service has them."""
    image: str = ""

    @property
    def where(self) -> str:
        """As people call it."""
        return "the service's surroundings"

    def typed(self, argv: Sequence[str]) -> Command:
        """As it runs."""
        return self.run(argv)

    def command(self, argv: Sequence[str], *, env: Mapping[str, str]) -> Command:
        """With the service's own variables."""
        command = self.run(argv)
        return replace(command, env={**command.env, **env})


def shown(done: Completed) -> Completed:
    """How a command ended, without shell text that nobody wants to read."""
    argv = tuple("…" if "\n" in word else word for word in done.command.argv)
    return replace(done, command=replace(done.command, argv=argv))
