"""``gonogo explain CODE``: what a built-in check proves, what it needs, and what to do when it is red."""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Iterator

from gonogo.config.builtin import BuiltIn, built_in
from gonogo.config.entries import CheckRule
from gonogo.config.needs import NOT_DEV, with_default, written
from gonogo.config.rules import mistakes
from gonogo.errors import UsageError
from gonogo.records.listing import when_red
from gonogo.words import Impact, OnRed, Severity, Stage, Tier

__all__ = ["explain", "page"]

_WIDTH = 100


def explain(code: str) -> str:
    """The check's page as text for a terminal.

    Raises:
        UsageError: there is no built-in check of that code.
    """
    return "\n".join(_lines(_named(code)))


def page(check: BuiltIn, *, since: str) -> str:
    """The check's page of the documentation, as Markdown; ``since`` is the version that it came with."""
    first, _, rest = check.doc.partition("\n\n")
    facts = "\n".join(f"| {name} | {value} |" for name, value in (*_facts(check), ("since", since)))
    parts = [f"# {check.code}: {' '.join(first.split())}", *([_flowed(rest)] if rest else [])]
    parts += [f"| | |\n|---|---|\n{facts}", f"**When it is red:** {_remedy(check)}."]
    parts += [*([_flowed(check.mending)] if check.mending else []), _waiving(check)]
    return "\n\n".join(parts) + "\n"


def _named(code: str) -> BuiltIn:
    known = {check.code: check for check in built_in()}
    wanted = code.upper().partition("[")[0]
    if wanted not in known:
        near = difflib.get_close_matches(wanted, known, n=3, cutoff=0.5)
        hint = f"; did you mean {' or '.join(near)}?" if near else "."
        raise UsageError(
            f'explain: found "{code}", expected the code of a built-in check{hint} '
            "`gonogo checks` lists all, your own too: what those prove stands in your folder checks/."
        )
    return known[wanted]


def _lines(check: BuiltIn) -> Iterator[str]:
    for number, part in enumerate(check.doc.split("\n\n")):
        head = f"{check.code}  " if number == 0 else ""
        yield from textwrap.wrap(f"{head}{' '.join(part.split())}", _WIDTH)
        yield ""
    for name, value in _facts(check):
        yield f"  {name:<9} {value.replace('`', '')}"
    yield ""
    yield from textwrap.wrap(f"When it is red: {_remedy(check)}.", _WIDTH)
    yield ""
    for part in _parts(check.mending):
        yield from part.splitlines() if _is_code(part) else textwrap.wrap(part.replace("`", ""), _WIDTH)
        yield ""
    yield from textwrap.wrap(_waiving(check).replace("`", ""), _WIDTH)


def _facts(check: BuiltIn) -> Iterator[tuple[str, str]]:
    yield "stage", str(check.stage)
    yield "red", when_red(check.stage, check.severity, check.on_red)
    by_tier = {tier: _in(tier, check) for tier in Tier}
    if len(set(by_tier.values())) > 1:
        yield "by tier", "; ".join(f"{tier}: {word}" for tier, word in by_tier.items())
    if check.stage is Stage.POSTDEPLOY:
        yield "impact", f"{check.impact} ({check.impact.said})"
    if check.needs:
        yield "needs", "; ".join(map(written, check.needs))
    if check.reads:
        yield "reads", ", ".join(map(with_default, check.reads))
    yield "rules", f"{_rules(check)} of `[env.NAME.checks.{check.code}]`"


def _in(tier: Tier, check: BuiltIn) -> str:
    """What its red causes in a tier."""
    if tier is Tier.DEV and NOT_DEV in check.needs:
        return "not asked"
    red = when_red(check.stage, check.severity, check.on_red)
    elsewhere = {"": red, "red": "warns", "stricter": f"{red}, a part of it warns"}
    return red if tier is Tier.PROD else elsewhere[check.in_prod]


def _rules(check: BuiltIn) -> str:
    """What ``[env.NAME.checks.CODE]`` may say of it."""
    said = {"severity": Severity.BLOCKER, "on_red": OnRed.HOLD, "impact": Impact.SEV1}
    may = (key for key, value in said.items() if not any(mistakes(check, CheckRule.model_validate({key: value}))))
    return ", ".join(f"`{key}`" for key in may)


def _remedy(check: BuiltIn) -> str:
    """The remedy with names that stand for the real ones."""
    names = {"{env}": "ENV", "{project}": "PROJECT", "{param}": "NAME"}
    text = " ".join(check.remedy.split())
    for name, shown in names.items():
        text = text.replace(name, shown)
    return text.removesuffix(".")


def _waiving(check: BuiltIn) -> str:
    if check.never_waived:
        return f"It is never waived: it tells {check.never_waived}."
    return f'It can be waived until a day: `[[env.NAME.waive]]` with `check = "{check.code}"`.'


def _flowed(text: str) -> str:
    return "\n\n".join(part if _is_code(part) else " ".join(part.split()) for part in _parts(text))


def _parts(text: str) -> list[str]:
    return text.split("\n\n") if text else []


def _is_code(part: str) -> bool:
    """Whether a paragraph is indented, as Markdown has code."""
    return part.startswith("    ")
