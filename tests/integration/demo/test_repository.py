from __future__ import annotations

import stat
import subprocess
from pathlib import Path

import pytest

from gonogo.config import parse_project
from gonogo.demo.repository import make_repository
from gonogo.demo.settings import gonogo_toml
from gonogo.errors import UsageError

HOSTILE = """\
[commit]
    gpgsign = true
[tag]
    gpgsign = true
[gpg]
    program = /nowhere/gpg
[core]
    hooksPath = {hooks}
    autocrlf = true
    excludesFile = {excludes}
[init]
    defaultBranch = trunk
"""


def git(folder: Path, *arguments: str) -> str:
    """What git says in a folder."""
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user whose git signs, hooks, converts and ignores, with no identity, and who calls from inside a hook."""
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("pre-commit", "commit-msg", "post-checkout"):
        hook = hooks / name
        hook.write_text("#!/bin/sh\nexit 1\n")
        hook.chmod(hook.stat().st_mode | stat.S_IXUSR)
    excludes = tmp_path / "excludes"
    excludes.write_text("*.toml\n*.txt\n")
    (tmp_path / ".gitconfig").write_text(HOSTILE.format(hooks=hooks, excludes=excludes))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)


@pytest.mark.usefixtures("hostile")
def test_three_commits_whatever_the_user_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three unsigned commits on main, tagged, with a clean tree; the .env is in none and closed to others."""
    folder = tmp_path / "guestbook"
    commits = make_repository(folder, config="# config\r\n", env_file="DATABASE_URL=x\n")

    for name in ("GIT_DIR", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name)
    log = git(folder, "log", "--format=%s|%an|%G?|%D").splitlines()
    assert log == [
        "Show pinned notes first|Demo|N|HEAD -> main, tag: v3",
        "Note where guests come from|Demo|N|tag: v2",
        "Open the guestbook|Demo|N|tag: v1",
    ]
    assert list(commits) == ["v1", "v2", "v3"]
    assert commits["v2"] == git(folder, "rev-parse", "v2")
    assert git(folder, "status", "--porcelain") == ""
    assert git(folder, "cat-file", "-t", "v1") == "commit"
    assert {"gonogo.toml", "requirements.txt", ".gitignore"} <= set(git(folder, "ls-tree", "--name-only", "v1").split())
    assert ".env" not in git(folder, "ls-tree", "-r", "--name-only", "v3").split()
    assert stat.S_IMODE((folder / ".env").stat().st_mode) == 0o600


def test_versions_differ_as_told(tmp_path: Path) -> None:
    """Version 2 brings the migration, version 3 changes one query and nothing else."""
    folder = tmp_path / "guestbook"
    make_repository(folder, config="", env_file="")

    def changed(older: str, newer: str) -> list[str]:
        return git(folder, "diff", "--name-only", older, newer).split()

    assert changed("v1", "v2") == ["alembic/versions/0002_place.py", "app/main.py", "app/notes.py"]
    assert changed("v2", "v3") == ["app/notes.py"]


def test_without_git_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line names the missing program."""
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(UsageError) as caught:
        make_repository(tmp_path / "guestbook", config="", env_file="")

    assert str(caught.value) == "gonogo demo: found no program git, expected one on the PATH. Install git."


def test_the_configuration_is_valid(tmp_path: Path) -> None:
    """The gonogo.toml is one that gonogo takes, also where folders have blanks and quotes."""
    state, uv = tmp_path / 'a "state"', Path("/with blanks/uv")
    text = gonogo_toml(url="http://127.0.0.1:2", port=1234, state=state, uv=uv)

    environment = parse_project(text, root=tmp_path, name="gonogo.toml").environment(None)

    assert environment.state == str(state)
    assert environment.commands["install"][0] == str(uv)
    assert environment.service["web"].port == 1234
    assert environment.traffic is not None
    assert (environment.traffic.upstreams, environment.traffic.listens) == ({"web": "web:1234"}, ("127.0.0.1", 2))
    assert [endpoint.request for endpoint in environment.endpoint] == ["GET /", "GET /notes", "GET /stats"]
