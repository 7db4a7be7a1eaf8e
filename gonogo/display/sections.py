"""The log of a CI job: each step folded in a section, its line and everything that is red outside of it."""

from __future__ import annotations

import os
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence

from gonogo.display.style import Style
from gonogo.display.view import Doing, View, about
from gonogo.records.results import CheckResult
from gonogo.records.run_results import StepResult
from gonogo.records.text import clip, first_line
from gonogo.runtimes.secret_values import redact_in_use

__all__ = ["GitHub", "GitLab", "tamed"]

_EVERY = 10.0
"""Seconds between two signs of life."""
_SOON = 1.0
"""Seconds after which a command is worth a line."""
_WIDE = 200


class _Sections(Style, ABC):
    """Both logs alike."""

    def __init__(self) -> None:
        """No section is open."""
        self._open = ""
        self._doing: Doing | None = None
        self._told: set[str] = set()
        self._beat = 0.0

    def begin(self, step: str) -> list[str]:
        """Its section opens; one that was left open ends."""
        left = self.close()
        self._open = step
        return [*left, self._opened(step)]

    def end(self, step: StepResult) -> list[str]:
        """Its checks stay folded; its line stands below the section."""
        inside = [self.foreign(_check(check)) for check in step.gate.checks] if step.gate is not None else []
        return [*inside, *self.close(), *map(self.foreign, super().end(step))]

    def close(self) -> list[str]:
        """What comes now is seen by everybody."""
        ended = [self._closed(self._open)] if self._open else []
        self._open = ""
        return ended

    def paint(self, lines: Sequence[str], view: View, *, last: bool) -> str:
        """Between the lines: a command that takes its time, what checks note, a sign of life."""
        signs = () if last else self._signs(view)
        return super().paint(
            [*lines, *(self.foreign(clip(redact_in_use(sign), _WIDE)) for sign in signs)], view, last=last
        )

    def _signs(self, view: View) -> Iterator[str]:
        doing, now = view.doing, view.clock()
        if doing is None:
            return
        if doing is not self._doing:
            self._doing, self._beat, self._told = doing, now, set()
        for text in self._news(view, doing, now):
            if text not in self._told:
                self._told.add(text)
                yield f"  {text}"
        if now - self._beat >= _EVERY:
            self._beat = now
            yield f"  {about(now - doing.at, view.expected(doing.name))}  {view.last()}".rstrip()

    def _news(self, view: View, doing: Doing, now: float) -> Iterator[str]:
        if doing.kind != "gate":
            yield from (f"$ {tail.command}" for tail in [*doing.tails] if now - tail.at >= _SOON)
        elif (asking := view.asking()) is not None:
            yield from asking.noted

    @abstractmethod
    def _opened(self, step: str) -> str:
        """What begins a step's section."""

    @abstractmethod
    def _closed(self, step: str) -> str:
        """What ends it."""


class GitHub(_Sections):
    """GitHub Actions' workflow commands."""

    def _opened(self, step: str) -> str:
        return f"::group::{step}"

    def _closed(self, step: str) -> str:
        del step
        return "::endgroup::"

    def foreign(self, line: str) -> str:
        """No workflow command, whatever stands in it."""
        return tamed(line, {"GITHUB_ACTIONS": "true"})


class GitLab(_Sections):
    """GitLab's sections."""

    def _opened(self, step: str) -> str:
        return f"\x1b[0Ksection_start:{time.time():.0f}:{_name(step)}[collapsed=true]\r\x1b[0K{step}"

    def _closed(self, step: str) -> str:
        return f"\x1b[0Ksection_end:{time.time():.0f}:{_name(step)}\r\x1b[0K"


def tamed(text: str, environ: Mapping[str, str] = os.environ) -> str:
    """A text whose lines GitHub Actions takes for no commands; anywhere else, the text."""
    if environ.get("GITHUB_ACTIONS") != "true":
        return text
    return re.sub(r"(?m)^(\s*)::", r"\1: :", text.replace("##[", "## ["))


def _check(check: CheckResult) -> str:
    said = first_line(check.found) or first_line(check.proves)
    return f"  {check.outcome:<12} {check.code or first_line(check.id)}  {said}"


def _name(step: str) -> str:
    return "gonogo_" + re.sub(r"[^A-Za-z0-9]", "_", step)
