"""Every other command goes to the host as well."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from .conftest import Far


@pytest.mark.thorough
def test_an_env_file_is_compared_and_brought(far: Far) -> None:
    """Names are printed, values never; the file is closed to others, and the former one is kept."""
    far.configure(options='env_file = ".env"')
    there = far.path / ".env"
    there.write_text("KEPT=same\nCHANGED=old-hunter\nGONE=gone-hunter\n")
    (far.root / ".env").write_text("KEPT=same\nCHANGED=new-hunter\nCAME=came-hunter\n")

    compared = far.gonogo("env", "diff", "--env", "test", ".env")
    pushed = far.gonogo("env", "push", "--env", "test", ".env")
    again = far.gonogo("env", "diff", "--env", "test", ".env")

    assert compared.code == 1, compared
    assert compared.err.splitlines() == ["  + CAME", "  - GONE", "  ~ CHANGED"]
    assert pushed.code == 0, pushed
    assert (again.code, again.err) == (0, "  nothing differs\n")
    assert there.read_text() == (far.root / ".env").read_text()
    assert stat.S_IMODE(there.stat().st_mode) == 0o600
    assert (far.path / ".env.former").read_text().endswith("GONE=gone-hunter\n")
    assert "hunter" not in compared.err + pushed.err + compared.out + pushed.out


@pytest.mark.thorough
def test_a_stage_is_asked_there(far: Far) -> None:
    """``pytest -m predeploy`` shows the checks of the host's gate, and its pages come to where they were asked for."""
    pages = ["--junit-xml=found/them.xml", "--html", "them.html", "-k", "commit or required"]
    command = [sys.executable, "-m", "pytest", "-m", "predeploy", "--env", "test", *pages]
    (far.root / "app.py").write_text("raise SystemExit\n")
    done = subprocess.run(
        command, cwd=far.root, env=far.environ, capture_output=True, text=True, timeout=100, check=False
    )

    assert done.returncode == 0, done
    assert "1 uncommitted change stays here" in done.stderr
    assert "PARTIAL" in done.stdout
    names = [case.get("name") for case in ET.parse(far.root / "found" / "them.xml").iter("testcase")]  # noqa: S314 (ours)
    assert "test_the_release_is_a_commit" in names
    assert "test_the_release_is_a_commit" in (far.root / "them.html").read_text()


@pytest.mark.thorough
def test_what_was_deployed_is_known_everywhere(far: Far) -> None:
    """``status``, ``history`` and ``rollback`` are the host's; a second deployer sees the same."""
    far.deploy()
    far.pages({"/healthz": (200, "alive"), "/page": (200, "hello"), "/new": (200, "new")})
    far.deploy()

    assert far.gonogo("status", "--env", "test").code == 0
    assert [run["kind"] for run in json.loads(far.gonogo("history", "--env", "test", "--json").out)] == [
        "deploy",
        "deploy",
    ]
    back = far.gonogo("rollback", "--env", "test", "--json")
    assert back.code == 0, back
    answer = far.ask("/new")
    assert answer is not None
    assert answer[0] == 404
    assert (far.root / "reports" / "test" / back.json()["run"] / "record.md").exists()


@pytest.mark.thorough
def test_the_branches_that_a_check_asks_for_are_those_of_the_deployer(far: Far) -> None:
    """A commit counts as one of ``main`` only while it is; what was brought before is no stale answer."""
    far.configure(options='branches = ["main"]')
    far.commit("only main")
    stage = ("ask", "predeploy", "--env", "test", "-k", "branch")
    allowed = far.gonogo(*stage)
    far.git("checkout", "-q", "--detach")
    far.git("branch", "-q", "-f", "main", "HEAD~1")
    refused = far.gonogo(*stage)

    assert allowed.code == 0, allowed
    assert refused.code == 1, refused
    assert "expected it in one of main" in refused.out


@pytest.mark.thorough
def test_a_shallow_clone_and_an_application_in_a_folder(far: Far, tmp_path: Path) -> None:
    """A CI job checks out one commit; the folder of gonogo.toml is the same there."""
    (far.root / "shop").mkdir()
    for name in ("gonogo.toml", "app.py", ".gitignore"):
        far.git("mv", name, f"shop/{name}")
    far.commit("into a folder")
    far.git("clone", "-q", "--depth=1", f"file://{far.root}", str(tmp_path / "clone"))
    whole, far.root = far.root, tmp_path / "clone" / "shop"
    ended, run = far.deploy()
    far.root = whole

    assert ended.code == 0, ended
    assert far.serving_text() == "hello"
    assert (tmp_path / "clone" / "shop" / "reports" / "test" / run["run"] / "record.md").exists()
