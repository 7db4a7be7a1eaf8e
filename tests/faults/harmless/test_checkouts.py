"""Each release is deployed from a checkout of its own that is thrown away, with a set-up of its own, as CI jobs do."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.integration.deploy.conftest import GREEN, App, Ended

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400), pytest.mark.thorough]


class Jobs:
    """Deploys the application's branch from one new clone after the other."""

    def __init__(self, app: App) -> None:
        """``app`` is where the team works; nobody deploys there."""
        self.app, self._team, self._count = app, app.root, 0

    def deploy(
        self, *options: str, config: dict[str, str] | None = None, environ: dict[str, str] | None = None
    ) -> Ended:
        """Clone, deploy, and throw the clone away."""
        self._count += 1
        self.app.root = clone = self._team.parent / f"job-{self._count}"
        try:
            settings = (word for name, value in (config or {}).items() for word in ("--config", f"{name}={value}"))
            self._git("clone", "--quiet", *options, *settings, f"file://{self._team}", str(clone))
            hook = clone / ".git/hooks/post-checkout"
            hook.parent.mkdir(exist_ok=True)
            hook.write_text("#!/bin/sh\nexit 2\n")
            hook.chmod(0o755)
            return self.app.finish(self.app.start("deploy", "--env", "test", "--json", environ=environ))
        finally:
            shutil.rmtree(clone)
            self.app.root = self._team

    def _git(self, *words: str) -> None:
        clone, self.app.root = self.app.root, self._team
        self.app.git(*words)
        self.app.root = clone


def failed(ended: Ended) -> list[str]:
    """The codes of checks that are red, or that warn, in all gates about what the job brings."""
    gates: list[dict[str, Any]] = [step["gate"] for step in ended.json()["steps"] if step.get("gate")]
    bad = {"failed", "inconclusive", "warned"}
    return [check["code"] for gate in gates for check in gate["checks"] if check["outcome"] in bad]


def test_checkouts_come_and_go(app: App, tmp_path: Path) -> None:
    """Two good releases are GO without a warning, whatever the jobs have set up; a red one is turned back, exit 1."""
    jobs = Jobs(app)
    first = jobs.deploy()
    (tmp_path / "home").mkdir()
    (tmp_path / "home/.gitconfig").write_text(
        f"[core]\n\thooksPath = {tmp_path}/home\n[init]\n\ttemplateDir = /nowhere\n"
    )
    app.pages({**GREEN, "/second": (200, "second")})
    old = os.umask(0o077)
    try:
        second = jobs.deploy(
            config={"core.autocrlf": "true", "core.fileMode": "false"},
            environ={"HOME": str(tmp_path / "home"), "GIT_DIR": str(tmp_path / "none"), "GIT_INDEX_FILE": "none"},
        )
    finally:
        os.umask(old)
    app.pages({**GREEN, "/page": (500, "boom")})
    red = jobs.deploy("--depth=1")

    assert (first.code, failed(first)) == (0, []), first
    assert (second.code, failed(second)) == (0, []), second
    assert red.code == 1, red
    assert red.json()["ending"].startswith(f"REVERTED to {second.json()['commit'][:7]} after ")
    assert app.serving_text() == "hello"
    listed = json.loads(app.gonogo("status", "--env", "test", "--json").out)[0]
    assert listed["serving"] == second.json()["release"]
