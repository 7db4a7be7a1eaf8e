"""``gonogo init`` without Docker: three applications from nothing, and then the real ``gonogo deploy`` is GO.

Each names its start in another way: a Procfile (Flask with Flask-Migrate, and a worker), the README (FastAPI, flat
pyproject.toml), nothing but ``manage.py`` (Django). Nothing that init writes is mended by hand.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from gonogo.demo.ports import free_port
from tests.support.gates import IDENTITY

__all__: list[str] = []

pytestmark = [pytest.mark.integration, pytest.mark.timeout(480)]  # what they need is installed from the package index

FLASK = """\
import os

from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()
migrate = Migrate()


class Item(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(50))


def create_app():
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = os.environ.get("DATABASE_URL") or "sqlite:///shop.db"
    db.init_app(app)
    migrate.init_app(app, db)

    @app.get("/")
    def home():
        return {"items": db.session.query(Item).count()}

    @app.get("/healthz")
    def healthz():
        return {"status": "ok"}

    return app
"""
FIRST = """\
import sqlalchemy as sa
from alembic import op

revision = "a1"
down_revision = None


def upgrade():
    op.create_table("item", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("name", sa.String(50)))


def downgrade():
    op.drop_table("item")
"""
SECOND = """\
import sqlalchemy as sa
from alembic import op

revision = "b2"
down_revision = "a1"


def upgrade():
    op.add_column("item", sa.Column("price", sa.Integer()))


def downgrade():
    op.drop_column("item", "price")
"""
ENV = """\
from alembic import context
from flask import current_app

database = current_app.extensions["migrate"].db


def offline():
    context.configure(url=str(database.engine.url), target_metadata=database.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


def online():
    with database.engine.connect() as connection:
        options = current_app.extensions["migrate"].configure_args
        context.configure(connection=connection, target_metadata=database.metadata, **options)
        with context.begin_transaction():
            context.run_migrations()


offline() if context.is_offline_mode() else online()
"""
FLASK_SHOP = {
    "Procfile": "web: flask db upgrade; gunicorn -w 1 -b 0.0.0.0:{port} wsgi:app\nworker: python worker.py\nrelease: x\n",
    "requirements.txt": "flask\nflask-migrate\nflask-sqlalchemy\ngunicorn\n",
    "wsgi.py": "from shop import create_app\n\napp = create_app()\n",
    "shop/__init__.py": FLASK,
    "worker.py": "import threading\n\nthreading.Event().wait()\n",
    "migrations/alembic.ini": "# A generic, single database configuration.\n\n[alembic]\n",
    "migrations/env.py": ENV,
    "migrations/versions/a1_.py": FIRST,
    ".gitignore": ".env\n",
    ".env.example": "DATABASE_URL=\n",
}
FASTAPI_SHOP = {
    "README.md": "# Shop\n\n```bash\npip install .\nuvicorn main:app --reload --port {port}\n```\n",
    "pyproject.toml": '[project]\nname = "tiny-shop"\nversion = "1"\ndependencies = ["fastapi", "uvicorn"]\n',
    "main.py": "from fastapi import FastAPI\n\nfrom items import router\n\napp = FastAPI()\napp.include_router(router)\n",
    "items.py": "from fastapi import APIRouter\n\nrouter = APIRouter(prefix='/items')\n\n\n"
    "@router.get('')\ndef items():\n    return []\n\n\n@router.get('/health')\ndef health():\n    return {{}}\n",
}
SETTINGS = """\
import os

SECRET_KEY = os.environ.get("SECRET_KEY", "only-for-a-desk")
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "items"]
ROOT_URLCONF = "shop.urls"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["DATABASE_PATH"]}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
"""
URLS = """\
from django.http import JsonResponse
from django.urls import path

from items.models import Item

urlpatterns = [path("health/", lambda request: JsonResponse({"items": Item.objects.count()}))]
"""
MANAGE = """\
import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
"""
WSGI = """\
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
application = get_wsgi_application()
"""
ITEMS = """\
from django.db import migrations, models

ID = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [migrations.CreateModel("Item", [("id", ID)])]
"""
DJANGO_SHOP = {
    "backend/manage.py": MANAGE,
    "backend/requirements.txt": "django\ngunicorn\n",
    "backend/shop/__init__.py": "",
    "backend/shop/settings.py": SETTINGS,
    "backend/shop/urls.py": URLS,
    "backend/shop/wsgi.py": WSGI,
    "backend/items/__init__.py": "",
    "backend/items/models.py": "from django.db import models\n\n\nclass Item(models.Model):\n    pass\n",
    "backend/items/migrations/__init__.py": "",
    "backend/items/migrations/0001_initial.py": ITEMS,
    ".gitignore": ".env\n",
    "backend/.env.sample": "DATABASE_PATH=\nPORT={port}\n",
}


class Shop:
    """A repository, and the real command line in it; its releases stand in a folder of the test's."""

    def __init__(self, folder: Path, files: Mapping[str, str]) -> None:
        """Make it with one commit; ``{port}`` in its files is a free one."""
        self.root, self.state, self.port = folder / "shop", folder / "state", free_port()
        self.environ = {**os.environ, **IDENTITY, "XDG_STATE_HOME": str(self.state)}
        self.write({name: text.replace("{port}", str(self.port)).replace("{{}}", "{}") for name, text in files.items()})
        self.run("git", "init", "--quiet", "--initial-branch=main")
        self.commit()

    def write(self, files: Mapping[str, str]) -> None:
        """Write files, committed by nobody yet."""
        for name, text in files.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text, encoding="utf-8")

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command there."""
        ended = {"cwd": self.root, "env": self.environ, "text": True, "capture_output": True}
        return subprocess.run(words, stdin=subprocess.DEVNULL, check=False, timeout=300, **ended)  # type: ignore[call-overload,no-any-return]

    def commit(self) -> None:
        """Commit everything."""
        self.run("git", "add", "--all")
        done = self.run("git", "commit", "--quiet", "--message", "change")
        assert done.returncode == 0, done.stderr

    def init(self) -> dict[str, Any]:
        """``gonogo init --yes``, a commit; returns what was written."""
        ended = self.run(sys.executable, "-P", "-m", "gonogo", "init", "--yes", "--env", "local")
        assert ended.returncode == 0, ended.stderr
        self.commit()
        return tomllib.loads((self.root / "gonogo.toml").read_text(encoding="utf-8"))

    def deploy(self) -> dict[str, Any]:
        """``gonogo deploy``; returns its record, which must be GO with no red check and no warning."""
        ended = self.run(sys.executable, "-P", "-m", "gonogo", "deploy", "--env", "local", "--json")
        record: dict[str, Any] = json.loads(ended.stdout)
        checks = [check for step in record["steps"] if step["gate"] for check in step["gate"]["checks"]]
        bad = [check for check in checks if check["outcome"] not in {"passed", "skipped"}]

        assert (ended.returncode, record["ending"].split("  ")[0]) == (0, "GO"), ended.stderr
        assert bad == []
        return record

    def close(self) -> None:
        """End every instance by its own pid."""
        for path in self.state.glob("**/instances/*.json"):
            try:
                process = psutil.Process(int(json.loads(path.read_text())["pid"]))
                for one in [*process.children(recursive=True), process]:
                    one.kill()
                process.wait(10)
            except (psutil.Error, KeyError, ValueError):
                continue


@pytest.fixture
def shop(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Shop]:
    """The repository that the test's parameter describes."""
    made = Shop(tmp_path, request.param)
    yield made
    made.close()


@pytest.mark.thorough
@pytest.mark.parametrize("shop", [FLASK_SHOP], indirect=True)
def test_flask_with_a_procfile_goes_twice(shop: Shop) -> None:
    """Its server, worker and Flask-Migrate are known; the second release brings a migration, which is judged."""
    (shop.root / ".env").write_text(f"DATABASE_URL=sqlite:///{shop.root.parent}/shop.db\n")
    written = shop.init()

    assert written["app"] == {"name": "shop", "required": ["wsgi.py"]}
    assert written["service"] == {
        "web": {
            "command": "gunicorn --bind 127.0.0.1:{port} -w 1 wsgi:app",
            "port": shop.port,
            "framework": "flask",
            "entrypoint": "wsgi:app",
            "min_routes": 1,
            "migrations": "alembic",
            "migrations_config": "migrations/alembic.ini",
        },
        "worker": {"command": "{python} worker.py"},
    }
    assert written["env"]["local"] == {
        "tier": "dev",
        "runtime": "process",
        "project": "shop-local",
        "env_file": ".env",
        "health": {"live": "/healthz"},
        "commands": {"migrate": "flask --app wsgi:app db upgrade"},
    }
    shop.deploy()
    shop.write(
        {
            "migrations/versions/b2_.py": SECOND,
            "shop/__init__.py": FLASK.replace("50))\n", "50))\n    price = db.Column(db.Integer)\n"),
        }
    )
    shop.commit()
    migrated = next(step["said"] for step in shop.deploy()["steps"] if step["name"] == "migrate")

    assert migrated == "web: its database stands at a1 → b2"


@pytest.mark.parametrize("shop", [FASTAPI_SHOP], indirect=True)
@pytest.mark.thorough
def test_fastapi_of_a_readme_goes(shop: Shop) -> None:
    """The README's command without its reloader; what pyproject.toml asks for is installed."""
    written = shop.init()

    assert written["app"] == {"name": "tiny-shop", "required": ["main.py"]}
    assert written["service"]["web"] == {
        "command": "uvicorn --host 127.0.0.1 --port {port} main:app",
        "port": shop.port,
        "framework": "fastapi",
        "entrypoint": "main:app",
        "min_routes": 1,
    }
    assert written["env"]["local"]["health"] == {"live": "/items/health"}
    shop.deploy()


@pytest.mark.thorough
@pytest.mark.parametrize("shop", [DJANGO_SHOP], indirect=True)
def test_django_that_names_no_command_goes(shop: Shop) -> None:
    """manage.py's own WSGI module under the server that is asked for; the folder it stands in is the application's."""
    (shop.root / "backend/.env").write_text(f"DATABASE_PATH={shop.root.parent}/shop.db\n")
    written = shop.init()

    assert written["app"] == {"name": "shop", "root": "backend", "required": ["shop/wsgi.py"]}
    assert written["service"]["web"] == {
        "command": "gunicorn --bind 127.0.0.1:{port} shop.wsgi:application",
        "port": shop.port,
        "framework": "django",
        "entrypoint": "shop.wsgi:application",
        "migrations": "django",
    }
    assert written["env"]["local"]["health"] == {"live": "/health/"}
    shop.deploy()
