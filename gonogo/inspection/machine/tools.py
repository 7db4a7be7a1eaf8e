"""The versions of the tools that a deployment needs: how each is asked, and what is old."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["DOCKER", "GIT", "Tool", "judge", "version_of"]

_VERSION = re.compile(r"(?<![\w.])v?(\d+\.\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One program, how its version is asked, and the oldest one that will do."""

    name: str
    argv: tuple[str, ...]
    oldest: tuple[int, int]
    install: str

    def __str__(self) -> str:
        """What is expected, such as ``git 2.0 or newer``."""
        return f"{self.name} {'.'.join(map(str, self.oldest))} or newer"


GIT = Tool(name="git", argv=("git", "--version"), oldest=(2, 0), install="apt-get install git")
DOCKER = Tool(
    name="Docker",
    argv=("docker", "--version"),
    oldest=(20, 10),
    install="follow https://docs.docker.com/engine/install/",
)


def version_of(said: str) -> tuple[int, ...] | None:
    """The first version number in what a tool said of itself."""
    found = _VERSION.search(said)
    return tuple(int(part) for part in found[1].split(".")) if found else None


def judge(tool: Tool, said: str | None) -> str:
    """What is wrong with a tool, in one line; empty when nothing is. ``said`` is None when it is not there."""
    version = version_of(said) if said is not None else None
    if said is None:
        return f"{tool.name}: found no `{tool.argv[0]}` that runs, expected {tool}; {tool.install}"
    if version is None:
        return f"{tool.name}: found no version in what `{' '.join(tool.argv)}` said, expected {tool}"
    if version[:2] < tool.oldest:
        return f"{tool.name}: found {_VERSION.findall(said)[0]}, expected {tool}; {tool.install}"
    return ""
