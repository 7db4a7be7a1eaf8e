"""The demo application's repository: three commits, tagged v1, v2 and v3, in a folder that anybody may throw away."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from gonogo.demo import programs
from gonogo.errors import GonogoError

__all__ = ["APPLICATION", "VERSIONS", "make_repository", "surroundings"]

APPLICATION = Path(__file__).parent / "app"
VERSIONS = {
    "v1": "Open the guestbook",
    "v2": "Note where guests come from",
    "v3": "Show pinned notes first",
}
"""Version 1 is a whole tree, the others are laid over it; v3 asks for a column that no migration adds."""

_TIMEOUT = 60.0
_CONFIG = {
    "commit.gpgsign": "false",
    "core.autocrlf": "false",
    "core.excludesFile": os.devnull,
    "core.hooksPath": os.devnull,
    "gc.auto": "0",
    "tag.gpgsign": "false",
}
"""The repository's own settings win over those of the user."""
_WHO = {"NAME": "Demo", "EMAIL": "demo@localhost"}
_IDENTITY = {f"GIT_{role}_{word}": value for role in ("AUTHOR", "COMMITTER") for word, value in _WHO.items()}


def make_repository(folder: Path, *, config: str, env_file: str) -> dict[str, str]:
    """Makes the repository and returns the commit of each version; the ``.env`` is in none of them.

    Raises:
        UsageError: there is no git.
        GonogoError: git refused something.
    """
    folder.mkdir()
    _git(folder, "init", "--quiet", "--template=")
    _git(folder, "symbolic-ref", "HEAD", "refs/heads/main")
    for name, value in _CONFIG.items():
        _git(folder, "config", name, value)
    (folder / "gonogo.toml").write_text(config, encoding="utf-8")
    for version, subject in VERSIONS.items():
        layer = APPLICATION / version
        shutil.copytree(layer, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        _git(folder, "add", "--all")
        _git(folder, "commit", "--quiet", "--message", subject)
        _git(folder, "tag", version)
    secret = folder / ".env"
    secret.touch(mode=0o600)
    secret.write_text(env_file, encoding="utf-8")
    return {version: _git(folder, "rev-parse", version).strip() for version in VERSIONS}


def surroundings() -> dict[str, str]:
    """Our environment variables less git's own: the demo may be called from inside a git hook."""
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [programs.git(), *arguments],
        check=False,
        cwd=folder,
        env=surroundings() | _IDENTITY,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=_TIMEOUT,
        start_new_session=True,
    )
    if done.returncode != 0:
        raise GonogoError(
            f"`git {' '.join(arguments)}`: found exit code {done.returncode}, expected 0. "
            f"Its last words:\n    {(done.stderr or done.stdout).strip()}"
        )
    return done.stdout
