"""gonogo.schema: which services would run migrations by themselves on the way back."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gonogo.config import TeamStep
from gonogo.schema import _migrates_itself, _runs_migrations

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
