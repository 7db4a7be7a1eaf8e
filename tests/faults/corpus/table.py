"""What came out: a line for each case, the page's tables, and how sure one can be of the figures."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence

from .bench import Result
from .case import Case
from .kept import Row

__all__ = ["GONOGO", "figures", "filled", "line", "lower_bound"]

GONOGO = "gonogo"
_MARKS = re.compile(r"(<!-- results: [^\n]*-->\n).*(<!-- end of results -->)", re.DOTALL)


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


def line(result: Result) -> str:
    """One case, for people."""
    verdict = "well" if result.well else "NOT AS IT SHOULD BE"
    where = f"{result.stage or '-'} {' '.join(result.named)}".strip()
    said = "" if result.well else f"\n    {result.said}"
    kind = "fault" if result.case.is_fault else "harmless"
    return f"{verdict:5} {kind:8} {result.case.name:40} exit {result.code} {where:30} {result.seconds:5.1f} s{said}\n"


def figures(rows: Sequence[Row]) -> str:
    """Recall and precision with their one-sided 95 % bounds, and what serves afterwards."""
    faults, harmless = _parted([row for row in rows if row.exit >= 0])
    caught, alarms = _count(faults, _is_caught), _count(harmless, _is_red)
    by_step = _count(faults, lambda row: row.caught and not row.named)
    return (
        f"- Faults: {caught} of {len(faults)} caught in time, {caught - by_step} by a check that names them and {by_step} by the "
        f"step that fails (a build, a migration, a start), with its last words; recall at least {lower_bound(caught, len(faults)):.1%} (one-sided 95 %).\n"
        f"- Harmless releases: {alarms} false alarms in {len(harmless)}; "
        f"precision at least {lower_bound(caught, caught + alarms):.1%} (one-sided 95 %).\n"
        f"- As it should be, with what serves afterwards: {_count(rows, _is_well)} of {len(rows)}.\n"
    )


def filled(text: str, rows: Sequence[Row], cases: Mapping[str, Sequence[Case]]) -> str:
    """A page with the results between its two marks; those of cases that are no more are left out.

    Raises:
        ValueError: the page has no marks.
    """
    if not _MARKS.search(text):
        raise ValueError("found no place for results, expected <!-- results: … --> and <!-- end of results -->")
    found = {row.of: row for row in rows}
    ordered = {
        tool: [found[of] for app in cases for case in cases[app] if (of := (tool, app, case.name)) in found]
        for tool in sorted({row.tool for row in rows}, key=lambda tool: (tool != GONOGO, tool))
    }
    parts = [_summary(ordered.get(GONOGO, []), cases), _compared(ordered), _each(ordered.get(GONOGO, []))]
    return _MARKS.sub(lambda match: match[1] + "".join(parts) + match[2], text)


def _summary(rows: Sequence[Row], cases: Mapping[str, Sequence[Case]]) -> str:
    defined = [case for some in cases.values() for case in some]
    faults, harmless = _parted(rows)
    done = {(row.app, row.case) for row in rows}
    left = [f"{case.name} ({app})" for app in cases for case in cases[app] if (app, case.name) not in done]
    return (
        f"\nOf {sum(case.is_fault for case in defined)} faults and {sum(not case.is_fault for case in defined)} harmless "
        f"releases over {len(cases)} applications, {len(faults)} and {len(harmless)} were deployed, {_days(rows)}:\n\n"
        f"{figures(rows)}" + (f"\nNot deployed yet: {', '.join(left)}.\n" if left else "")
    )


def _compared(ordered: Mapping[str, Sequence[Row]]) -> str:
    """Each other tool beside gonogo, over the cases that both deployed."""
    table = [
        "| application | deployed by | faults | red | the fault serves, or nothing does | red, and the old one serves "
        "| harmless | false alarms |",
        "|---|---|---|---|---|---|---|---|",
    ]
    own = ordered.get(GONOGO, [])
    for tool, rows in ordered.items():
        if tool == GONOGO:
            continue
        for app in dict.fromkeys(row.app for row in rows):
            both = {row.case for row in rows if row.app == app} & {row.case for row in own if row.app == app}
            for name, some in ((tool, rows), (GONOGO, own)):
                table.append(_beside(app, name, [row for row in some if row.app == app and row.case in both]))
    return "\n## Beside other ways to deploy\n\n" + "\n".join(table) + "\n" if len(table) > 2 else ""


def _beside(app: str, tool: str, rows: Sequence[Row]) -> str:
    faults, harmless = _parted(rows)
    red = _count(faults, _is_red)
    wrong = _count(faults, lambda row: row.serves != "good")
    back = _count(faults, lambda row: row.exit != 0 and row.serves == "good")
    return f"| {app} | `{tool}` | {len(faults)} | {red} | {wrong} | {back} | {len(harmless)} | {_count(harmless, _is_red)} |"


def _each(rows: Sequence[Row]) -> str:
    head = [
        "\n## Each case\n",
        "| application | case | kind | noticed at | named | exit | seconds | gonogo | as it should be |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    body = [
        f"| {row.app} | {row.case} | {'fault' if row.fault else 'harmless'} | {row.stage or '-'} | {row.named or '-'} | "
        f"{row.exit} | {row.seconds} | {row.commit} | {'yes' if row.well else 'NO'} |"
        for row in rows
    ]
    return "\n".join([*head, *body, "", ""])


def _days(rows: Sequence[Row]) -> str:
    days = sorted({row.day for row in rows})
    return f"on {days[0]}" if len(days) == 1 else f"from {days[0]} to {days[-1]}" if days else "never"


def _parted(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    return [row for row in rows if row.fault], [row for row in rows if not row.fault]


def _count(rows: Sequence[Row], is_one: Callable[[Row], bool]) -> int:
    return sum(map(is_one, rows))


def _is_caught(row: Row) -> bool:
    return row.caught


def _is_red(row: Row) -> bool:
    return row.exit != 0


def _is_well(row: Row) -> bool:
    return row.well
