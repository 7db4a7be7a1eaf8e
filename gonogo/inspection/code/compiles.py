"""Whether every source compiles with the target's Python, and no file still holds a merge conflict."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gonogo.inspection import probe_answers
from gonogo.inspection.code.reach import is_of_others
from gonogo.inspection.probe_answers import ProbeAnswerError
from gonogo.probes import syntax

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

__all__ = [
    "CompileReport",
    "ProbeAnswerError",
    "Problem",
    "Sorted",
    "compile_errors",
    "parse",
    "probe_source",
    "sort_out",
]

_PROBE = "compile"
_PROSE = (".md", ".rst", ".txt", ".adoc")
_HOLE = re.compile(r"\{\{|\{%|<%|\$\{\w+\}|\{[A-Za-z_]\w*\}|\[\[\w+\]\]|\b__[A-Z]+__|@[A-Z_]+@")
_PLACE = 'REQUEST = ""\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One file that does not compile, holds a conflict, or cannot be read; line 0 is the whole file."""

    path: str
    line: int
    kind: str  # "syntax", "conflict" or "unreadable"
    message: str

    def __str__(self) -> str:
        """Where and what, as compilers do."""
        return f"{self.path}:{self.line}: {self.message}" if self.line else f"{self.path}: {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompileReport:
    """What was found, under which Python, in how many files and sources."""

    python: str
    examined: int
    compiled: int
    problems: tuple[Problem, ...]
    left: int = 0
    """Files that were not looked at: it took too long."""


def probe_source(*, root: str, files: Iterable[str], seconds: float | None = None) -> str:
    """The text of the probe with its request in it, for the standard input of ``python -I -B -``.

    The request travels in the script because a list of files may be longer than an argument can be. ``seconds`` is how
    long it may take.
    """
    bound = {} if seconds is None else {"seconds": seconds}
    request = json.dumps({"root": root, "files": list(files), **bound})
    return probe_answers.script("syntax.py").replace(_PLACE, f"REQUEST = {request!r}\n", 1)


def parse(stdout: str) -> CompileReport:
    """The report that the probe printed.

    Raises:
        ProbeAnswerError: the text is not the probe's answer.
    """
    return _report(probe_answers.document(_PROBE, stdout))


def compile_errors(files: Iterable[str], *, root: str = ".") -> CompileReport:
    """What the probe would find under the Python that runs this, without another process."""
    return _report(syntax.examine({"root": root, "files": list(files)}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """Problems by what they mean for a release."""

    red: tuple[Problem, ...]
    remarks: tuple[tuple[Problem, str], ...]  # each with why it is not red
    aside: tuple[Problem, ...]  # nothing of the release


def sort_out(
    problems: Iterable[Problem],
    *,
    is_contained: Callable[[str], bool],
    imported: Collection[str],
    guarded: Collection[str] = (),
    text: Callable[[str], str],
    is_as_served: Callable[[str], bool],
    refused_before: Callable[[Sequence[str]], Collection[str]] = lambda _paths: (),
) -> Sorted:
    """Sorts problems: only what an artifact contains or a source imports can break a release.

    Args:
        problems: what was found.
        is_contained: whether an artifact holds a path.
        imported: the paths that sources import, entry points included.
        guarded: those that they import only for another Python, or in place of what is missing.
        text: the text of a path.
        is_as_served: whether the release that serves has the same content there.
        refused_before: of some paths those that do not compile in the release that serves either.
    """
    red, remarks, aside = [], list[tuple[Problem, str]](), []
    listed = list(problems)
    before = refused_before([one.path for one in listed if one.kind == "syntax" and one.path not in imported])
    for one in listed:
        if one.kind == "syntax" and one.path not in imported and not is_contained(one.path):
            aside.append(one)
        elif is_as_served(one.path):
            remarks.append((one, "the release that serves has the same file"))
        elif one.kind == "syntax" and one.path not in imported and _is_template(one, text(one.path)):
            remarks.append((one, "nothing imports it, and it looks like a template; name it in app.not_source"))
        elif one.kind == "syntax" and one.path in guarded:
            remarks.append((one, "it is imported only for another Python, or in place of what is missing"))
        elif one.path in before:
            remarks.append((one, "nothing imports it, and in the release that serves it does not compile either"))
        elif one.kind == "syntax" and one.path not in imported and is_of_others(one.path):
            remarks.append((one, "nothing imports it, and it lies beside the application"))
        elif one.kind == "conflict" and one.path.endswith(_PROSE):
            remarks.append((one, "a text that may show one"))
        else:
            red.append(one)
    return Sorted(red=tuple(red), remarks=tuple(remarks), aside=tuple(aside))


def _is_template(problem: Problem, text: str) -> bool:
    """Whether the line that does not compile has a placeholder in it, or the file's name has."""
    lines = text.splitlines()
    line = lines[problem.line - 1] if 0 < problem.line <= len(lines) else ""
    return bool(_HOLE.search(line) or _HOLE.search(problem.path))


def _report(answer: dict[str, Any]) -> CompileReport:
    """The report that an answer is."""
    problems = answer.get("problems")
    if not isinstance(problems, list) or not all(isinstance(item, dict) for item in problems):
        raise ProbeAnswerError(_PROBE, f"problems of type {type(problems).__name__}", "a list of objects")
    return CompileReport(
        python=probe_answers.string(_PROBE, answer, "python"),
        examined=probe_answers.integer(_PROBE, answer, "examined"),
        compiled=probe_answers.integer(_PROBE, answer, "compiled"),
        left=probe_answers.integer(_PROBE, answer, "left"),
        problems=tuple(
            Problem(
                path=probe_answers.string(_PROBE, item, "path"),
                line=probe_answers.integer(_PROBE, item, "line"),
                kind=probe_answers.string(_PROBE, item, "kind"),
                message=probe_answers.string(_PROBE, item, "message"),
            )
            for item in problems
        ),
    )
