"""gonogo.config.rules: what may be said of how a check is judged, each mistake with its place."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gonogo.config import parse_project
from gonogo.errors import ConfigError
from gonogo.words import Impact, OnRed, Severity

BASE = '[app]\nname = "shop"\n[env.prod]\nproject = "shop"\n'


def problem(rule: str) -> str:
    """The one thing that is wrong with a rule."""
    with pytest.raises(ConfigError) as caught:
        parse_project(BASE + rule, root=Path("/srv/shop"))
    (found,) = caught.value.problems
    return found


def test_rules_are_found_by_code_and_by_case() -> None:
    """The rule of a case comes before that of the code; another check has none."""
    text = (
        '[env.prod.checks.D15]\non_red = "hold"\n[env.prod.checks."D12[api]"]\non_red = "warn"\n'
        '[env.prod.checks.D12]\nseverity = "blocker"\n[env.prod.checks.shop-1]\non_red = "warn"\n'
    )
    prod = parse_project(BASE + text, root=Path("/srv/shop")).environments["prod"]

    assert prod.rule_of("D15").stated() == {"on_red": OnRed.HOLD}
    assert prod.rule_of("D12[api]").stated() == {"on_red": OnRed.WARN}
    assert prod.rule_of("D12[jobs]").stated() == {"severity": Severity.BLOCKER}
    assert prod.rule_of("shop-1").stated() == {"on_red": OnRed.WARN}
    assert prod.rule_of("D13[api]").stated() == {}


def test_warning_with_a_date_holds_until_its_day() -> None:
    """On that day it holds still; after it the check is judged as it brings it, whatever else the rule says stays."""
    text = '[env.prod.checks.D15]\non_red = "warn"\nuntil = 2026-12-31\nimpact = "SEV1"\n'
    rule = parse_project(BASE + text, root=Path("/srv/shop")).environments["prod"].rule_of("D15")

    day = date(2026, 12, 31)
    assert rule.on(day).stated() == {"on_red": OnRed.WARN, "until": day, "impact": Impact.SEV1}
    assert rule.on(date(2027, 1, 1)).stated() == {"impact": Impact.SEV1}


def test_impact_of_what_is_listed_may_be_said() -> None:
    """An endpoint says itself what its red causes, and the rule what that means."""
    text = '[env.prod.checks."D09[GET /login]"]\nimpact = "SEV1"\n'

    assert parse_project(BASE + text, root=Path("/srv/shop")).environments["prod"].rule_of(
        "D09[GET /login]"
    ).impact is (Impact.SEV1)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ('D99]\non_red = "hold"', 'found "D99", expected the code of a built-in check, or of one of your own'),
        ('d15]\non_red = "hold"', 'found "d15", expected the code of a built-in check, or of one of your own; did you'),
        ('B02]\nimpact = "SEV1"', "found impact of B02, expected none: what build finds nobody noticed"),
        (
            'P12]\non_red = "hold"',
            "found on_red of P12, expected none: what predeploy finds is before the first touch",
        ),
        (
            'D01]\non_red = "warn"',
            'found on_red = "warn" of D01, expected "rollback" or "hold": nothing else means anything then',
        ),
        (
            'D09]\non_red = "warn"',
            "found D09, expected it where each is listed: severity and on_red of [[env.NAME.endpoint]]",
        ),
    ],
)
def test_rules_that_do_nothing_or_too_much_are_refused(rule: str, expected: str) -> None:
    """With the line of the rule, and what to write instead."""
    code = rule.partition("]")[0]

    assert problem(f"[env.prod.checks.{rule}\n").startswith(f"gonogo.toml:5: env.prod.checks.{code}: {expected}")


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("", "env.prod.checks.D15: found this table, expected severity, on_red or impact"),
        ('on_red = "hold"\nuntil = 2026-12-31\n', 'until needs on_red = "warn": it says how long that holds'),
        ('severity = "advisory"\n', "env.prod.checks.D15.severity: found"),
    ],
)
def test_rules_make_no_check_weaker(rule: str, expected: str) -> None:
    """A check that may fail is waived, until a day and by somebody."""
    assert expected in problem(f"[env.prod.checks.D15]\n{rule}")
