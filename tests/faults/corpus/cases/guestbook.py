"""Faults and harmless releases of a Flask application with a worker."""

from __future__ import annotations

import base64
import socket
from dataclasses import replace

from tests.faults.corpus.case import Seen, World
from tests.faults.corpus.cases.orders import answers, ended, fault, harmless, holds, shows, stuck
from tests.support.edits import Drop, Env, Move, Put, Replace

__all__ = ["CASES"]

FACTORY, PAGES, API, WORKER = "guestbook/__init__.py", "guestbook/pages.py", "guestbook/api.py", "guestbook/worker.py"
ENTRIES, ADMIN, OPS, MODELS = "guestbook/entries.py", "guestbook/admin.py", "guestbook/ops.py", "guestbook/models.py"
SETTINGS, TOML = "guestbook/settings.py", "gonogo.toml"
BASE, HOME, THANKS = (f"guestbook/templates/{name}.html" for name in ("base", "home", "thanks"))
MIGRATION = '''"""{about}"""

import sqlalchemy as sa
from alembic import op

revision = "{name}"
down_revision = "0002"


def upgrade() -> None:
    """Go on."""
    {up}


def downgrade() -> None:
    """Go back."""
    {down}
'''
KEY = "PRIVATE KEY"
_ED25519 = base64.encodebytes(bytes.fromhex("302e020100300506032b657004220420") + bytes(range(32))).decode()
MOOD = '    mood: Mapped[str] = mapped_column(String(10), default="", server_default="")\n    created_at'
ROUND = "        try:\n            with Session(engine)"


def migration(up: str, down: str, name: str = "0003", about: str = "A change.") -> Put:
    """The one after those that are there."""
    return Put(f"migrations/versions/{name}.py", MIGRATION.format(name=name, up=up, down=down, about=about))


def open_to(variable: str) -> Seen:
    """Somebody is let in at the address that a variable names."""

    def seen(world: World) -> bool:
        host, _, port = world.variables[variable].rpartition(":")
        with socket.socket() as asked:
            asked.settimeout(3)
            return asked.connect_ex((host, int(port))) == 0

    return seen


def takes_nothing(world: World) -> bool:
    """An entry without a message is taken."""
    answer = world.post("/api/entries", {"name": "Ada"})
    return answer is not None and answer.status_code == 201


_PREDEPLOY = (
    fault(
        "style-sheet-moved",
        "gonogo.toml and the page name the old place",
        Move("guestbook/static/style.css", "guestbook/static/css/style.css"),
        seen=answers("/static/style.css", 404),
        stage="predeploy",
        codes="P05",
    ),
    fault(
        "debugger-in-a-page",
        "a line that was left behind",
        Replace(
            PAGES,
            '    """The entries, and the form."""\n',
            '    """The entries, and the form."""\n    import pdb; pdb.set_trace()\n',
        ),
        seen=answers("/", 500),
        stage="predeploy",
        codes="P07",
    ),
    fault(
        "debugger-for-visitors",
        "a variable from somebody's desk",
        Env("FLASK_DEBUG", "1"),
        seen=holds(".env", "FLASK_DEBUG=1"),
        runs=False,
        stage="predeploy",
        codes="P45",
    ),
    fault(
        "password-of-the-example",
        "the file was copied and not filled in",
        Env("ADMIN_PASSWORD", "change-me"),
        seen=holds(".env", "ADMIN_PASSWORD=change-me"),
        runs=False,
        stage="predeploy",
        codes="P20 P21",
    ),
    fault(
        "private-key-in-the-commit",
        "a certificate's key for the way in",
        Put("tls/guestbook.key", f"-----BEGIN {KEY}-----\n{_ED25519}-----END {KEY}-----\n"),
        seen=holds("tls/guestbook.key", "KEY"),
        runs=False,
        stage="predeploy",
        codes="P22",
    ),
    fault(
        "database-beside-the-code",
        "each release begins with an empty one",
        Env("DATABASE_URL", "sqlite:///guestbook.db"),
        seen=holds(".env", "sqlite:///guestbook.db"),
        runs=False,
        stage="predeploy",
        codes="P46",
    ),
    fault(
        "migration-that-ran-is-gone",
        "a branch that lacks what the database has",
        Drop("migrations/versions/0002_heartbeats.py"),
        seen=stuck,
        stage="predeploy",
        codes="P32",
    ),
    replace(
        fault(
            "migration-that-fails-half-way",
            "its second statement is about a table that is not there, the first one was done",
            migration(
                'op.create_table("moods", sa.Column("id", sa.Integer, primary_key=True))\n'
                '    op.add_column("visitors", sa.Column("mood", sa.String(10)))',
                'op.drop_table("moods")',
            ),
            seen=stuck,
            stage="migrate",
        ),
        one_way=True,
    ),
    fault(
        "variable-that-the-server-lacks",
        "a setting that was never written into the server's file",
        Replace(SETTINGS, '"ADMIN_USER", "ADMIN_PASSWORD")', '"ADMIN_USER", "ADMIN_PASSWORD", "MAIL_URL")'),
        seen=ended("web"),
        stage="build",
        codes="P19 B04 B06",
    ),
)

_COMMANDS = (
    fault(
        "licence-that-ran-out",
        "what the team's own script asks before anything is touched",
        Replace("bin/licence.py", "2099", "2024"),
        seen=holds("bin/licence.py", "2024"),
        runs=False,
        stage="predeploy",
        codes="P48",
    ),
    fault(
        "form-that-only-reads",
        "entries go into the address and nowhere else",
        Replace(HOME, 'method="post"', 'method="get"'),
        seen=shows("/", 'method="post"', is_there=False),
        stage="postdeploy",
        codes="D35",
    ),
)

_BUILD = (
    fault(
        "factory-renamed",
        "the command that starts it was not",
        Replace(FACTORY, "def create_app()", "def make_app()"),
        seen=ended("web"),
        stage="build",
        codes="B04",
    ),
    fault(
        "blueprint-not-registered",
        "a name lost in a merge",
        Replace(FACTORY, "(pages, api, admin, ops)", "(pages, admin, ops)"),
        seen=answers("/api/entries", 404),
        stage="build",
        codes="B06",
    ),
    fault(
        "two-handlers-of-one-name",
        "Flask refuses the second",
        Replace(PAGES, "def thanks()", "def home()"),
        seen=ended("web"),
        stage="build",
        codes="B04 B06",
    ),
    fault(
        "packages-that-contradict",
        "one pinned for a mend, the other asks for a newer one",
        Replace("requirements.txt", "flask~=3.1.3", "flask~=3.1.3\nwerkzeug==2.3.8"),
        seen=ended("web"),
        stage="build",
    ),
    fault(
        "name-imported-where-it-is-used",
        "the module stands on somebody's desk only",
        Replace(
            API,
            "    entry = session().get(Entry, number)",
            "    from guestbook import links\n\n    entry = links.resolve(session().get(Entry, number))",
        ),
        seen=answers("/api/entries/1", 500),
        stage="build",
        codes="B05",
    ),
    fault(
        "field-without-its-migration",
        "the model has what the table has not",
        Replace(MODELS, "    created_at", MOOD),
        seen=answers("/", 500),
        stage="build",
        codes="B20",
    ),
    fault(
        "worker-needs-what-is-not-installed",
        "the pages answer, the entries stay unseen",
        Replace(WORKER, "import threading\n", "import threading\n\nimport redis\n"),
        seen=ended("worker"),
        stage="build",
        codes="B04",
    ),
)

_START = (
    fault(
        "option-with-a-slip",
        "the server refuses its command line",
        Replace(TOML, '"--timeout", "60"', '"--timeouts", "20"'),
        seen=ended("web"),
        stage="start",
    ),
    fault(
        "worker-that-does-one-round",
        "a loop became a condition",
        Replace(WORKER, "    while not stop.is_set():", "    if not stop.is_set():"),
        seen=ended("worker"),
        stage="postdeploy",
        codes="D01 D03",
    ),
    fault(
        "fails-under-the-server-alone",
        "what an import does not show",
        Replace(
            FACTORY,
            "    app = Flask(__name__)\n",
            '    app = Flask(__name__)\n    if "gunicorn" in __import__("sys").argv[0]:\n        raise RuntimeError("no room for sessions")\n',
        ),
        seen=ended("web"),
        stage="start",
        codes="B04",
    ),
)

_POSTDEPLOY = (
    fault(
        "stops-before-the-last-migration",
        "a revision that somebody wrote into the command",
        migration('op.create_index("ix_entries_state", "entries", ["state"])', 'op.drop_index("ix_entries_state")'),
        Replace(TOML, "alembic upgrade head", "alembic upgrade 0002"),
        seen=holds(TOML, "alembic upgrade 0002"),
        runs=False,
        stage="postdeploy",
        codes="D12 D07",
    ),
    fault(
        "page-with-a-slip",
        "a block that is never closed",
        Replace(HOME, "{% endfor %}\n{% endblock %}", "{% endblock %}"),
        seen=answers("/", 500),
        stage="postdeploy",
        codes="D09",
    ),
    fault(
        "thanks-with-a-slip",
        "a link to a page of another name",
        Replace(THANKS, "pages.home", "pages.index"),
        seen=answers("/thanks", 500),
        stage="postdeploy",
        codes="D30",
    ),
    fault(
        "house-open-to-everybody",
        "the question for the password is registered no more",
        Replace(ADMIN, "@blueprint.before_request\n", ""),
        seen=answers("/admin/", 200),
        stage="postdeploy",
        codes="D09",
    ),
    fault(
        "address-renamed",
        "clients ask the old one",
        Replace(API, '@blueprint.get("/entries")', '@blueprint.get("/messages")'),
        seen=answers("/api/entries", 405),
        stage="postdeploy",
        codes="D09",
    ),
    fault(
        "robots-sent-everywhere",
        "a line fewer",
        Replace(PAGES, "Disallow: /admin", "Disallow:"),
        seen=shows("/robots.txt", "/admin", is_there=False),
        stage="postdeploy",
        codes="D09",
    ),
    fault(
        "nothing-can-be-signed",
        "what the team's own check asks",
        Replace(ENTRIES, "if not 0 < len(text)", "if not 0 <= len(text)"),
        seen=takes_nothing,
        stage="postdeploy",
        codes="test_nonsense_is_refused",
    ),
    fault(
        "script-deleted",
        "the page counts no more",
        Drop("guestbook/static/count.js"),
        seen=answers("/static/count.js", 404),
        stage="postdeploy",
        codes="D26",
    ),
    fault(
        "says-that-it-is-unwell",
        "200, and a status that is none",
        Replace(OPS, '{"status": "ok", "release"', '{"status": "unhealthy", "release"'),
        seen=shows("/healthz", "unhealthy"),
        stage="postdeploy",
        codes="D08",
    ),
    fault(
        "one-part-is-not-ready",
        "a table that is asked for and not there",
        Replace(OPS, '"SELECT 1"', '"SELECT count(*) FROM visitors"'),
        seen=answers("/readyz", 503),
        stage="postdeploy",
        codes="D07",
    ),
    fault(
        "errors-in-a-file",
        "the worker tells nobody but its own log",
        Replace(WORKER, ROUND, f'        log.error("mail not sent: no route to the mail server")\n{ROUND}'),
        seen=lambda world: "mail not sent" in world.run("worker", "cat", world.variables["LOG_FILE"]),
        stage="postdeploy",
        codes="D32",
    ),
    fault(
        "port-left-open",
        "figures for a desk, to whoever asks",
        Replace(
            WORKER,
            "    rounds(engine, stop)\n",
            '    host, _, port = os.environ["FIGURES"].rpartition(":")\n    opened = __import__("socket").create_server((host, int(port)))\n    rounds(engine, stop)\n    opened.close()\n',
        ),
        seen=open_to("FIGURES"),
        stage="postdeploy",
        codes="D33",
    ),
    fault(
        "half-a-minute-without-answers",
        "the old one is gone while the new one thinks",
        Replace(
            FACTORY,
            "    app = Flask(__name__)\n",
            '    app = Flask(__name__)\n    if "gunicorn" in __import__("sys").argv[0]:\n        __import__("time").sleep(40)\n',
        ),
        seen=answers("/", None),
        stage="postdeploy",
        codes="D27",
        held=True,
    ),
)

HARMLESS = (
    harmless(
        "page-about-it",
        "with a link",
        Replace(
            PAGES,
            '@blueprint.get("/robots.txt")',
            '@blueprint.get("/about")\ndef about() -> str:\n    """Who we are."""\n    return "A guestbook."\n\n\n@blueprint.get("/robots.txt")',
        ),
        Replace(BASE, "</main>", '</main>\n  <a href="/about">About</a>'),
    ),
    harmless(
        "blueprint-for-development",
        "registered on a desk only",
        Put(
            "guestbook/desk.py",
            'from flask import Blueprint\n\nblueprint = Blueprint("desk", __name__, url_prefix="/desk")\n\n\n@blueprint.get("/")\ndef desk() -> str:\n    return "desk"\n',
        ),
        Replace(
            FACTORY,
            "    app.after_request(protect)\n",
            "    if app.debug:\n        from guestbook import desk\n\n        app.register_blueprint(desk.blueprint)\n    app.after_request(protect)\n",
        ),
    ),
    harmless(
        "column-with-a-default",
        "with its migration",
        migration(
            'op.add_column("entries", sa.Column("mood", sa.String(10), nullable=False, server_default=""))',
            'op.drop_column("entries", "mood")',
        ),
        Replace(MODELS, "    created_at", MOOD),
        one_way=True,
    ),
    harmless(
        "threads",
        "another kind of worker of the server",
        Replace(TOML, '"--timeout", "60"', '"--timeout", "20", "--threads", "4"'),
    ),
    harmless(
        "variable-that-may-be-missing",
        "with a default",
        Replace(
            SETTINGS,
            '    return os.environ.get("GONOGO_RELEASE", "dev")',
            '    return os.environ.get("GONOGO_RELEASE") or os.environ.get("RELEASE_NAME", "dev")',
        ),
    ),
    harmless(
        "failures-counted-in-the-log",
        "none of them",
        Replace(WORKER, ROUND, f'        log.info("0 failures, 0 errors, last exception: never")\n{ROUND}'),
    ),
    harmless(
        "languages",
        "texts of a page by what the visitor speaks",
        Replace(
            PAGES,
            '    return render_template("thanks.html")',
            '    return render_template("thanks.html", language=request.accept_languages.best_match(["en", "es"]))',
        ),
    ),
    harmless(
        "template-renamed",
        "with its page",
        Move(THANKS, "guestbook/templates/signed.html"),
        Replace(PAGES, '"thanks.html"', '"signed.html"'),
    ),
    harmless(
        "errors-have-a-page",
        "404 in the house's colours",
        Replace(
            FACTORY,
            "    app.after_request(protect)\n",
            '    app.register_error_handler(404, lambda _error: ("Nothing here.", 404))\n    app.after_request(protect)\n',
        ),
    ),
    harmless(
        "address-that-takes-entries-alone",
        "405 for whoever looks",
        Replace(
            API,
            '@blueprint.get("/entries/<int:number>")',
            '@blueprint.post("/drafts")\ndef draft() -> tuple[dict[str, Any], int]:\n    """Keep nothing yet."""\n    return {}, 202\n\n\n@blueprint.get("/entries/<int:number>")',
        ),
    ),
)

CASES = (*HARMLESS, *_PREDEPLOY, *_COMMANDS, *_BUILD, *_START, *_POSTDEPLOY)
