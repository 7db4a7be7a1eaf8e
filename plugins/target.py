"""The Python that judges a release's source before anything is built."""

from __future__ import annotations

import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from gonogo.config import Environment
from gonogo.errors import CommandError
from gonogo.host.runner import Command, Host
from gonogo.inspection.code.pythons import Wanted, names_one, older, wanted
from gonogo.plugins.evidence import InconclusiveError, LateError
from gonogo.plugins.source import Source

__all__ = ["TargetPython", "choose"]


_PYTHON = re.compile(r"(?:--python=)?(?:(?P<program>(?:\S*/)?python(?:3(?:\.\d+)?)?)|(?P<version>3\.\d+))")


@dataclass(frozen=True, slots=True)
class TargetPython:
    """A Python on this machine that stands for the target's, and what the target's should be."""

    program: str
    wanted: Wanted | None
    runner: Host
    is_stand_in: bool = False
    """Whether nothing says that the target's is this one, or which it is."""

    def may_refuse(self, version: str) -> bool:
        """Whether this one, of that version, may refuse syntax that the target's takes."""
        if self.is_stand_in or self.wanted is None:
            return self.is_stand_in
        return older(version, self.wanted.version)

    def ask(self, script: str, *arguments: str, cwd: Path) -> str:
        """Runs a script in isolated mode; returns what it printed.

        Raises:
            InconclusiveError: it did not end well.
        """
        command = Command(argv=(self.program, "-I", "-", *arguments), cwd=str(cwd), stdin=script.encode())
        done = self.runner.run(command, output_limit=None)
        if not done.ok:
            how = f"no end within {done.command.timeout or 0:g} s" if done.timed_out else f"exit code {done.code}"
            last = done.errors.strip().splitlines()[-1:] or ["it said nothing"]
            kind = LateError if done.timed_out else InconclusiveError
            raise kind(f"`{self.program} -I -`: found {how} ({last[0]}), expected an answer")
        return done.output


def choose(source: Source, environment: Environment, runner: Host) -> TargetPython:
    """The Python that the release's own will be made from; else the version that the source names, if it is here."""
    if not environment.has("images"):
        own = getattr(sys, "_base_executable", None) or sys.executable
        making = environment.commands.get("build") or environment.commands.get("environment") or ("{python}",)
        named_here = next((program for word in making if (program := _named(word, own, runner))), None)
        return TargetPython(named_here or own, None, runner, is_stand_in=named_here is None)
    named = wanted({path: source.text(path) for path in source.tracked if names_one(path)})
    program = _runs(f"python{named.version}", runner) if named is not None else None
    judge = program or _runs("python3", runner) or sys.executable
    return TargetPython(judge, named, runner, is_stand_in=named is None or named.is_least)


def _named(word: str, own: str, runner: Host) -> str | None:
    """The Python that a word of a command names: gonogo's own, a version, or a program that is here."""
    if "{python}" in word:
        return own
    found = _PYTHON.fullmatch(word)
    if found is None:
        return None
    return _runs(word if found["program"] else f"python{found['version']}", runner)


def _runs(name: str, runner: Host) -> str | None:
    """The program's path, if it can be run: version managers leave shims for versions that are not chosen."""
    program = shutil.which(name)
    if program is None:
        return None
    try:
        return program if runner.run(Command(argv=(program, "-I", "-c", "0"))).ok else None
    except CommandError:
        return None
