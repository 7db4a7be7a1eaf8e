"""gonogo.config.waivers: which waivers are refused, each with its place."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from gonogo.config import parse_project
from gonogo.config.builtin import built_in, never_waived
from gonogo.errors import ConfigError

BASE = """\
[app]
name = "shop"
[env.prod]
project = "shop"
attest = { on-call = "Somebody is there." }
[[env.prod.endpoint]]
request = "GET /legacy"
[[env.prod.waive]]
"""
GOOD = 'check = "D09[GET /legacy]"\nuntil = 2026-12-31\nowner = "payments"\nreason = "tracked"\n'
PLACE = "gonogo.toml:9: env.prod.waive.0"
NEVER = "never: P38 (whether somebody else is at it), D04 (whether what was built is what runs), D06 (who answers)"


def problems(waiver: str) -> list[str]:
    """What is wrong with a configuration that has this waiver."""
    with pytest.raises(ConfigError) as caught:
        parse_project(BASE + waiver, root=Path("/srv/shop"))
    return list(caught.value.problems)


def test_waiver_is_read() -> None:
    """A code, or one of its cases; a day, an owner, a reason."""
    (waiver,) = parse_project(BASE + GOOD, root=Path("/srv/shop")).environments["prod"].waive

    assert (waiver.check, waiver.until, waiver.owner) == ("D09[GET /legacy]", date(2026, 12, 31), "payments")


@pytest.mark.parametrize("check", ["D09", "S05", "T02[any case]", "B02[api]", "P39[on-call]", "team-1.x"])
def test_what_may_be_waived(check: str) -> None:
    """All cases of a built-in check, one that the configuration lists, a service's, whatever the team calls its own."""
    text = BASE + GOOD.replace("D09[GET /legacy]", check)

    assert parse_project(text, root=Path("/srv/shop")).environments["prod"].waive[0].check == check


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("D09[GET /legacy]", "D99", 'found "D99", expected the code of a built-in check, or of one of your own'),
        ("D09[GET /legacy]", "d09", 'found "d09", expected the code of a built-in check, or of one of your own; did'),
        ("D09[GET /legacy]", "P38", f'found "P38", expected a check that may be waived; {NEVER}'),
        ("D09[GET /legacy]", "D04", f'found "D04", expected a check that may be waived; {NEVER}'),
        ("D09[GET /legacy]", "D06[api]", f'found "D06[api]", expected a check that may be waived; {NEVER}'),
        ("GET /legacy", "GET /legcy", 'found "D09[GET /legcy]", expected one of D09[GET /legacy]; did you mean'),
        ("D09[GET /legacy]", "D19[/]", 'found "D19[/]", expected one of none: nothing is listed'),
        ("D09[GET /legacy]", "P39[on-cal]", 'found "P39[on-cal]", expected one of P39[on-call]; did you mean'),
        ("D09[GET /legacy]", "D09[", 'found "D09[", expected the code of a check, such as "D15", or one of several'),
    ],
)
def test_check_that_no_waiver_can_cover_is_refused(old: str, new: str, expected: str) -> None:
    """With file, line, key, what was found and what was expected; the nearest name where there is one."""
    (problem,) = problems(GOOD.replace(old, new))

    assert problem.startswith(f"{PLACE}.check: {expected}")


@pytest.mark.parametrize("day", ['"2026-12-31"', "2026-12-31T00:00:00Z", "20261231", "true"])
def test_day_is_a_day(day: str) -> None:
    """Text, a moment and a number are none: nobody could tell which hour of which zone is meant."""
    (problem,) = problems(GOOD.replace("2026-12-31", day))

    assert problem.startswith("gonogo.toml:10: env.prod.waive.0.until: found ")
    assert problem.endswith("expected a day without quotes and without a time, such as 2026-12-31")


def test_all_keys_are_required_and_say_something() -> None:
    """Nobody waives in nobody's name, for no reason, or for ever."""
    assert problems('check = "D15"\nowner = " "\nreason = ""\n') == [
        "gonogo.toml:8: env.prod.waive.0.until: found nothing, expected a value (the key is required)",
        'gonogo.toml:10: env.prod.waive.0.owner: found " ", expected some words',
        'gonogo.toml:11: env.prod.waive.0.reason: found "", expected some words',
    ]


def test_attestation_has_a_name_and_a_sentence() -> None:
    """The id is typed on a command line; the sentence is what somebody stands for."""
    table = BASE.partition("attest =")[0] + '[env.prod.attest]\n"On Call" = "x"\non-call = ""\n'
    with pytest.raises(ConfigError) as caught:
        parse_project(table, root=Path("/srv/shop"))

    assert list(caught.value.problems) == [
        'gonogo.toml:6: env.prod.attest.On Call: found "On Call", expected lower-case letters, digits, - and _, '
        "beginning with a letter or digit",
        'gonogo.toml:7: env.prod.attest.on-call: found "", expected some words',
    ]


def test_check_is_waived_once() -> None:
    """Two terms for one check are a mistake, in the environment that has them and where they are inherited."""
    twice = GOOD + "[[env.prod.waive]]\n" + GOOD

    assert problems(twice) == [
        'gonogo.toml:14: env.prod.waive.1.check: found "D09[GET /legacy]" a second time, expected one waiver for each check',
    ]


def test_extends_merges_waivers_by_check() -> None:
    """A waiver of the base holds too; naming its check changes what it says; a mistake is told where it stands."""
    more = '[env.next]\nextends = "prod"\nproject = "next"\n[[env.next.waive]]\ncheck = "D09[GET /legacy]"\n'
    project = parse_project(BASE + GOOD + more + "until = 2027-01-31\n", root=Path("/srv/shop"))

    (waiver,) = project.environments["next"].waive
    assert (waiver.until, waiver.owner) == (date(2027, 1, 31), "payments")
    assert problems(GOOD.replace("D09[GET /legacy]", "D99") + more.partition("[[")[0]) == [
        f'{PLACE}.check: found "D99", expected the code of a built-in check, or of one of your own',
    ]


def test_what_nothing_else_means_anything_without_is_never_waived() -> None:
    """Who answers, whether what was built is what runs, and whether somebody else is at it: the marks say so."""
    assert never_waived() == {
        "D04": "whether what was built is what runs",
        "D06": "who answers",
        "P38": "whether somebody else is at it",
    }
    assert not {check.code for check in built_in() if check.refuses} ^ {"P30", "P32", "P34"}
