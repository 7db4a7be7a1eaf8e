"""``gonogo checks`` and ``gonogo explain``."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from gonogo.commands.explain import explain
from gonogo.config.builtin import built_in
from gonogo.errors import UsageError
from gonogo.words import Outcome, Stage
from tests.support.warm import run_command

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from tests.support.gates import Gates, Repository

OWN = '''
import pytest


@pytest.mark.postdeploy("S01", severity="advisory", remedy="Look")
@pytest.mark.parametrize("path", ["/a", "/b"])
def test_a_page(path):
    """A page of ours answers."""


@pytest.mark.predeploy
def test_plain():
    """A plain one."""


def test_no_check_at_all():
    pass
'''


def run(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command as a user types it."""
    return run_command("checks", "--env", "test", *words, cwd=root)


def listed(root: Path) -> dict[str, Any]:
    """Id → row of the JSON document."""
    done = run(root, "--json")
    assert done.returncode == 0, done.stderr
    return {row["id"]: row for row in json.loads(done.stdout)}


@pytest.fixture(name="shop")
def _shop(repository: Repository) -> Path:
    until = (datetime.now(UTC) + timedelta(days=3)).date()
    waiver = f'[[env.test.waive]]\ncheck = "P26"\nuntil = {until}\nowner = "us"\nreason = "small disk"\n'
    return repository({"gonogo.toml": repository.process + waiver, "checks/test_own.py": OWN, ".gitignore": "state/\n"})


def test_every_check_is_listed_once_with_the_teams_own(shop: Path) -> None:
    """Built-in checks and the team's, and nothing that carries no stage."""
    rows = listed(shop)

    assert {row["code"].partition("[")[0] for row in rows.values() if row["code"]} == {
        *(check.code for check in built_in()),
        "S01",
    }
    assert rows["checks/test_own.py::test_a_page[/b]"]["severity"] == "advisory"
    assert rows["checks/test_own.py::test_plain"]["code"] is None
    assert not any("no_check_at_all" in name for name in rows)


def test_what_does_not_apply_is_what_a_gate_skips(shop: Path, gate: Gates) -> None:
    """A check that is said not to apply is skipped when it is asked: the list promises nothing that gates break."""
    absent = {name for name, row in listed(shop).items() if row["applies"] == "no"}
    asked = {
        check.id: check.outcome
        for stage in (Stage.PREDEPLOY, Stage.POSTDEPLOY)
        for check in gate(shop, "-m", str(stage)).checks
    }

    assert {asked[name] for name in absent if name in asked} == {Outcome.SKIPPED}
    assert any(name in asked for name in absent)


def test_people_are_told_the_line_that_switches_it_on(shop: Path) -> None:
    """Each check that does not apply names the key; the waiver and its day stand below the check."""
    said = run(shop).stderr
    count = Counter(row["applies"] for row in listed(shop).values())

    assert said.splitlines()[0] == (
        f"gonogo  checks of test: {count['yes']} apply, {count['no']} do not, {count['when asked']} are known once they "
        "are asked"
    )
    assert "not here: needs endpoint = … under [env.test]" in said
    assert 'not here: needs runtime = "compose" under [env.test]' in said
    assert "waived until" in said.partition("Enough disk")[2].splitlines()[1]


def test_a_file_that_cannot_be_collected_is_named(repository: Repository) -> None:
    """Its checks are missing from the list, so that the list is not called whole (exit 4)."""
    root = repository({"gonogo.toml": repository.process, "checks/test_own.py": "import nothing_like_that\n"})
    done = run(root)

    assert done.returncode == 4
    assert "No module named 'nothing_like_that'" in done.stderr
    assert "Traceback (most recent" not in done.stderr


def test_explain_says_what_the_mark_and_the_docstring_say() -> None:
    """Every built-in check can be explained, whatever the case of its code and whichever case it is asked for."""
    for check in built_in():
        said = explain(f"{check.code.lower()}[web]")

        assert check.proves.split()[0] in said
        assert "When it is red: " in said
        assert not {"{env}", "{project}", "{param}"} & set(re.findall(r"{\w+}", said))


def test_explain_knows_near_codes() -> None:
    """A code that does not exist is answered with those that look like it."""
    with pytest.raises(UsageError, match=r"did you mean D\d9 or ") as error:
        explain("D99")

    assert "gonogo checks" in str(error.value)
