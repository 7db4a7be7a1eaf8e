"""What a container surely starts, and what of a script would keep it from being started. Pure."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from gonogo.inspection.code.entrypoint import unwrapped

__all__ = ["LARGEST", "Start", "faults", "passes_everything_on", "surely_started"]

LARGEST = 64 << 10
"""Bytes of a program that tell what it is."""
_SHELLS = frozenset({"sh", "bash", "ash", "dash"})
_RUNS_FILE = re.compile(r"python[\d.]*|node|nodejs")
_FILE = re.compile(r".*\.(?:py|js|mjs|cjs)")
_UNSURE = re.compile(r"[$*?~`\[\]{}]")
_SIMPLE = re.compile(r"(?P<first>[^&|;\n<>()]+?)\s*(?:$|&&|;|\n)")
_SET = re.compile(r"\w+=.*")
_PASSES = re.compile(r'(?m)^[ \t]*exec[ \t]+"\$@"[ \t]*$')
_TEXT = re.compile(rb"[\t\n\r\x20-\x7e]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A file, or a program on PATH, without which nothing comes up."""

    path: str
    is_program: bool = True
    """False for a script that an interpreter is given: it need only be there and be read."""
    is_direct: bool = False
    """The Engine starts it itself: no shell takes a file without ``#!`` for a script of its own."""

    @property
    def is_path(self) -> bool:
        """Whether it is named by its place, not looked up."""
        return "/" in self.path


def surely_started(words: Sequence[str], workdir: str) -> Iterator[Start]:
    """What an entry command starts whatever happens; what stands behind a variable, or after another one, is left."""
    if not words:
        return
    yield from _program(words[0], workdir, is_direct=True)
    inner = unwrapped(list(words))
    if inner and inner[0] != words[0] and "/" in inner[0]:
        yield from _program(inner[0], workdir)
    name = posixpath.basename(inner[0]) if inner else ""
    if name in _SHELLS:
        yield from _of_shell(inner[1:], workdir)
    elif _RUNS_FILE.fullmatch(name) and len(inner) > 1 and _FILE.fullmatch(inner[1]):
        yield from _script(inner[1], workdir)


def passes_everything_on(entry: str, command: Sequence[str]) -> bool:
    """Whether the script of an entry point, by its text, surely starts the command as it is given."""
    made = command and (posixpath.basename(command[0]) in entry or "chmod" in entry)
    return bool(_PASSES.search(entry)) and not made


def faults(start: Start, begin: bytes, exists: Callable[[str], bool]) -> Iterator[str]:
    """What of a program's beginning keeps it from being started: ``found …; expected …``.

    ``exists`` tells whether a program is where the script will be started.
    """
    if not start.is_program:
        return
    if not begin.startswith(b"#!"):
        if start.is_direct and begin and (begin.startswith(b"\xef\xbb\xbf#!") or _TEXT.fullmatch(begin[:256])):
            yield "no #! in its first two bytes; expected the interpreter that runs it"
        return
    line = begin.partition(b"\n")[0].decode("utf-8", "replace")
    if line.endswith("\r"):
        yield f"Windows line ends behind {line.rstrip()}; expected Unix ones"
        return
    for program in _interpreters(line[2:].split()):
        if not exists(program):
            yield f"{line.rstrip()}, and no {program} in the image; expected an interpreter that is there"
            return


def _interpreters(words: list[str]) -> Iterator[str]:
    if not words or not words[0].startswith("/"):
        return
    yield words[0]
    if posixpath.basename(words[0]) == "env":
        rest = [word for word in words[1:] if not word.startswith("-") and not _SET.fullmatch(word)]
        yield from rest[:1]


def _of_shell(words: Sequence[str], workdir: str) -> Iterator[Start]:
    rest = [word for word in words if not word.startswith("-")]
    if any(re.fullmatch(r"-\w*c", word) for word in words):
        simple = _SIMPLE.match(rest[0].strip()) if rest else None
        try:
            command = shlex.split(simple["first"]) if simple is not None else []
        except ValueError:
            return
        command = [word for word in command if not _SET.fullmatch(word) and word != "exec"]
        if command and "/" in command[0]:
            yield from _program(command[0], workdir)
        elif len(command) > 1 and posixpath.basename(command[0]) in _SHELLS and not command[1].startswith("-"):
            yield from _script(command[1], workdir)
    elif rest and len(rest) == len(words):
        yield from _script(rest[0], workdir)


def _program(word: str, workdir: str, *, is_direct: bool = False) -> Iterator[Start]:
    if not _UNSURE.search(word) and word:
        yield Start(path=_placed(word, workdir) if "/" in word else word, is_direct=is_direct)


def _script(word: str, workdir: str) -> Iterator[Start]:
    if not _UNSURE.search(word):
        yield Start(path=_placed(word, workdir), is_program=False)


def _placed(word: str, workdir: str) -> str:
    return posixpath.normpath(posixpath.join(workdir or "/", word))
