"""What the start of a gate does not import: a deployment asks five gates, and waits for each of them to begin."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gonogo.gates.process import ACTIVE, gate_argv, gate_environment
from gonogo.records.results import read_gate
from gonogo.words import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.support.gates import Repository

__all__: list[str] = []

HEAVY = {"apprise", "click", "docker", "httpx", "jinja2", "playwright", "prometheus_client", "requests", "rich"}
HEAVY |= {"testinfra", "typer", "urllib3"}
OF_HTTP = {"click", "httpx", "rich"}
"""What the checks that ask over HTTP bring: httpx, and what its command line is made of."""


NOTED = """\
import atexit, pathlib, runpy, sys
atexit.register(lambda: pathlib.Path("modules").write_text(" ".join(sys.modules)))
del sys.argv[0]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


def imported(
    folder: Path, *argv: str, env: Mapping[str, str] | None = None, options: Sequence[str] = ("-P",)
) -> set[str]:
    """Every module that ``python -m …`` has imported at its end; none where another one took its place."""
    whole = (sys.executable, *options, "-c", NOTED, *argv)
    subprocess.run(whole, cwd=folder, env=env or gate_environment(), capture_output=True, check=False)
    said = folder / "modules"
    return set(said.read_text().split()) if said.exists() else set()


def bare(root: Path, *options: str, interpreter: Sequence[str] = (), **variables: str) -> set[str]:
    """What the process of a bare ``pytest -m predeploy`` has imported at its end; the gate leaves ``page.json``."""
    env = {name: value for name, value in gate_environment().items() if name != ACTIVE} | variables
    words = (*options, "-p", "gonogo.plugins.plugin", "-m", "predeploy", "--gonogo-env=test")
    found = imported(root, "pytest", *words, f"--gonogo-results={root}/page.json", env=env, options=interpreter)
    assert read_gate(root / "page.json") is not None
    return found


def gate(root: Path, stage: str, *options: str) -> set[str]:
    """What a gate has imported at its end."""
    argv = gate_argv(root, arguments=("-m", stage, "--gonogo-env=test", *options))
    return imported(root, *argv[argv.index("-m") + 1 :])


@pytest.mark.parametrize(("stage", "needed"), [("predeploy", set()), ("build", set()), ("postdeploy", OF_HTTP)])
def test_a_gate_imports_nothing_heavy_that_it_does_not_need(
    repository: Repository, stage: str, needed: set[str]
) -> None:
    """Clients, templates and the command line are imported where a check, a page or the wrapper needs them."""
    root = repository({"gonogo.toml": repository.process})

    found = gate(root, stage)

    assert f"gonogo.checks.{stage}" in found
    assert found & HEAVY == needed


def test_a_page_brings_its_templates(repository: Repository) -> None:
    """With ``--html`` Jinja is there."""
    root = repository({"gonogo.toml": repository.process})

    assert {"jinja2", "pytest_html.plugin"} <= gate(root, "predeploy", "--html=page.html")


def test_a_bare_pytest_reads_no_models_to_become_a_gate(tmp_path: Path) -> None:
    """The gate itself does; the process before it would only do it twice."""
    found = imported(tmp_path, "gonogo.plugins.stages")

    assert "gonogo.gates.process" in found
    assert {name.split(".")[0] for name in found} & {"pydantic", *HEAVY} == set()


def test_a_bare_pytest_begins_the_gate_where_it_is(repository: Repository) -> None:
    """Nothing but pytest and what gonogo brings has been in this process: pytest is not imported twice."""
    root = repository({"gonogo.toml": repository.process})

    assert "gonogo.plugins.gate" in bare(root)


def test_a_gate_that_begins_where_it_is_has_what_a_new_process_has(repository: Repository) -> None:
    """Its path has not the folder that pytest was called in, its environment and arguments are a gate's."""
    check = """\
import os, sys
import pytest

@pytest.mark.predeploy("X01", remedy="-")
def test_of_the_process():
    \"""It is a gate's.\"""
    assert sys.path[0] != os.getcwd(), sys.path
    assert sys.dont_write_bytecode and os.environ["GONOGO_GATE"] == "bare"
    assert [type(one).__name__ for one in sys.meta_path].count("AssertionRewritingHook") == 1
"""
    root = repository({"gonogo.toml": repository.process, "checks/test_process.py": check})

    assert "gonogo.plugins.gate" in bare(root)

    found = read_gate(root / "page.json")
    assert found is not None
    assert [(one.outcome, one.found) for one in found.checks if one.code == "X01"] == [(Outcome.PASSED, "")]


@pytest.mark.parametrize(
    ("options", "interpreter", "variables"),
    [
        (("-p", "somebodys"), (), {"PYTHONPATH": "."}),
        ((), ("-W", "error::FutureWarning"), {}),
        ((), (), {"PYTHONWARNINGS": "error::FutureWarning"}),
    ],
    ids=["a plugin of somebody's", "warnings that are errors", "warnings that are errors by a variable"],
)
def test_what_somebody_else_set_up_is_left_behind(
    repository: Repository, options: tuple[str, ...], interpreter: tuple[str, ...], variables: dict[str, str]
) -> None:
    """The process is replaced by the gate's, which knows nothing of it."""
    root = repository({"gonogo.toml": repository.process, "somebodys.py": ""})

    assert bare(root, *options, interpreter=interpreter, **variables) == set()


def test_status_imports_no_client(repository: Repository) -> None:
    """Most commands send no request: the probe's client waits for the first one that does."""
    root = repository({"gonogo.toml": repository.process})

    found = imported(root, "gonogo", "status", "--env", "test")

    assert "gonogo.run.downtime_probe" in found
    assert found & HEAVY == {"typer"}
