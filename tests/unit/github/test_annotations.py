"""Workflow commands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.github.annotations import annotate
from gonogo.records.results import Evidence
from gonogo.words import Outcome, Severity
from tests.unit.records.samples import a_check, the_red_one


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A checkout whose application stands in a folder of it."""
    (tmp_path / "shop" / "app").mkdir(parents=True)
    (tmp_path / "shop" / "app" / "main.py").write_text("x = 1\n")
    (tmp_path / "outside.py").write_text("")
    return tmp_path / "shop"


def test_red_check_stands_on_the_line_that_it_names(shop: Path) -> None:
    """The path is the checkout's, whatever folder the application is in."""
    red = the_red_one(code="P06", found="app/main.py:12: unexpected indent", remedy="Mend it", proves="It compiles")

    assert annotate([red], folder=shop, workspace=shop.parent) == [
        "::error file=shop/app/main.py,line=12,title=P06%3A It compiles::app/main.py:12: unexpected indent%0AMend it"
    ]


def test_line_may_stand_in_the_evidence(shop: Path) -> None:
    """Where the finding counts and a table names."""
    table = Evidence(title="Placeholders", kind="table", value=[["where", "what"], ["app/main.py:3", "TODO"]])
    (line,) = annotate([the_red_one(found="1 found", evidence=[table])], folder=shop, workspace=shop)

    assert line.startswith("::error file=app/main.py,line=3,title=D07%3A ")


@pytest.mark.parametrize(
    "found",
    ["gone.py:3: missing", "http://127.0.0.1:8000 refused", "../outside.py:1: x", "at 12:30:05", "/etc/hosts:1: x"],
)
def test_what_is_no_line_of_the_checkout_is_not_named(shop: Path, found: str) -> None:
    """An address, a time, a file that is not there or not theirs."""
    (line,) = annotate([the_red_one(found=found)], folder=shop, workspace=shop)

    assert line.startswith("::error title=D07")


def test_red_comes_before_warnings_and_each_kind_is_bounded(shop: Path) -> None:
    """GitHub shows ten of each; a warning must not take an error's place."""
    warned = [a_check(outcome=Outcome.WARNED, found="careful") for _ in range(12)]
    advisory = a_check(outcome=Outcome.FAILED, severity=Severity.ADVISORY, found="soft")
    red = [the_red_one() for _ in range(12)]
    kinds = [line.split(" ")[0] for line in annotate([*warned, advisory, *red, a_check()], folder=shop, workspace=shop)]

    assert kinds == ["::error"] * 10 + ["::warning"] * 10


@given(text=st.text())
def test_no_text_makes_a_second_command(text: str) -> None:
    """Whatever a check says: one line, and its properties end where they should."""
    red = the_red_one(code=text, proves=text, found=text, remedy=text)
    (line,) = annotate([red], folder=Path("/nowhere"), workspace=Path("/nowhere"))

    assert not re.search(r"[\r\n]", line)
    head, _, _ = line.removeprefix("::error title=").partition("::")
    assert ":" not in head
    assert "," not in head
