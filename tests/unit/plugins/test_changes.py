"""What a gate's page says of the difference to the serving release, on real repositories."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gonogo.release import Release
from gonogo.words import Role
from tests.support.gates import Gates, Repository

CONFIG = """\
[app]
name = "shop"

[service.api]
migrations = "alembic"

[env.test]
tier = "dev"
project = "shop-test"
env_file = ".env"

[env.test.secrets]
API_TOKEN = {}
"""
CHECK = 'import pytest\n\n@pytest.mark.predeploy\ndef test_it():\n    """It is."""\n'
SECRET = "marker-0c1f-of-the-env-file"
FILES = {"gonogo.toml": CONFIG, ".gitignore": ".env\n", "checks/test_it.py": CHECK, "app.py": "x = 1\n"}
NEXT = {"app.py": "x = 2\n", "alembic/versions/0002_phone.py": "revision = '0002'\n", "tests/new.py": ""}


class Story:
    """A repository with a first release, three commits after it, and the pages of gates about them."""

    def __init__(self, folder: Path) -> None:
        """Commit everything."""
        self.folder, self.repository, self.gates = folder, Repository(folder), Gates(folder / "gates")
        self.root = self.repository(FILES)
        (self.root / ".env").write_text(f"API_TOKEN={SECRET}\n")
        self.old = self.repository.git(self.root, "rev-parse", "HEAD").strip()
        self.repository.write(self.root, NEXT)
        self.repository.commit(self.root, "Ask for a <i>phone</i> number")
        self.repository.commit(self.root, f"Rotate {SECRET}")
        self.new = self.repository.commit(self.root, "Go on")

    def release(self, commit: str, **facts: Any) -> Release:
        """A release of a commit; nothing of it runs."""
        return Release(
            id=f"20261121T221003-{commit[:7]}",
            commit=commit,
            env="test",
            runtime="compose",
            created=datetime.now(UTC),
            folder=self.folder,
            root=self.root,
            **facts,
        )

    def said(self, **facts: Any) -> list[str]:
        """The lines that the page of a gate says about changes, as a reader sees them."""
        page = self.folder / "report.html"
        subject = self.gates.subject(self.root, **facts)
        run = self.gates(self.root, "-m", "predeploy", "-k", "test_it", f"--html={page}", subject=subject)
        assert run.code == 0, run
        text = page.read_text(encoding="utf-8")
        assert SECRET not in html.unescape(text)
        found = re.search(
            r'<details class="changes".*?(?=<div class="filters")|<p class="soft">What changed.*?</p>', text, re.DOTALL
        )
        lines = html.unescape(re.sub("<[^>]*>", "\n", found[0])).splitlines() if found else []
        return [line.strip() for line in lines if line.strip()]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """One repository for all."""
    return Story(tmp_path_factory.mktemp("changes"))


def test_candidate_names_commits_files_and_migrations(story: Story) -> None:
    """The newest commit first, as text and without the secret; files relative to the application."""
    said = story.said(serving=story.release(story.old), release=story.release(story.new))

    assert said[0] == f"Changed since {story.old[:7]}: 3 commits, 3 files, 1 migration"
    assert said[2::2][:3] == ["Go on", "Rotate [redacted]", "Ask for a <i>phone</i> number"]
    assert said[said.index("Migrations:") + 1] == "A alembic/versions/0002_phone.py"
    assert said[-3:] == ["A alembic/versions/0002_phone.py", "M app.py", "A tests/new.py"]


def test_rollback_names_what_it_takes_back(story: Story) -> None:
    """The commits of the release that goes."""
    said = story.said(role=Role.ROLLBACK, serving=story.release(story.new), release=story.release(story.old))

    assert said[0] == f"Taken back from {story.new[:7]}: 3 commits, 3 files, 1 migration"


@pytest.mark.parametrize("facts", [{}, {"role": Role.BASELINE}, {"assumed": True}], ids=["none", "baseline", "assumed"])
def test_nothing_is_said_where_nothing_is_compared(story: Story, facts: dict[str, Any]) -> None:
    """No release serves, or it is the one that is judged, or nobody knows what it was built from."""
    role = facts.get("role", Role.CANDIDATE)
    serving = story.release(story.old, assumed="assumed" in facts) if facts else None

    assert story.said(role=role, serving=serving, release=story.release(story.new)) == []


def test_commit_that_is_not_here_is_said(story: Story) -> None:
    """A shallow clone of a CI job does not have it."""
    said = story.said(serving=story.release("0123456" + "f" * 33), release=story.release(story.new))

    assert said == ["What changed since 0123456 is not known: commit 0123456 is not in this repository."]
