"""What runs in other people's CI: pinned, with the least permissions, and with nothing of theirs in a script's text."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLES = [ROOT / "examples" / "ci" / name for name in ("pull-request.yml", "staging.yml", "production.yml")]
WORKFLOWS = [*sorted((ROOT / ".github" / "workflows").glob("*.yml")), *EXAMPLES]
ACTION = ROOT / "action.yml"


@pytest.mark.parametrize("path", [*WORKFLOWS, ACTION], ids=lambda path: path.name)
def test_every_action_is_pinned_by_its_commit(path: Path) -> None:
    """A tag can be moved to other code; a commit cannot."""
    used = re.findall(r"uses: *(\S+)", path.read_text(encoding="utf-8"))

    assert used
    assert [name for name in used if not re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", name)] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_have_the_least_permissions(path: Path) -> None:
    """Stated on top: reading, and writing a comment where one is written; the checkout keeps no token."""
    text = path.read_text(encoding="utf-8")
    found = re.search(r"^permissions:\n((?:  .*\n)+)", text, re.MULTILINE)

    assert found is not None
    allowed = {"contents: read", *({"pull-requests: write"} if path.name == "pull-request.yml" else ())}
    assert {line.strip() for line in found[1].splitlines()} == allowed
    assert text.count("actions/checkout@") == text.count("persist-credentials: false")
    assert not re.search(r"^\s*pull_request_target", text, re.MULTILINE)


@pytest.mark.parametrize("path", [*WORKFLOWS, ACTION], ids=lambda path: path.name)
def test_no_expression_stands_in_a_script(path: Path) -> None:
    """A branch called ``$(rm -rf ~)`` stays a name: scripts get what a workflow gives through the environment."""
    text = path.read_text(encoding="utf-8")
    inline = re.findall(r"^\s*(?:- )?run: (?!\|)(.*)$", text, re.MULTILINE)
    blocks = re.findall(r"^( *)(?:- )?run: \|\n((?:\1  .*\n|\n)+)", text, re.MULTILINE)

    assert inline or blocks or path in EXAMPLES
    assert [script for script in (*inline, *(body for _, body in blocks)) if "${{" in script] == []


def test_deployments_are_never_cancelled_by_the_next_one() -> None:
    """The newer push waits; one environment has one deployment at a time."""
    for name in ("staging", "production"):
        text = (ROOT / "examples" / "ci" / f"{name}.yml").read_text(encoding="utf-8")

        assert f"group: {name}" in text
        assert "cancel-in-progress: false" in text


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("predeploy", ["-P", "-m", "pytest", "-m", "predeploy", "--env", "a b", "--html"]),
        ("deploy", ["deploy", "--env", "a b", "--ref", "$(boom)", "--json", "-x", "--y=z"]),
        ("settle", ["resume", "--env", "a b", "--if-needed", "--json"]),
        ("plan", ["plan", "--env", "a b", "-x", "--y=z"]),
    ],
)
def test_steps_run_what_is_said_word_by_word(tmp_path: Path, command: str, words: list[str]) -> None:
    """Names with blanks and substitutions are arguments; the script is replaced by the program."""
    tools = tmp_path / "gonogo-venv" / "bin"
    tools.mkdir(parents=True)
    for name in ("python", "gonogo"):
        (tools / name).write_text(
            f'#!/bin/sh\necho "$$" >"{tmp_path}/pid"\nprintf "%s\\n" "$@" >"{tmp_path}/said"\nexit 6\n'
        )
        (tools / name).chmod(0o755)
    environment = {
        "PATH": "/usr/bin:/bin",
        "RUNNER_TEMP": str(tmp_path),
        "GONOGO_ACTION": str(ROOT),
        "GONOGO_COMMAND": command,
        "GONOGO_ENV": "a b",
        "GONOGO_REF": "$(boom)",
        "GONOGO_ARGUMENTS": "-x --y=z",
        "GONOGO_REPORTS": str(tmp_path),
    }
    process = subprocess.Popen([ROOT / "scripts" / "in-actions", "run"], env=environment)

    assert process.wait(timeout=30) == 6
    assert (tmp_path / "said").read_text().splitlines()[: len(words)] == words
    assert int((tmp_path / "pid").read_text()) == process.pid


def test_unknown_command_is_an_annotation(tmp_path: Path) -> None:
    """Exit 4, with what was expected."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "RUNNER_TEMP": str(tmp_path),
        "GONOGO_ACTION": str(ROOT),
        "GONOGO_COMMAND": "fly",
        "GONOGO_ENV": "prod",
        "GONOGO_REPORTS": str(tmp_path),
    }
    done = subprocess.run(
        [ROOT / "scripts" / "in-actions", "run"], env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 4
    assert done.stdout == (
        '::error title=gonogo::command: found "fly", expected predeploy, build, postdeploy, deploy, rollback, resume or plan\n'
    )


def test_every_use_of_the_action_in_a_job_has_its_own_reports(tmp_path: Path) -> None:
    """Two gates in one job: an artifact's name may be used once, and what the first found is not shown again."""
    output, said = tmp_path / "output", []
    environ = {"PATH": os.environ["PATH"], "RUNNER_TEMP": str(tmp_path), "GITHUB_OUTPUT": str(output)}
    for _ in range(2):
        output.write_text("")
        command = [str(ROOT / "scripts" / "in-actions"), "paths"]
        subprocess.run(command, env={**environ, "GONOGO_ACTION": str(ROOT)}, check=True)
        said.append(dict(line.split("=", 1) for line in output.read_text().splitlines()))

    assert [facts.get("again") for facts in said] == [None, "-2"]
    assert [Path(facts["reports"]).is_dir() for facts in said] == [True, True]
    assert said[0]["reports"] != said[1]["reports"]
