"""What all runs say together: figures, page, metrics, lines."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from gonogo.records.history import EnvFigures, Point, downtime, expected, figures
from gonogo.records.history_page import render_history
from gonogo.records.metrics import openmetrics
from gonogo.records.past_runs import history_lines
from gonogo.records.plan import Plan, PlannedStep, plan_lines
from gonogo.records.run_results import Downtime, RunResult
from gonogo.words import Exit

from .samples import STARTED, a_run, a_step, the_reverted_run
from .test_page import EVIL, Page

NOW = STARTED + timedelta(days=7)


def days_ago(days: float, exit_code: Exit = Exit.GO, **facts: Any) -> RunResult:
    """A run so many days before now."""
    began = NOW - timedelta(days=days)
    touched = {"first_touch": began} if exit_code is Exit.GO else {}
    return a_run(exit_code, **{"started": began, "run": f"{began:%Y%m%dT%H%M%S}-9a41b7d", **touched, **facts})


def of(*runs: RunResult) -> EnvFigures:
    """The figures of the one environment."""
    (found,) = figures(runs, now=NOW)
    return found


def test_steps_stand_in_the_order_of_a_deployment() -> None:
    """The first one has no baseline, the last one was turned back; neither moves it behind what comes after it."""
    first = days_ago(3, steps=(a_step("checkout"), a_step("predeploy"), a_step("build")))
    second = days_ago(2, steps=tuple(map(a_step, ("checkout", "baseline", "predeploy", "build"))))
    third = days_ago(1, steps=(a_step("checkout"), a_step("flush")))

    assert [stage.step for stage in of(first, second, third).stages] == [
        *("checkout", "baseline", "predeploy", "build", "flush")
    ]


def test_deployments_are_counted_by_how_they_ended() -> None:
    """One that stopped before the first touch cost nobody anything, and is no failed one."""
    held = days_ago(1, Exit.NEEDS_HUMAN, first_touch=NOW, held=True)
    found = of(
        days_ago(5), days_ago(4), days_ago(3, Exit.NO_GO), the_reverted_run(), held, days_ago(2, kind="rollback")
    )

    assert (found.deployments, found.gone, found.stopped, found.failed, found.rollbacks) == (5, 2, 1, 2, 1)
    assert found.failed_share == 0.5
    assert found.failed_met is False
    assert found.per_week == 0.5
    assert found.last_go == NOW - timedelta(days=4)


def test_times_are_the_median_and_the_worst() -> None:
    """Downtime of what replaced a release; recovery to healthy; the rollback to its gate's end."""
    seen = [Downtime(requests=10, seconds_down=down, window=9) for down in (1.0, 2.0, 31.0)]
    deploys = [days_ago(number + 1, downtime=one) for number, one in enumerate(seen)]
    first = days_ago(9, serving=None, downtime=Downtime(requests=10, seconds_down=500, window=600))
    found = of(first, *deploys, the_reverted_run(downtime=None))

    assert (found.downtime.median, found.downtime.worst, found.downtime.count) == (2.0, 31.0, 3)
    assert found.downtime.met is False
    assert (found.recovery.median, found.recovery.met) == (0.8, True)
    assert (found.rollback.median, found.rollback.met) == (3.8, True)
    assert [point.value for point in found.downtimes] == [31.0, 2.0, 1.0]


def test_what_was_never_measured_is_unknown() -> None:
    """No run, no figure: neither kept nor missed."""
    found = of(days_ago(1, Exit.NO_GO))

    assert (found.failed_share, found.failed_met) == (None, None)
    assert (found.downtime.median, found.downtime.met) == (None, None)


def test_figures_are_of_the_last_ninety_days() -> None:
    """A bad night of last year no longer counts; the environment is still there."""
    found = of(days_ago(91, Exit.NEEDS_HUMAN, first_touch=NOW))

    assert (found.env, found.deployments, found.failed) == ("staging", 0, 0)


def test_red_checks_are_counted_once_a_run() -> None:
    """The check that was red most often comes first, with what it proves and when it was red last."""
    found = of(the_reverted_run(), the_reverted_run(started=STARTED + timedelta(days=1)), days_ago(1))

    assert [(red.code, red.times, red.last) for red in found.red] == [("D07", 2, STARTED + timedelta(days=1))]


def test_step_is_expected_to_take_what_it_took() -> None:
    """The median of the runs in which it went well, of whatever kind; a plan says it where it is a second or more."""
    runs = [days_ago(1, steps=(a_step("start", seconds=seconds), a_step("logs", seconds=0.1))) for seconds in (3, 9, 5)]
    back = days_ago(1, kind="rollback", steps=(a_step("verify", seconds=2.0), a_step("start", seconds=99.0, ok=False)))
    found = expected([*runs, back])
    steps = tuple(
        PlannedStep(name=name, kind="move", commands=("x",), expected=found.get(name))
        for name in ("logs", "start", "new")
    )
    plan = Plan(app="shop", env="test", commit="a" * 40, summary="", serving=None, steps=steps)

    assert found == {"start": 5.0, "logs": 0.1, "verify": 2.0}
    assert plan_lines(plan)[4:7] == ["logs          x", "start         x  (about 5 s)", "new           x"]


def test_a_plan_says_how_long_nobody_is_served() -> None:
    """From deployments that replaced a release and ended GO; neither first ones nor those that were turned back."""
    seen = [days_ago(3, downtime=Downtime(requests=9, seconds_down=down, window=9)) for down in (2.0, 1.0, 9.0)]
    first = days_ago(9, serving=None, downtime=Downtime(requests=9, seconds_down=500, window=600))
    back = days_ago(1, Exit.NO_GO, downtime=Downtime(requests=9, seconds_down=77, window=99))
    found = downtime([*seen, first, back])
    plan = Plan(app="shop", env="test", commit="a" * 40, summary="", serving="x", downtime="about 2.0 s")

    assert (found.median, found.worst, found.count) == (2.0, 9.0, 3)
    assert downtime([first]).median is None
    assert "down for      about 2.0 s" in plan_lines(plan)


def test_steps_have_their_seconds_over_time() -> None:
    """The oldest first; one that failed took no time that compares."""
    slow = days_ago(1, steps=(a_step("build", seconds=30.0), a_step("start", ok=False)))
    fast = days_ago(2, steps=(a_step("build", seconds=10.0),))
    (build,) = of(slow, fast).stages

    assert (build.step, build.median) == ("build", 20.0)
    assert build.points == (
        Point(run=fast.run, at=fast.started, value=10.0),
        Point(run=slow.run, at=slow.started, value=30.0),
    )


def test_page_shows_each_environment_and_each_run() -> None:
    """Cards with their targets, the red checks, the runs with links to their records."""
    prod = the_reverted_run(env="prod")
    page = render_history([days_ago(1), prod], app="shop", now=NOW, link=lambda run: f"{run.env}/index.html")
    parsed = Page(page)

    assert [attrs["data-env"] for attrs in parsed.named("section")] == ["prod", "staging"]
    links = [attrs["href"] or "" for attrs in parsed.named("a")]
    assert [link for link in links if not link.startswith("#")] == ["staging/index.html", "prod/index.html"]
    assert "100 %1 of 1; target at most 5 %: missed" in parsed.text
    assert "The health page answers 200 and names the release just deployed." in parsed.text
    (policy,) = [attrs["content"] or "" for attrs in parsed.named("meta") if attrs.get("http-equiv")]
    assert "default-src 'none'" in policy
    assert "script-src 'sha256-" in policy


def test_page_without_runs_says_so() -> None:
    """The first `gonogo report` of a project."""
    assert "no runs yet" in Page(render_history([], app="shop", now=NOW)).text


def test_page_makes_no_markup_of_what_runs_say() -> None:
    """Whoever names a branch or a user writes no script."""
    parsed = Page(render_history([a_run(Exit.NO_GO, who=EVIL, ending=EVIL)], app="shop", now=NOW))

    assert len(parsed.named("script")) == 1
    assert parsed.named("img") == []


@settings(max_examples=25)
@given(
    st.lists(
        st.builds(
            lambda code, days, down, back: days_ago(
                days, code, back_after=back, downtime=Downtime(requests=3, seconds_down=down)
            ),
            st.sampled_from(Exit),
            st.floats(0, 200),
            st.floats(0, 1e6),
            st.none() | st.floats(0, 1e6),
        ),
        max_size=6,
    )
)
def test_every_history_can_be_shown(runs: list[RunResult]) -> None:
    """Page, metrics and lines of whatever runs there are; Prometheus' own parser reads the metrics."""
    Page(render_history(runs, app="shop", now=NOW))
    read: Any = text_string_to_metric_families
    families = {family.name: family for family in read(openmetrics(runs, app="shop", now=NOW))}

    assert sum(sample.value for sample in families["gonogo_runs"].samples) == len(runs)
    assert history_lines((), figures(runs, now=NOW)) == ["no runs yet"]


def test_metrics_say_what_the_figures_say() -> None:
    """Counters of runs, gauges of the last 90 days, the release that serves."""
    text = openmetrics([the_reverted_run(), days_ago(1, serving_after="new")], app="shop", now=NOW)

    assert 'gonogo_runs_total{app="shop",env="staging",exit_code="1",kind="deploy"} 1.0\n' in text
    assert 'gonogo_failed_share{app="shop",env="staging"} 0.5\n' in text
    assert 'gonogo_recovery_seconds{app="shop",env="staging"} 0.8\n' in text
    assert 'gonogo_serving_info{app="shop",env="staging",release="new"} 1.0\n' in text
    assert 'gonogo_red_checks{app="shop",check="D07",env="staging"} 1.0\n' in text
    assert text.endswith("# EOF\n")


def test_lines_end_with_the_figures() -> None:
    """As ``gonogo history`` prints them."""
    from gonogo.records.past_runs import PastRun  # noqa: PLC0415

    run = the_reverted_run(ending="REVERTED to 2f1c9e0")
    past = PastRun.model_validate(run.model_dump(include=set(PastRun.model_fields)))
    lines = history_lines((past,), figures([run], now=NOW))

    assert lines == [
        "2026-11-21 22:10  staging     deploy    exit 1    68.2 s  REVERTED to 2f1c9e0",
        "",
        "staging, the last 90 days: 1 deployments, 0 GO, 0 stopped untouched",
        "  failed after a change   1 of 1 (100 %)                     target 5 %: missed",
        "  downtime                median 0.0 s, worst 0.0 s of 1     target 30 s: kept",
        "  healthy again           median 0.8 s, worst 0.8 s of 1     target 120 s: kept",
        "  proven back             median 3.8 s, worst 3.8 s of 1     target 300 s: kept",
        "  red most often          D07 (1)",
    ]


@pytest.mark.parametrize(
    ("downtimes", "said"),
    [
        ((3.0, 29.0), "kept"),
        ((3.0, 30.04), "kept"),
        ((3.0, 4.0, 45.0), "missed in 1 of 3"),
    ],
)
def test_a_target_that_was_met_is_not_called_missed(downtimes: tuple[float, ...], said: str) -> None:
    """What is shown as 30.0 s keeps a target of 30 s; of several runs only those that did not are called so."""
    runs = [
        days_ago(day, downtime=Downtime(requests=9, failed=1, seconds_down=down, window=60.0))
        for day, down in enumerate(downtimes, 1)
    ]

    assert of(*runs).downtime.verdict == said


def test_the_history_opens_with_its_runs() -> None:
    """The list stands before the figures, which it leads to."""
    page = render_history([days_ago(1)], app="shop", now=NOW)

    assert page.index('<h2 id="runs">') < page.index('<h2 id="figures-1">')
    assert page.index('href="#figures-1"') < page.index('<h2 id="runs">')
