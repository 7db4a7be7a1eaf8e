"""Which files of a build context the ignore file leaves out, as BuildKit reads it. Pure."""

from __future__ import annotations

import functools
import posixpath
import re
from collections.abc import Callable

__all__ = ["ignore", "names"]


def names(dockerfile: str) -> tuple[str, ...]:
    """The ignore files that may hold for a Dockerfile of the context, the first that exists does."""
    return (f"{dockerfile}.dockerignore", ".dockerignore")


def ignore(text: str) -> Callable[[str], bool]:
    """What says of a path of the context whether an ignore file of this text leaves it out.

    The last pattern that matches a path or one of its folders decides; ``!`` brings back.
    """
    rules = [rule for line in text.removeprefix("\ufeff").splitlines() if (rule := _rule(line)) is not None]

    @functools.cache
    def matching(path: str) -> frozenset[int]:
        """The rules that match a path or a folder above it."""
        above = posixpath.dirname(path)
        own = frozenset(number for number, (pattern, _) in enumerate(rules) if pattern.fullmatch(path))
        return own | matching(above) if above else own

    def is_left_out(path: str) -> bool:
        found = matching(path)
        return bool(found) and not rules[max(found)][1]

    return is_left_out


def _rule(line: str) -> tuple[re.Pattern[str], bool] | None:
    """The pattern of a line, and whether it brings back what others leave out."""
    if line.startswith("#"):
        return None
    text = line.strip()
    brings_back = text.startswith("!")
    text = text.removeprefix("!").strip()
    if not text:
        return None
    cleaned = posixpath.normpath(text).lstrip("/")
    if cleaned in ("", "."):
        return None
    try:
        return re.compile(_regex(cleaned), re.DOTALL), brings_back
    except re.error:  # Docker refuses to build with such a line
        return None


def _regex(pattern: str) -> str:
    """The regular expression of a pattern: ``*`` stays in one folder, ``**`` does not, a backslash escapes."""
    said, rest = "", pattern
    while rest:
        if rest.startswith("**"):
            rest = rest[2:].removeprefix("/")
            said += "(?:.*/)?" if rest else ".*"
            continue
        one, rest = rest[0], rest[1:]
        if one == "\\" and rest:
            one, rest = rest[0], rest[1:]
            said += re.escape(one)
        else:
            said += {"*": "[^/]*", "?": "[^/]", "[": "[", "]": "]"}.get(one) or re.escape(one)
    return said
