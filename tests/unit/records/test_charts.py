"""Where bars begin and end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.records.charts import Bar, compare, strip, ticks, time_line
from gonogo.records.results import Evidence, GateResult, Measure
from gonogo.records.run_results import RunResult, Span
from gonogo.words import Exit, Role

from .samples import STARTED, a_check, a_gate, a_run, a_step

_MOMENTS = st.none() | st.datetimes(datetime(2000, 1, 1), datetime(2050, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def probed(*stretches: tuple[float, float, bool]) -> tuple[Span, ...]:
    """Stretches of (begin, seconds, ok)."""
    return tuple(
        Span(at=STARTED + timedelta(seconds=at), seconds=seconds, ok=ok, requests=10) for at, seconds, ok in stretches
    )


def measured(value: float, role: Role, limit: float | None = None) -> GateResult:
    """A gate of one check that took one figure."""
    figure = Evidence(title="answer", kind="measure", value={"value": value, "unit": "s", "limit": limit})
    return a_gate(a_check(code="D09[GET /]", evidence=(figure,)), role=role)


def test_steps_stand_where_they_happened() -> None:
    """A step that waited for the one before begins where that one ended, in per cent of the run."""
    steps = (
        a_step("checkout", started=STARTED, seconds=10),
        a_step("build", started=STARTED + timedelta(seconds=50), seconds=50, ok=False),
    )

    assert time_line(a_run(Exit.NO_GO, seconds=100, steps=steps)) == (
        Bar(left=0.0, width=10.0, said="10.0 s"),
        Bar(left=50.0, width=50.0, ok=False, said="50.0 s"),
    )


def test_record_of_an_older_version_has_its_steps_in_a_row() -> None:
    """Without a beginning a step follows the one before."""
    steps = (a_step("checkout", seconds=25), a_step("build", seconds=75))

    assert [(bar.left, bar.width) for bar in time_line(a_run(Exit.GO, seconds=100, steps=steps))] == [(0, 25), (25, 75)]


@given(
    moments=st.lists(_MOMENTS, max_size=5), seconds=st.floats(0, 1e6), whole=st.floats(0, 1e6), spans=st.lists(_MOMENTS)
)
def test_no_bar_leaves_its_line(
    moments: list[datetime | None], seconds: float, whole: float, spans: list[datetime | None]
) -> None:
    """Whatever clocks said: every bar is seen, and inside."""
    steps = tuple(a_step("move", started=moment, seconds=seconds, after_touch=True) for moment in moments)
    probed = tuple(Span(at=at, seconds=seconds, ok=True, requests=1) for at in sorted(s for s in spans if s))
    run = a_run(Exit.GO, seconds=whole, steps=steps, probed=probed)
    seen = strip(run)

    for bar in (*time_line(run), *(seen.bars if seen else ())):
        assert bar.width > 0
        assert bar.left >= 0
        assert bar.left + bar.width <= 100.01


def test_strip_shows_the_gap_and_what_was_done_then() -> None:
    """The gap is red; a step that began while the probe asked is a mark; one before it is none."""
    steps = (
        a_step("build", started=STARTED - timedelta(seconds=1)),
        a_step("start", started=STARTED + timedelta(seconds=4), after_touch=True),
    )
    found = strip(a_run(Exit.GO, probed=probed((0, 5, True), (5, 1, False), (6, 4, True)), steps=steps))

    assert found is not None
    assert [(bar.left, bar.width, bar.ok) for bar in found.bars] == [(0, 50, True), (50, 10, False), (60, 40, True)]
    assert found.bars[1].said == "10 requests not answered for 1.0 s, from second 5.0 on"
    assert [(mark.left, mark.said) for mark in found.marks] == [(40.0, "start")]


def test_run_without_a_probe_has_no_strip() -> None:
    """An environment without URL."""
    assert strip(a_run(Exit.GO)) is None


@pytest.mark.parametrize(("after", "ok"), [(0.4, True), (0.6, False)])
def test_figures_are_compared_with_those_of_the_release_before(after: float, ok: bool) -> None:  # noqa: FBT001
    """The limit, or a figure past it, is the whole width, and that figure is red; a rollback's gate is not the new one's."""
    steps = (
        a_step("baseline", kind="gate", gate=measured(0.1, Role.BASELINE)),
        a_step("postdeploy", kind="gate", gate=measured(after, Role.CANDIDATE, limit=0.5), after_touch=True),
        a_step("verify", kind="gate", gate=measured(9.0, Role.ROLLBACK), after_touch=True),
    )
    (found,) = compare(a_run(Exit.GO, steps=steps))

    assert (found.check, found.title) == ("D09[GET /]", "answer")
    assert (found.before, found.after) == (Measure(value=0.1), Measure(value=after, limit=0.5))
    whole = max(after, 0.5)
    assert found.bars == (
        Bar(left=0, width=round(10 / whole, 2), said="100 ms"),
        Bar(left=0, width=round(100 * after / whole, 2), ok=ok, said=f"{after * 1000:.0f} ms"),
    )
    assert found.limit == round(50 / whole, 2)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.4, ["0 s"]),
        (7.0, ["0 s", "1 s", "2 s", "3 s", "4 s", "5 s", "6 s"]),
        (7.6, ["0 s", "1 s", "2 s", "3 s", "4 s", "5 s", "6 s"]),
        (18.0, ["0 s", "2 s", "4 s", "6 s", "8 s", "10 s", "12 s", "14 s", "16 s"]),
        (102.8, ["0 s", "15 s", "30 s", "45 s", "60 s", "75 s", "90 s"]),
        (400.0, ["0 s", "60 s", "2 min", "3 min", "4 min", "5 min", "6 min"]),
    ],
)
def test_a_time_axis_has_round_numbers(seconds: float, said: list[str]) -> None:
    """About ten of them, from its beginning on, each at its place; none at the end, on top of the one before."""
    found = ticks(seconds)

    assert [one.said for one in found] == said
    assert found[0].left == 0
    assert all(0 <= one.left <= 100 for one in found)


def test_figure_that_is_new_stands_alone() -> None:
    """A first deploy has nothing to compare with."""
    gate = measured(0.2, Role.CANDIDATE)
    run = a_run(Exit.GO, steps=(a_step("postdeploy", kind="gate", gate=gate, after_touch=True),))

    assert [(one.before, one.bars[0]) for one in compare(run)] == [(None, None)]


def test_measure_that_is_none_is_left_out() -> None:
    """A results file of somebody else's hand costs a chart, not the page."""
    torn = Evidence(title="answer", kind="measure", value="fast")
    run: RunResult = a_run(
        Exit.GO, steps=(a_step("postdeploy", gate=a_gate(a_check(evidence=(torn,))), after_touch=True),)
    )

    assert compare(run) == ()
