"""Secrets that stand in a compose file, and in the files that it names, are in no report and on no terminal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from tests.support.canary import found_in, holders, open_to_others

from .base_images import ensure
from .stack import Stack, stack

__all__: list[str] = []

pytestmark = pytest.mark.thorough

ENV_FILE, IN_FILE, IN_MODEL = "Ev3nF1leS3cr3tXy", "S3cr3tsF1leVw9Zq", "M0delV4lueJk7Lm"
IN_ARGUMENT, IN_WORD, IN_LABEL, IN_HEALTH = (
    "Bu1ldArgNb5Vc2Xz",
    "C0mm4ndW0rdQw8Er",
    "L4belT3xtHg6Fd1S",
    "H3althT0kPo0Iu9Y",
)
MARKERS = (ENV_FILE, IN_FILE, IN_MODEL, IN_ARGUMENT, IN_WORD, IN_LABEL, IN_HEALTH)

SERVER = """\
import http.server, os, pathlib, sys

KNOWN = f"{dict(os.environ)} {sys.argv} {pathlib.Path('/run/secrets/token').read_text()}"
print(KNOWN, file=sys.stderr, flush=True)


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        print("ERROR", KNOWN, self.path, flush=True)
        body = KNOWN.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Known", os.environ["API_TOKEN"])
        self.end_headers()
        self.wfile.write(body)


http.server.ThreadingHTTPServer(("", 8000), Page).serve_forever()
"""
DOCKERFILE = """\
FROM python:3.11-slim
ARG PIP_TOKEN
RUN echo "$PIP_TOKEN" && echo "$PIP_TOKEN" | base64 >&2
WORKDIR /srv/app
COPY server.py ./
ENTRYPOINT ["python", "server.py"]
"""
MODEL = f"""\
services:
  web:
    build: {{context: ., args: {{PIP_TOKEN: {IN_ARGUMENT}}}}}
    init: true
    command: ["--api-key={IN_WORD}"]
    ports: ["127.0.0.1:@PORT@:8000"]
    environment: {{API_TOKEN: "${{API_TOKEN}}", DB_PASSWORD: {IN_MODEL}}}
    labels: {{com.example.token: {IN_LABEL}}}
    secrets: [token]
    healthcheck:
      test: [CMD, python, -c, "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/?token={IN_HEALTH}')"]
      interval: 1s
      retries: 30
secrets:
  token: {{file: ./token.txt}}
"""
TOML = """\
[app]
name = "secrets"

[env.staging]
project = "@PROJECT@"
url = "http://127.0.0.1:@PORT@"
state = "@STATE@"
watch = { for = "0s" }
health = { live = "/", stable_for = "1s", timeout = "60s" }

[[env.staging.endpoint]]
request = "GET /"
contains = "something else"

[[env.staging.step]]
name = "look"
after = "start"
service = "web"
run = "sh -c 'env; cat /run/secrets/token; exit 0'"
"""


@pytest.fixture
def leaky(tmp_path: Path, engine: docker.DockerClient) -> Iterator[Stack]:
    """An application that tells all that it knows."""
    ensure("python:3.11-slim")
    with stack(tmp_path, engine, "secrets") as made:
        values = {"PROJECT": made.project, "PORT": str(made.port), "STATE": str(made.state)}
        files = {"server.py": SERVER, "Dockerfile": DOCKERFILE, "docker-compose.yml": MODEL, "gonogo.toml": TOML}
        for key, value in values.items():
            files = {name: text.replace(f"@{key}@", value) for name, text in files.items()}
        hidden = {"token.txt": f"{IN_FILE}\n", ".env": f"API_TOKEN={ENV_FILE}\n"}
        made.create(files | hidden | {".gitignore": "reports/\ntoken.txt\n.env\n"})
        made.commit("tells all")
        yield made


def test_what_a_compose_file_knows_is_in_no_file_and_on_no_terminal(leaky: Stack) -> None:
    """A red first deployment and the commands around it; only the release's own 0600 files hold it."""
    said = [
        leaky.gonogo(*words.split(), "--env", "staging") for words in ("plan", "deploy", "status --json", "history")
    ]
    held = {path for marker in MARKERS for path in holders([leaky.state], marker) if "/source/" not in path}
    reports = [path for marker in MARKERS for path in holders([leaky.root / "reports"], marker)]

    assert [ended.code for ended in said] == [0, 6, 6, 0], said  # a step without an undo stays
    assert "D09[GET /]" in said[1].err
    assert [found_in(one.out + one.err, marker) for one in said for marker in MARKERS] == [[]] * len(said) * len(
        MARKERS
    )
    assert reports == []
    assert {Path(path).relative_to(leaky.state).parts[0] for path in held} == {"releases"}
    assert open_to_others(held) == []
