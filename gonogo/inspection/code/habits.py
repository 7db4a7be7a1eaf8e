"""What a Dockerfile does that costs each build or each pull something, and that nobody notices. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gonogo.inspection.code.dockerfile import Instruction
from gonogo.inspection.code.stages import used

__all__ = ["habits"]

_INSTALLS = re.compile(
    r"\bpip3?\s+install\b[^\n;&|]*\s(?:-r|--requirement)\b|\buv\s+sync\b|\bpoetry\s+install\b|\bpipenv\s+(?:install|sync)\b"
    r"|\bnpm\s+(?:ci|install|i)\b|\byarn(?:\s+install|\s*$)|\bpnpm\s+(?:install|i)\b|\bbundle\s+install\b"
)
_APT = re.compile(r"\bapt(?:-get)?\s+(?:-\S+\s+)*install\b")
_CLEANS = re.compile(r"/var/lib/apt/lists")


def habits(text: str, *, target: str = "") -> Iterator[tuple[int, str]]:
    """Line and habit of what the image is made with; nothing of a text that is no Dockerfile."""
    for stage in used(text, target):
        yield from _order(stage.instructions)
        yield from _lists(stage.instructions)


def _order(instructions: Sequence[Instruction]) -> Iterator[tuple[int, str]]:
    """Everything is copied, and packages are installed only then: each change of the source installs them again."""
    copied: Instruction | None = None
    for one in instructions:
        if one.name == "RUN" and _INSTALLS.search(one.text):
            if copied is not None and "type=cache" not in _mounts(one):
                copies = f"{copied.name} {' '.join(copied.words)}"
                yield (
                    one.line,
                    f"installs packages after {copies}, so that each change of the source installs them again; "
                    "expected what names them to be copied first",
                )
            return
        if one.name in {"COPY", "ADD"} and one.flag("from") is None and one.words[:1] in {(".",), ("./",)}:
            copied = copied or one


def _lists(instructions: Sequence[Instruction]) -> Iterator[tuple[int, str]]:
    for one in instructions:
        if one.name == "RUN" and _APT.search(one.text) and not _CLEANS.search(f"{one.text} {_mounts(one)}"):
            yield (
                one.line,
                "leaves the lists of apt in the image; expected rm -rf /var/lib/apt/lists/* at the end of that RUN",
            )


def _mounts(one: Instruction) -> str:
    return " ".join(value for name, value in one.flags if name == "mount")
