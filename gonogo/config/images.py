"""The image of a service that was built elsewhere, as ``image`` in a gonogo.toml names it."""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["filled", "is_of_one_commit", "is_reference", "judged_image", "pinned_name"]

_PLACE = re.compile(r"\{(commit|short|file:([^{}]+))\}")
_SHORT = 7
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_HOST = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:]+\])(?::\d+)?"
_DIGEST = r"sha256:[0-9a-f]{64}"
_REFERENCE = re.compile(rf"(?:{_HOST}/)?{_PART}(?:/{_PART})*(?::\w[\w.-]{{0,127}})?(?:@{_DIGEST})?", re.ASCII)
_FORM = (
    'expected an image with a tag or a digest, such as "registry.example.com/org/shop:{commit}"; {commit}, {short} and '
    "{file:PATH} are filled in"
)


def judged_image(value: str) -> str:
    """The value, where it is the name of an image that says which.

    Raises:
        ValueError: it is none, or leaves the choice to the registry.
    """
    sample = filled(value, "0" * 40, lambda path: f"sha256:{'0' * 64}" if value != f"{{file:{path}}}" else "a:b")
    if not is_reference(sample):
        raise ValueError(_FORM)
    if ":" not in sample.rpartition("/")[2]:
        raise ValueError(f"found neither a tag nor a digest, which is whatever was pushed last; {_FORM}")
    return value


def filled(template: str, commit: str, read: Callable[[str], str]) -> str:
    """The name for a commit; ``read`` gives what a file says."""
    values = {"commit": commit, "short": commit[:_SHORT]}
    return _PLACE.sub(lambda match: read(match[2]) if match[2] else values[match[1]], template)


def is_of_one_commit(template: str) -> bool:
    """Whether the name alone leads to what one commit was built into: by that commit, or by a digest."""
    return _PLACE.search(template) is not None or "@sha256:" in template


def is_reference(name: str) -> bool:
    """Whether Docker would take it for the name of an image."""
    return _REFERENCE.fullmatch(name) is not None


def pinned_name(name: str) -> str:
    """The name without a tag that a digest makes void."""
    repository, at, digest = name.partition("@")
    if not at:
        return name
    head, slash, last = repository.rpartition("/")
    return f"{head}{slash}{last.partition(':')[0]}@{digest}"
