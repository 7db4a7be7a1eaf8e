"""The example applications, and what three releases of each are: the first, one with a migration, a broken one."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.edits import Edit, Put, Replace

__all__ = ["DJANGO", "FLASK", "Example"]

_EXAMPLES = Path(__file__).parents[2] / "examples"
_PLACES = '''\
"""Places: where visitors came from."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the nullable place of an entry."""
    op.add_column("entries", sa.Column("place", sa.String(80), nullable=True))


def downgrade() -> None:
    """Drop the place of an entry."""
    op.drop_column("entries", "place")
'''
_SHELVES = '''\
"""Shelves: where a book stands."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Add the nullable shelf of a book."""

    dependencies = [("books", "0001_initial")]
    operations = [migrations.AddField("book", "shelf", models.CharField(max_length=20, null=True))]
'''


@dataclass(frozen=True, kw_only=True)
class Example:
    """One of the applications."""

    name: str
    folder: Path
    images: tuple[str, ...]
    secrets: tuple[str, ...]
    addresses: tuple[str, str]
    """Where it answers under Compose, and as processes."""
    migrated: tuple[Edit, ...]
    """An additive migration, and code that uses it."""
    page: str
    """A page that no configuration names."""
    broken: tuple[Edit, ...]
    """After it that page is answered with 500."""

    def copy(self, root: Path) -> None:
        """Write its tracked files below a folder."""
        command = ["git", "ls-files", "-z"]
        listed = subprocess.run(command, cwd=self.folder, check=True, capture_output=True, text=True)
        for name in filter(None, listed.stdout.split("\0")):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(self.folder / name, root / name)


FLASK = Example(
    name="guestbook",
    folder=_EXAMPLES / "flask",
    images=("python:3.11-slim", "postgres:15", "nginx:1"),
    secrets=("POSTGRES_PASSWORD", "ADMIN_PASSWORD"),
    addresses=("http://127.0.0.1:8080", "http://127.0.0.1:8001"),
    migrated=(
        Put("migrations/versions/0003_places.py", _PLACES),
        Replace(
            "guestbook/models.py",
            "    message: Mapped[str]",
            "    place: Mapped[str | None] = mapped_column(String(80))\n    message: Mapped[str]",
        ),
        Replace("guestbook/templates/home.html", "{{ entry.name }}<", "{{ entry.name }} {{ entry.place or '' }}<"),
    ),
    page="/thanks",
    broken=(Replace("guestbook/templates/thanks.html", "'pages.home'", "'pages.index'"),),
)
DJANGO = Example(
    name="library",
    folder=_EXAMPLES / "django",
    images=("python:3.11-slim", "postgres:15"),
    secrets=("POSTGRES_PASSWORD", "SECRET_KEY"),
    addresses=("http://127.0.0.1:8090", "http://127.0.0.1:8002"),
    migrated=(
        Put("books/migrations/0002_shelves.py", _SHELVES),
        Replace(
            "books/models.py",
            "    author = models.F",
            "    shelf = models.CharField(max_length=20, null=True)\n    author = models.F",
        ),
        Replace(
            "books/templates/books/book.html", "{{ book.author }}", "{{ book.author }} {{ book.shelf|default:'' }}"
        ),
    ),
    page="/authors/",
    broken=(Replace("books/views.py", 'Count("books")', 'Count("book")'),),
)
