"""gonogo.inspection.answers.followed: metrics as pages have them, and for how long they are wrong."""

from __future__ import annotations

from typing import Any

import pytest

from gonogo.config import MetricRule
from gonogo.inspection.answers.followed import Followed, value_of

PAGE = """\
# HELP jobs_failed_total Jobs that failed.
# TYPE jobs_failed_total counter
jobs_failed_total{queue="mail",why="a \\"b\\""} 3
jobs_failed_total{queue="pay"} 4.5 1700000000000
jobs_failed_total_created 1
jobs_failed_totals 99
pool_free NaN
up 1
"""


@pytest.mark.parametrize(
    ("metric", "labels", "value"),
    [
        ("jobs_failed_total", {}, 7.5),
        ("jobs_failed_total", {"queue": "mail"}, 3.0),
        ("jobs_failed_total", {"queue": "sms"}, None),
        ("up", {}, 1.0),
        ("pool_free", {}, None),
        ("jobs", {}, None),
    ],
)
def test_samples_are_added_up(metric: str, labels: dict[str, str], value: float | None) -> None:
    """Those of that very name, with those labels, that are numbers."""
    assert value_of(PAGE, metric, labels) == value


def test_a_page_that_is_none_is_told() -> None:
    """A line that begins like the metric and is no sample."""
    with pytest.raises(ValueError, match="could not convert"):
        value_of("up and running\n", "up", {})


def followed(values: list[float], **rule: Any) -> Followed:
    """One that had these values, five seconds apart; it may be wrong for ten seconds."""
    one = Followed(rule=MetricRule.model_validate({"name": "it", "metric": "it", "for": "10s", **rule}))
    for index, value in enumerate(values):
        one.note(value, at=5.0 * index)
    return one


@pytest.mark.parametrize(
    ("values", "rule", "red"),
    [
        pytest.param([1, 2, 1, 0], {"expect": "< 3"}, False, id="well"),
        pytest.param([1, 5, 5, 5], {"expect": "< 3"}, True, id="too much for ten seconds"),
        pytest.param([5, 5, 1, 5, 5], {"expect": "< 3"}, False, id="a break"),
        pytest.param([0, 0, 0], {"expect": ">= 1"}, True, id="too little"),
        pytest.param([100, 101, 102, 103], {"expect": "< 5", "per": "1m"}, False, id="grows slowly"),
        pytest.param([100, 110, 110, 110], {"expect": "< 5", "per": "1m"}, True, id="grew too much within a minute"),
        pytest.param([100, 110, 110, 110, 110, 110], {"expect": "< 5", "per": "5s"}, False, id="grew for a moment"),
        pytest.param([7, 7, 7], {"expect": "> 0", "per": "15s"}, False, id="nobody knows yet"),
        pytest.param([7, 7, 7, 7, 7, 7], {"expect": "> 0", "per": "15s"}, True, id="stands still"),
        pytest.param([900, 3, 900, 3, 900, 3], {"expect": "< 5", "per": "1m"}, False, id="of several processes"),
    ],
)
def test_what_lasts_is_red(values: list[float], rule: dict[str, Any], *, red: bool) -> None:
    """Not one look, and nothing that is not known yet."""
    assert followed(values, **rule).is_red is red


def test_what_several_processes_count_is_known() -> None:
    """What only grows was smaller than before."""
    assert followed([900, 3, 900, 3], expect="< 5", per="1m").began_again == 2


@pytest.mark.parametrize("expect", ["5", "matches 5", "< many", "!= none"])
def test_only_a_number_is_compared(expect: str) -> None:
    """Anything else is a mistake of the configuration."""
    with pytest.raises(ValueError, match="expected a comparison with a number"):
        MetricRule(name="it", metric="it", expect=expect)
