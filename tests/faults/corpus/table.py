"""What came out: a line for each case, and how sure one can be of the figures."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from datetime import date

from .bench import Result

__all__ = ["line", "lower_bound", "page", "table"]

_ABOUT = """\
# The corpus

Small changes to good releases, each deployed over a good release that serves: faults, which somebody outside can see (validated each time),
and harmless releases, which must be GO. Deployed by {tool} on {day}, on {cores} cores; `scripts/corpus --write docs/corpus.md` writes this
page anew, `scripts/corpus --tool CMD` deploys the same with another tool. See docs/decisions/031-a-corpus-of-faults.md.

"""


def lower_bound(hits: int, of: int, *, confidence: float = 0.95) -> float:
    """The one-sided lower bound (Clopper and Pearson) of a share of which ``hits`` of ``of`` were seen."""
    if hits == 0 or of == 0:
        return 0.0
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _tail(hits, of, middle) < 1 - confidence else (low, middle)
    return low


def _tail(hits: int, of: int, share: float) -> float:
    """How likely it is to see so many or more."""
    if share in {0.0, 1.0}:
        return share
    some, none = math.log(share), math.log1p(-share)
    ways = (math.log(math.comb(of, number)) + number * some + (of - number) * none for number in range(hits, of + 1))
    return math.fsum(map(math.exp, ways))


def page(text: str, *, tool: str | None) -> str:
    """The table as a page of the documentation."""
    return _ABOUT.format(tool=f"`{tool}`" if tool else "gonogo", day=date.today(), cores=os.cpu_count()) + text  # noqa: DTZ011


def line(result: Result) -> str:
    """One case, for people."""
    verdict = "well" if result.well else "NOT AS IT SHOULD BE"
    where = f"{result.stage or '-'} {' '.join(result.named)}".strip()
    said = "" if result.well else f"\n    {result.said}"
    kind = "fault" if result.case.is_fault else "harmless"
    return f"{verdict:5} {kind:8} {result.case.name:40} exit {result.code} {where:30} {result.seconds:5.1f} s{said}\n"


def table(results: Sequence[Result]) -> str:
    """All of it as Markdown, with recall, precision and their one-sided 95 % bounds."""
    faults = [result for result in results if result.case.is_fault]
    clean = [result for result in results if not result.case.is_fault]
    caught = [result for result in faults if result.caught]
    alarms = [result for result in clean if result.code != 0]
    flagged = len(caught) + len(alarms)
    rows = [
        f"| {one.case.name} | {'fault' if one.case.is_fault else 'harmless'} | {one.stage or '-'} | "
        f"{' '.join(one.named) or '-'} | {one.code} | {one.seconds:.1f} | {'yes' if one.restored else 'NO'} | "
        f"{'yes' if one.well else 'NO'} |"
        for one in results
    ]
    head = [
        "| case | kind | noticed at | named | exit | seconds | serves as it should | as it should be |",
        "|---|---|---|---|---|---|---|---|",
    ]
    restored = sum(result.restored for result in faults)
    figures = [
        f"Faults: {len(caught)} of {len(faults)} caught in time and named "
        f"(recall at least {lower_bound(len(caught), len(faults)):.1%}, one-sided 95 %); "
        f"what should serves after {restored} of {len(faults)}.",
        f"Harmless releases: {len(alarms)} false alarms in {len(clean)} "
        f"(precision at least {lower_bound(len(caught), flagged):.1%}, one-sided 95 %).",
    ]
    return "\n".join([*head, *rows, "", *figures, ""])
