"""Faults and harmless releases of the shop: FastAPI and a worker on PostgreSQL, as processes and behind a Caddy."""

from __future__ import annotations

import importlib.util
import py_compile
import tempfile
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.faults.corpus.case import World
from tests.faults.corpus.cases.orders import answers, fault, harmless, holds
from tests.support.edits import Env, Put, Replace

__all__ = ["BOXES", "PROCESSES"]

PRICING, LEADS, HEALTH, LOGIN = "app/pricing.py", "app/leads.py", "app/health.py", "app/routes/login.py"
HOME, ESTIMATE = "app/templates/home.html", "app/templates/estimate.html"
MODEL, DOCKERFILE, PROXY, TOML = "docker-compose.yml", "Dockerfile", "caddy/Caddyfile", "gonogo.toml"
FORWARD = "\treverse_proxy api:8000\n"
MOUNT = "./caddy/Caddyfile:/etc/caddy/Caddyfile:ro"
TOTAL = "total_cents=sum(line.cents for line in lines), lines=lines"
BUILD = "      GIT_COMMIT: ${GIT_COMMIT:-unknown}\n"
COMMIT = "ARG GIT_COMMIT=unknown\n"
IGNORED = Replace(".gitignore", "__pycache__/\n*.pyc\n", "")
MIGRATION = '''"""{about}"""

from alembic import op
import sqlalchemy as sa

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Go on."""
    {up}


def downgrade() -> None:
    """Go back."""
    {down}
'''


@dataclass(frozen=True)
class Compiled:
    """Bytecode of a module, or of what it said before ``new`` stood for ``old``."""

    name: str
    old: str = ""
    new: str = ""
    checked: bool = False
    """Whether Python looks at the source before it takes the bytecode."""

    def apply(self, root: Path) -> None:
        """As this Python names it; refuses a text that is not there."""
        text = (root / self.name).read_text(encoding="utf-8")
        if self.old not in text:
            raise ValueError(f"{self.name}: found no {self.old!r}")
        kind = py_compile.PycInvalidationMode
        mode = kind.CHECKED_HASH if self.checked else kind.UNCHECKED_HASH
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder, Path(self.name).name)
            source.write_text(text.replace(self.old, self.new) if self.old else text, encoding="utf-8")
            cache = importlib.util.cache_from_source(str(root / self.name))
            py_compile.compile(str(source), cfile=cache, dfile=self.name, doraise=True, invalidation_mode=mode)


def migration(up: str, down: str, about: str) -> Put:
    """The one after those that are there."""
    return Put("alembic/versions/0004_next.py", MIGRATION.format(up=up, down=down, about=about))


def price(world: World) -> int | None:
    """Of two bedrooms and a bathroom; None: there is none."""
    answer = world.post("/v1/estimate", {"beds": "2", "baths": "1", "cleaning_type": "standard"})
    return answer.json()["total_cents"] if answer is not None and answer.status_code == 200 else None


def locked_out(world: World) -> bool:
    """Whoever has just logged in is asked to log in: a browser sends the session elsewhere."""
    with httpx.Client(base_url=world.url, trust_env=False) as browser:
        fields = {"user": "office", "password": world.variables["ADMIN_PASSWORD"]}
        return browser.post("/admin/login", data=fields).status_code == 303 and browser.get("/admin").status_code == 401


PROCESSES = (
    harmless(
        "prices-in-other-words",
        "a heading, and a total in bold",
        Replace(ESTIMATE, "<h1>What it costs</h1>", "<h1>Our prices</h1>"),
        Replace(ESTIMATE, "<p>Together <strong", "<p>In all <strong"),
    ),
    harmless(
        "bytecode-of-the-source-itself",
        "tracked, and Python looks at the source first",
        IGNORED,
        Compiled(PRICING, checked=True),
    ),
    harmless(
        "cookie-by-another-name",
        "who was logged in logs in again",
        Replace("app/security.py", 'SESSION = "shop_admin"', 'SESSION = "shop_office"'),
    ),
    harmless(
        "rates-in-order-of-their-titles",
        "where two cost the same",
        Replace(LEADS, "select(Rate).order_by(Rate.base)", "select(Rate).order_by(Rate.base, Rate.title)"),
    ),
    harmless(
        "age-counted-in-the-zone-of-the-database",
        "the same moment",
        Replace(HEALTH, "datetime.now(UTC) - beat_at", "datetime.now(beat_at.tzinfo) - beat_at"),
        Replace(HEALTH, "from datetime import UTC, datetime", "from datetime import datetime"),
    ),
    harmless(
        "sum-counted-by-hand",
        "to the same end",
        Replace(PRICING, TOTAL, "total_cents=lines[0].cents + lines[1].cents + lines[2].cents, lines=lines"),
    ),
    harmless("rounds-that-are-rarer", "still oftener than they must", Env("JOBS_INTERVAL", "3")),
    fault(
        "filter-that-nobody-registered",
        "a page that no configuration names cannot be compiled",
        Replace(ESTIMATE, "estimate.total_cents | euros", "estimate.total_cents | euro"),
        seen=answers("/estimate", 500),
        stage="postdeploy",
        codes="D30",
    ),
    fault(
        "bytecode-of-yesterday",
        "tracked, and Python runs it without a look at the source",
        IGNORED,
        Compiled(PRICING, "cents=rate.base)", "cents=rate.base + 100)"),
        seen=lambda world: price(world) == 10_800,
        stage="predeploy",
        codes="P08",
    ),
    fault(
        "cookie-for-another-path",
        "whoever logs in is asked to log in again",
        Replace(LOGIN, 'path="/", secure=secure', 'path="/office", secure=secure'),
        seen=locked_out,
        stage="postdeploy",
        codes="D36",
    ),
    fault(
        "query-that-postgresql-refuses",
        "one that SQLite would take",
        Replace(LEADS, "select(Rate).order_by(Rate.base)", "select(Rate).distinct(Rate.title).order_by(Rate.base)"),
        seen=answers("/", 500),
        stage="postdeploy",
        codes="D09",
    ),
    fault(
        "two-kinds-of-time",
        "one with a zone, and one without",
        Replace(HEALTH, "datetime.now(UTC) - beat_at", "datetime.now() - beat_at"),
        seen=answers("/readyz", 500),
        stage="postdeploy",
        codes="D07",
    ),
    fault(
        "sum-that-is-none",
        "the first line is left out, and the page shows it all the same",
        Replace(PRICING, TOTAL, "total_cents=sum(line.cents for line in lines[1:]), lines=lines"),
        seen=lambda world: price(world) == 5_800,
        stage="postdeploy",
        codes="test_an_estimate_is_priced",
    ),
    fault(
        "leads-for-everybody",
        "names and addresses of customers, without a password",
        Replace(
            "app/routes/api.py",
            '"/leads", response_model=list[LeadOut], dependencies=[Depends(admin)]',
            '"/leads", response_model=list[LeadOut]',
        ),
        seen=answers("/v1/leads", 200),
        stage="postdeploy",
        codes="test_leads_are_not_public",
    ),
    fault(
        "heartbeat-that-nobody-reads",
        "under another name; the old one stays fresh for a while",
        Replace("app/jobs.py", 'values(name="jobs", **row)', 'values(name="job", **row)'),
        Replace(TOML, 'watch = { for = "0s" }  # desk', 'watch = { for = "30s", every = "1s" }'),
        seen=answers("/readyz", 503),
        stage="watch",
        codes="D07 W01",
    ),
    fault(
        "column-renamed-at-once",
        "the release that serves still asks for it by its old name, and so would a rollback",
        migration(
            'op.alter_column("leads", "message", new_column_name="note")',
            'op.alter_column("leads", "note", new_column_name="message")',
            "Note: what the message is called from now on.",
        ),
        Replace("app/models.py", "mapped_column(Text, server", 'mapped_column("note", Text, server'),
        seen=holds("alembic/versions/0004_next.py", 'new_column_name="note"'),
        stage="predeploy",
        codes="P34",
        runs=False,
    ),
    fault(
        "rates-lost",
        "a migration that removes what is sold",
        migration(
            """op.execute("DELETE FROM rates WHERE cleaning_type = 'standard'")""",
            "pass",
            "Nothing cheap any more.",
        ),
        seen=lambda world: price(world) is None,
        stage="predeploy",
        codes="P34",
    ),
    harmless(
        "column-that-may-be-empty",
        "the old release can live with it",
        migration(
            'op.add_column("leads", sa.Column("phone", sa.String(40), nullable=True))',
            'op.drop_column("leads", "phone")',
            "Phone: where a lead wants to be called.",
        ),
        Replace(
            "app/models.py",
            "    total_cents:",
            "    phone: Mapped[str | None] = mapped_column(String(40))\n    total_cents:",
        ),
        one_way=True,
    ),
)

BOXES = (
    harmless(
        "titles-in-capitals",
        "as the template writes them",
        Replace(HOME, "selected{% endif %}>{{ rate.title }}", "selected{% endif %}>{{ rate.title | upper }}"),
    ),
    harmless(
        "folder-of-the-proxy",
        "mounted as a folder, so that an editor's new file is seen",
        Replace(MODEL, MOUNT, "./caddy:/etc/caddy:ro"),
    ),
    harmless(
        "upstream-that-is-waited-for",
        "for a moment, while it is replaced",
        Replace(PROXY, FORWARD, "\treverse_proxy api:8000 {\n\t\tlb_try_duration 5s\n\t}\n"),
    ),
    harmless(
        "static-files-kept-by-browsers",
        "for an hour",
        Replace(PROXY, FORWARD, f'\theader /static/* Cache-Control "max-age=3600"\n{FORWARD}'),
    ),
    harmless(
        "level-in-the-image",
        "a value that is nobody's secret",
        Replace(MODEL, BUILD, f"{BUILD}      LEVEL: ${{LOG_LEVEL:-info}}\n"),
        Replace(DOCKERFILE, COMMIT, f"ARG LEVEL=info\nENV LOG_LEVEL=$LEVEL\n{COMMIT}"),
    ),
    harmless(
        "password-of-the-office-rotated",
        "which nobody else keeps",
        Env("ADMIN_PASSWORD", "c41f7a90be2d5386f0917d4ac58be2316fd07a94"),
    ),
    fault(
        "attribute-that-a-row-has-not",
        "the health page is well, and the home page fails once there are rates",
        Replace(HOME, "selected{% endif %}>{{ rate.title }}", "selected{% endif %}>{{ rate.titel.upper() }}"),
        seen=answers("/", 500),
        stage="postdeploy",
        codes="D09",
    ),
    fault(
        "folder-of-the-proxy-over-its-file",
        "Docker refuses to mount it there",
        Replace(MODEL, MOUNT, "./caddy:/etc/caddy/Caddyfile:ro"),
        seen=answers("/", None),
        stage="build",
        codes="P15 B18",
    ),
    fault(
        "upstream-at-another-port",
        "the proxy asks where nobody listens",
        Replace(PROXY, FORWARD, FORWARD.replace("8000", "8001")),
        seen=answers("/", 502),
        stage="postdeploy",
        codes="D06",
    ),
    fault(
        "directive-with-a-slip",
        "the proxy does not start",
        Replace(PROXY, FORWARD, FORWARD.replace("proxy", "proxi")),
        seen=answers("/", None),
        stage="build",
        codes="B18",
    ),
    fault(
        "static-files-that-the-proxy-has-not",
        "it is to serve them itself, from a folder that nobody mounted",
        Replace(
            PROXY, FORWARD, f"\thandle_path /static/* {{\n\t\troot * /srv/static\n\t\tfile_server\n\t}}\n{FORWARD}"
        ),
        seen=answers("/static/style.css", 404),
        stage="postdeploy",
        codes="D26",
    ),
    fault(
        "password-in-the-image",
        "a build argument that the image keeps",
        Replace(MODEL, BUILD, f"{BUILD}      ADMIN_PASSWORD: ${{ADMIN_PASSWORD}}\n"),
        Replace(DOCKERFILE, COMMIT, f"ARG ADMIN_PASSWORD\nENV ADMIN_PASSWORD=$ADMIN_PASSWORD\n{COMMIT}"),
        seen=holds(MODEL, "ADMIN_PASSWORD: ${ADMIN_PASSWORD}"),
        stage="build",
        codes="B13",
        runs=False,
    ),
    fault(
        "password-that-the-database-has-not",
        "PostgreSQL keeps the one that its volume was made with",
        Env("POSTGRES_PASSWORD", "5b1e90d7c2a84f36e8d10c97ba265f43908ed71c"),
        seen=holds(".env", "POSTGRES_PASSWORD=5b1e90d7"),
        stage="migrate",
        runs=False,
    ),
)
