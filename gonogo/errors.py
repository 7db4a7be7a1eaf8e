"""Every error that gonogo raises on purpose.

    GonogoError                 exit 3, unless a subclass says otherwise
    ├── UsageError              4  wrong usage or configuration, nothing touched
    │   └── ConfigError         4  all problems of a gonogo.toml at once
    ├── RefusedError            1  stopped before the first touch; the target is as it was
    ├── CommandError            1  a command failed, was not found, or ran out of time
    ├── InterruptedRunError     2  Ctrl-C, SIGTERM or SIGHUP
    └── LockedError             7  another run holds the environment

An error never prints itself; the command line does.
"""

from __future__ import annotations

from typing import ClassVar

from gonogo.words import Exit

__all__ = [
    "CommandError",
    "ConfigError",
    "GonogoError",
    "InterruptedRunError",
    "LockedError",
    "RefusedError",
    "UsageError",
]


class GonogoError(Exception):
    """Something that gonogo can explain; its text is for the operator."""

    exit_code: ClassVar[Exit] = Exit.INTERNAL


class UsageError(GonogoError):
    """The command line or the place it was called from is wrong; nothing was touched."""

    exit_code = Exit.USAGE


class ConfigError(UsageError):
    """A gonogo.toml is missing or broken; ``problems`` holds one line for each mistake."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        """Keep all problems; the message shows them one a line."""
        self.problems = problems
        super().__init__("\n".join(problems))


class RefusedError(GonogoError):
    """The run stops before the first touch."""

    exit_code = Exit.NO_GO


class CommandError(GonogoError):
    """A command failed, could not be started, or ran out of time."""

    exit_code = Exit.NO_GO


class InterruptedRunError(GonogoError):
    """The operator or the system asked the run to stop."""

    exit_code = Exit.INTERRUPTED


class LockedError(GonogoError):
    """Another run holds the environment."""

    exit_code = Exit.LOCKED
