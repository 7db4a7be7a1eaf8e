"""What other teams told of, in public: faults beside releases that do the same well. docs/corpus.md names the sources."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path

from tests.faults.corpus.case import World
from tests.faults.corpus.cases.boxes import DOCKERFILE, MODEL, PUBLISHED
from tests.faults.corpus.cases.orders import MAIN, OFFICE, answers, ended, fault, harmless, holds, office, shows
from tests.support.edits import Env, Replace

__all__ = ["BOXES", "PROCESSES"]

FRONT, TOML = "web/templates/front.html", "gonogo.toml"
WATCHED = Replace(TOML, 'watch = { for = "0s" }', 'watch = { for = "40s", every = "200ms" }')
READ = """\
    with engine.connect() as connection:
        return connection.execute(text("select version_num from alembic_version")).scalar() == HEAD
"""
KEPT = """\
    connection = engine.connect()
    asked.append(connection)
    return connection.execute(text("select version_num from alembic_version")).scalar() == HEAD
"""
CLOSED = """\
    connection = engine.connect()
    try:
        return connection.execute(text("select version_num from alembic_version")).scalar() == HEAD
    finally:
        connection.close()
"""
SCRATCH = """\
    import tempfile

    with tempfile.TemporaryFile() as sheet:
        sheet.write(b"orders")
    from web.reports import count
"""
OTHER = "arm64" if platform.machine() == "x86_64" else "amd64"
OWN = "amd64" if OTHER == "arm64" else "arm64"
TOKEN = "Wq7mN2xR9tB4kL8vC1zH6yDpF3sJ"
PRICES = '    command: ["python", "-m", "prices.server"]\n'


@dataclass(frozen=True)
class Windows:
    """A file whose lines end as on Windows."""

    name: str

    def apply(self, root: Path) -> None:
        """Refuses a file that is not there."""
        path = root / self.name
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))


def is_text(world: World) -> bool:
    """Browsers show the front page's source."""
    answer = world.get("/")
    return answer is not None and answer.headers["content-type"].startswith("text/plain")


def is_used_up(world: World) -> bool:
    """After some requests there is no answer any more."""
    return any(world.get("/readyz") is None for _ in range(20))


PROCESSES = (
    fault(
        "connections-that-nobody-gives-back",
        "each question about readiness takes a connection of the pool, and keeps it",
        Replace(MAIN, READ, KEPT),
        Replace(MAIN, 'HEAD = "0001"\n', 'HEAD = "0001"\nasked: list[object] = []\n'),
        WATCHED,
        seen=is_used_up,
        stage="watch",
        codes="D07 W01",
    ),
    harmless(
        "connections-that-are-given-back",
        "by hand, and watched as long",
        Replace(MAIN, READ, CLOSED),
        WATCHED,
    ),
    fault(
        "page-as-plain-text",
        "the front page's type was lost, and browsers show its source",
        Replace(MAIN, '@app.get("/", response_class=HTMLResponse)', '@app.get("/", response_class=PlainTextResponse)'),
        seen=is_text,
        stage="postdeploy",
        codes="D26 D30",
    ),
    harmless(
        "page-with-more-headers",
        "its type said in another way, with two headers more",
        Replace(
            MAIN,
            '    return (HERE / "templates" / "front.html").read_text(encoding="utf-8")',
            '    page = (HERE / "templates" / "front.html").read_text(encoding="utf-8")\n'
            '    more = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}\n'
            '    return HTMLResponse(page, headers=more, media_type="text/html; charset=UTF-8")',
        ),
        Replace(MAIN, "def front() -> str:", "def front() -> HTMLResponse:"),
    ),
    fault(
        "script-of-a-desk",
        "the page loads its script from the server that runs on a desk",
        Replace(FRONT, 'src="/static/site.js"', 'src="http://localhost:3000/static/site.js"'),
        seen=shows("/", "http://localhost:3000"),
        stage="postdeploy",
        codes="D26",
    ),
    harmless(
        "script-with-a-version",
        "so that no browser takes its old one",
        Replace(FRONT, 'src="/static/site.js"', 'src="/static/site.js?v=2"'),
    ),
    harmless("file-of-another-system", "the server's file was saved on Windows", Windows(".env")),
)

BOXES = (
    fault(
        "two-of-it-at-one-port",
        "scaled, although only one of them can have the port",
        Replace(MODEL, f"    {PUBLISHED}\n", f"    {PUBLISHED}\n    deploy: {{replicas: 2}}\n"),
        seen=holds(MODEL, "replicas: 2"),
        stage="predeploy",
        codes="P16",
        runs=False,
    ),
    harmless(
        "two-of-what-has-no-port",
        "scaled behind its name",
        Replace(MODEL, PRICES, f"{PRICES}    deploy: {{replicas: 2}}\n"),
    ),
    fault(
        "env-file-that-nobody-has",
        "a file of a desk's, which git ignores",
        Replace(MODEL, PRICES, f"{PRICES}    env_file: [prices.env]\n"),
        seen=answers("/", None),
        stage="predeploy",
        codes="P12",
    ),
    harmless(
        "env-file-that-may-be-missing",
        "and is",
        Replace(MODEL, PRICES, f"{PRICES}    env_file: [{{path: prices.env, required: false}}]\n"),
    ),
    fault(
        "read-only-root-and-nowhere-to-write",
        "a page needs a temporary file",
        Replace(OFFICE, "    from web.reports import count\n", SCRATCH),
        Replace(MODEL, f"    {PUBLISHED}\n", f"    {PUBLISHED}\n    read_only: true\n"),
        seen=office(500),
        stage="postdeploy",
        codes="D09",
    ),
    harmless(
        "read-only-root-and-a-place",
        "for a page that needs a temporary file",
        Replace(OFFICE, "    from web.reports import count\n", SCRATCH),
        Replace(MODEL, f"    {PUBLISHED}\n", f"    {PUBLISHED}\n    read_only: true\n    tmpfs: [/tmp]\n"),
    ),
    fault(
        "service-on-another-network",
        "its name is nobody's where it is asked",
        Replace(MODEL, PRICES, f"{PRICES}    networks: [back]\n"),
        Replace(MODEL, "volumes:\n  data:\n", "volumes:\n  data:\nnetworks:\n  back:\n"),
        seen=answers("/readyz", 503),
        stage="postdeploy",
        codes="D07",
    ),
    harmless(
        "service-on-a-network-that-both-have",
        "front and back, for real",
        Replace(MODEL, PRICES, f"{PRICES}    networks: [back]\n"),
        Replace(MODEL, f"    {PUBLISHED}\n", f"    {PUBLISHED}\n    networks: [default, back]\n"),
        Replace(MODEL, "volumes:\n  data:\n", "volumes:\n  data:\nnetworks:\n  back:\n"),
    ),
    fault(
        "platform-of-a-laptop",
        "an image for a processor that the server has not",
        Replace(MODEL, "x-app: &app\n", f"x-app: &app\n  platform: linux/{OTHER}\n"),
        seen=answers("/", None),
        stage="build",
    ),
    harmless(
        "platform-of-the-server",
        "named, for those who build on laptops",
        Replace(MODEL, "x-app: &app\n", f"x-app: &app\n  platform: linux/{OWN}\n"),
    ),
    fault(
        "library-of-the-system-missing",
        "a package that wraps a library of the system, in a slim image",
        Replace("requirements.txt", "uvicorn==0.34.0", "uvicorn==0.34.0\npython-magic==0.4.27"),
        Replace(OFFICE, "from fastapi import", "import magic\nfrom fastapi import"),
        seen=ended("web"),
        stage="build",
        codes="B04",
    ),
    harmless(
        "library-that-needs-no-system",
        "a package that does the same in Python alone",
        Replace("requirements.txt", "uvicorn==0.34.0", "uvicorn==0.34.0\npuremagic==1.28"),
        Replace(OFFICE, "from fastapi import", "import puremagic\nfrom fastapi import"),
    ),
    fault(
        "dollar-in-a-secret",
        "Compose takes the end of a token for a variable, and leaves it out",
        Env("OFFICE_TOKEN", f"{TOKEN}$k2"),
        seen=office(401),
        stage="predeploy",
        codes="P12 P19 P20 P21",
    ),
    harmless("dollar-in-quotes", "where Compose takes it for one", Env("OFFICE_TOKEN", f"'{TOKEN}$k2'")),
    fault(
        "data-in-memory",
        "a volume became a place that is gone with the container",
        Replace(MODEL, 'volumes: ["data:/data"]', "tmpfs: [/data]"),
        seen=holds(MODEL, "tmpfs: [/data]"),
        stage="predeploy",
        codes="P44",
        runs=False,
    ),
    harmless(
        "cache-in-memory",
        "beside the volume",
        Replace(MODEL, 'volumes: ["data:/data"]', 'volumes: ["data:/data"]\n  tmpfs: [/var/cache]'),
    ),
    fault(
        "user-that-owns-nothing",
        "the data belong to the number that the image had before",
        Replace(DOCKERFILE, "USER 65534:65534", "USER 1000:1000"),
        seen=ended("jobs"),
        stage="start",
    ),
    harmless(
        "user-by-its-name",
        "the same one",
        Replace(DOCKERFILE, "USER 65534:65534", "USER nobody:nogroup"),
    ),
    harmless(
        "logs-that-docker-does-not-keep",
        "of the service that logs nothing",
        Replace(MODEL, PRICES, f"{PRICES}    logging: {{driver: none}}\n"),
    ),
    harmless(
        "rights-given-up",
        "as guides to containers advise",
        Replace(
            MODEL,
            f"    {PUBLISHED}\n",
            f"    {PUBLISHED}\n    cap_drop: [ALL]\n    security_opt: [no-new-privileges:true]\n",
        ),
    ),
)
