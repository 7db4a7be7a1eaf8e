"""The cases, by what is deployed."""

from __future__ import annotations

from pathlib import Path

from tests.faults.corpus.bench import App
from tests.support.edits import Drop, Put, Replace

from . import boxes, guestbook, library, orders, shop, told

__all__ = ["APPS", "BY_APP"]

_ORDERS = Path(__file__).parents[1] / "apps" / "orders"
_LIBRARY = Path(__file__).parents[4] / "examples" / "django"
_SHOP = Path(__file__).parents[4] / "examples" / "shop"
_FLASK = Path(__file__).parents[4] / "examples" / "flask"
_SETTINGS = """\
DATABASE_URL=sqlite:///@DATA@/orders.db
SECRET_KEY=@RANDOM@
OFFICE_TOKEN=@RANDOM@
PRICES_URL=http://127.0.0.1:@OTHER@
HEARTBEAT=@DATA@/heartbeat
LOG_LEVEL=info
HTTP_PORT=@PORT@
"""
_AS_PROCESSES = """
[env.prod]
extends = "staging"
tier = "prod"
runtime = "process"
project = "library"
url = "http://127.0.0.1:@PORT@"
state = "@STATE@"
env_file = ".env"
max_downtime = "1m"
watch = { for = "0s" }

[env.prod.service.web]
command = ["{python}", "-m", "gunicorn", "--bind", "127.0.0.1:{port}", "--workers", "2", "--no-control-socket", "library.wsgi"]
port = @PORT@

[env.prod.commands]
environment = "@PYTHON@ -m uv venv --quiet --python @PYTHON@ {venv}"
install = "sh -c '@PYTHON@ -m uv pip install --quiet --compile-bytecode --python {python} -r requirements.txt && SECRET_KEY=build {python} manage.py collectstatic --noinput'"
"""
_GUESTBOOK = """
[env.prod]
extends = "staging"
tier = "prod"
runtime = "process"
project = "guestbook"
url = "http://127.0.0.1:@PORT@"
state = "@STATE@"
env_file = ".env"
max_downtime = "30s"
watch = { for = "0s" }
logs = { files = ["@DATA@/worker.log"] }
refused = ["127.0.0.1:@OTHER@"]
attempts = 2

[env.prod.service.web]
command = ["{python}", "-m", "gunicorn", "--bind", "127.0.0.1:{port}", "--workers", "2", "--timeout", "60", "--no-control-socket", "guestbook:create_app()"]
port = @PORT@

[env.prod.service.worker]
command = ["{python}", "-m", "guestbook.worker"]

[env.prod.commands]
environment = "@PYTHON@ -m uv venv --quiet --python @PYTHON@ {venv}"
install = "@PYTHON@ -m uv pip install --quiet --compile-bytecode --python {python} -r requirements.txt"

[[env.prod.command]]
name = "licence"
run = "@PYTHON@ bin/licence.py"
stage = "predeploy"

[[env.prod.command]]
name = "form"
run = "@PYTHON@ bin/form.py {url}"
"""
_LICENCE = """\
import datetime

assert datetime.date.today() < datetime.date(2099, 1, 1), "the licence ran out"
"""
_FORM = """\
import sys
import urllib.request

page = urllib.request.urlopen(sys.argv[1] + "/", timeout=10).read().decode()
assert '<form method="post"' in page, page
"""
_GUESTBOOK_SETTINGS = """\
DATABASE_URL=sqlite:///@DATA@/guestbook.db
ADMIN_USER=host
ADMIN_PASSWORD=@RANDOM@
LOG_FILE=@DATA@/worker.log
FIGURES=127.0.0.1:@OTHER@
"""

_SHOPS = """
[env.box]
extends = "staging"
tier = "prod"
project = "@PROJECT@"
url = "http://127.0.0.1:@PORT@"
state = "@STATE@"
health = { stable_for = "1s", timeout = "40s" }
attempts = 2
max_downtime = "1m"
watch = { for = "0s" }

[env.desk]
extends = "local"
tier = "prod"
project = "@PROJECT@"
url = "http://127.0.0.1:@PORT@"
state = "@STATE@"
health = { stable_for = "1s", timeout = "30s" }
attempts = 2
max_downtime = "1m"
watch = { for = "0s" }  # desk

[env.desk.service.api]
port = @PORT@

[env.desk.commands]
environment = "@PYTHON@ -m uv venv --quiet --python @PYTHON@ {venv}"
install = "@PYTHON@ -m uv pip install --quiet --compile-bytecode --python {python} -r requirements.txt"
"""
_SHOPS_SETTINGS = """\
POSTGRES_PASSWORD=@RANDOM@
ADMIN_USER=office
ADMIN_PASSWORD=@RANDOM@
LOG_LEVEL=info
JOBS_INTERVAL=1
"""
_SHOPS_EDITS = (
    Replace("app/templates/base.html", "</body>", "<!-- release: good -->\n</body>"),
    Replace(
        "docker-compose.yml",
        "      start_period: 20s\n\n  jobs:",
        "      start_period: 20s\n      start_interval: 1s\n\n  jobs:",
    ),
    Replace(
        "docker-compose.yml",
        "      start_period: 20s\n\n  caddy:",
        "      start_period: 20s\n      start_interval: 1s\n\n  caddy:",
    ),
    Drop("checks/test_flows.py"),
)

APPS = {
    "orders": App(name="orders", folder=_ORDERS, env="prod", settings=_SETTINGS, mark=("version.txt", "/version")),
    "orders-compose": App(
        name="orders-compose", folder=_ORDERS, env="box", settings=_SETTINGS, mark=("version.txt", "/version")
    ),
    "library": App(
        name="library",
        folder=_LIBRARY,
        env="prod",
        settings="SECRET_KEY=@RANDOM@@RANDOM@\nSQLITE_FILE=@DATA@/library.sqlite3\n",
        mark=("books/templates/books/base.html", "/"),
        toml=_AS_PROCESSES,
        edits=(Replace("books/templates/books/base.html", "</body>", "<!-- release: good -->\n</body>"),),
    ),
    "guestbook": App(
        name="guestbook",
        folder=_FLASK,
        env="prod",
        settings=_GUESTBOOK_SETTINGS,
        mark=("guestbook/templates/base.html", "/"),
        toml=_GUESTBOOK,
        edits=(
            Replace("guestbook/templates/base.html", "</body>", "<!-- release: good -->\n</body>"),
            Put("bin/licence.py", _LICENCE),
            Put("bin/form.py", _FORM),
            Replace(
                "guestbook/worker.py",
                "    logging.basicConfig(level=logging.INFO,",
                '    logging.basicConfig(filename=os.environ["LOG_FILE"], level=logging.INFO,',
            ),
        ),
    ),
    "shop": App(
        name="shop",
        folder=_SHOP,
        env="desk",
        settings=f"{_SHOPS_SETTINGS}DATABASE_URL=@DATABASE@\nHEARTBEAT_TTL=10\nJOBS_ALIVE_FILE=@DATA@/alive\n",
        mark=("app/templates/base.html", "/"),
        toml=_SHOPS,
        edits=_SHOPS_EDITS,
    ),
    "shop-compose": App(
        name="shop-compose",
        folder=_SHOP,
        env="box",
        settings=f"{_SHOPS_SETTINGS}HTTP_PORT=@PORT@\n",
        mark=("app/templates/base.html", "/"),
        toml=_SHOPS,
        edits=_SHOPS_EDITS,
    ),
}
BY_APP = {
    "orders": (*orders.CASES, *told.PROCESSES),
    "orders-compose": (*boxes.CASES, *told.BOXES),
    "library": library.CASES,
    "guestbook": guestbook.CASES,
    "shop": shop.PROCESSES,
    "shop-compose": shop.BOXES,
}
