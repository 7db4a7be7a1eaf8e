"""What ``gonogo init`` finds out of applications that run as plain processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from gonogo.detect.facts import Found, Given
from gonogo.detect.processes import survey_processes
from gonogo.detect.tree import Tree
from gonogo.errors import UsageError
from gonogo.host.runner import LocalHost

__all__: list[str] = []

APP = "from flask import Flask\n\napp = Flask(__name__)\n\n\n@app.get('/healthz')\ndef up():\n    return 'up'\n"
API = "from fastapi import FastAPI\n\napp = FastAPI()\n"
DJANGO = 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\nfrom django.core import management\n'
WSGI = "from django.core.wsgi import get_wsgi_application\n\napplication = get_wsgi_application()\n"
SERVED = {"requirements.txt": "flask\ngunicorn\n", "app.py": APP}


def look(files: dict[str, str], **given: object) -> Found:
    """Look at a repository called ``shop`` that stands in memory."""
    said = Given(**{"env": "local", **given})  # type: ignore[arg-type]
    return survey_processes(Path("/nowhere/shop"), Tree.of(files), said, LocalHost(timeout=20.0))


def command(found: Found, name: str = "web") -> str:
    """How a service is started."""
    service = next(one for one in found.services if one.name == name)
    assert service.command is not None
    return service.command.value


UNIT = "[Service]\nWorkingDirectory=/srv/shop\nEnvironment=MODE=live\nExecStart=/srv/shop/venv/bin/gunicorn -w 3 -b :8020 app:app\n"
BEAT = "[Service]\nExecStart=/srv/shop/venv/bin/celery -A tasks beat\n"
SUPERVISOR = "[program:shop]\ncommand=/srv/venv/bin/gunicorn -b localhost:8001 app:app\ndirectory=/srv\n\n[program:jobs]\ncommand=rq worker\n"
DOCKERFILE = 'FROM python:3.12\nWORKDIR /app\nCOPY . .\nEXPOSE 5001\nCMD ["gunicorn", "app:app"]\n'


@pytest.mark.parametrize(
    ("more", "said", "port", "where"),
    [
        ({"Procfile": "web: gunicorn app:app --log-file -\n"}, "gunicorn --bind 127.0.0.1:{port} app:app --log-file -", 0, "Procfile:1"),
        ({"deploy/shop.service": UNIT}, "env MODE=live gunicorn --bind 127.0.0.1:{port} -w 3 app:app", 8020, "deploy/shop.service:4"),
        ({"supervisor.conf": SUPERVISOR}, "gunicorn --bind 127.0.0.1:{port} app:app", 8001, "supervisor.conf:2"),
        ({"Dockerfile": DOCKERFILE}, "gunicorn --bind 127.0.0.1:{port} app:app", 5001, "Dockerfile:5"),
        ({"run.sh": "#!/bin/sh\nset -e\nexec gunicorn -b 0.0.0.0:9001 app:app\n"}, "gunicorn --bind 127.0.0.1:{port} app:app", 9001, "run.sh:3"),
        ({"Makefile": "run:\n\tgunicorn -b :9002 app:app\n"}, "gunicorn --bind 127.0.0.1:{port} app:app", 9002, "Makefile:2"),
        ({"README.md": "Try:\n\n    $ gunicorn -b :9003 app:app\n"}, "gunicorn --bind 127.0.0.1:{port} app:app", 9003, "README.md:3"),
        ({"render.yaml": "services:\n  - startCommand: gunicorn -b :9004 app:app\n"}, "gunicorn --bind 127.0.0.1:{port} app:app", 9004, "render.yaml:2"),
        ({}, "gunicorn --bind 127.0.0.1:{port} app:app", 0, "app.py:3"),
    ],
)  # fmt: skip
def test_a_start_is_found_wherever_it_is_named(more: dict[str, str], said: str, port: int, where: str) -> None:
    """Command, port, and the line that says it; a port that nothing names is only likely."""
    web = look({**SERVED, **more}).services[0]

    assert web.command is not None
    assert (web.command.value, web.command.where) == (said, where)
    assert web.port is not None
    assert (web.port.value, web.port.sure) == (port, where != "Dockerfile:5") if port else not web.port.sure


def test_a_server_that_is_installed_comes_before_one_for_a_desk() -> None:
    """README and script name what a desk starts; the application asks for gunicorn."""
    script = f"{APP}\nif __name__ == '__main__':\n    app.run(debug=True)\n"
    by_readme = look({**SERVED, "README.md": "```\nflask run\n```\n"})
    by_script = look({**SERVED, "app.py": script, "README.md": "```\npython app.py\n```\n"})
    without = look({"requirements.txt": "flask\n", "app.py": script, "README.md": "```\npython app.py\n```\n"})

    assert command(by_readme) == command(by_script) == "gunicorn --bind 127.0.0.1:{port} app:app"
    assert command(without) == "flask --app app:app run --host 127.0.0.1 --port {port}"


def test_a_script_that_no_server_can_take_is_run_as_it_is() -> None:
    """Socket.IO's own server, on the port that the script itself names."""
    text = f"from flask_socketio import SocketIO\n{APP}\nsocketio = SocketIO(app)\nsocketio.run(app, port=5005)\n"
    found = look({"requirements.txt": "flask\nflask-socketio\n", "app.py": text, "Procfile": "web: python app.py\n"})

    assert command(found) == "{python} app.py"
    assert found.services[0].port is not None
    assert found.services[0].port.value == 5005


def test_workers_are_services_without_a_port() -> None:
    """Those of the file that names the server, else of another that names all programs."""
    named = look(
        {
            **SERVED,
            "Procfile": "web: gunicorn app:app\njobs: celery -A tasks worker -l INFO\nrelease: flask db upgrade\n",
        }
    )
    units = look({**SERVED, "shop.service": UNIT, "shop-beat.service": BEAT})
    supervised = look({**SERVED, "supervisor.conf": SUPERVISOR})

    assert [(one.name, one.port is None) for one in named.services] == [("web", False), ("jobs", True)]
    assert command(named, "jobs") == "celery -A tasks worker -l INFO"
    assert command(units, "shop-beat") == "celery -A tasks beat"
    assert command(supervised, "jobs") == "rq worker"


def test_a_worker_that_nothing_deploys_is_asked_for() -> None:
    """A README's worker may be for a desk, and a queue among the dependencies may be a library's."""
    by_readme = look({**SERVED, "README.md": "```\ncelery -A tasks worker\n```\n"})
    by_package = look({**SERVED, "requirements.txt": "flask\ngunicorn\nrq\n"})

    assert [one.name for one in by_readme.services] == ["web"]
    assert [one.about for one in by_readme.questions] == ["service.worker"]
    assert "README.md:2 starts `celery -A tasks worker`" in by_readme.questions[0].text
    assert "requirements.txt:3 asks for rq" in by_package.questions[0].text


def test_a_file_that_is_named_by_its_place_on_a_server_is_the_repositorys() -> None:
    """A unit says where its checkout stands."""
    unit = "[Service]\nExecStart=/usr/bin/python3 /srv/shop/main.py\n"
    script = f"{APP}\nfrom flask_socketio import SocketIO\nsocketio = SocketIO(app)\nsocketio.run(app, port=5005)\n"
    found = look({"requirements.txt": "flask\n", "main.py": script, "shop.service": unit})

    assert command(found) == "{python} main.py"


def test_an_application_in_a_folder_is_run_from_there() -> None:
    """The folder from which its modules are imported; what is installed may be named above it."""
    below = {"requirements.txt": "django\n", "site/manage.py": DJANGO, "site/shop/wsgi.py": WSGI}
    found = look({**below, "README.md": "```\ncd site\npython manage.py runserver\n```\n"})

    assert found.root is not None
    assert found.root.value == "site"
    assert found.commands is not None
    assert found.commands.value == {"install": "{python} -m pip install -r ../requirements.txt"}
    assert command(found) == "{python} manage.py runserver --noreload 127.0.0.1:{port}"


def test_a_package_in_src_is_run_from_the_top() -> None:
    """It is installed itself, so that its modules are found from anywhere."""
    project = (
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n\n[project]\nname = "shop"\n'
    )
    found = look({
        "pyproject.toml": f'{project}dependencies = ["fastapi", "uvicorn"]\n',
        "src/shop/__init__.py": "",
        "src/shop/main.py": API,
        "README.md": "```\nuvicorn shop.main:app --reload\n```\n",
    })  # fmt: skip

    assert found.root is None
    assert found.commands is None
    assert command(found) == "uvicorn --host 127.0.0.1 --port {port} shop.main:app"


def test_what_cannot_be_known_is_asked() -> None:
    """A database beside the code, nothing to install, a server that nobody asks for, another Python."""
    text = f'{APP}\napp.config["DB"] = os.environ.get("DATABASE_URL", "sqlite:///shop.db")\n'
    bare = look({"app.py": text, "Procfile": "web: gunicorn app:app\n", ".python-version": "3.4\n"})
    asked = {one.about: one for one in bare.questions}
    unasked = look({"requirements.txt": "flask\n", "app.py": APP, "Procfile": "web: gunicorn app:app\n"})

    assert set(asked) == {"data", "commands.install", "commands.environment"}
    assert "set DATABASE_URL in the env file" in asked["data"].text
    assert any("no file asks for gunicorn" in note for note in unasked.notes)


def test_a_database_file_is_set_by_the_variable_of_its_own_line() -> None:
    """Not by the one of the line before, which names the kind of database."""
    engine = '"ENGINE": os.getenv("DB_ENGINE") or "django.db.backends.sqlite3",'
    name = '"NAME": os.getenv("DB_NAME") or os.path.join(BASE_DIR, "data/db.sqlite3"),'
    found = look({**SERVED, "settings.py": f"config = {{\n    {engine}\n    {name}\n}}\n"})

    (asked,) = (one for one in found.questions if one.about == "data")
    assert "set DB_NAME in the env file" in asked.text


def test_a_home_page_behind_a_login_is_not_the_health_page() -> None:
    """A redirect is no 200: the page that a stranger sees is asked."""
    pages = "\n\n@app.get('/')\n@login_required\ndef home(): ...\n\n\n@app.get('/login')\ndef login(): ...\n"
    found = look({**SERVED, "app.py": APP.partition("\n\n\n@app")[0] + pages})

    assert found.live is not None
    assert (found.live.value, found.live.sure) == ("/login", False)


@pytest.mark.parametrize(
    "files",
    [
        {"README.md": "```\npython launcher.py\n```\n", "launcher.py": "bot.run(token)\n"},
        {"README.md": "```\nflask run\n```\n", "src/lib/__init__.py": "class App: ...\n"},
        {"README.md": "```\nuvicorn yours:app\n```\n", "lib/__init__.py": ""},
    ],
)
def test_what_serves_nothing_is_not_taken_for_a_server(files: dict[str, str]) -> None:
    """A bot, a framework, a library: their commands are no servers of this repository's."""
    with pytest.raises(UsageError, match="nothing that starts a server"):
        look(files)


def test_several_applications_are_not_mixed_up() -> None:
    """Which of two is meant only a person knows."""
    with pytest.raises(UsageError, match=r"manage\.py of several applications"):
        look({"one/manage.py": DJANGO, "two/manage.py": DJANGO})


def test_a_dockerfile_in_a_folder_may_be_built_from_the_top() -> None:
    """Where its own folder holds nothing of what it copies."""
    found = look({**SERVED, "docker/Dockerfile": DOCKERFILE})

    assert found.root is None
    assert found.services[0].entrypoint is not None
    assert found.services[0].entrypoint.value == "app:app"


def test_djangos_admin_answers_where_it_stands() -> None:
    """Under the path of the URL configuration, and only if it is there."""
    admin = "from django.contrib import admin\nfrom django.urls import path\nurlpatterns = [path('back/', admin.site.urls)]\n"
    shop = {"requirements.txt": "django\n", "manage.py": DJANGO, "shop/wsgi.py": WSGI}
    there, absent = look({**shop, "shop/urls.py": admin}), look(shop)

    assert there.live is not None
    assert absent.live is not None
    assert (there.live.value, absent.live.value) == ("/back/login/", "/")


def test_alembic_with_an_application_of_its_own_is_no_flask_migrate() -> None:
    """env.py may make Flask's application itself; then Alembic runs it, as everywhere."""
    alembic = {"alembic.ini": "[alembic]\nscript_location = db\n", "db/versions/a.py": "revision = 'a'\n"}
    own = look(
        {**SERVED, **alembic, "requirements.txt": "flask\ngunicorn\nalembic\n", "db/env.py": "# no current_app here\n"}
    )
    migrate = "current_app.extensions['migrate']"
    flask = look({**SERVED, "migrations/alembic.ini": "[alembic]\n", "migrations/env.py": migrate})

    assert own.commands is None
    assert flask.commands is not None
    assert flask.commands.value == {"migrate": "flask --app app:app db upgrade"}


def test_a_page_to_sign_up_is_no_health_page() -> None:
    """``/up`` is one, ``/sign-up`` is not."""
    routes = "\n\n@app.get('/sign-up')\ndef sign(): ...\n\n\n@app.get('/up')\ndef up(): ...\n"
    found = look({**SERVED, "app.py": APP.partition("\n\n\n@app")[0] + routes})

    assert found.live is not None
    assert found.live.value == "/up"


def test_where_nothing_can_be_started_it_says_where_it_looked() -> None:
    """And which flags answer it; a command that starts nothing is refused."""
    with pytest.raises(UsageError, match=r"nothing that starts a server.*Looked for a Procfile.*--command") as error:
        look({"README.md": "A library.\n", "lib.py": "x = 1\n", "Procfile": "worker: celery -A lib worker\n"})
    assert "It found only Procfile:1 (celery -A lib worker)" in str(error.value)
    with pytest.raises(UsageError, match="--command: found 'make coffee'"):
        look(SERVED, command="make coffee")
    assert (
        command(look(SERVED, command="gunicorn -w 2 app:app", port=8123))
        == "gunicorn --bind 127.0.0.1:{port} -w 2 app:app"
    )
