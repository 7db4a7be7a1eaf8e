"""What the checks of artifacts and instances share."""

from __future__ import annotations

import pytest

from gonogo.checks.build.probing import code_roots, needs_python, target_path
from gonogo.config import Service


@pytest.mark.parametrize(
    ("code", "roots"),
    [
        ({".": "/app"}, ("/app",)),
        ({"app": "/srv/app/", "alembic.ini": "/srv/alembic.ini"}, ("/srv/app",)),
        ({"main.py": "/srv/main.py", "util.py": "/srv/util.py"}, ("/srv",)),
        ({"alembic.ini": "/srv/alembic.ini"}, ()),
        ({".": "/"}, ("/app",)),
        ({"app": "/"}, ("/jobs",)),
    ],
)
def test_code_roots(code: dict[str, str], roots: tuple[str, ...]) -> None:
    """Mapped folders, and the folders of mapped Python files; other files hold no bytecode."""
    assert code_roots(code, {"main.py", "util.py", "alembic.ini", "app/main.py", "app/jobs/a.py"}) == roots


def test_target_path() -> None:
    """A mapped path is where it lands; one that nothing maps is relative to the working folder."""
    assert target_path("alembic.ini", {".": "/app"}) == "/app/alembic.ini"
    assert target_path("alembic.ini", {"app": "/app/app"}) == "alembic.ini"


@pytest.mark.parametrize("configured", [{"framework": "flask"}, {"entrypoint": "jobs"}, {"migrations": "alembic"}])
def test_a_configured_application_needs_python(configured: dict[str, str]) -> None:
    """Whoever configures a framework, an entry point or migrations cannot be skipped for want of Python."""
    assert needs_python(Service.model_validate(configured))
    assert not needs_python(Service())
