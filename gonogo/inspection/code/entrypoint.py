"""Whether a container's entry point runs the command that it is given, or does only its own work. Pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence

__all__ = ["passes_on", "unwrapped"]

_WRAPPERS = frozenset({"catatonit", "docker-init", "dumb-init", "env", "exec", "nice", "tini", "tini-static"})
"""Programs that run the command behind their own options."""
_TAKE_ONE = frozenset({"gosu", "su-exec"})
"""As wrappers, after one word: the user."""
_RUNNERS = frozenset({"pdm", "pipenv", "poetry", "rye", "uv"})
"""``uv run`` and its like."""
_SHELLS = frozenset({"ash", "bash", "dash", "sh"})
_ARGUMENTS = re.compile(r"\$[@*]|\$\{[@*]|\bsys\.argv\b.*\bexec[lv]p?e?\b|\bexec[lv]p?e?\b.*\bsys\.argv\b", re.DOTALL)
_COMMENT = re.compile(r"(?m)(?:^|\s)#.*$")


def passes_on(entrypoint: Sequence[str], scripts: Mapping[str, str]) -> bool:
    """Whether ``docker run IMAGE COMMAND`` would run the command with this entry point.

    Args:
        entrypoint: The words of the entry point; none passes everything on.
        scripts: Texts of scripts by path; one counts where its name is the same. An unknown script passes on, as
            those of public images do.
    """
    rest = unwrapped(list(entrypoint))
    if not rest:
        return True
    name = posixpath.basename(rest[0])
    if name in _SHELLS:
        return _shell(rest[1:], scripts)
    text = _text(rest[0], scripts)
    if text is not None:
        return _takes_arguments(text)
    return rest[0].endswith((".sh", ".bash")) or name.endswith(("entrypoint", "entry-point"))


def unwrapped(words: list[str]) -> list[str]:
    """What remains behind wrappers, their options, and variables."""
    while words:
        name = posixpath.basename(words[0])
        if name in _WRAPPERS:
            del words[0]
        elif name in _TAKE_ONE or (name in _RUNNERS and words[1:2] == ["run"]):
            del words[:2]
        else:
            return words
        while words and (words[0].startswith("-") or "=" in words[0]):
            del words[0]
    return words


def _shell(words: list[str], scripts: Mapping[str, str]) -> bool:
    """``sh -c TEXT`` and ``sh SCRIPT``."""
    while words and words[0].startswith("-"):
        if "c" in words.pop(0).lstrip("-"):
            return bool(words) and _takes_arguments(words[0])
    text = _text(words[0], scripts) if words else None
    return text is None or _takes_arguments(text)


def _takes_arguments(text: str) -> bool:
    return bool(_ARGUMENTS.search(_COMMENT.sub("", text)))


def _text(path: str, scripts: Mapping[str, str]) -> str | None:
    name = posixpath.basename(path)
    return next((text for known, text in scripts.items() if posixpath.basename(known) == name), None)
