"""gonogo.moves.checkout: what of a repository a release's worktree gets."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gonogo.host import LocalHost
from gonogo.moves.checkout import Checkout
from tests.support.gates import Repository


@pytest.mark.parametrize("folder", ["", "services/shop"])
def test_worktree_has_the_submodules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    """A library that stands in a submodule is built too, also where the application is a folder of the repository."""
    for number, (name, value) in enumerate({"protocol.file.allow": "always"}.items()):
        monkeypatch.setenv(f"GIT_CONFIG_KEY_{number}", name)
        monkeypatch.setenv(f"GIT_CONFIG_VALUE_{number}", value)
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    (tmp_path / "library").mkdir()
    (tmp_path / "application").mkdir()
    library = Repository(tmp_path / "library")({"rates.py": "RATE = 1\n"})
    repository = Repository(tmp_path / "application")
    top = repository({f"{folder or '.'}/main.py": "import rates\n"})
    place = f"{folder}/vendor".lstrip("/")
    repository.git(top, "submodule", "add", "--quiet", str(library), place)
    commit = repository.commit(top)
    worktree = tmp_path / "release" / "source"
    release = SimpleNamespace(worktree=worktree, root=worktree / folder, commit=commit)
    work: Any = SimpleNamespace(checkout=top / folder, release=release)

    for command in Checkout()._commands(work):
        LocalHost().run(command).require()

    assert (worktree / place / "rates.py").read_text() == "RATE = 1\n"
