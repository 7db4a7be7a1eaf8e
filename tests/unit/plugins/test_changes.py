"""What a gate's page says of the difference to the serving release, on real repositories."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gonogo.config import load_project
from gonogo.plugins.changes import Changes, changes
from gonogo.plugins.context import Context
from gonogo.secrets.known import Redactor
from gonogo.state.release import Release
from gonogo.words import Role, Stage
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
FILES["alembic.ini"] = "[alembic]\nscript_location = alembic\n"
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

    def found(self, **facts: Any) -> Changes | None:
        """What a predeploy gate with this subject finds."""
        project = load_project(self.root)
        return changes(
            Context(
                subject=self.gates.subject(self.root, **facts),
                project=project,
                environment=project.environments["test"],
                stages=(Stage.PREDEPLOY,),
                whole=True,
                variables={},
                redactor=Redactor([SECRET]),
            )
        )


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """One repository for all."""
    return Story(tmp_path_factory.mktemp("changes"))


def test_candidate_names_commits_files_and_migrations(story: Story) -> None:
    """The newest commit first, without the secret; files relative to the application."""
    found = story.found(serving=story.release(story.old), release=story.release(story.new))

    assert found is not None
    assert (found.since, found.back, found.problem) == (story.old[:7], False, "")
    assert [commit.subject for commit in found.commits] == [
        "Go on",
        "Rotate [redacted]",
        "Ask for a <i>phone</i> number",
    ]
    assert found.files == ("A alembic/versions/0002_phone.py", "M app.py", "A tests/new.py")
    assert found.migrations == ("A alembic/versions/0002_phone.py",)


def test_page_shows_them_as_text(story: Story) -> None:
    """Above the checks; what a commit is called becomes no tag."""
    page = story.folder / "report.html"
    subject = story.gates.subject(story.root, serving=story.release(story.old), release=story.release(story.new))
    run = story.gates(story.root, "-m", "predeploy", "-k", "test_it", f"--html={page}", subject=subject)
    text = page.read_text(encoding="utf-8")
    shown = re.findall(r'<details class="changes".*?(?=<div class="filters")', text, re.DOTALL)[0]

    assert run.code == 0, run
    assert SECRET not in html.unescape(text)
    assert f"Changed since {story.old[:7]}: 3 commits, 3 files, 1 migration<" in shown
    assert "Ask for a &lt;i&gt;phone&lt;/i&gt; number" in shown
    assert "<pre>A alembic/versions/0002_phone.py\nM app.py\nA tests/new.py</pre>" in shown


def test_rollback_names_what_it_takes_back(story: Story) -> None:
    """The commits of the release that goes."""
    found = story.found(role=Role.ROLLBACK, serving=story.release(story.new), release=story.release(story.old))

    assert found is not None
    assert (found.since, found.back, len(found.commits), len(found.files)) == (story.new[:7], True, 3, 3)


@pytest.mark.parametrize(
    "facts",
    [{}, {"role": Role.BASELINE}, {"assumed": True}, {"same": True}],
    ids=["none", "baseline", "assumed", "same"],
)
def test_nothing_is_said_where_nothing_is_compared(story: Story, facts: dict[str, Any]) -> None:
    """No release serves, or it is the one that is judged, or nobody knows what it was built from."""
    role = facts.get("role", Role.CANDIDATE)
    commit = story.new if "same" in facts else story.old
    serving = story.release(commit, assumed="assumed" in facts) if facts else None

    assert story.found(role=role, serving=serving, release=story.release(story.new)) is None


def test_commit_that_is_not_here_is_said(story: Story) -> None:
    """A shallow clone of a CI job does not have it."""
    found = story.found(serving=story.release("0123456" + "f" * 33), release=story.release(story.new))

    assert found == Changes(since="0123456", problem="commit 0123456 is not in this repository")
