"""Faults and harmless releases of the application of two services and a worker."""

from __future__ import annotations

from tests.faults.corpus.case import Case, Seen, World
from tests.support.edits import Drop, Edit, Env, Leak, Mode, Move, Put, Replace

__all__ = ["CASES", "MAIN", "OFFICE", "answers", "ended", "fault", "harmless", "holds", "office", "shows", "stuck"]

MAIN, OFFICE, JOBS, PRICES = "web/main.py", "web/office.py", "jobs/main.py", "prices/server.py"
REVISION = '''"""{about}"""

import sqlalchemy as sa

from alembic import op

revision = "{name}"
down_revision = "{parent}"


def upgrade() -> None:
    {up}


def downgrade() -> None:
    {down}
'''


def sites(*origins: str) -> tuple[Edit, Edit]:
    """Pages of another site ask for prices: the release lets these, and gonogo.toml says which one is meant."""
    made = 'app = FastAPI(title="orders", debug=settings.debug)\n'
    lets = f"app.add_middleware(CORSMiddleware, allow_origins={list(origins)!r})\n"
    endpoint = '[[env.prod.endpoint]]\nrequest = "GET /v1/price?what=door"\norigins = ["https://www.orders.example"]\n'
    return (
        Replace(MAIN, made, f"from fastapi.middleware.cors import CORSMiddleware  # noqa: E402\n\n{made}{lets}"),
        Replace("gonogo.toml", "\n[env.box]\n", f"\n{endpoint}\n[env.box]\n"),
    )


def revision(name: str, parent: str = "0001", up: str = "pass", down: str = "pass", about: str = "A change.") -> Put:
    """A migration."""
    return Put(f"alembic/versions/{name}.py", REVISION.format(name=name, parent=parent, up=up, down=down, about=about))


def answers(path: str, status: int | None) -> Seen:
    """It answers so; None: not at all."""

    def seen(world: World) -> bool:
        answer = world.get(path)
        return answer is None if status is None else answer is not None and answer.status_code == status

    return seen


def shows(path: str, text: str, *, is_there: bool = True) -> Seen:
    """A page has a text, or lacks it."""

    def seen(world: World) -> bool:
        answer = world.get(path)
        return answer is not None and (text in answer.text) is is_there

    return seen


def office(status: int) -> Seen:
    """What a member of the office is answered."""

    def seen(world: World) -> bool:
        answer = world.get("/office/figures", {"Authorization": f"Bearer {world.variables.get('OFFICE_TOKEN')}"})
        return answer is not None and answer.status_code == status

    return seen


def holds(name: str, text: str) -> Seen:
    """A file of the release has a text."""
    return lambda world: (world.tree / name).exists() and text in (world.tree / name).read_text(encoding="utf-8")


def ended(service: str) -> Seen:
    """A service comes to its end."""
    return lambda world: world.ended(service)


def stuck(world: World) -> bool:
    """The migrations do not run."""
    return not world.migrated()


def fault(
    name: str, why: str, *edits: Edit, seen: Seen, stage: str, codes: str = "", runs: bool = True, held: bool = False
) -> Case:
    """Codes are separated by spaces."""
    asked = tuple(codes.split())
    return Case(name=name, why=why, edits=edits, seen=seen, stage=stage, codes=asked, runs=runs, held=held)


def harmless(name: str, why: str, *edits: Edit, one_way: bool = False) -> Case:
    """It must be GO."""
    return Case(name=name, why=why, edits=edits, one_way=one_way)


_PREDEPLOY = (
    fault(
        "syntax-error",
        "an unfinished edit",
        Replace(OFFICE, "def figures()", "def figures("),
        seen=answers("/", None),
        stage="predeploy",
        codes="P06",
    ),
    fault(
        "merge-conflict-in-a-template",
        "a merge that nobody finished",
        Replace("web/templates/front.html", "<body>", "<<<<<<< HEAD\n<body>\n=======\n<body class=a>\n>>>>>>> topic\n"),
        seen=shows("/", ">>>>>>> topic"),
        stage="predeploy",
        codes="P06",
    ),
    fault(
        "breakpoint",
        "a debugger that was left behind",
        Replace(
            MAIN,
            '    return {"what": what, "cents": prices.of(what), "currency": "EUR"}',
            '    breakpoint()\n    return {"what": what, "cents": prices.of(what), "currency": "EUR"}',
        ),
        seen=answers("/v1/price", 500),
        stage="predeploy",
        codes="P07",
    ),
    fault(
        "variable-missing",
        "the settings class asks for a variable that the server's file lacks",
        Env("SECRET_KEY", None),
        seen=ended("web"),
        stage="predeploy",
        codes="P19",
    ),
    fault(
        "new-variable-missing",
        "a new setting that nobody wrote into the server's file",
        Replace("web/settings.py", "    heartbeat: str\n", "    heartbeat: str\n    payment_key: SecretStr\n"),
        seen=ended("web"),
        stage="predeploy",
        codes="P19",
    ),
    fault(
        "placeholder-secret",
        "the example's own value in production",
        Env("SECRET_KEY", "change-me"),
        seen=holds(".env", "SECRET_KEY=change-me"),
        runs=False,
        stage="predeploy",
        codes="P20 P21",
    ),
    fault(
        "short-secret",
        "a secret that can be guessed",
        Env("SECRET_KEY", "k7Q2x9"),
        seen=holds(".env", "SECRET_KEY=k7Q2x9"),
        runs=False,
        stage="predeploy",
        codes="P21",
    ),
    fault(
        "guessable-secret",
        "a secret that is long enough, and the digits one after the other",
        Env("SECRET_KEY", "0123456789abcdef0123456789abcdef"),
        seen=holds(".env", "SECRET_KEY=0123456789abcdef0123456789abcdef"),
        runs=False,
        stage="predeploy",
        codes="P21",
    ),
    fault(
        "secret-in-the-source",
        "the production token in a tracked file",
        Leak("OFFICE_TOKEN", "web/tokens.py"),
        seen=lambda world: world.variables["OFFICE_TOKEN"] in _read(world, "web/tokens.py"),
        runs=False,
        stage="predeploy",
        codes="P22",
    ),
    fault(
        "url-that-is-none",
        "half of an address in the server's file",
        Env("DATABASE_URL", "orders.db"),
        seen=ended("web"),
        stage="predeploy",
        codes="P21",
    ),
    fault(
        "name-that-is-still-to-come",
        "an address whose entry in the DNS nobody made yet",
        Replace("gonogo.toml", 'url = "http://127.0.0.1:', 'url = "http://orders.invalid:'),
        seen=answers("/", None),
        stage="predeploy",
        codes="P52",
    ),
    fault(
        "debug-mode",
        "a setting from somebody's desk",
        Env("DEBUG", "true"),
        seen=holds(".env", "DEBUG=true"),
        runs=False,
        stage="build",
        codes="P45 B21",
    ),
    fault(
        "two-heads",
        "two branches each brought a migration",
        revision("0002a"),
        revision("0002b"),
        seen=stuck,
        stage="predeploy",
        codes="P31",
    ),
    fault(
        "migration-without-parent",
        "a migration was deleted that another one follows",
        revision("0003", parent="0002"),
        seen=stuck,
        stage="predeploy",
        codes="P31",
    ),
    fault(
        "table-dropped",
        "a contract migration that went out with the code that still reads",
        revision("0002", up='op.drop_table("orders")'),
        Replace(MAIN, 'HEAD = "0001"', 'HEAD = "0002"'),
        seen=answers("/v1/orders", 500),
        stage="predeploy",
        codes="P34",
    ),
)

_BUILD = (
    fault(
        "requirement-dropped",
        "a package that is still imported left the list",
        Replace("requirements.txt", "pydantic-settings==2.7.1\n", ""),
        seen=ended("web"),
        stage="build",
        codes="B04",
    ),
    fault(
        "requirement-that-does-not-exist",
        "a version that nobody published",
        Replace("requirements.txt", "uvicorn==0.34.0", "uvicorn==0.34.999"),
        seen=ended("web"),
        stage="build",
    ),
    fault(
        "requirements-that-contradict",
        "two packages that cannot be together",
        Replace("requirements.txt", "uvicorn==0.34.0", "uvicorn==0.34.0\npydantic==1.10.21"),
        seen=ended("web"),
        stage="build",
    ),
    fault(
        "server-dropped-from-requirements",
        "the web server itself left the list",
        Replace("requirements.txt", "uvicorn==0.34.0\n", ""),
        seen=ended("web"),
        stage="start",
    ),
    fault(
        "module-not-committed",
        "a module that stands on somebody's desk only",
        Replace(OFFICE, "from web.settings", "from web.audit import note\nfrom web.settings"),
        seen=ended("web"),
        stage="build",
        codes="B04",
    ),
    fault(
        "module-renamed-under-a-nested-import",
        "the office's figures fail at the first click",
        Move("web/reports.py", "web/statistics.py"),
        seen=office(500),
        stage="build",
        codes="B05",
    ),
    fault(
        "circular-import",
        "two modules that need each other first",
        Replace("web/prices.py", "from web.settings", "from web.main import log\nfrom web.settings"),
        seen=ended("web"),
        stage="build",
        codes="B04",
    ),
    fault(
        "name-error-at-import",
        "a constant that was renamed in one place",
        Replace(MAIN, 'HEAD = "0001"', "HEAD = FIRST_HEAD"),
        seen=ended("web"),
        stage="build",
        codes="B04",
    ),
    fault(
        "worker-cannot-be-imported",
        "the worker dies at its start, the pages answer",
        Replace(JOBS, "import threading", "import threading\n\nimport redis"),
        seen=ended("jobs"),
        stage="build",
        codes="B04",
    ),
    fault(
        "second-service-cannot-be-imported",
        "a table of prices that names what is not there",
        Replace(PRICES, '"door": 4500', '"door": DOOR'),
        seen=ended("prices"),
        stage="build",
        codes="B04",
    ),
    fault(
        "worker-moved",
        "a module was renamed, the command that starts it was not",
        Move(JOBS, "jobs/run.py"),
        seen=ended("jobs"),
        stage="build",
        codes="B04",
    ),
    fault(
        "router-not-included",
        "a line lost in a merge",
        Replace(MAIN, "app.include_router(office.router)\n", ""),
        seen=answers("/office/figures", 404),
        stage="build",
        codes="B06",
    ),
    fault(
        "route-not-registered",
        "a decorator lost in a merge",
        Replace(MAIN, '@app.get("/v1/orders")\n', ""),
        seen=answers("/v1/orders", 405),
        stage="build",
        codes="B06",
    ),
    fault(
        "migrations-environment-broken",
        "env.py imports a module that was renamed",
        Replace("alembic/env.py", "from web.models", "from web.tables"),
        seen=stuck,
        stage="build",
        codes="B19 B15",
    ),
    fault(
        "column-without-a-migration",
        "the model has what the table has not",
        Replace("web/models.py", '    Column("cents"', '    Column("note", Text),\n    Column("cents"'),
        seen=answers("/v1/orders", 500),
        stage="build",
        codes="B20",
    ),
    fault(
        "migration-cannot-be-imported",
        "a migration imports a model that is gone",
        revision("0002", up="pass", about="Imports.\n"),
        Replace(
            "alembic/versions/0002.py", "import sqlalchemy as sa\n", "import sqlalchemy as sa\nfrom web.gone import x\n"
        ),
        seen=stuck,
        stage="build",
        codes="B15 B19",
    ),
)

_START = (
    fault(
        "migration-fails",
        "a statement that the database refuses",
        revision("0002", up='op.execute("alter table nowhere add column x text")'),
        seen=stuck,
        stage="migrate",
    ),
    fault(
        "fails-at-its-start",
        "a start that needs what the server does not have",
        Replace(
            MAIN,
            '@app.get("/healthz")',
            '@app.on_event("startup")\ndef warm() -> None:\n    """Read the list."""\n    Path("/srv/list-of-nothing").read_text()\n\n\n@app.get("/healthz")',
        ),
        seen=ended("web"),
        stage="start",
    ),
    fault(
        "liveness-fails",
        "the health page itself raises",
        Replace(MAIN, '"""It lives, and says as which release."""', "raise RuntimeError"),
        seen=answers("/healthz", 500),
        stage="start",
    ),
    fault(
        "second-service-fails-at-its-start",
        "the port of the prices is taken from a variable that nobody sets",
        Replace(PRICES, 'os.environ["PORT"]', 'os.environ["PRICES_PORT"]'),
        seen=ended("prices"),
        stage="start",
    ),
    fault(
        "worker-ends-at-once",
        "the loop's condition is the wrong way round",
        Replace(JOBS, "while not stop.is_set()", "while stop.is_set()"),
        seen=ended("jobs"),
        stage="postdeploy",
        codes="D01 D03",
    ),
    fault(
        "worker-crashes-in-its-loop",
        "the first piece of work that comes in cannot be done",
        Replace(JOBS, "        stop.wait(1)", "        stop.wait(1)\n        raise RuntimeError('no such queue')"),
        seen=ended("jobs"),
        stage="postdeploy",
        codes="D01 D03 D15",
    ),
)

_POSTDEPLOY = (
    fault(
        "front-page-fails",
        "the page names a template that is not there",
        Replace(MAIN, '"templates" / "front.html"', '"templates" / "start.html"'),
        seen=answers("/", 500),
        stage="postdeploy",
        codes="D09",
    ),
    fault(
        "template-deleted",
        "a file that nothing seemed to use",
        Drop("web/templates/front.html"),
        seen=answers("/", 500),
        stage="postdeploy",
        codes="D09 B02",
    ),
    fault(
        "front-page-is-empty",
        "200, and nothing on it",
        Replace(MAIN, '    return (HERE / "templates" / "front.html").read_text(encoding="utf-8")', '    return ""'),
        seen=shows("/", "Orders", is_there=False),
        stage="postdeploy",
        codes="D09",
    ),
    fault(
        "front-page-lost-its-form",
        "visitors see a page and cannot order",
        Replace("web/templates/front.html", 'id="order"', 'id="orders"'),
        seen=shows("/", 'id="order"', is_there=False),
        stage="postdeploy",
        codes="D09",
    ),
    fault(
        "price-is-wrong",
        "a price in euros where cents are meant",
        Replace(PRICES, '"window": 1200', '"window": 12'),
        seen=shows("/v1/price?what=window", ":12,"),
        stage="postdeploy",
        codes="D09",
    ),
    fault(
        "key-missing-in-an-answer",
        "clients read a key that is gone",
        Replace(MAIN, '"cents": prices.of(what), "currency": "EUR"}', '"cents": prices.of(what)}'),
        seen=shows("/v1/price", "currency", is_there=False),
        stage="postdeploy",
        codes="D09",
    ),
    fault(
        "office-open-to-everybody",
        "a dependency lost in a merge",
        Replace(OFFICE, 'APIRouter(prefix="/office", dependencies=[Depends(member)])', 'APIRouter(prefix="/office")'),
        seen=answers("/office/figures", 200),
        stage="postdeploy",
        codes="D09",
    ),
    fault(
        "office-locked-for-its-members",
        "the scheme's name changed on one side",
        Replace(OFFICE, 'f"Bearer {', 'f"Token {'),
        seen=office(401),
        stage="postdeploy",
        codes="D09",
    ),
    fault(
        "style-sheet-deleted",
        "the page stands there unstyled",
        Drop("web/static/site.css"),
        seen=answers("/static/site.css", 404),
        stage="postdeploy",
        codes="D26 D09 B02",
    ),
    fault(
        "static-files-not-served",
        "the mount moved, the page did not",
        Replace(MAIN, 'app.mount("/static"', 'app.mount("/assets"'),
        seen=answers("/static/site.js", 404),
        stage="postdeploy",
        codes="D26 D09",
    ),
    fault(
        "front-page-is-slow",
        "a query for each row",
        Replace(
            MAIN, '"""The page where visitors order."""', '"""The page where visitors order."""\n    time.sleep(3)'
        ),
        seen=lambda world: (answer := world.get("/")) is not None and answer.elapsed.total_seconds() > 2,
        stage="postdeploy",
        codes="D09",
    ),
    fault(
        "head-that-no-migration-makes",
        "the code waits for a migration that was not committed",
        Replace(MAIN, 'HEAD = "0001"', 'HEAD = "0002"'),
        seen=answers("/readyz", 503),
        stage="postdeploy",
        codes="D07",
    ),
    fault(
        "address-of-the-prices-is-wrong",
        "the server's file names a port where nobody listens",
        Env("PRICES_URL", "http://127.0.0.1:9"),
        seen=answers("/readyz", 503),
        stage="postdeploy",
        codes="D07",
    ),
    fault(
        "prices-answer-badly",
        "the second service is alive and useless",
        Replace(PRICES, "self.send_response(200)", 'self.send_response(200 if self.path == "/healthz" else 500)'),
        seen=answers("/readyz", 503),
        stage="postdeploy",
        codes="D07",
    ),
    fault(
        "unnamed-page-fails",
        "a page that gonogo.toml does not name answered, and does not any more",
        Replace(MAIN, "select(orders)).mappings()", 'text("select * from order_lines")).mappings()'),
        seen=answers("/v1/orders", 500),
        stage="postdeploy",
        codes="D30",
    ),
    fault(
        "worker-logs-tracebacks",
        "the work fails each time and the worker lives on",
        Replace(
            JOBS,
            "        stop.wait(1)",
            "        try:\n            os.environ['QUEUE']\n        except KeyError:\n            log.exception('could not work')\n        stop.wait(1)",
        ),
        seen=lambda world: "KeyError: 'QUEUE'" in world.log("jobs"),
        stage="postdeploy",
        codes="D15",
    ),
    fault(
        "requests-log-errors",
        "the page answers and says in the log that it could not do its work",
        Replace(
            MAIN,
            '"""The page where visitors order."""',
            '"""The page where visitors order."""\n    log.error("could not count the visitor: no such table: visitors")',
        ),
        seen=lambda world: world.get("/") is not None and "could not count the visitor" in world.log("web"),
        stage="postdeploy",
        codes="D15",
    ),
    fault(
        "application-refuses-its-name",
        "a list of names that lacks the one it is asked by",
        Replace(
            MAIN,
            "app.include_router",
            "from starlette.middleware.trustedhost import TrustedHostMiddleware\n\napp.add_middleware(TrustedHostMiddleware, allowed_hosts=['orders.example'])\napp.include_router",
        ),
        seen=answers("/healthz", 400),
        stage="start",
    ),
    fault(
        "redirects-in-a-circle",
        "the page sends visitors to itself",
        Replace(
            MAIN,
            '@app.get("/", response_class=HTMLResponse)\ndef front() -> str:\n    """The page where visitors order."""\n    return (HERE / "templates" / "front.html").read_text(encoding="utf-8")',
            'from fastapi.responses import RedirectResponse\n\n\n@app.get("/")\ndef front() -> RedirectResponse:\n    """The page where visitors order."""\n    return RedirectResponse("/")',
        ),
        seen=answers("/", 307),
        stage="postdeploy",
        codes="D09",
    ),
    fault(
        "names-another-release",
        "a health page with a constant where the release's name belongs",
        Replace(MAIN, 'os.environ.get("GONOGO_RELEASE", "")', '"20200101T000000-aaaaaaa"'),
        seen=shows("/healthz", "20200101T000000-aaaaaaa"),
        stage="postdeploy",
        codes="D06",
    ),
    fault(
        "interface-document-fails",
        "a model that cannot be described",
        Replace(MAIN, "app.include_router", "app.openapi = lambda: 1 / 0\napp.include_router"),
        seen=answers("/openapi.json", 500),
        stage="postdeploy",
        codes="D11 B06",
    ),
)

HARMLESS = (
    harmless(
        "new-route",
        "a page more",
        Replace(
            MAIN,
            '@app.get("/v1/orders")',
            '@app.get("/hello")\ndef hello() -> str:\n    """Greets."""\n    return "hello"\n\n\n@app.get("/v1/orders")',
        ),
    ),
    harmless(
        "route-removed",
        "a page that nobody needs",
        Replace(
            MAIN,
            '@app.get("/v1/orders")\ndef listed() -> list[dict[str, object]]:\n    """All orders."""\n    with engine.connect() as connection:\n        return [dict(row) for row in connection.execute(select(orders)).mappings()]\n\n\n',
            "",
        ),
    ),
    harmless(
        "router-for-development",
        "registered on a desk only",
        Put(
            "web/desk.py",
            'from fastapi import APIRouter\n\nrouter = APIRouter(prefix="/desk")\n\n\n@router.get("/")\ndef desk() -> str:\n    return "desk"\n',
        ),
        Replace(
            MAIN,
            "app.include_router(office.router)\n",
            "app.include_router(office.router)\nif settings.debug:\n    from web import desk\n\n    app.include_router(desk.router)\n",
        ),
    ),
    harmless(
        "module-renamed",
        "with all its imports",
        Move("web/prices.py", "web/costs.py"),
        Replace(MAIN, "from web import office, prices", "from web import costs as prices\nfrom web import office"),
    ),
    harmless(
        "new-optional-variable",
        "with a default",
        Replace("web/settings.py", "    debug: bool", '    greeting: str = "hello"\n    debug: bool'),
    ),
    harmless(
        "chatty-log",
        "the word error in what is none",
        Replace(
            JOBS,
            'log.info("working")',
            'log.info("working")\n    log.info("0 errors, error rate 0.0, last error: none")',
        ),
    ),
    harmless(
        "warnings-on-import",
        "a deprecation",
        Replace(
            MAIN,
            "HERE = Path",
            'import warnings\n\nwarnings.warn("this is deprecated", DeprecationWarning, stacklevel=1)\nwarnings.warn("look out", RuntimeWarning, stacklevel=1)\nHERE = Path',
        ),
    ),
    harmless(
        "prints-on-import", "at every start", Replace(MAIN, "HERE = Path", 'print("starting with {}")\nHERE = Path')
    ),
    harmless(
        "slow-start",
        "eight seconds until it answers",
        Replace(
            MAIN,
            "app = FastAPI(",
            'if __name__ == "web.main" and "uvicorn" in __import__("sys").argv[0]:\n    time.sleep(8)\napp = FastAPI(',
        ),
    ),
    harmless(
        "additive-migration",
        "a table more",
        revision(
            "0002",
            up='op.create_table("notes", sa.Column("id", sa.Integer, primary_key=True))',
            down='op.drop_table("notes")',
        ),
        Replace(MAIN, 'HEAD = "0001"', 'HEAD = "0002"'),
        Replace(
            "web/models.py",
            "orders = Table",
            'notes = Table("notes", metadata, Column("id", Integer, primary_key=True))\norders = Table',
        ),
        one_way=True,
    ),
    harmless(
        "placeholders-in-documents",
        "a guide that shows an example",
        Put("docs/install.md", "SECRET_KEY=change-me\nhttps://your-domain.com\n=======\n"),
    ),
    harmless(
        "conftest-of-the-team",
        "it would break a careless gate",
        Put("conftest.py", 'import pytest\n\nraise RuntimeError("only in our own container")\n'),
        Put("tests/test_own.py", "def test_never():\n    assert False\n"),
    ),
    harmless(
        "pytest-settings-of-the-team",
        "options that no other run knows",
        Put("pytest.ini", "[pytest]\naddopts = --cov=web --strict-markers -x\ntestpaths = tests\n"),
    ),
    harmless("new-static-file", "a picture", Put("web/static/logo.svg", '<svg xmlns="http://www.w3.org/2000/svg"/>')),
    harmless("restyled", "another colour", Put("web/static/site.css", "body { color: navy; }\n")),
    harmless(
        "style-sheet-renamed",
        "with the page that loads it",
        Move("web/static/site.css", "web/static/main.css"),
        Replace("web/templates/front.html", "/static/site.css", "/static/main.css"),
    ),
    harmless(
        "new-package",
        "one more requirement",
        Replace("requirements.txt", "uvicorn==0.34.0", "uvicorn==0.34.0\nidna==3.10"),
    ),
    harmless(
        "debugger-in-a-test",
        "where it harms nobody",
        Put("tests/test_price.py", "def test_price():\n    breakpoint()\n"),
    ),
    harmless(
        "word-breakpoint",
        "in a text and a name",
        Replace(
            MAIN, "HERE = Path", '# No breakpoint() here: use the log.\nbreakpoints = ["480px", "960px"]\nHERE = Path'
        ),
    ),
    harmless(
        "public-key",
        "no secret at all",
        Put(
            "keys/partner.pem",
            "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n",
        ),
    ),
    harmless(
        "test-key-of-a-provider", "in a test", Put("tests/test_pay.py", 'KEY = "sk_test_' + "a1b2c3d4" * 3 + '"\n')
    ),
    harmless(
        "slow-goodbye",
        "a release that takes three seconds to stop",
        Replace(JOBS, "        stop.wait(1)\n", "        stop.wait(1)\n    stop.clear()\n    stop.wait(3)\n"),
    ),
    harmless(
        "robots",
        "a text for robots",
        Replace(
            MAIN,
            '@app.get("/v1/orders")',
            '@app.get("/robots.txt", response_class=PlainTextResponse)\ndef robots() -> str:\n    """For robots."""\n    return "User-agent: *"\n\n\n@app.get("/v1/orders")',
        ),
    ),
    harmless(
        "redirect-of-an-old-page",
        "to the new one",
        Replace(
            MAIN,
            '@app.get("/v1/orders")',
            'from fastapi.responses import RedirectResponse\n\n\n@app.get("/old")\ndef old() -> RedirectResponse:\n    """It moved."""\n    return RedirectResponse("/", 301)\n\n\n@app.get("/v1/orders")',
        ),
    ),
    harmless(
        "key-more-in-an-answer",
        "clients may ignore it",
        Replace(
            MAIN,
            '    return {"what": what, "cents": prices.of(what), "currency": "EUR"}',
            '    return {"what": what, "cents": prices.of(what), "currency": "EUR", "tax": 19}',
        ),
    ),
    harmless(
        "texts-only",
        "a page reads better",
        Replace(
            "web/templates/front.html",
            "<h1>Orders</h1>",
            "<h1>Order here</h1><p>Without an error since 1999.</p>",
        ),
    ),
    harmless("file-with-a-strange-name", "blanks and umlauts", Put("docs/Größe der Fenster (alt).txt", "alt\n")),
    harmless("large-file", "three megabytes", Put("docs/manual.txt", "0123456789abcdef" * 200_000)),
    harmless("script-without-its-right", "one that nothing starts", Mode("bin/backup.sh", 0o644)),
    harmless(
        "example-file-grows",
        "a variable that only the example names",
        Replace(".env.example", "LOG_LEVEL=info", "LOG_LEVEL=info\nGREETING=hello"),
    ),
    harmless(
        "messages-in-spanish",
        "of a worker that is well",
        Replace(JOBS, 'log.info("working")', 'log.info("trabajando: ningún error, 0 fallos")'),
    ),
    harmless(
        "warning-in-the-log",
        "advice, not an error",
        Replace(JOBS, 'log.info("working")', 'log.warning("retrying in 1 s is the default")'),
    ),
    harmless(
        "protected-page",
        "new, and for members alone",
        Replace(
            OFFICE,
            '@router.get("/figures")',
            '@router.get("/list")\ndef members() -> list[str]:\n    """Who is one."""\n    return []\n\n\n@router.get("/figures")',
        ),
    ),
    harmless(
        "page-that-wants-a-parameter",
        "422 without it",
        Replace(
            MAIN,
            '@app.get("/v1/orders")',
            '@app.get("/v1/search")\ndef search(q: str) -> list[str]:\n    """What fits."""\n    return [q]\n\n\n@app.get("/v1/orders")',
        ),
    ),
    harmless(
        "import-of-what-may-be-missing",
        "an optional package",
        Replace(
            "web/reports.py",
            "from sqlalchemy import create_engine",
            "try:\n    import orjson\nexcept ImportError:\n    orjson = None\n\nfrom sqlalchemy import create_engine",
        ),
    ),
    harmless("log-level-debug", "from the server's file", Env("LOG_LEVEL", "debug")),
    harmless(
        "secret-rotated",
        "a new one of the same strength",
        Env("SECRET_KEY", "9f8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f1a0b"),
    ),
    harmless("pages-of-another-site", "may read prices, as gonogo.toml says", *sites("https://www.orders.example")),
    harmless(
        "secret-of-five-words",
        "that a person drew by dice",
        Env("SECRET_KEY", "lantern-copper-otter-violin-harbour"),
    ),
    harmless("variable-more-in-the-file", "that nothing reads yet", Env("FEATURE_X", "on")),
    harmless(
        "name-that-is-still-to-come-with-its-place",
        "the DNS knows nothing of it yet, and connect_to says where it is",
        Replace("gonogo.toml", 'url = "http://127.0.0.1:', 'connect_to = "127.0.0.1"\nurl = "http://orders.invalid:'),
    ),
    harmless(
        "name-below-localhost",
        "which is this machine's everywhere",
        Replace("gonogo.toml", 'url = "http://127.0.0.1:', 'url = "http://orders.localhost:'),
    ),
    harmless("nothing-but-a-note", "a commit that changes a text for people", Put("CHANGES.md", "# 1.2\n")),
)


def _read(world: World, name: str) -> str:
    path = world.tree / name
    return path.read_text(encoding="utf-8") if path.exists() else ""


CASES = (*_PREDEPLOY, *_BUILD, *_START, *_POSTDEPLOY, *HARMLESS)
