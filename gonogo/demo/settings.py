"""What the demo's gonogo.toml says."""

from __future__ import annotations

import json
from pathlib import Path

__all__ = ["gonogo_toml"]

_TEXT = """\
[app]
name = "guestbook"
required = ["alembic.ini", "alembic/env.py", "app/main.py", "app/notes.py"]

[service.web]
framework = "fastapi"
entrypoint = "app.main:app"
command = "{{python}} -m uvicorn app.main:app --host 127.0.0.1 --port {{port}} --no-access-log"
port = {port}
min_routes = 6
migrations = "alembic"

[env.demo]
tier = "dev"
runtime = "process"
project = "guestbook-demo"
url = {url}
strategy = "bluegreen"
state = {state}
env_file = ".env"
health = {{ live = "/healthz", ready = "/readyz", stable_for = "1s", timeout = "60s" }}
min_free_disk = 512
retry_every = "500ms"

[env.demo.traffic]
kind = "own"
upstreams = {{ web = "web:{port}" }}
listen = {listen}
drain = "2s"

[env.demo.commands]
environment = [{uv}, "venv", "--quiet", "--python", "{{python}}", "{{venv}}"]
install = [{uv}, "pip", "install", "--quiet", "--compile-bytecode", "--python", "{{python}}", "-r", "requirements.txt"]

[[env.demo.endpoint]]
request = "GET /"
contains = "Guestbook"

[[env.demo.endpoint]]
request = "GET /notes"

[[env.demo.endpoint]]
request = "GET /stats"
json = {{ notes = "*", authors = "*" }}
"""


def gonogo_toml(*, url: str, port: int, state: Path, uv: Path) -> str:
    """The configuration of a guestbook whose releases listen above ``port`` and take turns behind the own front."""
    return _TEXT.format(
        url=_quoted(url),
        listen=_quoted(url.removeprefix("http://")),
        port=port,
        state=_quoted(state),
        uv=_quoted(uv),
    )


def _quoted(value: object) -> str:
    """A TOML string."""
    return json.dumps(str(value))
