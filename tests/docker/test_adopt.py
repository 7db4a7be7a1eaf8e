"""An application that was started by hand is adopted by its first deploy, which goes red and is turned back to it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from .base_images import ensure
from .page import DOCKERFILE, HEALTH, server
from .stack import Stack, stack

__all__: list[str] = []

pytestmark = [pytest.mark.xdist_group("adopt"), pytest.mark.thorough]

MODEL = """\
services:
  web:
    build: .
    init: true
    env_file: .env
    environment:
      GREETING: "@GREETING@"
    ports: ["127.0.0.1:@PORT@:8000"]
    volumes: ["data:/data"]
@HEALTH@volumes:
  data:
"""
TOML = """\
[app]
name = "adopted"

[service.web]

[env.staging]
project = "@PROJECT@"
url = "http://127.0.0.1:@PORT@"
state = "@STATE@"
watch = { for = "0s" }
health = { stable_for = "1s", timeout = "60s" }
attempts = 1

[[env.staging.endpoint]]
request = "GET /"
contains = "price"
"""


PROD = '[env.staging]\ntier = "prod"\n'

OVERRIDE = "services: {web: {labels: {desk: theirs}}}\n"


@pytest.fixture
def site(tmp_path_factory: pytest.TempPathFactory, engine: docker.DockerClient) -> Iterator[Stack]:
    """A page that somebody started with ``docker compose up``, before there was a gonogo.toml."""
    ensure("python:3.11-slim")
    with stack(tmp_path_factory.mktemp("adopt"), engine, "adopt") as made:
        made.create({"Dockerfile": DOCKERFILE, ".gitignore": "reports/\n.env\n"})
        made.write({".env": "COLOUR=red\nCOST='5$'\n", "docker-compose.override.yml": OVERRIDE})
        write(made, page="price 1", greeting="costs $$2")
        made.commit("By hand")
        command = ["docker", "compose", "--project-name", made.project, "up", "--detach", "--build", "--wait"]
        environ = {name: value for name, value in os.environ.items() if not name.startswith("COMPOSE_")}
        subprocess.run(command, cwd=made.root, env=environ, check=True, capture_output=True, timeout=240)
        yield made


def write(made: Stack, *, page: str, greeting: str) -> None:
    """The page and the compose file, with this stack's names."""
    model = MODEL.replace("@HEALTH@", HEALTH).replace("@PORT@", str(made.port)).replace("@GREETING@", greeting)
    made.write(
        {"server.py": server(f'"{page} " + os.environ["GREETING"]', before="import os"), "docker-compose.yml": model}
    )


def configure(made: Stack) -> None:
    """The gonogo.toml, with this stack's names."""
    text = TOML.replace("@PROJECT@", made.project).replace("@PORT@", str(made.port))
    made.write({"gonogo.toml": text.replace("@STATE@", str(made.state))})


def page(made: Stack) -> str:
    """What serves now says."""
    with made.client() as client:
        return client.get("/").text


@pytest.mark.parametrize("changed", [False, True], ids=["same files", "changed files"])
def test_red_first_deploy_goes_back_to_what_ran_by_hand(site: Stack, changed: bool) -> None:  # noqa: FBT001
    """The containers that somebody started answer again, from the same images and with the same settings.

    Where the compose file is no longer what was started, the Engine says how they were started. The override that
    `up` read by itself is named, once as what ran, once as what is left out.
    """
    before = site.images()
    assert page(site) == "price 1 costs $2"
    configure(site)
    write(site, page="nothing", greeting="changed" if changed else "costs $$2")
    site.commit("Broken")
    planned = json.loads(site.gonogo("plan", "--env", "staging", "--json").out)

    ended = site.deploy()

    assert (planned["adopts"], planned["serving"]) == (["web"], None)
    assert "once what was started by hand is adopted" in planned["ladder"]
    assert [step["name"] for step in planned["rollback"]] == ["restore", "verify"]

    assert ended.code == 1, ended
    assert (page(site), site.images()) == ("price 1 costs $2", before), ended
    document = ended.document
    adopted = site.release(document["went_back_to"])
    assert (adopted["adopted"], adopted["assumed"], adopted["images"]) == (True, False, before)
    assert [cause["code"] for cause in document["causes"]] == ["D09[GET /]"], ended
    notes = " ".join(document["notes"])
    assert f"What ran by hand was adopted as {adopted['id']}. Its commit is {adopted['commit'][:7]}: the files" in notes
    assert ("reconstructed from what the Engine says" in notes) is changed
    assert f"It was started from {site.root}/docker-compose.override.yml too, and env.staging.compose names" in notes
    (gate,) = [step["gate"] for step in document["steps"] if step["name"] == "predeploy"]
    (warned,) = [check["found"] for check in gate["checks"] if check["code"] == "P12"]
    assert warned.startswith("docker-compose.override.yml is left out, though `docker compose up` reads it")
    status = json.loads(site.gonogo("status", "--env", "staging", "--json").out)[0]
    assert (status["serving"], status["adopted"]) == (adopted["id"], True)
    again = site.gonogo("adopt", "--env", "staging")
    assert (again.code, "which serves, expected no release yet" in again.err) == (1, True), again


NGINX = """\
server {
  listen 80;
  add_header X-Conf "@VERSION@" always;
  root /usr/share/nginx/html;
  location / { proxy_pass http://web:@PORT@; }
  location /pages { }
}
"""
PROXIED = """\
services:
  web:
    build: .
    init: true
@HEALTH@  nginx:
    image: nginx:1
    depends_on: {web: {condition: service_healthy}}
    ports: ["127.0.0.1:@PORT@:80"]
    volumes: ["./nginx.conf:/etc/nginx/conf.d/default.conf:ro", "./pages:/usr/share/nginx/html/pages:ro"]
"""


@pytest.fixture
def proxied(tmp_path: Path, engine: docker.DockerClient) -> Iterator[Stack]:
    """An application behind nginx, started by hand at its first commit."""
    ensure("python:3.11-slim")
    ensure("nginx:1")
    with stack(tmp_path, engine, "adopt") as made:
        made.create({"Dockerfile": DOCKERFILE, ".gitignore": "reports/\n"})
        made.write({"docker-compose.yml": PROXIED.replace("@HEALTH@", HEALTH).replace("@PORT@", str(made.port))})
        version(made, "one", port=8000, answer='"price 1"')
        configure(made)
        made.commit("By hand")
        command = ["docker", "compose", "--project-name", made.project, "up", "--detach", "--build", "--wait"]
        environ = {name: value for name, value in os.environ.items() if not name.startswith("COMPOSE_")}
        subprocess.run(command, cwd=made.root, env=environ, check=True, capture_output=True, timeout=240)
        time.sleep(1.1)  # git's reflog counts whole seconds: the next commit is of a later one than the start
        yield made


def version(made: Stack, name: str, *, port: int, answer: str) -> None:
    """A version: the proxy's configuration and page, and what the application answers."""
    made.write({"nginx.conf": NGINX.replace("@VERSION@", name).replace("@PORT@", str(port))})
    made.write({"pages/a.txt": f"page {name}", "server.py": server(answer)})


def test_way_back_of_what_ran_by_hand_has_its_own_files(proxied: Stack) -> None:
    """The proxy's configuration and pages are those that ran, although the checkout stands at the bad commit by then.

    The commit of what runs is found by the files in its image, and nothing is assumed.
    """
    first = proxied.git("rev-parse", "HEAD")
    version(proxied, "two", port=9, answer='"nothing"')
    proxied.commit("Broken, and its proxy too")

    ended = proxied.deploy()

    assert ended.code == 1, ended
    adopted = proxied.release(ended.document["went_back_to"])
    assert (adopted["commit"], adopted["assumed"], adopted["unsure"]) == (first, False, [])
    with proxied.client() as client:
        answer, shown = client.get("/"), client.get("/pages/a.txt")
    assert (answer.text, answer.headers["X-Conf"], shown.text) == ("price 1", "one", "page one"), ended


def test_prod_refuses_before_the_first_touch_where_the_way_back_is_lost(proxied: Stack) -> None:
    """Nothing says any more what the proxy was started with: P37, and what runs goes on; elsewhere it warns.

    The checkout was cloned anew since, from a history in which that commit does not stand.
    """
    version(proxied, "two", port=8000, answer='"price 2"')
    proxied.write({"gonogo.toml": (proxied.root / "gonogo.toml").read_text().replace("[env.staging]\n", PROD)})
    proxied.git("add", "--all")
    proxied.git("commit", "--quiet", "--amend", "--message", "All there is")
    proxied.git("reflog", "expire", "--expire=now", "--all")
    proxied.git("gc", "--quiet", "--prune=now")

    refused = proxied.deploy()
    with proxied.client() as client:
        still = client.get("/")

    assert refused.code == 1, refused
    assert refused.document["first_touch"] is None
    (cause,) = refused.document["causes"]
    assert cause["code"] == "P37", refused
    assert "nginx.conf at /etc/nginx/conf.d/default.conf (changed since it was started" in cause["found"]
    assert (still.text, still.headers["X-Conf"]) == ("price 1", "one")


def test_red_release_goes_back_to_what_another_state_folder_deployed(proxied: Stack) -> None:
    """Another user's deployments know neither the lock nor the releases of this one's; they find what runs.

    The proxy's files are the other state folder's copies, and hold no data that would be lost.
    """
    good = proxied.deploy()
    first = proxied.state
    proxied.state = first.with_name("another")
    configure(proxied)
    version(proxied, "two", port=8001, answer='"price 2"')
    proxied.commit("A proxy that finds nobody")

    red = proxied.deploy()
    with proxied.client() as client:
        answer = client.get("/")

    assert (good.code, red.code) == (0, 1), (good, red)
    assert (answer.text, answer.headers["X-Conf"]) == ("price 1", "one"), red
    adopted = proxied.release(red.document["went_back_to"])
    released = good.document["release"]
    assert (adopted["adopted"], adopted["commit"]) == (True, good.document["commit"])
    (said,) = [note for note in red.document["notes"] if "was adopted as" in note]
    assert f"{released} was deployed with another state folder, {first}, and not with {proxied.state}" in said
    assert "is left out" not in said


def test_prod_refuses_where_the_other_state_folder_is_gone(proxied: Stack) -> None:
    """The runner that deployed was made anew: what its release mounts is nowhere any more, and what runs goes on."""
    good = proxied.deploy()
    shutil.rmtree(proxied.state)
    proxied.state = proxied.state.with_name("another")
    configure(proxied)
    version(proxied, "two", port=8000, answer='"price 2"')
    proxied.write({"gonogo.toml": (proxied.root / "gonogo.toml").read_text().replace("[env.staging]\n", PROD)})
    proxied.commit("From a runner that knows nothing")

    refused = proxied.deploy()
    with proxied.client() as client:
        still = client.get("/")

    assert (good.code, refused.code) == (0, 1), (good, refused)
    assert refused.document["first_touch"] is None
    (cause,) = refused.document["causes"]
    assert (cause["code"], "default.conf (it is gone)" in cause["found"]) == ("P37", True), refused
    assert (still.text, still.headers["X-Conf"]) == ("price 1", "one")
