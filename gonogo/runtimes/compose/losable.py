"""What stands on the host below a mount's source that nobody could make again: what a service without it would miss."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path, PurePosixPath

from gonogo import git
from gonogo.errors import CommandError
from gonogo.host.runner import Host
from gonogo.runtimes.compose.copies import GENERATED, holds_runs, is_environment, is_setting

__all__ = ["data_at"]

_SECONDS = 60.0
_NOBODYS = GENERATED | frozenset({
    ".cache", ".coverage", ".hypothesis", ".idea", ".nox", ".tox", ".venv", ".vscode", "htmlcov", "node_modules",
})  # fmt: skip
"""What those leave in a checkout who work in it."""
_OF_THE_MACHINE = "/etc"
"""A single file of it that is mounted (``/etc/localtime``) is the machine's."""


def data_at(source: Path, host: Host, *, besides: Collection[Path] = ()) -> tuple[str, ...] | None:
    """The names of what may be data at a path of the host; None where everything may be.

    A folder of a checkout shows what git has as well, which each release brings itself: only what git does not track
    counts, without settings, virtual environments and what tools leave. A socket, a device, an env file hold nothing.

    Args:
        source: where the mount's source stands.
        host: asks git.
        besides: paths below it that are looked after elsewhere.
    """
    if source.is_file():
        is_other = is_setting(source) or source.parent == Path(_OF_THE_MACHINE)
        return () if is_other else (source.name,)
    if not source.is_dir():
        return () if source.exists() else None
    if is_environment(source):
        return ()
    try:
        words = ("ls-files", "--others", "--directory", "-z", "--", ".")
        asked = host.run(git.ask(source, *words, timeout=_SECONDS), output_limit=None, exact=True)
        tracked = host.run(git.ask(source, "ls-files", "--", "."), output_limit=None)
    except CommandError:
        return None
    if not (asked.ok and tracked.ok and tracked.output.strip()):
        return None
    names = (name for name in asked.output.split("\0") if name)
    return tuple(sorted(name for name in names if _is_data(source, name, besides)))


def _is_data(folder: Path, name: str, besides: Collection[Path]) -> bool:
    path = folder / name
    if path in besides or not _NOBODYS.isdisjoint(PurePosixPath(name).parts) or name.endswith((".pyc", ".egg-info/")):
        return False
    if is_setting(path) or not path.is_dir():
        return not is_setting(path)
    return not (path.name == "reports" and holds_runs(path)) and _holds_data(path, besides)


def _holds_data(folder: Path, besides: Collection[Path]) -> bool:
    """Whether a file stands below a folder that a program did not leave: a package that is gone leaves its caches."""
    for parent, names, files in os.walk(folder):
        left = [Path(parent) / name for name in names if name not in _NOBODYS]
        names[:] = [path.name for path in left if path not in besides and not is_environment(path)]
        if any(not name.endswith(".pyc") for name in files):
            return True
    return False
