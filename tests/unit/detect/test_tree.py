"""gonogo.detect.tree: what git knows of a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from gonogo.detect.tree import read_tree
from gonogo.host.runner import this_machine
from tests.support.gates import Repository


def test_folder_is_read_whatever_a_hook_or_a_job_has_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git tells its hooks, and some CI jobs everybody, of a repository; the one around the folder is meant."""
    made = Repository(tmp_path)
    app = made({"main.py": "APP = 1\n"})
    made.write(app, {"new.py": "NEW = 1\n"})
    other = made({"not_ours.py": "OTHER = 1\n"}, name="other")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git" / "index"))

    assert {*read_tree(app, this_machine()).files} == {"main.py", "new.py"}
