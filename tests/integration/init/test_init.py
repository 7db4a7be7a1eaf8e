"""``gonogo init`` on repositories that it has never seen: a right configuration, or a message and nothing written."""

from __future__ import annotations

import contextlib
import os
import pty
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from gonogo.config import load_project, parse_project
from gonogo.detect.facts import Given
from gonogo.detect.survey import survey
from gonogo.detect.writing import toml_of
from gonogo.host.runner import this_machine
from tests.support.warm import run_command

__all__: list[str] = []

pytestmark = pytest.mark.skipif(
    shutil.which("docker") is None and shutil.which("docker-compose") is None, reason="no Compose client is installed"
)

MODEL = """\
services:
  api:
    build: ./backend
    command: gunicorn -k uvicorn.workers.UvicornWorker app.main:app
    env_file: .env
    environment:
      DATABASE_URL: postgresql://shop:${DB_PASSWORD:?}@db/shop
    healthcheck:
      test: [CMD, curl, -f, "http://localhost:8000/api/healthz"]
      interval: 10s
      timeout: 5s
      retries: 5
      start_period: 60s
  nginx:
    image: nginx:1
    depends_on: [api]
    ports: ["127.0.0.1:8088:80"]
    volumes: ["./nginx.conf:/etc/nginx/conf.d/default.conf:ro"]
  db:
    image: postgres:15
"""
MAIN = """\
from fastapi import FastAPI
from app.items import router

app = FastAPI()
app.include_router(router, prefix="/api")
"""
ITEMS = """\
from fastapi import APIRouter

router = APIRouter()


@router.get("/healthz")
def healthz() -> None: ...


@router.get("/items")
def items() -> None: ...


@router.post("/items")
def add() -> None: ...


@router.get("/items/{item}")
def item() -> None: ...
"""
SETTINGS = "from pydantic_settings import BaseSettings\n\n\nclass Settings(BaseSettings):\n    jwt_secret: str\n"
SHOP = {
    "compose.yaml": MODEL,
    "nginx.conf": "server { location / { proxy_pass http://api:8000; } }\n",
    ".env.example": "DB_PASSWORD=\nJWT_SECRET=\n",
    "backend/Dockerfile": "FROM python:3.11-slim\nWORKDIR /srv\nCOPY . .\n",
    "backend/requirements.txt": "fastapi\nalembic\npydantic-settings\n",
    "backend/alembic.ini": "[alembic]\nscript_location = migrations\n",
    "backend/migrations/env.py": "",
    "backend/migrations/versions/a.py": "revision = 'a'\ndown_revision = None\n",
    "backend/app/__init__.py": "",
    "backend/app/main.py": MAIN.replace("\n\napp =", "\nfrom app.settings import Settings\n\napp ="),
    "backend/app/items.py": ITEMS,
    "backend/app/settings.py": SETTINGS,
}
Make = Callable[[Mapping[str, str]], Path]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Makes a repository with one commit, called ``shop``."""

    def made(files: Mapping[str, str]) -> Path:
        root = tmp_path / "shop"
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        git(root, "init", "--quiet")
        git(root, "add", "--all")
        git(root, "commit", "--quiet", "--message", "first")
        return root

    return made


def git(root: Path, *words: str) -> None:
    """Run git as nobody in particular."""
    author = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "protocol.file.allow=always")
    subprocess.run(["git", *author, *words], cwd=root, check=True, capture_output=True)


def init(root: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Call the command as somebody without a terminal does."""
    return run_command("init", *options, cwd=root)


def test_a_shop_is_written_right(make: Make) -> None:
    """Every line of a usual application is right, and says from where it comes; the repository is otherwise untouched."""
    root = make(SHOP)
    ended = init(root, "--yes", "--no-gates")
    text = (root / "gonogo.toml").read_text(encoding="utf-8")
    written = tomllib.loads(text)

    assert ended.returncode == 0, ended.stderr
    assert written["app"] == {"name": "shop", "required": ["backend/app/main.py"]}
    assert written["service"]["api"] == {
        "framework": "fastapi",
        "entrypoint": "app.main:app",
        "min_routes": 2,
        "migrations": "alembic",
        "migrations_config": "backend/alembic.ini",
        "settings": ["backend/app/settings.py"],
    }
    staging = written["env"]["staging"]
    assert staging["health"] == {"live": "/api/healthz", "timeout": "4m"}
    assert (staging["url"], staging["project"], staging["env_file"]) == ("http://127.0.0.1:8088", "shop", ".env")
    assert staging["secrets"] == {"JWT_SECRET": {}, "DB_PASSWORD": {}}
    assert "# compose.yaml:4, backend/app/main.py:5" in text
    assert "first    cp .env.example .env, and fill it in" in ended.stderr
    assert load_project(root).environment(None).compose == ("compose.yaml",)
    assert (root / ".gitignore").read_text() == "reports/\n"
    assert (root / "checks/test_first.py").is_file()
    assert not (root / ".env").exists()


def test_an_application_is_asked_by_the_name_that_it_answers_to(make: Make) -> None:
    """Its nginx refuses every other name, or the application does: the address of this machine stands beside the name."""
    conf = "server { listen 80 default_server; return 444; }\nserver { listen 80; server_name shop.acme.de; location / { proxy_pass http://api:8000; } }\n"
    root = make({**SHOP, "nginx.conf": conf})
    by_proxy = init(root, "--yes", "--no-gates", "--output", "one.toml")
    (root / "nginx.conf").write_text(SHOP["nginx.conf"])
    (root / ".env").write_text("DB_PASSWORD=k3jh4k5j\nJWT_SECRET=0f9e8d7c\nALLOWED_HOSTS=www.acme.de\n")
    by_variable = init(root, "--yes", "--no-gates", "--output", "two.toml")
    found = [tomllib.loads((root / name).read_text())["env"]["staging"] for name in ("one.toml", "two.toml")]

    assert (by_proxy.returncode, by_variable.returncode) == (0, 0), by_variable.stderr
    assert [one["url"] for one in found] == ["http://shop.acme.de", "http://www.acme.de"]
    assert [one["connect_to"] for one in found] == ["127.0.0.1:8088"] * 2
    assert "# guess: nginx.conf:2: it answers to its name only" in (root / "one.toml").read_text()


def test_a_page_that_nothing_names_is_asked_for(make: Make) -> None:
    """Of a program that nobody knows no page is made up: a question stands in its place, and no check asks for one."""
    front = 'nginx: {image: "nginx:1", depends_on: [web], ports: ["127.0.0.1:8088:80"]}'
    model = f"services: {{web: {{build: ., command: ./serve}}, {front}}}\n"
    root = make({"compose.yaml": model, "Dockerfile": "FROM scratch\nCOPY serve /serve\n", "serve": "binary"})
    ended = init(root, "--yes", "--no-gates")
    text = (root / "gonogo.toml").read_text()

    assert ended.returncode == 0, ended.stderr
    assert "1 question left open" in ended.stderr
    assert "open     health.live: which page answers 200 while it lives?" in ended.stderr
    assert tomllib.loads(text)["env"]["staging"]["health"] == {}
    assert (
        text.index("[env.staging.health]")
        < text.index("# question: which page answers 200")
        < text.index('# live = "/"')
    )
    assert not (root / "checks").exists()


def test_nothing_is_overwritten(make: Make) -> None:
    """A gonogo.toml, a check or a workflow that is there stays as it is."""
    root = make({**SHOP, "gonogo.toml": "mine", "checks/test_first.py": "mine"})
    refused = init(root, "--yes")
    beside = init(root, "--yes", "--output", "other.toml")

    assert (refused.returncode, (root / "gonogo.toml").read_text()) == (4, "mine")
    assert "found one already, expected none" in refused.stderr
    assert "gonogo init --output gonogo.new.toml" in refused.stderr
    assert beside.returncode == 0
    assert parse_project((root / "other.toml").read_text(), root=root).app.name == "shop"
    (root / "gonogo.toml").unlink()
    again = init(root, "--yes", "--no-gates", "--workflow", "github")
    assert "left checks/test_first.py alone" in again.stderr
    assert (root / "checks/test_first.py").read_text() == "mine"
    assert (root / ".github/workflows/gonogo.yml").is_file()


def test_without_a_terminal_it_says_what_it_would_ask(make: Make) -> None:
    """Each question comes with the flag that answers it; nothing is written."""
    root = make({**SHOP, "compose.prod.yaml": "services: {api: {restart: always}}\n"})
    ended = init(root)

    assert ended.returncode == 4
    assert "--compose FILE" in ended.stderr
    assert "[compose.yaml compose.prod.yaml]" in ended.stderr
    assert not (root / "gonogo.toml").exists()


def without(*names: str, **more: str) -> dict[str, str]:
    """The shop without some files, and with others."""
    return {**{name: text for name, text in SHOP.items() if name not in names}, **more}


NO_BUILD = MODEL.replace("build: ./backend", "image: example.com/shop")
TWO = {"one/compose.yaml": MODEL, "two/compose.yaml": MODEL}


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {"README.md": "A library.\n", "lib/Dockerfile": "FROM python\n"},
            "found no compose file (but lib/Dockerfile)",
        ),
        ({**without("compose.yaml"), **TWO}, "gonogo init --compose one/compose.yaml"),
        (without(**{"compose.yaml": NO_BUILD}), "found no service with `build:` among api (example.com/shop)"),
        (without(**{"compose.yaml": "services:\n  api: [\n"}), "found a model that Compose refuses"),
    ],
)
def test_what_cannot_be_deployed_is_said(make: Make, files: dict[str, str], said: str) -> None:
    """No compose file, several, none that builds, none that is one: exit 4, a way out, nothing written."""
    root = make(files)
    ended = init(root, "--yes")

    assert ended.returncode == 4
    assert said in ended.stderr
    assert not (root / "gonogo.toml").exists()
    assert not (root / "checks").exists()


def test_several_compose_files_of_one_folder_are_a_guess_that_is_told(make: Make) -> None:
    """Nothing says which of them runs: the first is taken, the line names the others, and so does the ending."""
    root = make(without("compose.yaml", **{"compose-east.yml": MODEL, "compose-west.yml": MODEL}))

    asked = init(root)
    ended = init(root, "--yes", "--no-gates")

    assert (
        "--compose FILE         which compose files (there are also compose-west.yml)? [compose-east.yml]"
        in asked.stderr
    )
    assert "no question left open, 1 guess to look at" in ended.stderr
    text = (root / "gonogo.toml").read_text(encoding="utf-8")
    assert "# guess: there are also compose-west.yml" in text
    assert 'compose = ["compose-east.yml"]' in text


def test_of_several_compose_files_the_one_that_publishes_the_urls_port_is_taken(make: Make) -> None:
    """Who says the address says which of them is meant."""
    west = MODEL.replace("8088:80", "8443:443")
    root = make(without("compose.yaml", **{"compose-east.yml": MODEL, "compose-west.yml": west}))
    ended = init(root, "--yes", "--no-gates", "--url", "https://shop.localhost:8443")

    assert ended.returncode == 0, ended.stderr
    assert 'compose = ["compose-west.yml"]' in (root / "gonogo.toml").read_text(encoding="utf-8")


def test_a_folder_in_the_env_files_place_is_said(make: Make) -> None:
    """Docker leaves one behind where a mounted file was missing."""
    root = make(SHOP)
    (root / ".env").mkdir()
    ended = init(root, "--yes")

    assert ended.returncode == 4
    assert ".env: found a folder, expected an env file" in ended.stderr
    assert not (root / "gonogo.toml").exists()


def test_outside_a_repository_it_says_so(tmp_path: Path) -> None:
    """A release is a commit."""
    ended = init(tmp_path, "--yes")

    assert ended.returncode == 4
    assert "found no git repository" in ended.stderr
    assert os.listdir(tmp_path) == []  # noqa: PTH208 (names alone)


def test_a_broken_dockerfile_and_a_submodule_are_told(make: Make, tmp_path: Path) -> None:
    """What could not be read is a question in the file, with the line of the Dockerfile; a submodule is named."""
    root = make({**SHOP, "backend/Dockerfile": "FROM python\nCOPI . .\n"})
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "--quiet")
    git(other, "commit", "--quiet", "--allow-empty", "--message", "x")
    git(root, "submodule", "--quiet", "add", str(other), "lib")
    ended = init(root, "--yes", "--output", "new.toml")
    text = (root / "new.toml").read_text(encoding="utf-8")

    assert ended.returncode == 0, ended.stderr
    assert "backend/Dockerfile could not be read (line 2: found COPI" in text
    assert "git submodules (lib) were not looked at; a release has them too" in text


def test_two_applications_of_one_model_are_both_named(make: Make) -> None:
    """A monorepo: the one that stands first has the address, the other its own."""
    second = MODEL.partition("  nginx:")[0].replace("  api:", "  admin:").replace("./backend", "./admin")
    more = second.replace("services:\n", "").replace("    env_file", '    ports: ["127.0.0.1:8099:8000"]\n    env_file')
    copied = {name.replace("backend/", "admin/"): text for name, text in SHOP.items() if name.startswith("backend/")}
    root = make({**SHOP, **copied, "compose.yaml": MODEL + more})
    init(root, "--yes", "--output", "new.toml")
    written = tomllib.loads((root / "new.toml").read_text(encoding="utf-8"))

    assert set(written["service"]) == {"api", "admin"}
    assert written["service"]["admin"]["migrations_config"] == "admin/alembic.ini"
    assert written["env"]["staging"]["service"]["admin"]["url"] == "http://127.0.0.1:8099"


def at_terminal(root: Path, act: Callable[[subprocess.Popen[bytes], int], object]) -> tuple[int, str]:
    """The exit code, and what the terminal showed; ``act`` is done once, at the first question."""
    main, other = pty.openpty()
    argv = [sys.executable, "-P", "-m", "gonogo", "init", "--no-gates"]
    with subprocess.Popen(argv, cwd=root, stdin=other, stdout=other, stderr=other) as process:
        os.close(other)
        shown, acted = b"", False
        with contextlib.suppress(OSError):  # the terminal is gone when the process ends
            while part := os.read(main, 4096):
                shown += part
                if b"called?" in shown and not acted:
                    acted = True
                    act(process, main)
    os.close(main)
    return process.returncode, shown.decode()


def test_at_a_terminal_each_question_is_put(make: Make) -> None:
    """What is typed is taken, Enter takes what was found."""
    root = make(SHOP)
    code, shown = at_terminal(root, lambda _, keys: os.write(keys, b"live\n" + b"\n" * 6))
    written = tomllib.loads((root / "gonogo.toml").read_text(encoding="utf-8"))

    assert code == 0, shown
    assert "what is this environment called?" in shown
    assert written["env"]["live"]["tier"] == "prod"
    assert written["env"]["live"]["project"] == "shop"


@pytest.mark.parametrize(
    "act",
    [lambda process, _: process.send_signal(signal.SIGINT), lambda _, keys: os.write(keys, b"\x04")],
    ids=["Ctrl-C", "Ctrl-D"],
)
def test_who_leaves_at_a_question_leaves_nothing_behind(
    make: Make, act: Callable[[subprocess.Popen[bytes], int], object]
) -> None:
    """Exit code 2, as of every interruption, and a word; nothing is written."""
    root = make(SHOP)
    code, shown = at_terminal(root, act)

    assert code == 2
    assert shown.rstrip().endswith("interrupted; nothing was touched")
    assert not (root / "gonogo.toml").exists()
    assert not (root / "checks").exists()


def test_profiles_of_a_desk_are_left_out(make: Make) -> None:
    """What the env file's profiles bring is deployed, but for those in which nothing serves or works."""
    model = MODEL.replace("  nginx:", "    profiles: [web]\n  nginx:").partition("  nginx:")[0]
    watch = "  css:\n    build: ./backend\n    command: ./run css:watch\n    profiles: [assets]\n"
    root = make({**SHOP, "compose.yaml": model + watch, ".env.example": "COMPOSE_PROFILES=assets,web\nDB_PASSWORD=\n"})
    init(root, "--yes", "--output", "new.toml")
    written = tomllib.loads((root / "new.toml").read_text(encoding="utf-8"))

    assert written["env"]["staging"]["profiles"] == ["web"]
    assert list(written["service"]) == ["api"]


def test_flask_migrate_is_known_under_compose(make: Make) -> None:
    """Its revisions are judged as Alembic's are, and Flask runs it, with the application that is served."""
    root = make({
        "compose.yaml": "services:\n  web:\n    build: .\n    ports: ['127.0.0.1:8077:5000']\n",
        "Dockerfile": 'FROM python:3.12\nWORKDIR /srv\nCOPY . .\nCMD ["gunicorn", "-b", ":5000", "shop:create_app()"]\n',
        "requirements.txt": "flask\nflask-migrate\ngunicorn\n",
        "shop.py": "from flask import Flask\n\n\ndef create_app():\n    return Flask(__name__)\n",
        "migrations/alembic.ini": "[alembic]\n",
        "migrations/env.py": "from flask import current_app\n",
        "migrations/versions/a.py": "revision = 'a'\ndown_revision = None\n",
    })  # fmt: skip
    init(root, "--yes", "--output", "new.toml")
    written = tomllib.loads((root / "new.toml").read_text(encoding="utf-8"))
    web = written["service"]["web"]

    assert (web["migrations"], web["migrations_config"]) == ("alembic", "migrations/alembic.ini")
    assert written["env"]["staging"]["commands"] == {"migrate": "flask --app 'shop:create_app()' db upgrade"}


def test_framework_whose_routes_are_not_read_is_no_question(make: Make) -> None:
    """An application of aiohttp: nothing that somebody could answer would change what is checked."""
    root = make({
        "compose.yaml": "services:\n  web:\n    build: .\n    ports: ['127.0.0.1:8077:5000']\n",
        "Dockerfile": 'FROM python:3.12\nWORKDIR /srv\nCOPY . .\nCMD ["gunicorn", "-b", ":5000", "shop:made"]\n',
        "requirements.txt": "gunicorn\naiohttp\n",
        "shop.py": "from aiohttp import web\n\n\nasync def made():\n    return web.Application()\n",
    })  # fmt: skip
    init(root, "--yes", "--output", "new.toml")
    text = (root / "new.toml").read_text(encoding="utf-8")

    assert tomllib.loads(text)["service"]["web"] == {"framework": "none", "entrypoint": "shop:made"}
    assert "# requirements.txt:2: aiohttp, whose routes are not read" in text
    assert "which framework" not in text


def test_without_a_health_page_a_page_that_only_shows_something_is_asked(make: Make) -> None:
    """Not one that wants a parameter, nor one that acts by its name."""
    main = """\
from flask import Blueprint, Flask

jobs = Blueprint("jobs", __name__)


@jobs.get("")
def listed(): ...


@jobs.get("/<key>")
def one(key): ...


app = Flask(__name__)
app.register_blueprint(jobs, url_prefix="/jobs")


@app.get("/run")
def run(): ...
"""
    compose = "services:\n  web:\n    build: .\n    command: flask --app main run -h 0.0.0.0\n    ports: ['127.0.0.1:8088:5000']\n"
    docker = "FROM python:3.11-slim\nWORKDIR /srv\nCOPY . .\n"
    root = make({"compose.yaml": compose, "Dockerfile": docker, "requirements.txt": "flask\n", "main.py": main})

    assert init(root, "--yes", "--no-gates", "--env", "staging").returncode == 0
    assert tomllib.loads((root / "gonogo.toml").read_text())["env"]["staging"]["health"]["live"] == "/jobs"


@pytest.mark.parametrize("http", [False, True])
def test_what_answers_websockets_only_is_asked_for_no_page(make: Make, http: bool) -> None:  # noqa: FBT001
    """Channels' router without HTTP answers each request with an error."""
    kinds = '{"http": get_asgi_application(), "websocket": None}' if http else '{"websocket": None}'
    asgi = (
        "from channels.routing import ProtocolTypeRouter\nfrom django.core.asgi import get_asgi_application\n\n"
        f"application = ProtocolTypeRouter({kinds})\n"
    )
    wsgi = "from django.core.wsgi import get_wsgi_application\n\napplication = get_wsgi_application()\n"
    compose = """\
services:
  web: {build: ., command: "gunicorn site_.wsgi", ports: ["127.0.0.1:8088:8000"]}
  talk: {build: ., command: "daphne -p 8001 site_.asgi:application", ports: ["127.0.0.1:8089:8001"]}
"""
    root = make({
        "compose.yaml": compose,
        "Dockerfile": "FROM python:3.12-slim\nWORKDIR /srv\nCOPY . .\n",
        "requirements.txt": "django\nchannels\ndaphne\ngunicorn\n",
        "manage.py": MANAGES,
        "site_/settings.py": "",
        "site_/wsgi.py": wsgi,
        "site_/asgi.py": asgi,
    })  # fmt: skip

    text = toml_of(survey(root, Given(), this_machine()), "staging")
    written = tomllib.loads(text)
    assert written["service"]["talk"]["entrypoint"] == "site_.asgi:application"
    assert written["env"]["staging"]["url"] == "http://127.0.0.1:8088"
    assert ("talk" in written["env"]["staging"].get("service", {})) is http
    assert ("# note: site_/asgi.py answers WebSockets only: no page of it is asked" in text) is not http


SERVED = "from flask import Flask\n\n\napp = Flask(__name__)\n"
FACTORY = """\
from flask import Flask
from flask_restful import api


def create_app():
    app = Flask(__name__)
    api.init_app(app)
    return app


if __name__ == "__main__":
    app = create_app()
    app.run(port=8000)
"""
MANAGES = 'import os\n\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "site_.settings")\n'


@pytest.mark.parametrize(
    ("started", "files", "entrypoint", "chdir"),
    [
        ("make run", {"Makefile": "run:\n\tcd src && gunicorn shop:app\n"}, "shop:app", "src"),
        (
            "python manage.py runserver",
            {
                "manage.py": 'import os\n\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.project.settings.local")\n',
                "core/project/settings/main.py": "",
                "core/project/wsgi.py": "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n",
            },
            "core.project.wsgi:application",
            None,
        ),
        ("./run.sh", {"run.sh": '#!/bin/sh\nD="${PWD}/src"\ngunicorn shop:app --chdir ${D}\n'}, "shop:app", "src"),
        ("./run.sh", {"run.sh": "#!/bin/sh\ncd $(dirname $0)/src\ngunicorn shop:app\n"}, "shop:app", None),
        ("cd src && gunicorn shop:app", {}, "shop:app", None),
        ("gunicorn --chdir src shop:app", {}, "shop:app", None),
        ("gunicorn -c conf.py shop:app", {"conf.py": 'bind = ":80"\nchdir = "src"\n'}, "shop:app", "src"),
        ("gunicorn shop:app", {"gunicorn.conf.py": 'pythonpath = "src"\n'}, "shop:app", "src"),
        ("gunicorn src.shop:app", {"gunicorn.conf.py": "here = '/app'\nchdir = here\n"}, "src.shop:app", None),
        (
            "uwsgi web.ini",
            {"web.ini": "[uwsgi]\nchdir = /app/src\nmodule = shop\ncallable = app\n"},
            "shop:app",
            "/app/src",
        ),
        ("uwsgi --ini src/web.ini", {"src/web.ini": "[uwsgi]\nmodule = src.shop:app\n"}, "src.shop:app", None),
        ("flask --app src/shop run", {}, "shop:app", "src"),
        ("flask --app src/shop.py run", {"src/__init__.py": ""}, "src.shop:app", None),
        ("python src/shop.py", {"src/shop.py": SERVED + "app.run(port=8000)\n"}, "shop:app", None),
        ("python src/shop.py", {"src/shop.py": FACTORY}, "shop:create_app()", None),
        (
            "python src/manage.py runserver",
            {
                "src/manage.py": MANAGES,
                "src/site_/settings.py": "",
                "src/site_/wsgi.py": "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n",
            },
            "site_.wsgi:application",
            "src",
        ),
    ],
)
def test_an_entry_point_is_named_as_its_server_imports_it(
    make: Make, started: str, files: Mapping[str, str], entrypoint: str, chdir: str | None
) -> None:
    """With the folder from which that is, where only a file says so that a deployment does not read."""
    root = make(
        {
            "compose.yaml": 'services:\n  web:\n    build: .\n    ports: ["127.0.0.1:8000:8000"]\n',
            "Dockerfile": f"FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nCMD {started}\n",
            "src/shop.py": SERVED,
            **files,
        }
    )
    text = toml_of(survey(root, Given(), this_machine()), "staging")
    service = tomllib.loads(text)["service"]["web"]

    assert (service["entrypoint"], service.get("chdir")) == (entrypoint, chdir)


def test_settings_that_a_start_script_alone_names_are_told_of(make: Make) -> None:
    """Where it does so under a condition: nobody else knows that. What it always exports migrations have as well."""
    wsgi = "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n"
    files = {
        "compose.yaml": 'services:\n  web:\n    build: .\n    ports: ["127.0.0.1:8000:8000"]\n',
        "Dockerfile": "FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nCMD ./run.sh\n",
        "run.sh": '#!/bin/sh\n[ -n "$DESK" ] || export DJANGO_SETTINGS_MODULE=site_.production\nexec gunicorn site_.wsgi\n',
        "manage.py": MANAGES,
        "site_/wsgi.py": wsgi,
    }
    told = "run.sh:2 sets DJANGO_SETTINGS_MODULE for what it starts alone"
    root = make(files)
    alone = toml_of(survey(root, Given(), this_machine()), "staging")
    said = files["compose.yaml"] + "    environment: {DJANGO_SETTINGS_MODULE: site_.production}\n"
    (root / "compose.yaml").write_text(said)
    both = toml_of(survey(root, Given(), this_machine()), "staging")
    (root / "compose.yaml").write_text(files["compose.yaml"])
    (root / "run.sh").write_text(files["run.sh"].replace('[ -n "$DESK" ] || ', ""))
    always = toml_of(survey(root, Given(), this_machine()), "staging")

    assert [told in text.replace("\n#   ", " ") for text in (alone, both, always)] == [True, False, False]


def test_a_compose_file_in_a_folder_is_filled_in_from_the_env_file_above(make: Make) -> None:
    """As its Makefile has it (``--env-file .env``): the port is the host's own, and the example's is not asked for."""
    root = make(
        {
            "Makefile": "app:\n\tdocker compose -f deploy/app.yaml --env-file .env up --build -d\n",
            "deploy/app.yaml": 'services:\n  web:\n    build: ..\n    ports: ["127.0.0.1:${PORT}:8000"]\n',
            "Dockerfile": "FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nCMD gunicorn --chdir src shop:app\n",
            "src/shop.py": SERVED,
            ".env.example": "PORT=8000\n",
        }
    )
    (root / ".env").write_text("PORT=8095\n")
    written = tomllib.loads(toml_of(survey(root, Given(), this_machine()), "staging"))["env"]["staging"]

    assert (written["compose"], written["env_file"], written["url"]) == (
        ["deploy/app.yaml"],
        ".env",
        "http://127.0.0.1:8095",
    )


MERGED = """\
x-common: &common
  build: .
  env_file:
    - .env
services:
  gateway:
    <<: *common
    command: uvicorn shop:app
    expose: ["8000"]
  front:
    build: {context: ., dockerfile: front.dockerfile}
    image: "example/shop-nginx:${TAG:-latest}"
    entrypoint: /start.sh
    ports: ["127.0.0.1:8080:8080", "127.0.0.1:8443:8443"]
"""


def test_a_service_that_is_called_like_a_proxy_is_what_it_starts(make: Make) -> None:
    """An API gateway serves; what is built as an nginx of one's own is a front. Seen: neither was known."""
    root = make({
        "compose.yaml": MERGED,
        "Dockerfile": "FROM python:3.12-slim\nWORKDIR /srv\nCOPY . .\n",
        "front.dockerfile": "FROM nginx:1\nCOPY start.sh /start.sh\n",
        "start.sh": "#!/bin/sh\nexec nginx -g 'daemon off;'\n",
        "requirements.txt": "fastapi\nuvicorn\n",
        "shop.py": MAIN.replace("from app.items import router\n", "").replace('app.include_router(router, prefix="/api")\n', ""),
    })  # fmt: skip

    facts = survey(root, Given(), this_machine())
    written = tomllib.loads(toml_of(facts, "staging"))

    assert written["service"]["gateway"]["entrypoint"] == "shop:app"
    assert written["env"]["staging"]["url"] == "http://127.0.0.1:8080"


def test_an_env_file_that_services_take_over_from_one_another_is_made_first(make: Make) -> None:
    """Seen: `<<: *common` hid it, and the first gate was NO-GO since Compose found no such file."""
    root = make({
        "compose.yaml": MERGED,
        "Dockerfile": "FROM python:3.12-slim\n",
        "front.dockerfile": "FROM nginx:1\n",
        "shop.py": "",
        ".env.example": "TAG=1\n",
    })  # fmt: skip

    done = init(root, "--yes")

    assert "cp .env.example .env, and fill it in" in done.stderr


@pytest.mark.parametrize(
    ("document", "live"),
    [
        pytest.param("openapi_url=None, ", "/", marks=pytest.mark.thorough),
        ("", "/openapi.json"),
    ],
)
def test_a_project_that_an_image_installs_is_read_where_it_stands(make: Make, document: str, live: str) -> None:
    """The source below ``src`` is in no layer of the image; FastAPI's document is not asked where it is switched off."""
    main = """\
from fastapi import FastAPI
from ledger.api import router


def create_app():
    app = FastAPI({document}title="Ledger")
    app.include_router(router, prefix="/api")
    return app
"""
    router = 'from fastapi import APIRouter\n\nrouter = APIRouter()\n\n\n@router.get("/{name}")\ndef one(name): ...\n'
    compose = "services:\n  api:\n    build: .\n    ports: ['127.0.0.1:8088:8000']\n"
    docker = """\
FROM python:3.11-slim AS build
COPY . /src
RUN pip install /src

FROM python:3.11-slim
COPY --from=build /usr/local /usr/local
CMD ["uvicorn", "--factory", "ledger.main:create_app"]
"""
    files = {
        "compose.yaml": compose,
        "Dockerfile": docker,
        "pyproject.toml": '[project]\nname = "ledger"\ndependencies = ["fastapi", "uvicorn"]\n',
        "src/ledger/__init__.py": "",
        "src/ledger/main.py": main.replace("{document}", document),
        "src/ledger/api.py": router,
    }
    root = make(files)

    assert init(root, "--yes", "--no-gates", "--env", "staging").returncode == 0
    guessed = tomllib.loads((root / "gonogo.toml").read_text())
    root.joinpath("src/ledger/api.py").write_text(router.replace("/{name}", "/-/health"))
    assert init(root, "--yes", "--no-gates", "--env", "staging", "--output", "found.toml").returncode == 0
    found = tomllib.loads((root / "found.toml").read_text())

    assert guessed["service"]["api"]["entrypoint"] == "ledger.main:create_app()"
    assert guessed["env"]["staging"]["health"]["live"] == live
    assert found["env"]["staging"]["health"]["live"] == "/api/-/health"
    assert "src/ledger/main.py:5" in (root / "found.toml").read_text()
