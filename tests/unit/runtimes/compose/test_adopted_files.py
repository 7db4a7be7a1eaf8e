"""What hand-started containers mount is kept as they were started with it; what nobody knows is named."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from gonogo.host.runner import this_machine
from gonogo.runtimes.compose.adopted_files import KeptMounts, keep_mounted
from gonogo.state.release import Release

if TYPE_CHECKING:
    from tests.support.gates import Repository

__all__: list[str] = []

NOW = datetime(2026, 11, 21, tzinfo=UTC)
AFTER_ALL, BETWEEN, BEFORE_ALL = "2099-01-01T00:00:00Z", "2026-02-01T00:00:00.5Z", "2025-01-01T00:00:00Z"


class Story:
    """A checkout with two commits, in January and in March; a container that mounts three of its files or folders."""

    def __init__(self, repository: Repository, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        """The checkout stands at the newer commit."""
        self.root, self.folder, self.repository = folder / "host", folder, repository
        first = {"nginx.conf": "one", "app/main.py": "one", "app/old.py": "old", "static/a.css": "one"}
        monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z")
        repository(first, name="host")
        self.first = repository.git(self.root, "rev-parse", "HEAD").strip()
        monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-03-01T00:00:00Z")
        (self.root / "app/old.py").unlink()
        repository.write(
            self.root, {"nginx.conf": "two", "app/main.py": "two", "app/new.py": "n", "static/a.css": "two"}
        )
        repository.commit(self.root)

    def keep(self, started: str, *, commit: str = "HEAD", assumed: bool = True) -> KeptMounts:
        """What is kept of a container that was started then."""
        mounts = {"nginx.conf": "/etc/nginx/nginx.conf", "app": "/srv/app", "static": "/static"}
        binds = [{"Type": "bind", "Source": f"{self.root}/{name}", "Destination": to} for name, to in mounts.items()]
        labels = {"com.docker.compose.service": "web"}
        container = {
            "Id": "gonogo-none",
            "State": {"StartedAt": started},
            "Config": {"Labels": labels},
            "Mounts": binds,
        }
        volumes = [
            {"type": "bind", "source": one["Source"], "target": one["Destination"], "read_only": True} for one in binds
        ]
        release = Release(
            id="1", commit="1", env="x", runtime="compose", created=NOW, assumed=assumed,
            folder=self.folder / "state/releases/1", root=self.folder / "state/releases/1/source",
        )  # fmt: skip
        release.folder.mkdir(parents=True)
        self.repository.git(self.root, "worktree", "add", "--quiet", "--detach", str(release.root), commit)
        app = SimpleNamespace(root=".")
        project = SimpleNamespace(app=app)
        place: Any = SimpleNamespace(path=self.root, state=self.folder / "state", project=project, host=this_machine())
        return keep_mounted(place, release, {"services": {"web": {"volumes": volumes}}}, [container])


@pytest.fixture
def story(repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Story:
    """The checkout."""
    return Story(repository, monkeypatch, tmp_path)


def held(kept: KeptMounts) -> dict[str, str]:
    """Place in the container → the content, of every file that was kept."""
    found: dict[str, str] = {}
    for volume in kept.model["services"]["web"]["volumes"]:
        source, target = Path(volume["source"]), volume["target"]
        files = [source] if source.is_file() else [path for path in source.rglob("*") if path.is_file()]
        found |= {target + str(path)[len(str(source)) :]: path.read_text() for path in files}
    return found


ONE = {"/etc/nginx/nginx.conf": "one", "/srv/app/main.py": "one", "/srv/app/old.py": "old", "/static/a.css": "one"}
TWO = {"/etc/nginx/nginx.conf": "two", "/srv/app/main.py": "two", "/srv/app/new.py": "n", "/static/a.css": "two"}


def test_files_that_are_older_than_the_container_are_what_it_runs(story: Story) -> None:
    """They are copied, changes that nobody committed included, and stay as they are when the checkout moves on."""
    story.repository.write(story.root, {"app/main.py": "two, by hand"})
    kept = story.keep(AFTER_ALL)
    story.repository.write(story.root, dict.fromkeys(("nginx.conf", "app/main.py", "static/a.css"), "three"))

    assert held(kept) == {**TWO, "/srv/app/main.py": "two, by hand"}
    assert kept.unsure == ()


def test_reflog_says_what_files_were_that_changed_since(story: Story) -> None:
    """The checkout stood at the older commit when the container was started: with a module that is gone by now."""
    kept = story.keep(BETWEEN)

    assert (held(kept), kept.unsure) == (ONE, ())


def test_commit_of_the_images_says_it_where_the_reflog_does_not(story: Story) -> None:
    """A checkout that was cloned since knows nothing of the time before."""
    kept = story.keep(BEFORE_ALL, commit=story.first, assumed=False)

    assert (held(kept), kept.unsure) == (ONE, ())


def test_what_nobody_knows_is_named(story: Story) -> None:
    """The files are kept as they stand, and the rollback is not sure."""
    kept = story.keep(BEFORE_ALL)

    assert held(kept) == TWO
    assert kept.unsure == (
        "web: nginx.conf at /etc/nginx/nginx.conf (changed since it was started, and nothing says from which commit that was)",
        "web: app/main.py, app/new.py at /srv/app (changed since it was started, and nothing says from which commit that was)",
        "web: static/a.css at /static (changed since it was started, and nothing says from which commit that was)",
    )
