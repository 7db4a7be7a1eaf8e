"""Faults and harmless releases of the same application in containers: what only images and compose files can have."""

from __future__ import annotations

from tests.faults.corpus.case import Seen
from tests.faults.corpus.cases.orders import OFFICE, answers, ended, fault, harmless, holds, office, shows, stuck
from tests.support.edits import Drop, Env, Mode, Put, Replace

__all__ = ["CASES", "DOCKERFILE", "MODEL", "PUBLISHED"]

MODEL, DOCKERFILE, IGNORE = "docker-compose.yml", "Dockerfile", ".dockerignore"
START = 'CMD ["uvicorn", "web.main:app", "--host", "0.0.0.0", "--port", "8000", "--no-access-log"]'
COPIES = "COPY alembic ./alembic\nCOPY web ./web\nCOPY prices ./prices\nCOPY jobs ./jobs\n"
PUBLISHED = 'ports: ["127.0.0.1:${HTTP_PORT:?}:8000"]'
SCRIPT = "#!/bin/sh\nset -e\nexec uvicorn web.main:app --host 0.0.0.0 --port 8000 --no-access-log\n"
PROBE = "r.urlopen('http://127.0.0.1:8000/healthz', timeout=3).read()"
CHILD = """\
        import subprocess

        child = subprocess.run([sys.executable, "-c", "b = bytearray(300_000_000)"], check=False)
        log.info("a child ended %s", child.returncode)
"""

ASKED = Replace(DOCKERFILE, "FROM python:3.11-slim", "ARG PYTHON\nFROM python:${PYTHON}-slim")
LATER = (
    Replace(
        OFFICE,
        "    from web.reports import count\n",
        "    from web.reports import count\n    from web.rows import none\n",
    ),
    Replace(OFFICE, '{"orders": count()}', '{"orders": count(), **none}'),
    Put("web/rows.py", "type Row = dict[str, int]\nnone: Row = {}\n"),
)


def built_on(version: str) -> Replace:
    """The Python of the image, as the compose file gives it to the build."""
    given = "      GIT_COMMIT: ${GIT_COMMIT:-unknown}\n"
    return Replace(MODEL, given, f'{given}      PYTHON: "{version}"\n')


def printed(text: str, *argv: str, service: str = "web") -> Seen:
    """What a command in the image prints has a text."""
    return lambda world: text in world.run(service, *argv)


FAULTS = (
    fault(
        "store-open-to-the-world",
        "a port published for a look from a desk",
        Replace(MODEL, "    image: redis:7\n", '    image: redis:7\n    ports: ["6379:6379"]\n'),
        seen=holds(MODEL, '["6379:6379"]'),
        stage="predeploy",
        codes="P17",
        runs=False,
    ),
    fault(
        "file-mounted-that-is-not-there",
        "Docker makes a folder where a file was meant",
        Replace(
            MODEL,
            'command: ["python", "-m", "prices.server"]',
            'command: ["python", "-m", "prices.server"]\n    volumes: ["./prices.json:/srv/app/prices.json:ro"]',
        ),
        seen=lambda world: "Is a directory" in world.run("prices", "cat", "/srv/app/prices.json"),
        stage="predeploy",
        codes="P15",
    ),
    fault(
        "address-of-an-example",
        "a value that was to be filled in",
        Replace(MODEL, "PRICES_URL: http://prices:8000", "PRICES_URL: https://prices.your-domain.com"),
        seen=answers("/readyz", 503),
        stage="predeploy",
        codes="P23",
    ),
    fault(
        "one-port-for-two",
        "a second service is published where the first one is",
        Replace(
            MODEL,
            'command: ["python", "-m", "prices.server"]',
            f'command: ["python", "-m", "prices.server"]\n    {PUBLISHED}',
        ),
        seen=lambda world: (world.tree / MODEL).read_text(encoding="utf-8").count(PUBLISHED) == 2,
        stage="predeploy",
        codes="P16",
        runs=False,
    ),
    fault(
        "mended-in-the-image-alone",
        "a line of the Dockerfile that changes a price",
        Replace(DOCKERFILE, "ARG GIT_COMMIT", "RUN sed -i 's/1200/12/' prices/server.py\nARG GIT_COMMIT"),
        seen=shows("/v1/price?what=window", ":12,"),
        stage="postdeploy",
        codes="D09",
    ),
    fault(
        "child-that-needs-too-much",
        "the kernel kills the worker's child, the worker lives on",
        Replace("jobs/main.py", "        stop.wait(1)\n", f"        stop.wait(1)\n{CHILD}"),
        Replace(
            MODEL,
            'command: ["python", "-m", "jobs.main"]',
            'command: ["python", "-m", "jobs.main"]\n    mem_limit: 96m\n    memswap_limit: 96m',
        ),
        seen=lambda world: "a child ended -9" in world.log("jobs"),
        stage="postdeploy",
        codes="D17",
    ),
    fault(
        "copy-of-nothing",
        "a folder was renamed, the Dockerfile was not",
        Replace(DOCKERFILE, "COPY prices ./prices", "COPY costs ./prices"),
        seen=answers("/", None),
        stage="build",
    ),
    fault(
        "base-image-that-does-not-exist",
        "a slip in a tag",
        Replace(DOCKERFILE, "FROM python:3.11-slim", "FROM python:3.11-slmi-gonogo"),
        seen=answers("/", None),
        stage="build",
    ),
    fault(
        "module-left-out-of-the-image",
        "a stricter list took more than was meant",
        Put(IGNORE, ".git\n.env\n**/__pycache__\nweb/office.py\n"),
        seen=ended("web"),
        stage="build",
        codes="B02 B04",
    ),
    fault(
        "template-left-out-of-the-image",
        "the page's file is not in the image",
        Put(IGNORE, ".git\n.env\n**/__pycache__\n**/*.html\n"),
        seen=answers("/", 500),
        stage="build",
        codes="B02",
    ),
    fault(
        "command-names-no-module",
        "the application's module has another name",
        Replace(DOCKERFILE, '"web.main:app"', '"web.app:app"'),
        seen=ended("web"),
        stage="start",
    ),
    fault(
        "script-that-may-not-be-started",
        "a start script that lost its right",
        Put("bin/start.sh", SCRIPT),
        Mode("bin/start.sh", 0o644),
        Replace(DOCKERFILE, START, 'COPY bin ./bin\nCMD ["/srv/app/bin/start.sh"]'),
        seen=answers("/", None),
        stage="build",
        codes="B14",
    ),
    fault(
        "script-of-another-system",
        "lines that end as on Windows",
        Put("bin/start.sh", SCRIPT.replace("\n", "\r\n")),
        Mode("bin/start.sh", 0o755),
        Replace(DOCKERFILE, START, 'COPY bin ./bin\nCMD ["/srv/app/bin/start.sh"]'),
        seen=answers("/", None),
        stage="build",
        codes="B14",
    ),
    fault(
        "other-port",
        "it listens where nobody asks",
        Replace(DOCKERFILE, '"--port", "8000"', '"--port", "9000"'),
        seen=answers("/", None),
        stage="start",
    ),
    fault(
        "listens-to-itself-alone",
        "the address of a desk",
        Replace(DOCKERFILE, '"--host", "0.0.0.0"', '"--host", "127.0.0.1"'),
        seen=answers("/", None),
        stage="postdeploy",
        codes="D06",
    ),
    fault(
        "syntax-that-is-too-new",
        "a module that is imported only later is written for a Python that the image has not",
        ASKED,
        built_on("3.11"),
        *LATER,
        seen=office(500),
        stage="build",
        codes="B24",
    ),
    fault(
        "code-that-its-user-cannot-read",
        "rights of whoever built",
        Replace(DOCKERFILE, "ARG GIT_COMMIT", "RUN chmod -R go-rwx /srv/app/web\nARG GIT_COMMIT"),
        seen=ended("web"),
        stage="build",
        codes="B14 B04 B02",
    ),
    fault(
        "health-check-without-its-program",
        "curl in a slim image",
        Replace(
            MODEL,
            f'web:\n    <<: *app\n    depends_on: {{prices: {{condition: service_healthy}}, redis: {{condition: service_healthy}}}}\n    {PUBLISHED}\n    healthcheck:\n      test: ["CMD", "python", "-c", "import urllib.request as r; {PROBE}"]',
            f'web:\n    <<: *app\n    depends_on: {{prices: {{condition: service_healthy}}, redis: {{condition: service_healthy}}}}\n    {PUBLISHED}\n    healthcheck:\n      test: ["CMD", "curl", "-f", "http://127.0.0.1:8000/healthz"]',
        ),
        seen=lambda world: (
            holds(MODEL, '["CMD", "curl"')(world) and "not found" in world.run("web", "curl", "--version")
        ),
        stage="build",
        codes="B12",
    ),
    fault(
        "requirement-dropped-from-the-image",
        "a package that is imported left the list",
        Replace("requirements.txt", "pydantic-settings==2.7.1\n", ""),
        seen=ended("web"),
        stage="build",
        codes="B04",
    ),
    fault(
        "variable-with-a-slip",
        "the compose file gives what nobody reads",
        Replace(MODEL, "DATABASE_URL: sqlite", "DATABASE_URI: sqlite"),
        seen=ended("web"),
        stage="build",
        codes="P19 B04",
    ),
    fault(
        "host-with-a-slip",
        "an address whose host is no service",
        Replace(MODEL, "http://prices:8000", "http://price:8000"),
        seen=answers("/readyz", 503),
        stage="postdeploy",
        codes="D07",
    ),
    fault(
        "data-left-behind",
        "a volume with another name begins empty",
        Replace(MODEL, 'volumes: ["data:/data"]', 'volumes: ["store:/data"]'),
        Replace(MODEL, "volumes:\n  data:\n", "volumes:\n  store:\n"),
        seen=holds(MODEL, "store:/data"),
        stage="predeploy",
        codes="P44",
        runs=False,
    ),
    fault(
        "data-that-cannot-be-written",
        "a mount for reading alone",
        Replace(MODEL, 'volumes: ["data:/data"]', 'volumes: ["data:/data:ro"]'),
        seen=stuck,
        stage="predeploy",
        codes="P44",
    ),
    fault(
        "too-little-memory",
        "a limit below what it needs",
        Replace(MODEL, f"    {PUBLISHED}\n", f"    {PUBLISHED}\n    mem_limit: 24m\n"),
        seen=ended("web"),
        stage="start",
    ),
    fault(
        "debug-mode-in-a-container",
        "a setting from a desk",
        Env("DEBUG", "true"),
        seen=holds(".env", "DEBUG=true"),
        stage="build",
        codes="P45 B21",
        runs=False,
    ),
    fault(
        "model-that-cannot-be-read",
        "a slip in the compose file",
        Replace(MODEL, "    restart: unless-stopped\n\nvolumes", "    restrat: unless-stopped\n\nvolumes"),
        seen=holds(MODEL, "restrat"),
        stage="predeploy",
        codes="P12",
        runs=False,
    ),
    fault(
        "worker-that-nobody-can-start",
        "the command names what is not there",
        Replace(MODEL, '"jobs.main"', '"jobs.mian"'),
        seen=ended("jobs"),
        stage="start",
    ),
    fault(
        "start-deleted",
        "a package without its module",
        Drop("prices/server.py"),
        seen=ended("prices"),
        stage="build",
        codes="B04 B02",
    ),
)

HARMLESS = (
    harmless(
        "stricter-ignore-file",
        "tests and documents stay out of the image",
        Put(IGNORE, ".git\n.env*\n**/__pycache__\ntests\ndocs\n*.md\nbin\n.dockerignore\nDockerfile\n"),
    ),
    harmless(
        "two-stages",
        "packages are built apart",
        Replace(
            DOCKERFILE,
            "FROM python:3.11-slim\n",
            "FROM python:3.11-slim AS build\nRUN python -m venv /venv\nCOPY requirements.txt ./\nRUN /venv/bin/pip install --no-cache-dir -r requirements.txt\n\nFROM python:3.11-slim\nCOPY --from=build /venv /venv\n",
        ),
        Replace(
            DOCKERFILE,
            "WORKDIR /srv/app\nCOPY requirements.txt ./\nRUN pip install -r requirements.txt\n",
            'ENV PATH="/venv/bin:$PATH"\nWORKDIR /srv/app\n',
        ),
    ),
    harmless(
        "base-image-in-full",
        "the same one, with its registry",
        Replace(DOCKERFILE, "FROM python:3.11-slim", "FROM docker.io/library/python:3.11-slim"),
    ),
    harmless(
        "everything-copied",
        "with a list of what stays out",
        Replace(DOCKERFILE, COPIES, "COPY . .\n"),
        Put(IGNORE, ".git\n.env\n**/__pycache__\n"),
    ),
    harmless(
        "start-script",
        "a shell that gives way",
        Put("bin/start.sh", SCRIPT),
        Mode("bin/start.sh", 0o755),
        Replace(DOCKERFILE, START, 'COPY bin ./bin\nCMD ["/srv/app/bin/start.sh"]'),
    ),
    harmless(
        "entry-point-that-migrates",
        "as many images do",
        Put("bin/start.sh", SCRIPT.replace("exec", "python -m alembic upgrade head\nexec")),
        Mode("bin/start.sh", 0o755),
        Replace(DOCKERFILE, START, 'COPY bin ./bin\nCMD ["/srv/app/bin/start.sh"]'),
    ),
    harmless(
        "health-check-in-the-image-too",
        "the same as the compose file's",
        Replace(
            DOCKERFILE,
            START,
            f'HEALTHCHECK --interval=10s --timeout=4s --start-period=20s --retries=5 CMD ["python", "-c", "import urllib.request as r; {PROBE}"]\n{START}',
        ),
    ),
    harmless(
        "one-service-more",
        "a second worker",
        Replace(MODEL, "  redis:\n", '  mails:\n    <<: *app\n    command: ["python", "-m", "jobs.main"]\n  redis:\n'),
    ),
    harmless(
        "logs-that-turn-round",
        "a limit for what is kept",
        Replace(
            MODEL,
            f"    {PUBLISHED}\n",
            f'    {PUBLISHED}\n    logging: {{driver: json-file, options: {{max-size: "10m", max-file: "3"}}}}\n',
        ),
    ),
    harmless(
        "memory-limit",
        "a generous one",
        Replace(MODEL, f"    {PUBLISHED}\n", f"    {PUBLISHED}\n    mem_limit: 512m\n    init: true\n"),
    ),
    harmless(
        "place-for-uploads",
        "a new volume",
        Replace(MODEL, "volumes:\n  data:\n", "volumes:\n  data:\n  uploads:\n"),
        Replace(MODEL, 'volumes: ["data:/data"]', 'volumes: ["data:/data", "uploads:/data/uploads"]'),
        one_way=True,
    ),
    harmless(
        "data-that-is-read-alone",
        "one service of three has no need to write",
        Replace(
            MODEL,
            '      HOST: 0.0.0.0\n      PORT: "8000"\n',
            '      HOST: 0.0.0.0\n      PORT: "8000"\n    volumes: ["data:/data:ro"]\n',
        ),
    ),
    harmless(
        "networks",
        "front and back",
        Replace(MODEL, "volumes:\n  data:\n", "volumes:\n  data:\nnetworks:\n  default:\n    driver: bridge\n"),
    ),
    harmless(
        "restart-always",
        "another policy",
        Replace(MODEL, "  restart: unless-stopped\n\nservices", "  restart: always\n\nservices"),
    ),
    harmless(
        "labels",
        "for whoever looks",
        Replace(DOCKERFILE, "USER 65534", 'LABEL org.opencontainers.image.title="orders"\nUSER 65534'),
    ),
    harmless(
        "label-of-another-commit",
        "the label that the build is given goes over the Dockerfile's",
        Replace(DOCKERFILE, "revision=$GIT_COMMIT", f"revision={'0123456789' * 4}"),
    ),
    harmless(
        "store-for-this-machine",
        "a port on loopback",
        Replace(MODEL, "    image: redis:7\n", '    image: redis:7\n    ports: ["127.0.0.1::6379"]\n'),
    ),
    harmless(
        "slower-health-check",
        "once in five seconds",
        Replace(
            MODEL,
            "/data/heartbeat').st_mtime < 30\"]\n      interval: 10s",
            "/data/heartbeat').st_mtime < 30\"]\n      interval: 5s",
        ),
    ),
    harmless(
        "variables-from-the-file",
        "given by name",
        Replace(
            MODEL,
            "    LOG_LEVEL: ${LOG_LEVEL:-info}\n",
            "    LOG_LEVEL: ${LOG_LEVEL:-info}\n    GREETING: ${GREETING:-}\n",
        ),
    ),
    harmless(
        "syntax-that-is-new",
        "and that the Python of the image knows",
        ASKED,
        built_on("3.12"),
        *LATER,
    ),
    harmless(
        "read-only-root",
        "with a place for what is temporary",
        Replace(MODEL, f"    {PUBLISHED}\n", f"    {PUBLISHED}\n    read_only: true\n    tmpfs: [/tmp]\n"),
    ),
)

CASES = (*HARMLESS, *FAULTS)
