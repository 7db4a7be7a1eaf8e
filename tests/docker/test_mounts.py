"""What containers write stays visible through a proxy, and code that is mounted is the commit's, in each direction."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from .base_images import ensure
from .page import HEALTH, server
from .stack import Stack, stack

__all__: list[str] = []

pytestmark = pytest.mark.thorough

DOCKERFILE = (
    'FROM python:3.11-slim\nENV PYTHONDONTWRITEBYTECODE=1\nWORKDIR /srv/app\nCOPY app ./\nCMD ["python", "server.py"]\n'
)
MODEL = """\
services:
  web:
    build: .
    init: true
    volumes: ["./app:/srv/app", "./static/uploads:/uploads"]
@HEALTH@  nginx:
    image: nginx:1
    depends_on: {web: {condition: service_healthy}}
    ports: ["127.0.0.1:@PORT@:80"]
    volumes: ["./nginx.conf:/etc/nginx/conf.d/default.conf:ro", "./static:/usr/share/nginx/html:ro"]
"""
NGINX = """\
server {
  listen 80;
  add_header X-Conf "@VERSION@" always;
  root /usr/share/nginx/html;
  location = / { proxy_pass http://web:8000; }
  location = /healthz { proxy_pass http://web:8000; }
}
"""
TOML = """\
[app]
name = "mounts"

[service.web]
code = { "app" = "/srv/app" }

[env.staging]
project = "@PROJECT@"
url = "http://127.0.0.1:@PORT@"
state = "@STATE@"
watch = { for = "0s" }
max_downtime = "1h"
health = { stable_for = "100ms", timeout = "60s" }
attempts = 1
"""


@pytest.fixture
def site(tmp_path: Path, engine: docker.DockerClient) -> Iterator[Stack]:
    """A repository whose code, pages and proxy configuration are all mounted."""
    ensure("python:3.11-slim")
    ensure("nginx:1")
    with stack(tmp_path, engine, "mounts") as made:
        made.create(
            {
                ".gitignore": "reports/\nstatic/uploads/*\n!.gitkeep\n",
                "Dockerfile": DOCKERFILE,
                "static/uploads/.gitkeep": "",
            }
        )
        values = {"PORT": str(made.port), "PROJECT": made.project, "STATE": str(made.state), "HEALTH": HEALTH}
        for name, text in {"docker-compose.yml": MODEL, "gonogo.toml": TOML}.items():
            for key, value in values.items():
                text = text.replace(f"@{key}@", value)  # noqa: PLW2901 (one after the other)
            made.write({name: text})
        yield made


def commit(made: Stack, version: str, *, module: str) -> None:
    """A version: its page, its stylesheet, its proxy's configuration, and a module that only it has."""
    for old in (made.root / "app").glob("of_*.py"):
        old.unlink()
    made.write(
        {
            "app/server.py": server(f'"{version} " + {module}.SAYS', before=f"import {module}"),
            f"app/{module}.py": f'SAYS = "{module}"\n',
            "static/style.css": f"/* {version} */",
            "nginx.conf": NGINX.replace("@VERSION@", version),
        }
    )
    made.commit(version)


def seen(made: Stack) -> tuple[str, str, str]:
    """What the application, the stylesheet and the proxy itself say of their version."""
    with made.client() as client:
        page, style = client.get("/"), client.get("/style.css")
    return page.text, style.text, page.headers["X-Conf"]


def upload(made: Stack, name: str) -> list[int]:
    """The application writes a file; how the proxy answers for all that were written."""
    made.containers()["web"].exec_run(["sh", "-c", f"echo photo > /uploads/{name}"])
    with made.client() as client:
        return [client.get(f"/uploads/{one}").status_code for one in "abcd" if one <= name]


def test_uploads_and_mounted_code_there_and_back(site: Stack) -> None:
    """Files uploaded after a deployment, after a rollback and after the next deployment are all served.

    Meanwhile code, stylesheet and proxy configuration are the release's, although the checkout stands at another
    commit, and has a module that the new commit deletes.
    """
    commit(site, "v1", module="of_one")
    first = site.deploy()
    assert first.code == 0, first
    versions, answers = [seen(site)], [upload(site, "a")]

    site.git("checkout", "--quiet", "-b", "next")
    commit(site, "v2", module="of_two")
    site.git("checkout", "--quiet", "main")
    second = site.deploy("--ref", "next")
    assert second.code == 0, second
    versions.append(seen(site))
    answers.append(upload(site, "b"))

    back = site.gonogo("rollback", "--env", "staging", "--json")
    assert back.code == 0, back
    versions.append(seen(site))
    answers.append(upload(site, "c"))

    commit(site, "v3", module="of_three")
    third = site.deploy()
    assert third.code == 0, third
    versions.append(seen(site))
    answers.append(upload(site, "d"))

    one = ("v1 of_one", "/* v1 */", "v1")
    assert versions == [one, ("v2 of_two", "/* v2 */", "v2"), one, ("v3 of_three", "/* v3 */", "v3")]
    assert answers == [[200], [200] * 2, [200] * 3, [200] * 4]
    assert sorted(path.name for path in (site.root / "static/uploads").glob("[a-d]")) == list("abcd")
    (gate,) = [step["gate"] for step in third.document["steps"] if step["name"] == "predeploy"]
    (mounts,) = [check for check in gate["checks"] if check["code"] == "P15"]
    assert (mounts["outcome"], mounts["found"]) == ("passed", ""), mounts
