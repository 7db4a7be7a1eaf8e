"""Which Python files of a repository stand beside the application: tests, documentation, examples, tools. Pure."""

from __future__ import annotations

import re

__all__ = ["is_beside"]

_BESIDE = re.compile(
    r"(?:^|/)(?:tests?|testing|docs?|examples?|scripts?|tools?|bench\w*)/|(?:^|/)(?:test_\w+|\w+_test|tests|conftest)\.py$"
)


def is_beside(path: str) -> bool:
    """Whether a file is no part of what serves, as its path tells."""
    return bool(_BESIDE.search(path))
