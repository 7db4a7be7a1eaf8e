"""Red checks as workflow commands: GitHub shows them on the lines of code that they name.

The commands and their escapes are those of GitHub's "Workflow commands for GitHub Actions".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from gonogo.records.findings import causes_first
from gonogo.records.results import CheckResult
from gonogo.records.text import clip, plain
from gonogo.words import Outcome

__all__ = ["annotate"]

_PLACE = re.compile(r"(?<![\w/.:-])(?P<path>[\w.@+-]+(?:/[\w.@+-]+)*):(?P<line>[1-9][0-9]{0,6})\b")
_MOST = 10
"""GitHub shows no more of one kind for a step."""
_TEXT = 2000


def annotate(checks: Iterable[CheckResult], *, folder: Path, workspace: Path) -> list[str]:
    """One line for each red check and each warning, the red ones first.

    Args:
        checks: what the gates said.
        folder: what paths in findings are relative to.
        workspace: the repository's checkout; GitHub wants paths relative to it.
    """
    listed = list(checks)
    red = [check for check in causes_first(listed) if check.blocks]
    rest = [check for check in listed if not check.blocks and (check.outcome.is_red or check.outcome is Outcome.WARNED)]
    lines = [_command("error", check, folder, workspace) for check in red[:_MOST]]
    return lines + [_command("warning", check, folder, workspace) for check in rest[:_MOST]]


def _command(kind: str, check: CheckResult, folder: Path, workspace: Path) -> str:
    unknown = " (could not be found out)" if check.outcome is Outcome.INCONCLUSIVE else ""
    given = {"title": f"{check.code or 'gonogo'}{unknown}: {check.proves}"}
    for path, line in _places(check, folder, workspace):
        given = {"file": path, "line": line, **given}
        break
    facts = ",".join(f"{name}={_property(plain(value))}" for name, value in given.items())
    text = "\n".join(part for part in (check.found, check.remedy) if part)
    return f"::{kind} {facts}::{_data(clip(plain(text), _TEXT))}"


def _places(check: CheckResult, folder: Path, workspace: Path) -> Iterator[tuple[str, str]]:
    """Files and lines that the check names and that are there; nothing outside the checkout."""
    texts = [check.found, *(str(cell) for piece in check.evidence for cell in _cells(piece.value))]
    for found in (place for text in texts for place in _PLACE.finditer(plain(text))):
        path = PurePosixPath(found["path"])
        if ".." in path.parts or not (folder / path).is_file():
            continue
        if (folder / path).resolve().is_relative_to(workspace.resolve()):
            yield (folder / path).resolve().relative_to(workspace.resolve()).as_posix(), found["line"]


def _cells(value: object) -> Iterator[object]:
    """Every text inside a piece of evidence."""
    if isinstance(value, list | tuple):
        for inner in value:
            yield from _cells(inner)
    elif isinstance(value, str):
        yield value


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
