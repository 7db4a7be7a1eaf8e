"""The corpus itself: its cases are sound, its trial notices its own mistakes, and a sample goes as it should."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.corpus.bench import Bench, Result
from tests.faults.corpus.case import STAGES, Case, CaseError
from tests.faults.corpus.cases import APPS, BY_APP
from tests.faults.corpus.cases.orders import ended
from tests.faults.corpus.kept import Row, keep, kept, row
from tests.faults.corpus.table import filled, lower_bound
from tests.support.edits import Put, Replace

__all__: list[str] = []

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]

ALL = [case for cases in BY_APP.values() for case in cases]
SAMPLE = (
    "merge-conflict-in-a-template",
    pytest.param("office-open-to-everybody", marks=pytest.mark.thorough),
    pytest.param("module-renamed-under-a-nested-import", marks=pytest.mark.thorough),
)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """The application of two services and a worker, deployed."""
    made = Bench(APPS["orders"], tmp_path_factory.mktemp("corpus"))
    made.begin()
    yield made
    made.close()


def named(name: str) -> Case:
    """One case."""
    return next(case for case in ALL if case.name == name)


def test_every_name_is_one_case() -> None:
    """A result is found again by its name."""
    assert len({case.name for case in ALL}) == len(ALL)


@pytest.mark.parametrize("case", [case for case in ALL if case.is_fault], ids=lambda case: case.name)
def test_a_fault_says_when_and_by_whom_it_is_noticed(case: Case) -> None:
    """From the build on a step may fail by itself; before, and after the start, a check has to name it."""
    assert case.stage in STAGES
    assert case.codes or case.stage in {"build", "migrate", "start"}


@pytest.mark.parametrize("app", BY_APP)
def test_every_edit_finds_its_place(app: str, tmp_path: Path) -> None:
    """In the good release of its application."""
    lost = []
    for case in BY_APP[app]:
        root = tmp_path / case.name
        shutil.copytree(APPS[app].folder, root)
        (root / ".env").write_text(APPS[app].settings)
        with (root / "gonogo.toml").open("a") as toml:
            toml.write(APPS[app].toml)
        try:
            for edit in (*APPS[app].edits, *case.edits):
                edit.apply(root)
        except (OSError, ValueError) as error:
            lost.append(f"{case.name}: {error}")
        shutil.rmtree(root)

    assert lost == []


@pytest.mark.parametrize(("hits", "of", "least"), [(47, 47, 0.938), (250, 250, 0.988), (0, 10, 0.0), (9, 10, 0.606)])
def test_the_bound_is_the_exact_one(hits: int, of: int, least: float) -> None:
    """Of Clopper and Pearson, one-sided, at 95 %."""
    assert lower_bound(hits, of) == pytest.approx(least, abs=0.0006)


def result(name: str, **facts: object) -> Row:
    """How a case of the orders went, 0 and the case serving unless said otherwise."""
    case = named(name)
    given = {"seconds": 7.4, "code": 0, "stage": "", "serves": name, **facts}
    return row(Result(case=case, **given), tool="gonogo", app="orders", commit="abc")  # type: ignore[arg-type]


def test_the_newest_result_of_a_case_is_kept(tmp_path: Path) -> None:
    """Whenever it was deployed; what another tool made of it stands beside it."""
    path = tmp_path / "results.jsonl"
    red = result("breakpoint", code=1, stage="predeploy", named=("P07",), serves="good")
    other = replace(red, tool="up")
    keep(path, [result("breakpoint"), other])
    keep(path, [red])

    assert kept(path) == [red, other]


def test_a_result_is_judged_by_what_serves_too() -> None:
    """A red end that leaves the faulty release, a person called without need, a way forward without one back: not well."""
    red = {"code": 1, "stage": "predeploy", "named": ("P07",)}

    assert result("breakpoint", **red, serves="good").well
    assert not result("breakpoint", **red).well
    assert not result("breakpoint").well
    assert not result("breakpoint", **{**red, "code": 6}, serves="good").well
    assert result("migration-that-fails-half-way", code=6, stage="migrate", serves="good").well
    assert result("new-route").well
    assert not result("new-route", has_way_back=False).well


def test_the_page_has_what_is_kept() -> None:
    """Figures, other tools beside the same cases, and a row for each case; what stands around it stays."""
    rows = [
        result("breakpoint", code=1, stage="predeploy", named=("P07",), serves="good"),
        result("new-route"),
        replace(result("breakpoint"), tool="up"),
        replace(result("new-route", code=1, serves="good"), tool="up"),
    ]

    page = filled(
        "# A\n<!-- results: b -->\nstale\n<!-- end of results -->\nc\n", rows, {"orders": BY_APP["orders"][:60]}
    )

    assert page.startswith("# A\n<!-- results: b -->\n")
    assert page.endswith("<!-- end of results -->\nc\n")
    assert "stale" not in page
    assert "- Faults: 1 of 1 caught in time" in page
    assert "\nNot deployed yet: syntax-error (orders), merge-conflict-in-a-template (orders), " in page
    assert "| orders | `up` | 1 | 0 | 1 | 0 | 1 | 1 |\n| orders | `gonogo` | 1 | 1 | 0 | 1 | 1 | 0 |\n" in page
    assert "| orders | breakpoint | fault | predeploy | P07 | 1 | 7 | abc | yes |\n" in page
    with pytest.raises(ValueError, match="found no place for results"):
        filled("# A\n", rows, BY_APP)


@pytest.mark.thorough
@pytest.mark.xdist_group("corpus")
def test_a_trial_notices_its_own_mistakes(bench: Bench) -> None:
    """An edit that changes nothing, a fault that nobody sees, and one that is there without the edit prove nothing."""
    front = "web/templates/front.html"
    still = Case(name="still", why="", edits=(Replace(front, "Orders</title>", "Orders</title>"),))
    unseen = Case(name="unseen", why="", edits=(Put("a.md", "a"),), seen=lambda _: False, stage="build")
    asleep = Case(name="asleep", why="", edits=(Put("a.md", "a"),), seen=ended("web"), stage="build", runs=False)
    before = Case(name="before", why="", edits=(Put("a.md", "a"),), seen=lambda _: True, stage="build")
    with pytest.raises(CaseError, match="still: its edits change nothing"):
        bench.try_out(still)
    with pytest.raises(CaseError, match="unseen: nobody outside sees the fault"):
        bench.try_out(unseen)
    with pytest.raises(CaseError, match="web: found nothing that was started, expected a case that runs"):
        bench.try_out(asleep)
    with pytest.raises(CaseError, match="before: what should show the fault is true of the good release as well"):
        bench.try_out(before)


@pytest.mark.xdist_group("corpus")
@pytest.mark.parametrize("name", SAMPLE)
def test_a_fault_is_noticed_in_time(bench: Bench, name: str) -> None:
    """Named by its check, at or before its stage, and the good release serves on or again."""
    result = bench.try_out(named(name))

    assert result.caught, result
    assert result.restored, result


@pytest.mark.thorough
@pytest.mark.xdist_group("corpus")
def test_a_harmless_release_goes(bench: Bench) -> None:
    """And so does the way back from it."""
    result = bench.try_out(named("router-for-development"))

    assert (result.code, result.restored) == (0, True), result
