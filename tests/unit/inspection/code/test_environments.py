"""Which Python an entry command runs."""

from __future__ import annotations

import pytest

from gonogo.inspection.code.environments import ON_PATH, ImportPlace, PythonEnvironment, environment_in, import_place

__all__: list[str] = []

UV = PythonEnvironment(runner=("uv", "run", "--no-sync"))
POETRY = PythonEnvironment(runner=("poetry", "run"))


def venv(folder: str) -> PythonEnvironment:
    """A virtual environment's folder of programs."""
    return PythonEnvironment(folder=folder)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["uvicorn", "app.main:app"], ON_PATH),
        (["/usr/local/bin/gunicorn", "-w", "2", "app:app"], ON_PATH),
        (["/root/.local/bin/uvicorn", "app:app"], ON_PATH),
        (["uv", "run", "--no-dev", "--locked", "--", "gunicorn", "app:app"], UV),
        (["sh", "-c", "uv run alembic upgrade head && uv run uvicorn src.main:app"], UV),
        (["sh", "-c", "/bin/uv --offline run fastapi run"], UV),
        (["/bin/sh", "-c", "poetry run alembic upgrade head && poetry run uvicorn app.main:app"], POETRY),
        (["/opt/venv/bin/gunicorn", "app:app"], venv("/opt/venv/bin")),
        ([".venv/bin/python", "-m", "app"], venv("/srv/.venv/bin")),
        (["sh", "-c", ". ./env/bin/activate && exec flask run"], venv("/srv/env/bin")),
        (["sh", "-c", "source /venv/bin/activate; exec flask run"], venv("/venv/bin")),
        (["python", "docs/uv.py", "run"], ON_PATH),
        (["sh", "-c", "exec /opt/environment-agent/bin/agent"], venv("/opt/environment-agent/bin")),
    ],
)
def test_the_entry_command_names_its_environment(words: list[str], found: PythonEnvironment) -> None:
    """A runner, or a folder that is called as virtual environments are; all else is found on PATH."""
    assert environment_in(words, {}, workdir="/srv") == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("#!/bin/sh\n# uv run is for desks\nexec poetry run gunicorn app:app\n", POETRY),
        ("#!/bin/sh\nexec gunicorn app:app\n", ON_PATH),
    ],
)
def test_a_script_that_the_command_names_is_read(text: str, found: PythonEnvironment) -> None:
    """Its comments are not; nor is a script of another name."""
    scripts = {"docker/start.sh": text, "other.sh": "uv run python -m worker\n"}

    assert environment_in(["tini", "--", "/start.sh"], scripts, workdir="/") == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "export DJANGO_SETTINGS_MODULE=shop.prod\npython manage.py migrate\n",
            {"DJANGO_SETTINGS_MODULE": "shop.prod"},
        ),
        ("cd src && export FLASK_APP='shop:app'; flask run", {"FLASK_APP": "shop:app"}),
        ('if [ -n "$WAIT" ]; then\n  sleep 1\nfi\nexport FLASK_APP=shop\n', {"FLASK_APP": "shop"}),
        ("for i in 1 2 3; do nc db; done\nexport FLASK_APP=shop\n", {"FLASK_APP": "shop"}),
        ('if [ "$DEBUG" = 1 ]; then\n  export DJANGO_SETTINGS_MODULE=shop.dev\nfi\n', {}),
        ('if [ "$DEBUG" = 1 ]; then export DJANGO_SETTINGS_MODULE=shop.dev; fi\n', {}),
        ('[ "$DEBUG" = 1 ] && export DJANGO_SETTINGS_MODULE=shop.dev\n', {}),
        ("export DJANGO_SETTINGS_MODULE=shop.dev\nexport DJANGO_SETTINGS_MODULE=shop.prod\n", {}),
        ("export DJANGO_SETTINGS_MODULE=${DJANGO_SETTINGS_MODULE:-shop.prod}\n", {}),
        ("DJANGO_SETTINGS_MODULE=shop.prod gunicorn shop.wsgi\n", {}),  # that command's alone
        ("export SECRET_KEY=abc\n", {}),
        ("# export FLASK_APP=shop\n", {}),
        ("desk() {\n  export FLASK_APP=desk\n}\nexec flask run\n", {}),  # a function that nobody may call
        ("wait_for() {\n  nc -z db 5432\n}\nwait_for\nexport FLASK_APP=shop\n", {"FLASK_APP": "shop"}),
    ],
)
def test_what_a_script_exports_for_a_framework_is_given_to_its_programs(text: str, found: dict[str, str]) -> None:
    """Where it does so whatever happens; what it says under a condition, or makes of other variables, nobody knows."""
    environment = environment_in(["sh", "/start.sh"], {"start.sh": text}, workdir="/")
    given = ["env", *(f"{name}={value}" for name, value in found.items())] if found else []

    assert dict(environment.exported) == found
    assert environment.words(("python", "manage.py", "migrate")) == (*given, "python", "manage.py", "migrate")
    assert environment.words(("sh", "-c", "migrate")) == ("sh", "-c", "migrate")


@pytest.mark.parametrize(
    ("environment", "argv", "words"),
    [
        (UV, ("alembic", "upgrade", "head"), ("uv", "run", "--no-sync", "alembic", "upgrade", "head")),
        (venv("/v/bin"), ("alembic", "current"), ("/v/bin/alembic", "current")),
        (venv("/v/bin"), ("python",), ("/v/bin/python",)),
        (ON_PATH, ("alembic", "current"), ("alembic", "current")),
        (UV, ("uv", "run", "alembic"), ("uv", "run", "alembic")),
        (POETRY, ("sh", "-c", "alembic current"), ("sh", "-c", "alembic current")),
    ],
)
def test_programs_of_python_are_called_in_it(
    environment: PythonEnvironment, argv: tuple[str, ...], words: tuple[str, ...]
) -> None:
    """What is no program of Python's is called as it is written."""
    assert environment.words(argv) == words


@pytest.mark.parametrize(
    ("texts", "place"),
    [
        (["uvicorn main:app --host 0.0.0.0"], ImportPlace()),
        (["uvicorn main:app --app-dir src"], ImportPlace("", "src")),
        (["gunicorn --chdir=src/web main:app"], ImportPlace("src/web")),
        (["gunicorn main:app --pythonpath lib,more"], ImportPlace("", "lib")),
        (["sh -c cd src && exec uvicorn main:app"], ImportPlace("src")),
        (["./start.sh", "cd front\nnpm run build\ncd ../src\nuvicorn main:app"], ImportPlace("front/../src")),
        (["./start.sh", 'cd "$HOME"\nuvicorn main:app'], ImportPlace()),
        (["cd jobs && celery -A main worker; cd /srv/web && gunicorn main:app"], ImportPlace("/srv/web")),
        (["python -u src/main.py"], ImportPlace("", "src")),
        (["python main.py"], ImportPlace()),
        (["(cd jobs && python seed.py); gunicorn main:app"], ImportPlace()),
        (["uvicorn shop.main:app --app-dir src"], ImportPlace()),
        (["gunicorn -c conf.py --chdir src other:app"], ImportPlace()),
    ],
)
def test_where_a_server_imports(texts: list[str], place: ImportPlace) -> None:
    """By the words around the entry point; what names another one, or what a variable holds, says nothing."""
    assert import_place(texts, "main:app").below("/app") == place.below("/app")


def test_an_entry_point_lies_in_its_place() -> None:
    """A package below the folder that is looked in besides."""
    place = import_place(["uvicorn shop.main:app --app-dir src"], "shop.main:app").below("/app")

    assert place.candidates("shop.main:app") == ("/app/src/shop.py", "/app/src/shop")
