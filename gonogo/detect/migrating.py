"""Which migration tool an application uses, and where its configuration stands."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from gonogo.detect.facts import Fact, guess
from gonogo.detect.tree import Tree

__all__ = ["Migrating", "alembic_of", "django_of"]

_ENV = re.compile(r"current_app|flask_migrate|from flask import")
_MIGRATE = re.compile(r"""extensions\[["']migrate["']\]|flask_migrate""")
_LOCATION = re.compile(r"(?m)^\s*script_location\s*=\s*(\S+)")


class Migrating:
    """A tool, its configuration, and what stands against using it."""

    def __init__(
        self, tool: Fact[str], config: Fact[str] | None = None, note: str = "", *, flask: bool = False
    ) -> None:
        """``tool`` is ``none`` where one is there that gonogo does not run; ``flask``: Flask-Migrate runs it."""
        self.tool = tool
        self.config = config
        self.note = note
        self.flask = flask
        self.command = ""


def alembic_of(tree: Tree, packages: Mapping[str, str], folder: str) -> Migrating | None:
    """Alembic's configuration nearest to a service's folder, where the package is asked for."""
    found = [path for path in tree.named("alembic.ini") if not tree.is_test(path)]
    found = found or [path for path in tree.named("pyproject.toml") if "[tool.alembic]" in tree.text(path)]
    if not found:
        return None
    path = min(found, key=lambda one: (not _is_below(one, folder), one.count("/"), one))
    scripts = _scripts(tree, path)
    where = tree.where(path, "script_location")
    env = f"{scripts}/env.py"
    if env not in tree:
        return None
    flask = packages.get("flask-migrate", "")
    if (flask and _ENV.search(tree.text(env))) or _MIGRATE.search(tree.text(env)):
        tool = Fact("alembic", f"{env}, {flask}") if flask else guess("alembic", f"{env} asks for Flask-Migrate")
        return Migrating(tool, Fact(path, where), flask=True)
    asked = packages.get("alembic", "") or next(
        (packages[n] for n in ("advanced-alchemy", "sqlmodel") if n in packages), ""
    )
    revisions = list(tree.below(f"{scripts}/versions", ".py"))
    proof = f"{where}, {asked}" if asked else where
    tool = Fact("alembic", proof) if asked and revisions else guess("alembic", f"{proof}; {len(revisions)} revisions")
    return Migrating(tool, Fact(path, where))


def _scripts(tree: Tree, path: str) -> str:
    """The folder of env.py: as the configuration says it, from its own folder or from the repository's."""
    match = _LOCATION.search(tree.text(path))
    here = posixpath.dirname(path)
    written = (match[1].strip("\"'") if match else ".").replace("%(here)s", ".")
    written = written.rpartition(":")[2].replace(".", "/") if ":" in written else written
    for base in (here, "", posixpath.dirname(here)):
        folder = posixpath.normpath(posixpath.join(base, written))
        if f"{folder}/env.py" in tree:
            return folder
    return (
        posixpath.normpath(here or ".")
        if f"{here}/env.py" in tree
        else posixpath.normpath(posixpath.join(here, written))
    )


def django_of(tree: Tree, packages: Mapping[str, str], folder: str) -> Migrating | None:
    """Django's manage.py nearest to a service's folder."""
    found = [path for path in tree.named("manage.py") if "django" in tree.text(path) and not tree.is_test(path)]
    if not found or "django" not in packages:
        return None
    path = min(found, key=lambda one: (not _is_below(one, folder), one.count("/"), one))
    return Migrating(Fact("django", f"{path}, {packages['django']}"), Fact(path, path))


def _is_below(path: str, folder: str) -> bool:
    return folder in {"", "."} or path.startswith(f"{folder}/")
