"""``gonogo rollback --restore-data`` of an SQLite file in a volume, which no instance holds while it is swapped."""

from __future__ import annotations

from pathlib import Path

import docker
import pytest

from .base_images import ensure
from .page import BASE, HEALTH, server
from .stack import Stack, stack

__all__: list[str] = []

pytestmark = [pytest.mark.thorough]

MODEL = f"""\
services:
  web:
    build: .
    init: true
    environment: {{DATABASE_URL: "sqlite:////data/app.db"}}
    ports: ["127.0.0.1:@PORT@:8000"]
    volumes: ["rows:/data"]
{HEALTH}volumes:
  rows:
"""
TOML = """\
[app]
name = "filed"

[service.web]

[env.staging]
project = "@PROJECT@"
url = "http://127.0.0.1:@PORT@"
state = "@STATE@"
watch = { for = "0s" }
attempts = 1
max_downtime = "1h"
min_free_disk = 100
health = { stable_for = "100ms", timeout = "60s" }

[env.staging.backup]

[[env.staging.endpoint]]
request = "GET /"
"""
MADE = """\
import sqlite3
CONNECTION = sqlite3.connect("/data/app.db", check_same_thread=False)
CONNECTION.execute("PRAGMA journal_mode = WAL")
CONNECTION.execute("CREATE TABLE IF NOT EXISTS items (name text)")
CONNECTION.commit()
"""
DOCKERFILE = f"""\
{BASE}RUN install -d -o nobody -m 700 /data
COPY server.py ./
USER nobody
CMD ["python", "server.py"]
"""


def asked(app: Stack, statement: str) -> str:
    """What the serving instance's own database says."""
    code = (
        f"import sqlite3; c = sqlite3.connect('/data/app.db'); print(c.execute({statement!r}).fetchall()); c.commit()"
    )
    exit_code, said = app.containers()["web"].exec_run(["python", "-c", code])
    assert exit_code == 0, said
    assert isinstance(said, bytes)
    return said.decode().strip()


def test_file_in_a_volume_is_put_back_with_its_release(tmp_path: Path, engine: docker.DockerClient) -> None:
    """By the service's own user, beside the live file; what it replaced is kept until it is pruned."""
    ensure("python:3.11-slim")
    with stack(tmp_path, engine, "filed") as app:
        files = {".gitignore": "reports/\n", "Dockerfile": DOCKERFILE, "docker-compose.yml": MODEL, "gonogo.toml": TOML}
        for key, value in {"PORT": app.port, "PROJECT": app.project, "STATE": app.state}.items():
            files = {name: text.replace(f"@{key}@", str(value)) for name, text in files.items()}
        app.create({**files, "server.py": server("'one'", before=MADE)})
        app.commit("first")
        first = app.deploy()
        asked(app, "INSERT INTO items VALUES ('a'), ('b')")
        app.write({"server.py": server("'two'", before=MADE)})
        app.commit("second")
        second = app.deploy()
        asked(app, "INSERT INTO items VALUES ('late')")
        ended = app.gonogo("rollback", "--env", "staging", "--restore-data", "--yes", "--json")
        rows = asked(app, "SELECT name FROM items")
        owner = app.containers()["web"].exec_run(["stat", "-c", "%U %a", "/data/app.db"]).output
        kept = str(app.containers()["web"].exec_run(["sh", "-c", "ls /data"]).output, "utf-8")  # type: ignore[arg-type]
        pruned = app.gonogo("prune", "--env", "staging", "--yes")
        left = str(app.containers()["web"].exec_run(["sh", "-c", "ls /data"]).output, "utf-8")  # type: ignore[arg-type]

        assert (first.code, second.code) == (0, 0), (first, second)
        assert ended.code == 0, ended
        steps = {step["name"]: step["said"] for step in ended.document["steps"]}
        assert steps["swap data"].startswith("/data/app.db is the backup now; what it was is kept as ")
        assert rows == "[('a',), ('b',)]"
        assert owner == b"nobody 644\n"
        assert "app.db.gonogo-old-" in kept
        assert any(
            "keeps what was written since the backup: items: rows 1 inserted" in note
            for note in ended.document["notes"]
        )
        assert pruned.code == 0, pruned
        assert "gonogo" not in left
