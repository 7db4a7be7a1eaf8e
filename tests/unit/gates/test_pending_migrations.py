"""gonogo.schema: which services would run migrations by themselves in the rollback."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gonogo.config import Environment, TeamStep
from gonogo.gates.pending_migrations import (
    _changed,
    _is_rehearsed,
    _migrates_itself,
    _runs_migrations,
    _stated,
    _unread,
)
from gonogo.host.runner import LocalHost
from gonogo.inspection.code.contents import manifest_of
from gonogo.runtimes import sources
from gonogo.state.release import Release
from tests.support.gates import Repository

ENTRY = {"web": ("uvicorn", "main:app"), "migrate": ("alembic", "upgrade", "head")}


class Runtime:
    """Knows the entry commands of a release."""

    def __init__(self, entry: dict[str, tuple[str, ...]]) -> None:
        """These."""
        self._entry = entry

    def facts(self, *_: object) -> dict[str, Any]:
        """Without scripts."""
        return {"entry": self._entry, "scripts": {}}


@pytest.mark.parametrize(
    ("entry", "aside", "found"),
    [
        (ENTRY, (), True),
        (ENTRY, ("migrate",), False),
        (ENTRY, ("web",), True),
        ({"web": ("sh", "-c", "alembic upgrade head && uvicorn main:app")}, ("migrate",), True),
        ({"web": ("uvicorn", "main:app")}, (), False),
    ],
)
def test_services_that_are_not_run_again_do_not_count(
    entry: dict[str, tuple[str, ...]], aside: tuple[str, ...], *, found: bool
) -> None:
    """A one-shot migration that stays aside in the rollback cannot refuse the newer schema; any other one can."""
    place = SimpleNamespace(environment=SimpleNamespace(runtime="compose"))
    work: Any = SimpleNamespace(runtime=Runtime(entry), place=place, host=None)
    release: Any = SimpleNamespace(runtime="compose")

    assert (_migrates_itself(work, release, aside=aside) is not None) is found


@pytest.mark.parametrize(
    ("run", "found"), [("docker compose exec web python manage.py migrate", True), ("true", False)]
)
def test_step_of_the_team_may_migrate(run: str, *, found: bool) -> None:
    """A step that migrates counts as the release's own start does."""
    step = TeamStep.model_validate({"name": "schema", "after": "start", "run": run})
    environment = SimpleNamespace(step=(step,), runtime="compose")
    place, release = SimpleNamespace(environment=environment), SimpleNamespace(runtime="compose")
    work: Any = SimpleNamespace(runtime=Runtime({"web": ("gunicorn",)}), place=place, release=release)

    assert _runs_migrations(work) is found


@pytest.mark.parametrize("folder", [".", "backend"])
def test_migrations_that_an_adopted_image_holds_are_not_pending(tmp_path: Path, folder: str) -> None:
    """Nobody knows the commit of what was started by hand: its image is compared, and package files are no migrations."""
    names = (
        "src/shop/migrations/0001_initial.py",
        "src/shop/migrations/0002_names.py",
        "src/shop/migrations/__init__.py",
    )
    top = Repository(tmp_path)({f"{folder}/{name}": f"# {name}\n" for name in names})
    inside = manifest_of(top / folder, names[:1])
    image = SimpleNamespace(
        code={"src": "/srv"}, files=lambda _: {"/srv/shop/migrations/0001_initial.py": inside[names[0]]}
    )
    other = SimpleNamespace(
        code={"src": "/srv"}, files=lambda _: {"/srv/shop/migrations/0002_names.py": inside[names[0]]}
    )
    runtime: Any = Runtime({"web": ("python", "manage.py", "migrate")})
    runtime.inspector = lambda *_: SimpleNamespace(artifacts=lambda: [image, other])
    release = SimpleNamespace(folder=tmp_path, worktree=top, source_root=lambda _: top / folder, runtime="compose")
    project = SimpleNamespace(app=SimpleNamespace(root="."))
    place = SimpleNamespace(environment=SimpleNamespace(step=(), service={}, runtime="compose"), project=project)
    work: Any = SimpleNamespace(runtime=runtime, place=place, release=release)
    serving: Any = SimpleNamespace(assumed=True, folder=tmp_path, runtime="compose")

    assert _unread(work, serving) == [(Path(folder) / names[1]).as_posix()]


def test_files_that_changed_are_asked_of_no_checkout(tmp_path: Path) -> None:
    """A shallow clone does not have the serving commit: what each release noted of its files is compared."""
    repository = Repository(tmp_path)
    top = repository({"migrations/0001.py": "one", "migrations/0002.py": "two", "main.py": "x = 1"})
    made = []
    for number in range(2):
        folder = tmp_path / f"release-{number}"
        folder.mkdir()
        commit = repository.git(top, "rev-parse", "HEAD").strip()
        release = Release(
            id=folder.name, commit=commit, env="test", runtime="process", created=datetime.now(UTC), folder=folder,
            root=folder / "source",
        )  # fmt: skip
        sources.make(top, release, LocalHost())
        made.append(release)
        (top / "migrations/0001.py").unlink(missing_ok=True)
        repository.write(top, {"migrations/0002.py": "2", "migrations/0003.py": "three"})
        repository.commit(top)
    shutil.rmtree(top)

    assert _changed(made[1], made[0]) == ["migrations/0001.py", "migrations/0002.py", "migrations/0003.py"]


TRAFFIC = {"kind": "nginx", "service": "nginx", "folder": "up", "upstreams": {"web": "api:8000"}}
SERVICES = {"web": {"command": ["web"], "port": 8000}}


@pytest.mark.parametrize(
    ("told", "rehearsed"),
    [
        ({"tier": "prod", "allow_forward_only": True}, True),
        ({"tier": "prod"}, False),
        ({"tier": "staging", "backup": {"prove": True}}, True),
        ({"tier": "staging"}, False),
        ({"tier": "prod", "allow_forward_only": True, "backup": {"off": True}}, False),
        ({"tier": "prod", "allow_forward_only": True, "strategy": "bluegreen", "traffic": TRAFFIC}, False),
        ({"tier": "staging", "runtime": "process", "service": SERVICES, "backup": {"prove": True}}, False),
    ],
)
def test_rehearsal_decides_only_where_one_comes(told: dict[str, Any], *, rehearsed: bool) -> None:
    """Nothing is promised where prod refuses, no backup is proven, nobody can be isolated, or two releases write."""
    environment = Environment.model_validate({"name": "x", "project": "x", "url": "http://127.0.0.1:1", **told})

    assert _is_rehearsed(environment) is rehearsed


def test_service_that_shares_a_history_may_state_what_fits_the_release_before() -> None:
    """Seen: only the first of two services was listened to, the one whose database is asked."""
    services = {
        "api": {"migrations": "alembic", "compatible_migrations": ["0002"]},
        "worker": {"migrations": "alembic", "compatible_migrations": ["0003"]},
    }
    told = {"name": "x", "project": "x", "url": "http://127.0.0.1:1", "service": services}
    file = SimpleNamespace(id="0004", source="# gonogo: compatible because a column that may be empty\n")
    standing: Any = SimpleNamespace(pending=(file, SimpleNamespace(id="0005", source="")))

    assert [*_stated(Environment.model_validate(told), [standing])] == ["0002", "0003", "0004"]
