"""What ``gonogo checks`` and ``gonogo explain`` found, and how it is printed for people."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Literal

from pydantic import BaseModel

from gonogo.words import OnRed, Severity, Stage

__all__ = ["Applies", "Listed", "ListedCheck", "Listing", "checks_lines", "collected", "when_red"]

_CODE = 24
"""Characters of a code before what it proves is pushed to the right."""

Applies = Literal["yes", "no", "when asked"]
"""``when asked``: whether there is something to look at is seen by asking."""


class Listed(BaseModel):
    """One check as pytest collects it."""

    id: str
    code: str | None = None
    stage: Stage
    proves: str
    remedy: str = ""
    severity: Severity
    on_red: OnRed
    needs: tuple[str, ...] = ()
    skipped: str = ""
    """Why there is nothing to ask, where collecting shows it already."""


class Listing(BaseModel):
    """What one pytest process collected."""

    checks: tuple[Listed, ...] = ()
    problems: tuple[str, ...] = ()
    """Files of checks that cannot be collected."""


class ListedCheck(Listed):
    """One check of an environment, and whether it applies there."""

    applies: Applies = "yes"
    why: str = ""
    """Where it does not: what was found, and the line that would switch it on."""
    waived_until: date | None = None


def collected(text: str) -> Listing | None:
    """What a gate's process wrote while it only collected; None where it is no such document."""
    try:
        return Listing.model_validate_json(text)
    except ValueError:
        return None


def when_red(stage: Stage, severity: Severity, on_red: OnRed) -> str:
    """What a red check causes, in one word."""
    if severity is Severity.ADVISORY:
        return "warns"
    return "blocks" if stage in {Stage.PREDEPLOY, Stage.BUILD} and on_red is OnRed.ROLLBACK else str(on_red)


def checks_lines(checks: Sequence[ListedCheck], *, env: str, problems: Iterable[str] = ()) -> list[str]:
    """The checks by stage: code, what a red one causes, what it proves, and why it does not apply."""
    here, absent = (sum(check.applies == word for check in checks) for word in ("yes", "no"))
    open_ = len(checks) - here - absent
    known = f", {open_} are known once they are asked" if open_ else ""
    lines = [f"gonogo  checks of {env}: {here} apply, {absent} do not{known}"]
    width = min(max((len(_shown(check)) for check in checks), default=0), _CODE)
    for stage in Stage:
        of_stage = [check for check in checks if check.stage is stage]
        lines += ["", stage.value] if of_stage else []
        lines += [line for check in of_stage for line in _check(check, width)]
    for problem in problems:
        lines += ["", "cannot be collected:", *textwrap.indent(problem, "  ").splitlines()]
    return lines


def _shown(check: ListedCheck) -> str:
    """Its code; one that is not listed for anything has no case to name, one without a code is named by its test."""
    return check.code.removesuffix("[none]") if check.code else check.id.rpartition("::")[2]


def _check(check: ListedCheck, width: int) -> Iterator[str]:
    indent = " " * (width + 14)
    yield f"  {_shown(check):<{width}}  {when_red(check.stage, check.severity, check.on_red):<8}  {check.proves}"
    if check.waived_until:
        yield f"{indent}waived until {check.waived_until}"
    if check.applies == "no":
        yield f"{indent}not here: {check.why}"
    elif check.applies == "when asked" and check.why:
        yield f"{indent}when asked: needs {check.why}"
