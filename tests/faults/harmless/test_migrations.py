"""Migrations that are well, in forms that nobody here chose, and the one fault beside each; runtime ``process``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.deploy.conftest import GREEN, App

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900), pytest.mark.thorough]

PYPROJECT = """\
[tool.alembic]
script_location = "%(here)s/db"
recursive_version_locations = true
"""
ENV = """\
import os

print("production")

from alembic import context
from sqlalchemy import create_engine

from models import metadata

if context.is_offline_mode():
    context.configure(dialect_name="sqlite", target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
else:
    with create_engine(os.environ["DATABASE_URL"]).connect() as connection:
        context.configure(connection=connection, target_metadata=metadata)
        with context.begin_transaction():
            context.run_migrations()
"""
MODELS = """\
from sqlalchemy import Column, Integer, MetaData, Table, Text

metadata = MetaData()
Table("lamps", metadata, Column("id", Integer, primary_key=True){columns})
"""
FIRST = """\
import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade():
    op.create_table("lamps", sa.Column("id", sa.Integer, primary_key=True))
"""
NEXT = """\
import sqlalchemy as sa
from alembic import op

revision: str = "{name}"
down_revision: str | None = "{parent}"


def upgrade() -> None:
    {operation}
"""
NOTE = 'op.add_column("lamps", sa.Column("note", sa.Text))'


class Shop(App):
    """A small application with a database of its own."""

    def write(self, files: dict[str, str]) -> None:
        """Write files below the repository."""
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def ended(self) -> tuple[int, dict[str, str], dict[str, Any]]:
        """Deploy: the exit code, step → what it said, and the record."""
        ended = self.finish(self.start("deploy", "--env", "test", "--json"), timeout=600)
        record = ended.json()
        steps = {step["name"]: step["said"] for step in record.get("steps", ())}
        return ended.code, steps, record

    def red(self) -> tuple[str, str, set[str]]:
        """Deploy what must be refused before the first touch: its code, what was found, and the steps that ran."""
        code, steps, record = self.ended()
        assert code == 1, record
        assert record["first_touch"] is None
        cause = record["causes"][0]
        return cause["code"], cause["found"], set(steps)


@pytest.fixture(scope="module")
def alembic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """An application whose env.py prints, whose configuration stands in pyproject.toml, and whose revisions in years."""
    folder = tmp_path_factory.mktemp("alembic")
    app = Shop(folder)
    configure(app, 'migrations = "alembic"', "alembic", tier="prod")
    (app.root / ".env").write_text(f"DATABASE_URL=sqlite:///{folder}/shop.db\nPYTHONPATH=.\n")
    app.write({"pyproject.toml": PYPROJECT, "db/env.py": ENV, "models.py": MODELS.format(columns="")})
    app.write({"db/versions/2025/0001.py": FIRST})
    app.pages(GREEN)
    yield app
    app.close()


def configure(app: Shop, service: str, package: str, **options: str) -> None:
    """Write gonogo.toml with a service that migrates."""
    options["options"] = 'env_file = ".env"\nattempts = 1\nmax_downtime = "1h"'
    app.configure(packages=(package,), **options)
    toml = app.root / "gonogo.toml"
    text = toml.read_text().replace("[service.web]\n", f"[service.web]\n{service}\n")
    toml.write_text(text)


def test_alembic_in_other_forms_is_deployed_twice(alembic: Shop) -> None:
    """Whatever is printed and wherever the configuration and the revisions stand: GO, and what is said was looked at."""
    first, first_steps, _ = alembic.ended()
    alembic.write({"models.py": MODELS.format(columns=', Column("note", Text)')})
    alembic.write({"db/versions/2026/0002.py": NEXT.format(name="0002", parent="0001", operation=NOTE)})
    alembic.commit("note")
    second, steps, record = alembic.ended()
    third, again, _ = alembic.ended()

    assert (first, second, third) == (0, 0, 0), record
    assert first_steps["migrate"] == "web: its database stands at 0001"
    assert steps["migrate"] == "web: its database stands at 0001 → 0002"
    assert again["migrate"] == "web: nothing was pending, its database stands at 0002"
    checks = [check for step in record["steps"] for check in (step["gate"] or {}).get("checks", ())]
    (sql,) = (check for check in checks if check["code"] == "P35[web]")
    assert sql["outcome"] == "passed"
    assert sql["evidence"][0]["value"].strip() == "-- 0002\nALTER TABLE lamps ADD COLUMN note TEXT;"


def test_a_revision_that_calls_what_is_not_there_is_red(alembic: Shop) -> None:
    """B19: its SQL is written in the artifact, and that does not work."""
    wrong = NEXT.format(name="0003", parent="0002", operation='op.add_column("lamps", Column("hue", sa.Text))')
    alembic.write({"db/versions/2026/0003.py": wrong})
    toml = (alembic.root / "gonogo.toml").read_text()
    stated = toml.replace("[service.web]\n", '[service.web]\ncompatible_migrations = ["0003"]\n')
    alembic.write({"gonogo.toml": stated})
    alembic.commit("wrong")
    code, found, steps = alembic.red()
    alembic.git("reset", "-q", "--hard", "HEAD~1")

    assert (code, "migrate" in steps) == ("B19[web]", False)
    assert "found 0003: NameError: name 'Column' is not defined (" in found


def test_a_column_without_a_migration_is_red(alembic: Shop) -> None:
    """B20: the model was changed and nobody wrote the migration."""
    alembic.write({"models.py": MODELS.format(columns=', Column("note", Text), Column("colour", Text)')})
    alembic.commit("colour")
    code, found, steps = alembic.red()
    alembic.git("reset", "-q", "--hard", "HEAD~1")

    assert (code, "migrate" in steps) == ("B20[web]", False)
    assert found == (
        "models: found lamps.colour, which neither the database nor a pending migration has; "
        "expected a migration that makes it"
    )


def test_an_env_py_that_cannot_be_imported_is_red(alembic: Shop) -> None:
    """B19: it was found in `migrate`, after the first touch."""
    alembic.write({"db/env.py": ENV.replace("from models import", "from modles import")})
    alembic.commit("typo")
    code, found, _ = alembic.red()
    alembic.git("reset", "-q", "--hard", "HEAD~1")

    assert code == "B19[web]"
    assert "found ModuleNotFoundError: No module named 'modles' (" in found


def test_an_env_py_that_only_python_m_could_import_is_red(alembic: Shop) -> None:
    """B19: the program ``alembic`` does not look for modules in the folder where it runs; nothing else says to."""
    settings = alembic.root / ".env"
    before = settings.read_text()
    settings.write_text(before.replace("PYTHONPATH=.\n", ""))
    code, found, steps = alembic.red()
    settings.write_text(before)

    assert (code, "migrate" in steps) == ("B19[web]", False)
    assert "No module named 'models'" in found


def test_a_change_without_a_way_back_is_red_before_the_build(alembic: Shop) -> None:
    """P34 in prod: a dropped column, with the way out in the remedy."""
    drop = NEXT.format(name="0003", parent="0002", operation='op.drop_column("lamps", "note")')
    alembic.write({"db/versions/2026/0003.py": drop, "models.py": MODELS.format(columns="")})
    alembic.commit("drop")
    code, found, steps = alembic.red()
    alembic.git("reset", "-q", "--hard", "HEAD~1")

    assert (code, "build" in steps) == ("P34", False)
    assert found.startswith("forward-only: pending 0003: 0003: op.drop_column")


def test_a_revision_that_the_commit_lacks_is_red_before_the_build(alembic: Shop) -> None:
    """P32: a branch from before the migration that runs already."""
    alembic.git("rm", "-q", "db/versions/2026/0002.py")
    alembic.commit("older")
    code, found, steps = alembic.red()
    alembic.git("reset", "-q", "--hard", "HEAD~1")

    assert (code, "build" in steps) == ("P32", False)
    assert found == ("the database of web: found revision 0002, expected one that this commit has (its heads: 0001)")


READINESS = """

import sqlite3

HEAD = "{head}"


def ready(self):
    with sqlite3.connect(os.environ["DATABASE_URL"].removeprefix("sqlite:///")) as database:
        (found,) = database.execute("select version_num from alembic_version").fetchone()
    well = found == HEAD
    body = json.dumps({{"status": "pass" if well else "fail", "checks": {{"migrations": "pass" if well else "fail"}}}})
    self.send_response(200 if well else 503)
    self.send_header("Content-Length", str(len(body)))
    self.end_headers()
    self.wfile.write(body.encode())


def answer(self, plain=Handler.do_GET):
    return ready(self) if self.path == "/readyz" else plain(self)


Handler.do_GET = answer
"""


def readiness(app: Shop, head: str, *, page: int) -> None:
    """Commit an application whose readiness wants this head exactly."""
    app.pages({**GREEN, "/page": (page, "hello")})
    text = (app.root / "app.py").read_text()
    app.write({"app.py": text.replace("\nif __name__", f"{READINESS.format(head=head)}\n\nif __name__")})
    app.commit(f"wants {head}")


def test_a_readiness_that_wants_its_own_head_is_no_good_rollback(tmp_path: Path) -> None:
    """An additive migration was foreseen to leave the old release unready: it is back, serves, and the run says 6."""
    app = Shop(tmp_path)
    configure(app, 'migrations = "alembic"', "alembic")
    toml = app.root / "gonogo.toml"
    toml.write_text(toml.read_text().replace('live = "/healthz"', 'live = "/healthz", ready = "/readyz"'))
    (app.root / ".env").write_text(f"DATABASE_URL=sqlite:///{tmp_path}/shop.db\nPYTHONPATH=.\n")
    app.write({"pyproject.toml": PYPROJECT, "db/env.py": ENV, "models.py": MODELS.format(columns="")})
    app.write({"db/versions/0001.py": FIRST})
    try:
        readiness(app, "0001", page=200)
        first, _, _ = app.ended()
        app.write({"models.py": MODELS.format(columns=', Column("note", Text)')})
        app.write({"db/versions/0002.py": NEXT.format(name="0002", parent="0001", operation=NOTE)})
        readiness(app, "0002", page=500)
        code, _, record = app.ended()
        text, status = app.serving_text(), app.ask("/readyz")
    finally:
        app.close()

    assert (first, code) == (0, 6), record
    assert "readiness has migrations: where that answers 503 on a schema that is ahead" in record["ladder"]
    assert (text, status[0] if status else None) == ("hello", 503)
    assert "D09[GET /page]" in {cause["code"] for cause in record["causes"]}
    assert "D07" in {check["code"] for check in record["verified"]["checks"] if check["outcome"] == "failed"}


def test_commit_without_the_migration_is_deployed_after_a_rollback(tmp_path: Path) -> None:
    """The team reverts the whole change after the rollback: the schema stays ahead, and nothing is migrated."""
    app = Shop(tmp_path)
    configure(app, 'migrations = "alembic"', "alembic", tier="prod")
    (app.root / ".env").write_text(f"DATABASE_URL=sqlite:///{tmp_path}/shop.db\nPYTHONPATH=.\n")
    app.write({"pyproject.toml": PYPROJECT, "db/env.py": ENV, "models.py": MODELS.format(columns="")})
    app.write({"db/versions/0001.py": FIRST})
    try:
        app.pages(GREEN)
        first, _, _ = app.ended()
        app.write({"models.py": MODELS.format(columns=', Column("note", Text)')})
        app.write({"db/versions/0002.py": NEXT.format(name="0002", parent="0001", operation=NOTE)})
        app.pages({**GREEN, "/page": (500, "hello")})
        back, _, _ = app.ended()
        app.git("revert", "--no-edit", "HEAD")
        app.pages({**GREEN, "/new": (200, "new")})
        code, steps, record = app.ended()
        again, _, _ = app.ended()
        app.write({"db/versions/0003.py": NEXT.format(name="0003", parent="0001", operation=NOTE)})
        app.commit("another line")
        cause = app.red()[:2]
    finally:
        app.close()

    said = {check["code"]: check for step in record["steps"] for check in (step["gate"] or {}).get("checks", ())}
    assert (first, back, code, again) == (0, 1, 0, 0), record
    assert steps["migrate"] == "web: nothing was pending, its database stands at 0002"
    assert (
        said["P32"]["found"] == "the schema is ahead of this commit (0002), as a rollback left it: nothing is migrated"
    )
    assert said["D12[web]"]["found"] == "the schema is ahead of the release: 0002, accepted after a rollback"
    assert cause == (
        "P32",
        "the database of web: found revision 0002, expected one that this commit has (its heads: 0003)",
    )


MANAGE = """\
import os, sys

print("settings of production")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
from django.core.management import execute_from_command_line

execute_from_command_line(sys.argv)
"""
SETTINGS = """\
import os

SECRET_KEY = os.environ["SECRET_KEY"]
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "lamps"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DATABASE"]}}
ROOT_URLCONF = "shop.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
"""
URLS = """\
from django.http import JsonResponse
from django.urls import path

from lamps.models import Lamp


def page(request):
    return JsonResponse({"status": "ok", "text": "hello", "lamps": list(Lamp.objects.values())})


urlpatterns = [path("page", page), path("healthz", page)]
"""
SERVE = """\
import os
from wsgiref.simple_server import WSGIRequestHandler, make_server

os.environ["DJANGO_SETTINGS_MODULE"] = "shop.settings"
from django.core.wsgi import get_wsgi_application


class Quiet(WSGIRequestHandler):
    def log_message(self, *words):
        pass


make_server("127.0.0.1", int(os.environ["PORT"]), get_wsgi_application(), handler_class=Quiet).serve_forever()
"""
LAMP = "from django.db import models\n\n\nclass Lamp(models.Model):\n    name = models.TextField(null=True)\n"
INITIAL = """\
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Lamp",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.TextField(null=True)),
            ],
        ),
    ]
"""
ADDED = """\
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("lamps", "0001_initial")]
    operations = [migrations.AddField(model_name="lamp", name="{name}", field=models.TextField(null=True))]
"""


@pytest.fixture(scope="module")
def django(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A Django application with its own migrations and those of what is installed."""
    folder = tmp_path_factory.mktemp("django")
    app = Shop(folder)
    configure(app, 'migrations = "django"', "django>=5", tier="prod")
    (app.root / ".env").write_text(f"DATABASE={folder}/shop.db\nSECRET_KEY=4b8e1c7d9f20a35e6b7c8d9e0f1a2b3c\n")
    files = {"manage.py": MANAGE, "shop/settings.py": SETTINGS, "shop/urls.py": URLS, "lamps/models.py": LAMP}
    empty = dict.fromkeys(("shop/__init__.py", "lamps/__init__.py", "lamps/migrations/__init__.py"), "")
    app.write({**files, **empty, "lamps/migrations/0001_initial.py": INITIAL})
    app.pages(GREEN)
    app.write({"app.py": SERVE})
    app.commit("django")
    yield app
    app.close()


def test_django_migrates_as_alembic_does(django: Shop) -> None:
    """What is pending is asked of Django in the artifact, run by the migrate move, and proven by D12."""
    first, first_steps, record = django.ended()
    assert first == 0, record
    django.write({"lamps/models.py": f"{LAMP}    note = models.TextField(null=True)\n"})
    django.write({"lamps/migrations/0002_note.py": ADDED.format(name="note")})
    django.commit("note")
    second, steps, record = django.ended()
    asked = {
        check["code"]: check["outcome"] for step in record["steps"] for check in (step["gate"] or {}).get("checks", ())
    }

    assert second == 0, record
    assert "lamps.0001_initial" in first_steps["migrate"]
    assert steps["migrate"].endswith("lamps.0002_note")
    assert {asked[code] for code in ("B15[web]", "B19[web]", "B20[web]", "D12[web]")} == {"passed"}
    assert record["ladder"].startswith("pending lamps.0002_note (reading them shows that they only add)")


def test_a_field_without_a_migration_is_red(django: Shop) -> None:
    """B20: what makemigrations would write, and would not have written for the serving release."""
    django.write(
        {"lamps/models.py": f"{LAMP}    note = models.TextField(null=True)\n    hue = models.TextField(null=True)\n"}
    )
    django.commit("hue")
    code, found, _ = django.red()
    django.git("reset", "-q", "--hard", "HEAD~1")

    assert (code, found) == (
        "B20[web]",
        "models: found lamps: Add field hue to lamp without a migration; expected one for each change",
    )


def test_two_leaves_are_red_with_their_remedy(django: Shop) -> None:
    """B15: two branches that each added a migration."""
    django.write({"lamps/migrations/0002_other.py": ADDED.format(name="other")})
    django.commit("other")
    _, _, record = django.ended()
    cause = record["causes"][0]
    django.git("reset", "-q", "--hard", "HEAD~1")

    assert (cause["code"], cause["remedy"]) == ("B15[web]", "python manage.py makemigrations --merge")
    assert "conflicting migrations, several leaves: lamps: 0002_note, 0002_other" in cause["found"]
