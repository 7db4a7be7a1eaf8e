"""Every error that gonogo raises on purpose.

    GonogoError                 exit 3, unless a subclass says otherwise
    ├── UsageError              4  wrong usage or configuration, nothing touched
    │   └── ConfigError         4  all problems of a gonogo.toml at once
    ├── RefusedError            1  stopped before the first touch; the target is as it was
    ├── CommandError            1  a command failed or was not found
    │   └── OutOfTimeError      1  it did not end within its bound
    ├── InterruptedRunError     2  Ctrl-C, SIGTERM or SIGHUP
    └── LockedError             7  another run holds the environment

An error never prints itself; the command line does.
"""

from __future__ import annotations

import errno
import re
from typing import ClassVar

from gonogo.words import Exit

__all__ = [
    "DISK_FULL",
    "SAID_FULL",
    "CommandError",
    "ConfigError",
    "GonogoError",
    "InterruptedRunError",
    "LockedError",
    "OutOfTimeError",
    "RefusedError",
    "UsageError",
    "explain",
    "in_one_line",
    "last_words",
    "telling",
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
        """Keeps all problems; the message shows them one a line."""
        self.problems = problems
        super().__init__("\n".join(problems))


class RefusedError(GonogoError):
    """The run stops before the first touch."""

    exit_code = Exit.NO_GO

    def __init__(self, found: str, *, refuses: str = "") -> None:
        """``refuses`` is what the check's mark says whose red answer this refusal is, where there is such a check."""
        self.refuses = refuses
        super().__init__(found)


class CommandError(GonogoError):
    """A command failed, could not be started, or ran out of time."""

    exit_code = Exit.NO_GO

    def __init__(self, message: str = "", *, services: tuple[str, ...] = ()) -> None:
        """``services``: of which it is known that they did not start."""
        super().__init__(message)
        self.services = services


class OutOfTimeError(CommandError):
    """A command did not end within its bound."""


class InterruptedRunError(GonogoError):
    """The operator or the system asked the run to stop."""

    exit_code = Exit.INTERRUPTED


class LockedError(GonogoError):
    """Another run holds the environment."""

    exit_code = Exit.LOCKED


DISK_FULL = {errno.ENOSPC: "no space left", errno.EDQUOT: "the disk quota used up"}
"""What the system says when a disk is full, in words."""
SAID_FULL = re.compile(
    r"no space left on device|\bENOSPC\b|\[Errno 28\]|disk quota exceeded|\bEDQUOT\b|database or disk is full",
    re.IGNORECASE,
)
"""How programs say it."""
_FULL = "found a full disk, expected room. Free some (df -h; docker system df), then try again. "
_NO_RIGHT = {errno.EACCES, errno.EPERM, errno.EROFS}
_NO_FOLDER = {errno.ENOTDIR, errno.EEXIST, errno.EISDIR}


_TELLS = re.compile(
    r"\b(?:error|fatal|exception|traceback|failed|denied|refused|conflicts?|no such|not found|missing|unable|cannot"
    r"|could not|can't|unsatisfiable|invalid)\b|Error\b|ERR!|^E\s",
    re.IGNORECASE,
)
"""Words of a line that says what went wrong."""
_STEP = r"\s*(?:#\d+ )?(?:\d+\.\d+ )?\s*"
"""What a build puts before each line of a step: its number and its seconds."""
_RAISED = re.compile(
    rf"{_STEP}(?:[A-Za-z_]\w*\.)*(?:[A-Za-z_]\w*(?:Error|Exception|Warning)|(?<=\.)[A-Z]\w+)(?::\s|\s*$)", re.ASCII
)
"""``psycopg2.errors.UndefinedTable: …``: the line in which a traceback ends."""
_ABOUT = re.compile(
    rf"{_STEP}(?:Traceback \(most recent call last\)|The above exception was|During handling of the above)"
)
"""Lines of a traceback that name an error and say nothing of it."""
_LINES = 24


def names_exception(line: str) -> bool:
    """Whether a line is the one in which a traceback ends, which says what was raised."""
    return _RAISED.match(line) is not None


def telling(text: str, *, most: int = _LINES) -> list[str]:
    """The end of what a program said, and of what stands before it the lines that name an error.

    A resolver, a build and a traceback say why long before they end.
    """
    lines = text.strip().splitlines()
    if len(lines) <= most:
        return lines
    end = len(lines) - most // 2
    chosen = [at for at in range(end) if _tells(lines[at])][: most - most // 2]
    kept: list[str] = []
    for at, line in enumerate(lines):
        if at in chosen or at >= end:
            kept.append(line)
        elif not kept or kept[-1] != "…":
            kept.append("…")
    return kept


def _tells(line: str) -> bool:
    return names_exception(line) or (_TELLS.search(line) is not None and _ABOUT.match(line) is None)


def last_words(text: str, *, most: int = 8) -> str:
    """What a program said that tells why, in one line."""
    return " | ".join(telling(text, most=most)) or "nothing"


def explain(error: BaseException) -> str:
    """An error as the operator should read it; what the system refused is told with its place and a way out.

    An error that nobody raised on purpose is a mistake of gonogo's, and is called so.
    """
    if not isinstance(error, OSError | GonogoError):
        return f"internal error: {type(error).__name__}: {error}".removesuffix(": ")
    if not isinstance(error, OSError) or error.errno is None:
        met = isinstance(error, CommandError) and SAID_FULL.search(str(error))
        return f"{_FULL if met else ''}{error}" or type(error).__name__
    where, found = error.filename or "the disk", error.strerror or type(error).__name__
    if error.errno in DISK_FULL:
        return f"{where}: found {DISK_FULL[error.errno]}, expected room to write. Free some (df -h), then try again."
    if error.errno in _NO_RIGHT:
        return (
            f"{where}: found no right to use it ({found}), expected one. Give it to this user (ls -ld), "
            "or choose another place in gonogo.toml (state, path)."
        )
    if error.errno in _NO_FOLDER:
        return f"{where}: found something else there ({found}), expected a folder or nothing. Move it away."
    return f"{where}: found {found}, expected to be able to use it."


def in_one_line(error: BaseException) -> str:
    """An error for a note: a failed command's last words, which stand below it, are what tells why."""
    return " ".join(explain(error).split())
