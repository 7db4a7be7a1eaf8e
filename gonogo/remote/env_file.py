"""The env file of an environment on a host: compared by name, and brought; no value is ever shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gonogo.config import Environment
from gonogo.errors import UsageError
from gonogo.inspection.variables.envfile import parse
from gonogo.inspection.variables.envgrammar import grammar_of
from gonogo.remote.connection import Connection
from gonogo.remote.run import reached
from gonogo.runtimes.place import wanted_env_file

__all__ = ["FORMER", "Differences", "diff", "push"]

FORMER = ".former"
"""What the name of the file that was replaced ends in."""


@dataclass(frozen=True, kw_only=True)
class Differences:
    """Names of variables."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.added or self.removed or self.changed)

    def lines(self) -> list[str]:
        """For people."""
        kinds = (("+", self.added), ("-", self.removed), ("~", self.changed))
        return [f"  {sign} {name}" for sign, names in kinds for name in names] or ["  nothing differs"]


def diff(environment: Environment, file: Path) -> Differences:
    """What would change if the file were brought.

    Raises:
        UsageError: there is no such file, or the environment has none.
    """
    new = _read(file)
    with Connection(reached(environment), env=environment.name) as connection:
        return _differences(environment, _there(connection, environment), new)


def push(environment: Environment, file: Path, *, say: Callable[[str], None]) -> Differences:
    """Brings the file, closed to others; the one that was there is kept beside it. Says what changes.

    Raises:
        UsageError: there is no such file, or the environment has none.
    """
    new = _read(file)
    with Connection(reached(environment), env=environment.name) as connection:
        before = _there(connection, environment)
        found = _differences(environment, before, new)
        path = _path(environment)
        say("\n".join((f"{connection.address}: {path}", *found.lines())))
        if found:
            connection.ask("put", "written", new, path=str(path), former=f"{path.name}{FORMER}")
            restart = f"`gonogo restart --new-settings --env {environment.name}`"
            kept = f"; what was there is {path.name}{FORMER}" if before else ""
            say(f"written{kept}. The next deploy starts with it; so does {restart}.")
        return found


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: found {error.strerror}, expected the env file that the host is to have.") from error


def _path(environment: Environment) -> Path:
    found = wanted_env_file(Path(environment.path or ""), environment)
    if found is None:
        raise UsageError(f'env.{environment.name}: found no env_file, expected one: env_file = ".env".')
    return found


def _there(connection: Connection, environment: Environment) -> bytes:
    return connection.ask("get", "file", path=str(_path(environment))).data


def _differences(environment: Environment, old: bytes, new: bytes) -> Differences:
    before, after = (
        dict(parse(text.decode(errors="replace"), grammar=grammar_of(environment.runtime)).values)
        for text in (old, new)
    )
    return Differences(
        added=tuple(sorted(after.keys() - before.keys())),
        removed=tuple(sorted(before.keys() - after.keys())),
        changed=tuple(sorted(name for name in before.keys() & after.keys() if before[name] != after[name])),
    )
