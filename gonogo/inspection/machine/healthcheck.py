"""Which programs a Docker health check needs: ``CMD`` and ``CMD-SHELL``, pipes, alternatives, substitutions."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Callable, Iterator, Sequence

__all__ = ["missing_programs", "needs"]

_BUILTINS = frozenset(
    """
    . : [ alias bg break cd command continue echo eval exec exit export false fc fg getopts hash jobs kill local printf
    pwd read readonly return set shift test times trap true type ulimit umask unalias unset wait [[ ]] { } ( ) ! case do
    done elif else esac fi for function if in then until while source
    """.split()  # noqa: SIM905 (a list of words reads best as words)
)
_KEYWORDS = frozenset("{ } ( ) ! do elif else if then until while exec command eval time".split())  # noqa: SIM905
"""What stands before a command without being one."""
_CARRIERS = frozenset({"env", "nice", "nohup", "stdbuf", "timeout"})
"""Programs that start the program that they are given."""
_SHELLS = frozenset({"sh", "bash", "ash", "dash", "/bin/sh", "/bin/bash", "/bin/ash", "/bin/dash"})
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
_OPTION = re.compile(r"-.*|[A-Za-z_]\w*=.*|[\d.]+[smhd]?", re.DOTALL)
_SUBSTITUTION = re.compile(r"\$\(([^()]*)\)|`([^`]*)`")
_PLAIN = re.compile(r"[\w./+-]*/[\w./+-]*|[\w.+][\w.+-]*")
"""A folder that ``cd`` is told in plain letters."""
_FAILURE = frozenset({"exit", "false", "true", ":", "return", "echo", "kill"})
"""An alternative of these alone is what happens when the real one failed."""


def needs(healthcheck: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """The alternatives of a health check, each with every program that it needs.

    ``curl -f URL || wget -q URL || exit 1`` has two alternatives; one of them has to be possible. No alternative at all
    means that nothing has to be installed.
    """
    words = list(healthcheck)
    if not words or words[0] == "NONE":
        return ()
    if words[0] == "CMD-SHELL":
        inner = _alternatives(" ".join(words[1:]))
        return tuple(("/bin/sh", *programs) for programs in inner) or (("/bin/sh",),)
    return _of_argv(words[1:] if words[0] == "CMD" else words)


def missing_programs(healthcheck: Sequence[str], exists: Callable[[str], bool]) -> tuple[str, ...]:
    """The programs that are missing, or nothing when one alternative has all it needs."""
    lacking = [tuple(program for program in programs if not exists(program)) for programs in needs(healthcheck)]
    if not lacking or not all(lacking):
        return ()
    return tuple(dict.fromkeys(program for programs in lacking for program in programs))


def _of_argv(argv: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    if not argv:
        return ()
    program = argv[0]
    if program in _SHELLS and "-c" in argv[1:-1]:
        script = argv[argv.index("-c") + 1]
        return tuple((program, *programs) for programs in _alternatives(script)) or ((program,),)
    return (tuple(_carried(list(argv))),)


def _alternatives(script: str) -> tuple[tuple[str, ...], ...]:
    found = []
    for alternative in _split(_words(script), {"||"}):
        commands = list(_split(alternative, {"&&", "|", ";", "&", "\n", ";;", "(", ")"}))
        if all(command[0] in _FAILURE for command in commands if command):
            continue
        found.append(tuple(dict.fromkeys(_in_their_folders(commands))))
    return tuple(programs for programs in found if programs)


def _in_their_folders(commands: Sequence[Sequence[str]]) -> Iterator[str]:
    """The programs of commands that follow one another; ``cd /app && ./probe`` needs ``/app/probe``.

    Where ``cd`` goes to a place that only the shell knows, what stands below it is not judged.
    """
    folder: str | None = ""
    for command in commands:
        for program in _programs(command):
            if "/" not in program or program.startswith("/"):
                yield program
            elif folder is not None:
                yield posixpath.join(folder, posixpath.normpath(program)) if folder else program
        if command[0] == "cd":
            to = command[1] if len(command) == len(("cd", "to")) else ""
            plain = folder is not None and _PLAIN.fullmatch(to) is not None
            folder = posixpath.join(folder or "", to) if plain else None


def _words(script: str) -> list[str]:
    """Splits as a shell would; a script that no shell could split is taken word for word."""
    text = script.replace("\\\n", " ").replace("\n", " ; ")
    lexer = shlex.shlex(text, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        return list(lexer)
    except ValueError:
        return text.split()


def _split(words: Sequence[str], separators: set[str]) -> Iterator[list[str]]:
    part: list[str] = []
    for word in words:
        if word in separators:
            if part:
                yield part
            part = []
        else:
            part.append(word)
    if part:
        yield part


def _programs(command: Sequence[str]) -> Iterator[str]:
    """The program of a simple command, and those in its substitutions."""
    words = list(command)
    while words and (words[0] in _KEYWORDS or _ASSIGNMENT.fullmatch(words[0])):
        words.pop(0)
    if words and words[0] not in _BUILTINS and not words[0].startswith(("$", "`", "<", ">", "-")):
        yield from _carried(words)
    for match in _SUBSTITUTION.finditer(" ".join(command)):
        for programs in _alternatives(match[1] or match[2] or ""):
            yield from programs


def _carried(words: list[str]) -> Iterator[str]:
    """A program, and the one that it starts in turn (``timeout 5 curl``)."""
    yield words[0]
    if words[0] not in _CARRIERS:
        return
    rest = words[1:]
    while rest and (
        rest[0].startswith("-") or _ASSIGNMENT.fullmatch(rest[0]) or re.fullmatch(r"[\d.]+[smhd]?", rest[0])
    ):
        rest.pop(0)
    if rest:
        yield from _carried(rest)
