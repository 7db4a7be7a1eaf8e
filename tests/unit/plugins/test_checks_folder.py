"""Where the team's own checks stand: `checks/` in the application's folder; each test runs a real pytest."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import gonogo.plugins.gate
from gonogo.words import Outcome

if TYPE_CHECKING:
    from tests.support.gates import Gates, Repository

__all__: list[str] = []

OWN = """\
import pytest

import words


@pytest.mark.predeploy("T01", remedy="mend {env}")
def test_own(greeting):
    \"\"\"The team's own check.\"\"\"
    assert greeting == words.HELLO
"""
CONFTEST = 'import pytest\n\n\n@pytest.fixture\ndef greeting():\n    return "hello"\n'
OTHER = "raise SystemExit(9)\n"


@pytest.fixture
def team(repository: Repository) -> Path:
    """An application below the folder of gonogo.toml, with its checks; a folder of the same name stands above it."""
    config = repository.process.replace('name = "shop"', 'name = "shop"\nroot = "services/shop"')
    files = {"test_own.py": OWN, "conftest.py": CONFTEST, "words.py": 'HELLO = "hello"\n'}
    below = {f"services/shop/checks/{name}": text for name, text in files.items()}
    return repository({"gonogo.toml": config, **below, "checks/test_no_check.py": OTHER, "checks/conftest.py": OTHER})


def test_checks_stand_in_the_applications_folder(team: Path, gate: Gates) -> None:
    """With app.root, its checks/ are asked with their conftest and helper modules, by one process and by two."""
    one = gate.bare(team, "-m", "predeploy", "--env", "test")
    two = gate.bare(team, "-m", "predeploy", "--env", "test", "-n", "2")
    inner = gate(team, "-m", "predeploy", subject=gate.subject(team), app="services/shop")

    assert one.check("T01").outcome is Outcome.PASSED
    assert one.outcomes() == two.outcomes() == inner.outcomes()
    assert one.check("T01").id == "services/shop/checks/test_own.py::test_own"


@pytest.mark.thorough
def test_a_gate_is_asked_from_the_applications_folder(team: Path, gate: Gates) -> None:
    """Standing in the application's folder, a path to one of its checks makes a gate."""
    run = gate.bare(team / "services/shop", "-m", "predeploy", "checks/test_own.py")
    named = gate.bare(team / "services/shop", "checks/test_own.py")

    assert run.only().outcome is Outcome.PASSED
    assert "1 passed" in named.out


def test_unit_tests_pass_over_the_checks_alone(team: Path, gate: Gates) -> None:
    """A plain pytest leaves the project's checks out, and no other folder that is called so."""
    (team / "checks/conftest.py").unlink()
    (team / "checks/test_no_check.py").write_text("def test_unit():\n    pass\n", encoding="utf-8")

    run = gate.bare(team, "--collect-only", "-q", "--import-mode=importlib")

    assert run.out.splitlines()[0] == "checks/test_no_check.py::test_unit"
    assert "own" not in run.out


def test_built_in_checks_are_asked_once_in_this_repository(gate: Gates) -> None:
    """In gonogo's own checkout, whose checks/ are the built-in ones, each is asked once, beside those of the example."""
    root = Path(gonogo.plugins.gate.__file__).parents[1]
    if not (root / "examples").is_dir():
        pytest.skip("gonogo is installed as a wheel")

    run = gate.bare(root, "--collect-only", "-q", "-m", "predeploy or postdeploy", "--env", "staging")
    ids = [line for line in run.out.splitlines() if "::" in line]

    assert "gonogo/predeploy/test_git.py::test_the_release_is_a_commit" in {one.split("[")[0] for one in ids}
    assert "examples/shop/checks/test_shop.py::test_an_estimate_is_priced" in ids
    assert {one.split("/")[0] for one in ids} == {"gonogo", "examples"}
    assert set(Counter(ids).values()) == {1}
