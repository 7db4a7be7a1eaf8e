"""What a start command starts."""

from __future__ import annotations

import pytest

from gonogo.detect.starting import read_start, run_in, scripts_of
from gonogo.detect.tree import Tree

__all__: list[str] = []


@pytest.mark.parametrize(
    ("command", "server", "entrypoint"),
    [
        ("uvicorn app.main:app --host 0.0.0.0 --port 8000", "uvicorn", "app.main:app"),
        ("uvicorn --factory --host 0.0.0.0 app.main:create_app", "uvicorn", "app.main:create_app()"),
        ("gunicorn -c python:config.gunicorn hello.app:create_app()", "gunicorn", "hello.app:create_app()"),
        ("gunicorn -k uvicorn.workers.UvicornWorker -b 0.0.0.0:80 -w 4 app.main:app", "gunicorn", "app.main:app"),
        ("gunicorn shop.wsgi --bind 0.0.0.0:8000", "gunicorn", "shop.wsgi"),
        ("uv run --no-dev gunicorn bracket.app:app --workers 1", "gunicorn", "bracket.app:app"),
        ("poetry run python -m uvicorn main:app", "uvicorn", "main:app"),
        ("python -m hypercorn api:app -b :80", "hypercorn", "api:app"),
        ("granian --interface asgi app.main:app", "granian", "app.main:app"),
        ("daphne -b 0.0.0.0 shop.asgi:application", "daphne", "shop.asgi:application"),
        ("flask --app shop run -h 0.0.0.0", "flask", "shop"),
        ("python -m debugpy --listen 0.0.0.0:5678 -m uvicorn api.main:app --reload", "uvicorn", "api.main:app"),
        ("python -Xfrozen_modules=off -m debugpy --listen 5678 -m flask --app shop run", "flask", "shop"),
        ("coverage run -m gunicorn shop.wsgi", "gunicorn", "shop.wsgi"),
        ("uwsgi --protocol uwsgi --wsgi shop.wsgi:application --http 0.0.0.0:80", "uwsgi", "shop.wsgi:application"),
        ("uwsgi --http=:80 --wsgi=shop.wsgi", "uwsgi", "shop.wsgi"),
    ],
)
def test_a_server_and_its_entry_point(command: str, server: str, entrypoint: str) -> None:
    """The server is known, and which of its words is the application; options' values are none."""
    start = read_start(command.split(), where="compose.yaml:4", scripts={})

    assert (start.role, start.server, start.entrypoint) == ("web", server, entrypoint)


@pytest.mark.parametrize(
    "command",
    ["celery -A shop worker -l INFO", "python manage.py rqworker default", "arq app.worker.Settings", "rq worker"],
)
def test_a_worker_serves_nobody(command: str) -> None:
    """A worker is known as one, and has no entry point that is asked for."""
    start = read_start(command.split(), where="compose.yaml:4", scripts={})

    assert (start.role, start.entrypoint) == ("worker", "")


def test_the_command_of_a_service_wins_over_what_its_entry_script_starts() -> None:
    """A worker with the web server's entry script is a worker."""
    scripts = {"entrypoint.sh": '#!/bin/sh\npython manage.py runserver\nexec "$@"\n'}

    assert read_start(("/entrypoint.sh", "celery", "-A", "shop", "worker"), where="x", scripts=scripts).role == "worker"


def test_a_script_is_read_with_its_line() -> None:
    """What a script starts is said with the script's own line; what it only tells of is not."""
    text = "#!/bin/sh\necho starting gunicorn wrong:app\nalembic upgrade head\nexec gunicorn \\\n  right:app\n"
    start = read_start(("./start.sh",), where="Dockerfile:9", scripts={"start.sh": text})

    assert (start.entrypoint, start.where) == ("right:app", "start.sh:4")


def test_a_shell_command_is_taken_apart() -> None:
    """`sh -c "migrate && serve"` serves."""
    words = ("sh", "-c", "alembic upgrade head && uvicorn app.main:app")

    assert read_start(words, where="x", scripts={}).entrypoint == "app.main:app"


def test_a_word_chooses_the_branch_of_a_script() -> None:
    """An entry script with a `case` starts what its word says."""
    text = "#!/bin/bash\ncase $1 in\n  worker)\n    rq worker\n    ;;\n  server)\n    gunicorn a.b:app\n    ;;\nesac\n"

    assert read_start(("/run.sh", "worker"), where="x", scripts={"run.sh": text}).role == "worker"
    assert read_start(("/run.sh", "server"), where="x", scripts={"run.sh": text}).entrypoint == "a.b:app"


def test_scripts_are_found_by_their_places_in_the_image() -> None:
    """The file that lands where the entry point says, and what it calls."""
    tree = Tree.of({"docker/start.sh": "#!/bin/sh\n./serve.sh\n", "docker/serve.sh": "#!/bin/sh\nuvicorn a:b\n"})
    found = {"/srv/run": "docker/start.sh", "/srv/serve.sh": "docker/serve.sh"}

    assert list(scripts_of(("/srv/run",), tree, found)) == ["docker/start.sh", "docker/serve.sh"]


def test_a_script_on_the_path_is_the_one_that_the_image_holds() -> None:
    """Of two scripts of one name, a proxy's and the application's, the image's own is meant."""
    tree = Tree.of({"proxy/run.sh": "nginx -g 'daemon off;'\n", "scripts/run.sh": "uwsgi --module app.wsgi\n"})

    assert list(scripts_of(("run.sh",), tree, {"/scripts/run.sh": "scripts/run.sh"})) == ["scripts/run.sh"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('uvicorn.run("app.main:app", port=80)', "app.main:app"),
        ("uvicorn.run(app=server)", ":server"),
        ("print('uvicorn')", ""),
    ],
)
def test_a_file_that_runs_uvicorn_itself(text: str, found: str) -> None:
    """What it hands over is the entry point."""
    assert run_in(text) == found


def test_variables_of_a_script_are_filled_in() -> None:
    """Its own assignments, and defaults of defaults."""
    text = (
        'DEFAULT=src.main\nNAME=${NAME:-$DEFAULT}\nexport MODULE=${MODULE:-"$NAME:app"}\ngunicorn -c x.py "$MODULE"\n'
    )

    assert read_start(("run.sh",), where="x", scripts={"run.sh": text}).entrypoint == "src.main:app"


def test_supervisor_starts_programs_in_their_folders() -> None:
    """A program's command and the folder that it is started in."""
    text = "[program:api]\ndirectory=/srv/backend\ncommand=/usr/bin/granian main:app --interface asgi\n"
    tree = Tree.of({"deploy/api.conf": text})
    scripts = scripts_of(("supervisord", "-c", "/etc/s.conf"), tree, {"/etc/supervisor/api.conf": "deploy/api.conf"})
    start = read_start(("supervisord",), where="x", scripts=scripts)

    assert (start.entrypoint, start.module_folder, start.where) == ("main:app", "/srv/backend", "deploy/api.conf:3")


def test_a_target_of_make_is_what_its_recipe_runs() -> None:
    """Also below a supervisor and another target; its variables are filled in, other recipes stay out."""
    makefile = (
        "APP ?= app.main:app\nBACK := backend\n\nrun-dev:\n\tuvicorn app.dev:app --reload\n\n"
        "run-prod: migrate ## for users\n\t@cd $(BACK) && python -m gunicorn $(APP) -w 2 \\\n\t\t--timeout 120\n\n"
        "all:\n\t$(MAKE) -j2 run-prod jobs\n"
    )
    tree = Tree.of({"Makefile": makefile, "supervisord.conf": "[program:web]\ncommand=make all\n"})
    conf = {"/etc/supervisor/supervisord.conf": "supervisord.conf", "/app/Makefile": "Makefile"}
    for words, found in ((("supervisord", "-c", "/etc/s.conf"), conf), (("make", "run-prod"), {})):
        start = read_start(words, where="x", scripts=scripts_of(words, tree, found))

        assert (start.server, start.entrypoint) == ("gunicorn", "app.main:app")
        assert (start.module_folder, start.where) == ("backend", "Makefile:8")


@pytest.mark.parametrize("words", [("make", "-f"), ("make", "-C", "src"), ("cmake", "run"), ("make", "$(WHAT)")])
def test_what_names_no_target_reads_no_recipe(words: tuple[str, ...]) -> None:
    """Options' values, other programs and what is filled in later are none."""
    tree = Tree.of({"Makefile": "src:\n\tuvicorn a:b\nrun:\n\tuvicorn c:d\n"})

    assert scripts_of(words, tree, {}) == {}
