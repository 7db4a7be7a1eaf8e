"""What the start of a gate does not import: a deployment asks five gates, and waits for each of them to begin."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gonogo.gates.process import gate_argv, gate_environment

if TYPE_CHECKING:
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


def imported(folder: Path, *argv: str) -> set[str]:
    """Every module that ``python -m …`` has imported at its end, in a process of its own."""
    whole = (sys.executable, "-P", "-c", NOTED, *argv)
    subprocess.run(whole, cwd=folder, env=gate_environment(), capture_output=True, check=False)
    return set((folder / "modules").read_text().split())


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


def test_status_imports_no_client(repository: Repository) -> None:
    """Most commands send no request: the probe's client waits for the first one that does."""
    root = repository({"gonogo.toml": repository.process})

    found = imported(root, "gonogo", "status", "--env", "test")

    assert "gonogo.run.downtime_probe" in found
    assert found & HEAVY == {"typer"}
