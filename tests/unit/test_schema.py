"""gonogo.schema: which services would run migrations by themselves on the way back."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gonogo.config import TeamStep
from gonogo.host import LocalHost
from gonogo.inspection.contents import manifest_of
from gonogo.schema import _migrates_itself, _runs_migrations, _unread
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
    """A one-shot migration that stays aside on the way back cannot refuse the newer schema; any other one can."""
    work: Any = SimpleNamespace(runtime=Runtime(entry), place=None, host=None)
    release: Any = None

    assert (_migrates_itself(work, release, aside=aside) is not None) is found


@pytest.mark.parametrize(
    ("run", "found"), [("docker compose exec web python manage.py migrate", True), ("true", False)]
)
def test_step_of_the_team_may_migrate(run: str, *, found: bool) -> None:
    """A step that migrates counts as the release's own start does."""
    step = TeamStep.model_validate({"name": "schema", "after": "start", "run": run})
    environment = SimpleNamespace(step=(step,))
    place = SimpleNamespace(environment=environment)
    work: Any = SimpleNamespace(runtime=Runtime({"web": ("gunicorn",)}), place=place, host=None, release=None)

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
    release = SimpleNamespace(worktree=top, source_root=lambda _: top / folder)
    project = SimpleNamespace(app=SimpleNamespace(root="."))
    place = SimpleNamespace(environment=SimpleNamespace(step=(), service={}), project=project)
    work: Any = SimpleNamespace(runtime=runtime, place=place, host=LocalHost(), release=release)
    serving: Any = SimpleNamespace(assumed=True)

    assert _unread(work, serving) == [(Path(folder) / names[1]).as_posix()]
