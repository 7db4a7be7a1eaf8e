"""Which variables came and went between two releases, and whether the source still reads those that went. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from gonogo.inspection.code.beside import is_beside

__all__ = ["gone_and_read", "of_the_runtime"]

_RUNTIMES = re.compile(r"GONOGO_\w+|PATH|HOME|HOSTNAME|PORT|LANG|LC_\w+|TZ|PYTHON\w*|VIRTUAL_ENV|GPG_KEY")


def of_the_runtime(name: str) -> bool:
    """Whether a variable is set by who starts a service, and by nobody's env file."""
    return bool(_RUNTIMES.fullmatch(name))


def gone_and_read(gone: Collection[str], texts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The variables that went and that a source still reads, with the place: ``PATH:LINE``."""
    for name in sorted(gone):
        reads = re.compile(
            rf"(?:environ(?:\.get)?|getenv|env(?:\.\w+)?|config)\s*[\[(]\s*[\"']{re.escape(name)}[\"']|process\.env\.{re.escape(name)}\b"
        )
        for path in sorted(texts):
            found = None if is_beside(path) else reads.search(texts[path])
            if found is not None:
                yield name, f"{path}:{texts[path].count(chr(10), 0, found.start()) + 1}"
                break
