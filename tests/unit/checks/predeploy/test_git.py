"""P01 on real repositories."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from gonogo.state.release import Release
from gonogo.words import Outcome

if TYPE_CHECKING:
    from tests.support.gates import Gates, Repository

__all__: list[str] = []

NOW = datetime(2026, 11, 21, tzinfo=UTC)
ASK = ("-m", "predeploy", "-k", "the_release_is_a_commit")


def test_a_clean_checkout_passes(repository: Repository, gate: Gates) -> None:
    """P01 is green where nothing differs from the commit, and names it."""
    root = repository({"gonogo.toml": repository.process}, commit="Sell shoes")

    check = gate(root, *ASK).only()

    assert (check.outcome, check.found) == (Outcome.PASSED, "")
    assert check.evidence[0].value.endswith(" Sell shoes")


def test_uncommitted_changes_are_listed(repository: Repository, gate: Gates) -> None:
    """P01 warns of changed, staged and unknown files, and blocks nothing."""
    root = repository({"gonogo.toml": repository.process, "a.py": "", "b.py": ""})
    head = repository.git(root, "rev-parse", "HEAD")[:7]
    repository.write(root, {"a.py": "x = 1\n", "new.py": ""})
    repository.git(root, "mv", "b.py", "ä.py")

    run = gate(root, *ASK)

    assert run.code == 0
    assert run.only().outcome is Outcome.WARNED
    assert run.only().found == f"3 uncommitted changes stay behind; {head} is released without: a.py; ä.py; new.py"


def test_what_the_application_writes_is_a_note(repository: Repository, gate: Gates) -> None:
    """P01 is green where only logs and data of the application are untracked, and names them.

    With one file more that could be code it warns of that one alone.
    """
    root = repository({"gonogo.toml": repository.process, "app.py": "", ".gitignore": "reports/\n"})
    repository.write(root, {"app.log": "", "var/logs/2026.txt": "", "app.log.1": "", "nohup.out": ""})

    quiet = gate(root, *ASK).only()

    assert (quiet.outcome, quiet.found) == (Outcome.PASSED, "")
    aside = next(piece for piece in quiet.evidence if piece.title.startswith("Untracked"))
    assert sorted(row[0] for row in aside.value[1:]) == ["app.log", "app.log.1", "nohup.out", "var/logs/2026.txt"]

    repository.write(root, {"logs/parser.py": ""})
    warned = gate(root, *ASK).only()

    assert warned.outcome is Outcome.WARNED
    assert warned.found.endswith("is released without: logs/parser.py")


@pytest.mark.skipif(shutil.which("docker") is None, reason="no Compose client is installed")
def test_uploads_below_a_writable_mount_are_a_note(repository: Repository, gate: Gates) -> None:
    """P01 knows from the compose files where the application keeps what it is given."""
    compose = "services:\n  web: {image: shop, volumes: ['./uploads:/srv/uploads', './app:/srv/app']}\n"
    files = {"docker-compose.yml": compose, "uploads/.gitkeep": "", "app/main.py": "", ".gitignore": "reports/\n"}
    root = repository({"gonogo.toml": repository.minimal, **files})
    repository.write(root, {"uploads/me.png": "", "app/hotfix.py": ""})

    check = gate(root, *ASK).only()

    assert check.outcome is Outcome.WARNED
    assert check.found.endswith("is released without: app/hotfix.py")


@pytest.mark.skipif(shutil.which("docker") is None, reason="no Compose client is installed")
def test_what_a_proxy_was_told_is_a_note(repository: Repository, gate: Gates) -> None:
    """P01 does not warn of the file that a deployment itself writes for the proxy."""
    compose = (
        "services:\n  web: {image: shop}\n  nginx: {image: nginx, volumes: ['./upstreams:/etc/nginx/upstreams:ro']}\n"
    )
    traffic = '{ kind = "nginx", service = "nginx", folder = "upstreams", upstreams = { web = "web:8000" } }'
    toml = f'{repository.minimal}strategy = "bluegreen"\ntraffic = {traffic}\n'
    files = {"docker-compose.yml": compose, "upstreams/.gitkeep": "", ".gitignore": "reports/\n"}
    root = repository({"gonogo.toml": toml, **files})
    repository.write(root, {"upstreams/gonogo.conf": "upstream web { server web:8000; }\n"})

    check = gate(root, *ASK).only()

    assert (check.outcome, check.found) == (Outcome.PASSED, "")


def test_a_deploy_names_the_release_s_commit(repository: Repository, gate: Gates) -> None:
    """P01 looks at the operator's checkout, and names the commit that is released, which need not be HEAD."""
    root = repository({"gonogo.toml": repository.process})
    commit = repository.git(root, "rev-parse", "HEAD").strip()
    repository.commit(root, "later")
    repository.write(root, {"desk.py": ""})
    release = Release(id="r", commit=commit, env="test", runtime="process", created=NOW, folder=root, root=root)

    check = gate(root, *ASK, subject=gate.subject(root, release=release)).only()

    assert check.found == f"1 uncommitted change stays behind; {commit[:7]} is released without: desk.py"


def test_a_plain_folder_cannot_be_released(repository: Repository, gate: Gates) -> None:
    """P01 fails in a folder without git, in one clear line."""
    root = repository({"gonogo.toml": repository.process}, commit=None)

    run = gate(root, *ASK)

    assert run.code == 1
    assert run.only().found == f"{root}: found no git repository, expected one (git init, git commit)"
    assert run.only().remedy == "git status; commit what belongs to the release, and deploy that commit"
    assert "Traceback" not in run.out + run.err


def test_a_repository_without_a_commit_is_no_release(repository: Repository, gate: Gates) -> None:
    """P01 fails before the first commit."""
    root = repository({"gonogo.toml": repository.process}, commit=None)
    repository.git(root, "init", "--quiet")

    assert gate(root, *ASK).only().found == f"{root}: found a git repository without a commit, expected one to release"
